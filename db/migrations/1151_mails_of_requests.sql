-- Mails to requesters about each step. Each has a private address of its own, because only hashes of addresses are stored.
ALTER TABLE requests ADD COLUMN mailed_stage text, ADD COLUMN no_mails_at timestamptz;

CREATE TABLE request_links (
    token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
    request_id uuid NOT NULL REFERENCES requests,
    made_at timestamptz NOT NULL
);
CREATE INDEX request_links_of ON request_links (request_id);

CREATE TABLE request_mails (
    request_id uuid NOT NULL REFERENCES requests,
    seq integer NOT NULL CHECK (seq >= 1),
    news text NOT NULL CHECK (news IN ('new', 'asked_back', 'accepted', 'appointed', 'working', 'interrupted', 'done',
                                       'cancelled', 'declined', 'settled', 'written')),
    made_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'withheld')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at timestamptz NOT NULL,
    ended_at timestamptz,
    -- Why it was withheld, or how the last attempt ended.
    detail text NOT NULL DEFAULT '',
    PRIMARY KEY (request_id, seq),
    CONSTRAINT request_mails_end_once CHECK ((state = 'pending') = (ended_at IS NULL))
);
CREATE INDEX request_mails_due ON request_mails (due_at) WHERE state = 'pending';

-- A message of either side is an event, without its words: pages show it, and the requester hears of the plant's.
CREATE FUNCTION event_of_request_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('request.written', r.site_id, r.asset_id, r.order_id, r.number, clock_timestamp(),
                         jsonb_build_object('request', r.id, 'number', r.number, 'by_plant', NEW.actor IS NOT NULL))
    FROM requests r WHERE r.id = NEW.request_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER request_messages_make_events AFTER INSERT ON request_messages FOR EACH ROW EXECUTE FUNCTION event_of_request_message();
