-- Every alarm that was raised, and when it was over: what the figures of ISA-18.2 are counted from. Event times.
CREATE TABLE alarms (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id   integer NOT NULL REFERENCES assets,
    source     text NOT NULL,
    severity   smallint NOT NULL CHECK (severity BETWEEN 1 AND 3),
    summary    text NOT NULL,
    arrival    bigint NOT NULL,
    raised_at  timestamptz NOT NULL,
    cleared_at timestamptz
);
CREATE INDEX alarms_by_time ON alarms (raised_at DESC, id DESC);
CREATE INDEX alarms_standing ON alarms (asset_id, source) WHERE cleared_at IS NULL;
