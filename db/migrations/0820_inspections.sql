-- Inspections: checklists by version, routes that people walk, rounds with their answers, and audits.

-- Numbers that people can say aloud, by site and kind: NTH-R12 is a round, NTH-A3 an audit.
CREATE TABLE inspection_numbers (
    site_id integer NOT NULL REFERENCES sites (id),
    kind text NOT NULL CHECK (kind IN ('R', 'A')),
    newest integer NOT NULL CHECK (newest > 0),
    PRIMARY KEY (site_id, kind)
);

CREATE TABLE checklists (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites (id),
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    archived_at timestamptz,
    UNIQUE (site_id, code)
);

-- A version never changes; the newest is in force.
CREATE TABLE checklist_versions (
    checklist_id integer NOT NULL REFERENCES checklists (id),
    version integer NOT NULL CHECK (version > 0),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    items jsonb NOT NULL CHECK (jsonb_typeof(items) = 'array' AND jsonb_array_length(items) BETWEEN 1 AND 200),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    why text NOT NULL DEFAULT '',
    PRIMARY KEY (checklist_id, version)
);
CREATE FUNCTION refuse_change_of_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of a checklist never changes: make a new one';
END
$$;
CREATE TRIGGER checklist_versions_never_change BEFORE UPDATE OR DELETE ON checklist_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_version();

-- Stops in the order in which a person walks; changed as a whole.
CREATE TABLE inspection_routes (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites (id),
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    version integer NOT NULL DEFAULT 1,
    archived_at timestamptz,
    UNIQUE (site_id, code)
);
CREATE TABLE inspection_route_stops (
    route_id integer NOT NULL REFERENCES inspection_routes (id),
    position integer NOT NULL CHECK (position BETWEEN 1 AND 500),
    asset_id integer NOT NULL REFERENCES assets (id),
    checklist_id integer NOT NULL REFERENCES checklists (id),
    PRIMARY KEY (route_id, position)
);
CREATE INDEX inspection_route_stops_of_asset ON inspection_route_stops (asset_id);

CREATE TABLE inspection_rounds (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites (id),
    number text NOT NULL UNIQUE,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    route_id integer REFERENCES inspection_routes (id),
    -- The order that asks for it. An order has one round, however often it is asked for.
    order_id uuid UNIQUE REFERENCES work_orders (id),
    how text NOT NULL CHECK (how IN ('hand', 'code', 'plan')),
    status text NOT NULL CHECK (status IN ('due', 'under_way', 'paused', 'done', 'missed', 'cancelled')),
    made_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    -- Not begun by then, it is missed; NULL: never.
    latest timestamptz CHECK (latest >= due_at),
    -- Who has it now, or had it last.
    walker text,
    started_at timestamptz,
    finished_at timestamptz,
    signed_name text NOT NULL DEFAULT '' CHECK (length(signed_name) <= 200),
    signed_drawn text NOT NULL DEFAULT '',
    why text NOT NULL DEFAULT '',
    CONSTRAINT inspection_rounds_begun CHECK (status NOT IN ('under_way', 'paused', 'done') OR started_at IS NOT NULL),
    CONSTRAINT inspection_rounds_signed CHECK (status <> 'done' OR (finished_at IS NOT NULL AND signed_name <> ''))
);
CREATE INDEX inspection_rounds_open ON inspection_rounds (site_id, due_at) WHERE status IN ('due', 'under_way', 'paused');
CREATE INDEX inspection_rounds_by_age ON inspection_rounds (due_at DESC, id DESC);

-- A stop's checklist has no version until the round begins, and keeps it from then on.
CREATE TABLE inspection_stops (
    round_id integer NOT NULL REFERENCES inspection_rounds (id),
    position integer NOT NULL CHECK (position BETWEEN 1 AND 500),
    asset_id integer NOT NULL REFERENCES assets (id),
    checklist_id integer NOT NULL REFERENCES checklists (id),
    checklist_version integer,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'done', 'skipped')),
    scanned boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 1,
    at timestamptz,
    actor text,
    why text NOT NULL DEFAULT '',
    PRIMARY KEY (round_id, position),
    FOREIGN KEY (checklist_id, checklist_version) REFERENCES checklist_versions (checklist_id, version),
    CONSTRAINT inspection_stops_missed_for_a_reason CHECK (status <> 'skipped' OR why <> '')
);
CREATE INDEX inspection_stops_of_asset ON inspection_stops (asset_id);

CREATE TABLE inspection_photos (
    id uuid PRIMARY KEY,
    round_id integer NOT NULL,
    position integer NOT NULL,
    item text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('image/png', 'image/jpeg', 'image/gif', 'image/webp')),
    content bytea NOT NULL,
    thumbnail bytea,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    FOREIGN KEY (round_id, position) REFERENCES inspection_stops (round_id, position),
    UNIQUE (id, round_id, position)
);
CREATE INDEX inspection_photos_of_stop ON inspection_photos (round_id, position);

