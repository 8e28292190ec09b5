-- Files that people bring for a run to read, such as a table to import.
CREATE TABLE uploads (
    id uuid PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    name text NOT NULL,
    size integer NOT NULL CHECK (size BETWEEN 1 AND 20000000),
    content bytea NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL
);
ALTER TABLE uploads ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX uploads_by_age ON uploads (at);

-- Long work: asked for by the API, done by a worker. A run that concerns every site has none.
CREATE TABLE runs (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    title text NOT NULL,
    site_id integer REFERENCES sites,
    input jsonb NOT NULL,
    upload_id uuid REFERENCES uploads,
    priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 9),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    -- Counts the starts. Who does the work names its own with everything that it writes, so that a process thought dead cannot.
    attempt integer NOT NULL DEFAULT 0,
    crashes smallint NOT NULL DEFAULT 0,
    worker text,
    leased_until timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    progress real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    doing text NOT NULL DEFAULT '',
    cancel_asked_at timestamptz,
    cancel_asked_by text,
    result jsonb,
    problem text,
    CHECK ((state = 'running') = (leased_until IS NOT NULL)),
    CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CHECK ((state = 'failed') = (problem IS NOT NULL)),
    CHECK ((state = 'succeeded') = (result IS NOT NULL)),
    CHECK ((cancel_asked_at IS NULL) = (cancel_asked_by IS NULL))
);
CREATE INDEX runs_queued ON runs (priority, requested_at, id) WHERE state = 'queued';
CREATE INDEX runs_running ON runs (leased_until) WHERE state = 'running';
CREATE INDEX runs_newest ON runs (requested_at DESC, id DESC);
CREATE INDEX runs_by_upload ON runs (upload_id) WHERE upload_id IS NOT NULL;

-- How a run has ended is never changed.
CREATE FUNCTION runs_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'run % has ended already', old.id USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_end_once';
END
$$;
CREATE TRIGGER runs_end_once BEFORE UPDATE ON runs
    FOR EACH ROW WHEN (old.ended_at IS NOT NULL) EXECUTE FUNCTION runs_end_once();

-- Workers wait for it, so that a run begins, and is cancelled, at once.
CREATE FUNCTION runs_are_announced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('runs', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER runs_are_announced AFTER INSERT OR UPDATE OF state, cancel_asked_at ON runs
    FOR EACH ROW EXECUTE FUNCTION runs_are_announced();

CREATE TABLE run_log (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    line text NOT NULL
);
CREATE INDEX run_log_of_run ON run_log (run, seq);

-- What a run has made for people to save: a report, a list of errors.
CREATE TABLE run_files (
    run uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    name text NOT NULL,
    media_type text NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (run, name)
);
ALTER TABLE run_files ALTER COLUMN content SET STORAGE EXTERNAL;
