-- Requests of people, with or without an account. What identifies somebody, and their own words, is in request_people,
-- request_messages and request_photos, which erasing deletes; what is left says that there was a request, and what came of it.
CREATE TABLE portal_rules (
    site_id integer PRIMARY KEY REFERENCES sites,
    open boolean NOT NULL,
    emergency_number text NOT NULL CHECK (emergency_number ~ '^[0-9+*# ()/-]{2,30}$'),
    policy text NOT NULL CHECK (policy IN ('at_once', 'confirmed')),
    keep_days integer NOT NULL CHECK (keep_days BETWEEN 1 AND 3650),
    video_url text NOT NULL CHECK (video_url = '' OR (video_url ~ '^https://' AND length(video_url) <= 500))
);

CREATE TABLE request_numbers (
    site_id integer PRIMARY KEY REFERENCES sites,
    last integer NOT NULL CHECK (last >= 1)
);

CREATE TABLE requests (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    site_id integer NOT NULL REFERENCES sites,
    asset_id integer REFERENCES assets,
    location_id integer REFERENCES locations,
    status text NOT NULL CHECK (status IN ('new', 'asked_back', 'accepted', 'merged', 'declined', 'settled', 'withdrawn')),
    order_id uuid REFERENCES work_orders,
    danger boolean NOT NULL,
    language text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
    -- Only the hash of the private address is stored: whoever reads the table cannot open a status page.
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    recorded_at timestamptz NOT NULL,
    respond_by timestamptz,
    responded_at timestamptz,
    ended_at timestamptz,
    rating smallint CHECK (rating BETWEEN 1 AND 5),
    rated_at timestamptz,
    reviewed_at timestamptz,
    reviewed_by text,
    erased_at timestamptz,
    erased_by text,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    CONSTRAINT requests_of_one CHECK (num_nonnulls(asset_id, location_id) = 1),
    CONSTRAINT requests_have_their_order CHECK ((status IN ('accepted', 'merged')) = (order_id IS NOT NULL)),
    CONSTRAINT requests_end_once CHECK ((status IN ('declined', 'settled', 'withdrawn')) = (ended_at IS NOT NULL)),
    CONSTRAINT requests_rated_once CHECK ((rating IS NULL) = (rated_at IS NULL)),
    CONSTRAINT requests_reviewed_if_rated CHECK (reviewed_at IS NULL OR rating IS NOT NULL),
    CHECK ((reviewed_at IS NULL) = (reviewed_by IS NULL)),
    CHECK ((erased_at IS NULL) = (erased_by IS NULL))
);
CREATE INDEX requests_undecided ON requests (site_id, recorded_at) WHERE status IN ('new', 'asked_back');
CREATE INDEX requests_by_time ON requests (recorded_at DESC, id DESC);
CREATE INDEX requests_of_order ON requests (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE request_people (
    request_id uuid PRIMARY KEY REFERENCES requests,
    name text NOT NULL CHECK (length(name) <= 200),
    contact text NOT NULL CHECK (length(contact) <= 200),
    what text NOT NULL CHECK (length(what) BETWEEN 1 AND 4000),
    place text NOT NULL CHECK (length(place) <= 500),
    since text NOT NULL CHECK (length(since) <= 200),
    rating_words text NOT NULL DEFAULT '' CHECK (length(rating_words) <= 4000)
);

CREATE TABLE request_messages (
    request_id uuid NOT NULL REFERENCES requests,
    seq integer NOT NULL CHECK (seq >= 1),
    at timestamptz NOT NULL,
    -- NULL: the requester wrote it.
    actor text,
    text text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
    PRIMARY KEY (request_id, seq)
);

CREATE TABLE request_photos (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES requests,
    kind text NOT NULL CHECK (kind IN ('image/png', 'image/jpeg', 'image/gif', 'image/webp')),
    content bytea NOT NULL,
    thumbnail bytea NOT NULL,
    at timestamptz NOT NULL,
    -- The same photo at the order that the request became.
    attachment_id uuid REFERENCES attachments
);
CREATE INDEX request_photos_of ON request_photos (request_id, at);

-- Requests are events, without anything personal.
CREATE FUNCTION event_of_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('request.' || CASE WHEN TG_OP = 'UPDATE' AND NEW.status = OLD.status THEN 'rated' ELSE NEW.status END,
                         NEW.site_id, NEW.asset_id, NEW.order_id, NEW.number, clock_timestamp(),
                         jsonb_build_object('request', NEW.id, 'number', NEW.number, 'danger', NEW.danger, 'rating', NEW.rating));
    RETURN NULL;
END
$$;
CREATE TRIGGER requests_make_events AFTER INSERT ON requests FOR EACH ROW EXECUTE FUNCTION event_of_request();
CREATE TRIGGER request_changes_make_events AFTER UPDATE OF status, rating ON requests FOR EACH ROW
    WHEN (NEW.status <> OLD.status OR NEW.rating IS DISTINCT FROM OLD.rating) EXECUTE FUNCTION event_of_request();