-- A point that has failed and the order that it led to. While that order is not finished there is no second one for
-- the same point of the same asset: kept by the index, told by the trigger below.
CREATE TABLE failed_points (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES assets (id),
    checklist_id integer NOT NULL REFERENCES checklists (id),
    item text NOT NULL,
    order_id uuid NOT NULL UNIQUE REFERENCES work_orders (id),
    round_id integer NOT NULL REFERENCES inspection_rounds (id),
    position integer NOT NULL,
    settled boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX failed_points_one_unfinished_order ON failed_points (asset_id, checklist_id, item) WHERE NOT settled;
CREATE INDEX failed_points_of_round ON failed_points (round_id, position);

CREATE FUNCTION settle_failed_point() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE failed_points f SET settled = NEW.status IN ('closed', 'cancelled', 'cannot_complete')
    WHERE f.order_id = NEW.id
      -- An order that is opened again stays settled here where the point has got another one meanwhile.
      AND (NEW.status IN ('closed', 'cancelled', 'cannot_complete') OR NOT EXISTS (
          SELECT FROM failed_points o WHERE o.asset_id = f.asset_id AND o.checklist_id = f.checklist_id
            AND o.item = f.item AND NOT o.settled AND o.id <> f.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER finished_orders_settle_failed_points AFTER UPDATE OF status ON work_orders
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION settle_failed_point();

-- What was answered, as it was typed, and what it means; a typed text that means nothing yet has no verdict.
CREATE TABLE inspection_answers (
    round_id integer NOT NULL,
    position integer NOT NULL,
    item text NOT NULL,
    typed text NOT NULL DEFAULT '' CHECK (length(typed) <= 4000),
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 4000),
    drawn text NOT NULL DEFAULT '',
    photo_id uuid,
    number double precision CHECK (number > '-Infinity' AND number < 'Infinity'),
    verdict text CHECK (verdict IN ('passed', 'failed', 'noted')),
    failed_point_id integer REFERENCES failed_points (id),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    PRIMARY KEY (round_id, position, item),
    FOREIGN KEY (round_id, position) REFERENCES inspection_stops (round_id, position),
    FOREIGN KEY (photo_id, round_id, position) REFERENCES inspection_photos (id, round_id, position)
);
CREATE INDEX inspection_answers_of_point ON inspection_answers (failed_point_id) WHERE failed_point_id IS NOT NULL;

-- The signed report as it was made. It never changes: what is in it is compared with its hash, and with the hash that
-- the log of changes has in its chain.
CREATE TABLE inspection_reports (
    round_id integer PRIMARY KEY REFERENCES inspection_rounds (id),
    content bytea NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    at timestamptz NOT NULL,
    actor text NOT NULL
);

CREATE TABLE audits (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites (id),
    number text NOT NULL UNIQUE,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    kind text NOT NULL CHECK (kind IN ('records', 'site')),
    scope text NOT NULL DEFAULT '' CHECK (length(scope) <= 4000),
    auditor text NOT NULL,
    made_at timestamptz NOT NULL,
    closed_at timestamptz,
    conclusion text NOT NULL DEFAULT '' CHECK (length(conclusion) <= 4000)
);

CREATE TABLE audit_findings (
    audit_id integer NOT NULL REFERENCES audits (id),
    seq integer NOT NULL CHECK (seq BETWEEN 1 AND 1000),
    statement text NOT NULL CHECK (length(statement) BETWEEN 1 AND 4000),
    grade text NOT NULL CHECK (grade IN ('observation', 'minor', 'major')),
    -- Who has to answer for it, as people write it: a person's name or a department.
    owner text NOT NULL CHECK (length(owner) BETWEEN 1 AND 200),
    due date NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'verified', 'withdrawn')),
    answer text NOT NULL DEFAULT '' CHECK (length(answer) <= 4000),
    answered_by text,
    state_at timestamptz NOT NULL,
    PRIMARY KEY (audit_id, seq)
);
CREATE INDEX audit_findings_by_due ON audit_findings (due, audit_id, seq) WHERE state IN ('open', 'answered');

-- Who did what in a round or an audit, and when. Nothing changes or removes a row.
CREATE TABLE inspection_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    round_id integer REFERENCES inspection_rounds (id),
    audit_id integer REFERENCES audits (id),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    what text NOT NULL CHECK (what ~ '^[a-z]+(_[a-z]+)*$'),
    told jsonb NOT NULL DEFAULT '{}'::jsonb,
    why text NOT NULL DEFAULT '',
    CHECK (num_nonnulls(round_id, audit_id) = 1)
);
CREATE INDEX inspection_history_of_round ON inspection_history (round_id, id) WHERE round_id IS NOT NULL;
CREATE INDEX inspection_history_of_audit ON inspection_history (audit_id, id) WHERE audit_id IS NOT NULL;
CREATE FUNCTION refuse_change_of_inspection_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of inspections is only added to';
END
$$;
CREATE TRIGGER inspection_history_is_added_to BEFORE UPDATE OR DELETE ON inspection_history
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_inspection_history();

-- What happens in a round is an event, so that pages and receivers hear of it.
CREATE FUNCTION event_of_inspection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('round.' || NEW.what, r.site_id, NULL, r.order_id, r.number, NEW.at, jsonb_build_object(
        'number', r.number, 'title', r.title, 'status', r.status, 'actor', NEW.actor, 'why', NEW.why) || NEW.told)
    FROM inspection_rounds r WHERE r.id = NEW.round_id;
    PERFORM append_event('audit.' || NEW.what, a.site_id, NULL, NULL, a.number, NEW.at, jsonb_build_object(
        'number', a.number, 'title', a.title, 'actor', NEW.actor, 'why', NEW.why) || NEW.told)
    FROM audits a WHERE a.id = NEW.audit_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER inspection_history_makes_events AFTER INSERT ON inspection_history
    FOR EACH ROW EXECUTE FUNCTION event_of_inspection();

-- Values that people have measured, on their way to the engine, which alone writes readings: it reads them between two
-- batches, judges them as it judges a device's, and removes each only after the commit that holds its reading. A row
-- that is read twice after a crash is the same reading again, which is stored and judged once.
CREATE TABLE entered_readings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES assets (id),
    signal text NOT NULL CHECK (signal ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    unit text NOT NULL DEFAULT '',
    value double precision NOT NULL CHECK (value > '-Infinity' AND value < 'Infinity'),
    observed_at timestamptz NOT NULL,
    actor text NOT NULL
);
