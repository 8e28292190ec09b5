-- Narrow, and never widened. With TimescaleDB a hypertable, without it a plain table with the same columns and queries.
CREATE TABLE readings (
    signal_id   integer NOT NULL,
    observed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    -- The place of the reading's frame in the one sequence of inputs that the judge folds over.
    arrival     bigint NOT NULL,
    value       double precision NOT NULL,
    -- 0 good, 1 uncertain, 2 bad, 3 stale
    quality     smallint NOT NULL DEFAULT 0,
    -- Decided once, when it arrived: older than the newest reading judged of its asset. Stored, never judged.
    late        boolean NOT NULL,
    PRIMARY KEY (signal_id, observed_at)
);

-- Restoring the judge reads a tail of the sequence; rows lie nearly in this order, so that a block range index will do.
CREATE INDEX readings_by_arrival ON readings USING brin (arrival) WITH (pages_per_range = 16, autosummarize = on);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM create_hypertable('readings', 'observed_at', chunk_time_interval => INTERVAL '1 day',
                                  create_default_indexes => false);
    END IF;
END
$$;

-- What could not be read, or was refused. Told apart by topic, content and reason: a redelivery is no new row.
CREATE TABLE quarantine (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic         text NOT NULL,
    payload       bytea NOT NULL CHECK (length(payload) <= 65536),
    payload_bytes integer NOT NULL,
    payload_sha256 bytea NOT NULL,
    reason        text NOT NULL,
    problem       text NOT NULL,
    received_at   timestamptz NOT NULL,
    last_received_at timestamptz NOT NULL,
    times         integer NOT NULL DEFAULT 1,
    UNIQUE (topic, payload_sha256, reason, problem)
);
CREATE INDEX quarantine_newest_first ON quarantine (last_received_at DESC, id DESC);
