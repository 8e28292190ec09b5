-- What a customer pays at a site: its price list, a whole new version at each change.
CREATE TABLE price_lists (
    site_id integer NOT NULL REFERENCES sites,
    version integer NOT NULL CHECK (version >= 1),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (site_id, version)
);

CREATE TABLE price_list_lines (
    site_id integer NOT NULL,
    version integer NOT NULL,
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    kind text NOT NULL CHECK (kind IN ('labour', 'part', 'other')),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    unit text NOT NULL CHECK (length(unit) <= 20),
    unit_price numeric(14, 4) NOT NULL CHECK (unit_price >= 0),
    PRIMARY KEY (site_id, version, code),
    FOREIGN KEY (site_id, version) REFERENCES price_lists
);

-- Work on hold can wait for its customer's answer, which is outside the plant's control.
ALTER TABLE work_orders DROP CONSTRAINT work_orders_hold_reason_check;
ALTER TABLE work_orders ADD CONSTRAINT work_orders_hold_reason_check
    CHECK (hold_reason IN ('parts', 'permit', 'access', 'customer', 'other'));

-- Quotes of a request, by version. What the customer pays is never changed: another version replaces it.
CREATE TABLE quotes (
    request_id uuid NOT NULL REFERENCES requests,
    version integer NOT NULL CHECK (version BETWEEN 1 AND 50),
    -- Extra work that was found on site: work had begun, and waits for the answer.
    extra boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('offered', 'accepted', 'declined', 'withdrawn', 'replaced')),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    total numeric(16, 4) NOT NULL CHECK (total >= 0),
    valid_until date NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    answered_at timestamptz,
    answered_by text,
    PRIMARY KEY (request_id, version),
    CONSTRAINT quotes_answered_once CHECK ((state = 'offered') = (answered_at IS NULL)),
    CHECK ((answered_at IS NULL) = (answered_by IS NULL))
);
CREATE UNIQUE INDEX quotes_one_offered ON quotes (request_id) WHERE state = 'offered';

CREATE TABLE quote_lines (
    request_id uuid NOT NULL,
    version integer NOT NULL,
    seq integer NOT NULL CHECK (seq BETWEEN 1 AND 50),
    kind text NOT NULL CHECK (kind IN ('labour', 'part', 'other')),
    text text NOT NULL CHECK (length(text) BETWEEN 1 AND 200),
    quantity numeric(12, 3) NOT NULL CHECK (quantity > 0),
    unit text NOT NULL CHECK (length(unit) <= 20),
    unit_price numeric(14, 4) NOT NULL CHECK (unit_price >= 0),
    amount numeric(16, 4) NOT NULL CHECK (amount >= 0),
    -- The line of the price list that it was taken from.
    price_code text,
    price_version integer,
    PRIMARY KEY (request_id, version, seq),
    FOREIGN KEY (request_id, version) REFERENCES quotes,
    CHECK ((price_code IS NULL) = (price_version IS NULL))
);

-- The name and the words of who answered are personal: erasing deletes them.
CREATE TABLE quote_answers (
    request_id uuid NOT NULL,
    version integer NOT NULL,
    name text NOT NULL CHECK (length(name) <= 200),
    words text NOT NULL CHECK (length(words) <= 4000),
    PRIMARY KEY (request_id, version),
    FOREIGN KEY (request_id, version) REFERENCES quotes
);

-- What was offered stays as it was: an answer, once, is all that changes; erasing removes whose it was.
CREATE FUNCTION quotes_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.state <> 'offered' AND (OLD.state, OLD.answered_at) IS DISTINCT FROM (NEW.state, NEW.answered_at))
       OR (OLD.request_id, OLD.version, OLD.extra, OLD.currency, OLD.total, OLD.valid_until, OLD.made_by, OLD.made_at)
          IS DISTINCT FROM
          (NEW.request_id, NEW.version, NEW.extra, NEW.currency, NEW.total, NEW.valid_until, NEW.made_by, NEW.made_at) THEN
        RAISE EXCEPTION 'version % of the quote cannot be changed', OLD.version
            USING ERRCODE = 'check_violation', CONSTRAINT = 'quotes_stay';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER quotes_stay BEFORE UPDATE OR DELETE ON quotes FOR EACH ROW EXECUTE FUNCTION quotes_stay();

CREATE FUNCTION quote_lines_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'line % of the quote cannot be changed', OLD.seq
        USING ERRCODE = 'check_violation', CONSTRAINT = 'quote_lines_stay';
END
$$;
CREATE TRIGGER quote_lines_stay BEFORE UPDATE OR DELETE ON quote_lines FOR EACH ROW EXECUTE FUNCTION quote_lines_stay();

-- A quote and its answer are events, without amounts and without words.
CREATE FUNCTION event_of_quote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event(CASE WHEN TG_OP = 'INSERT' THEN 'request.quoted' ELSE 'request.quote_' || NEW.state END,
                         r.site_id, r.asset_id, r.order_id, r.number, clock_timestamp(),
                         jsonb_build_object('request', r.id, 'number', r.number, 'version', NEW.version, 'extra', NEW.extra))
    FROM requests r WHERE r.id = NEW.request_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER quotes_make_events AFTER INSERT ON quotes FOR EACH ROW EXECUTE FUNCTION event_of_quote();
CREATE TRIGGER quote_answers_make_events AFTER UPDATE OF state ON quotes FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION event_of_quote();

ALTER TABLE request_mails DROP CONSTRAINT request_mails_news_check;
ALTER TABLE request_mails ADD CONSTRAINT request_mails_news_check
    CHECK (news IN ('new', 'asked_back', 'accepted', 'appointed', 'working', 'interrupted', 'done',
                    'cancelled', 'declined', 'settled', 'written', 'quoted'));

-- What helps where a request is settled without a visit: the checks that were shown, and who said that it is solved.
ALTER TABLE requests ADD COLUMN solved_by_requester boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT requests_solved_are_settled CHECK (NOT solved_by_requester OR status = 'settled');
