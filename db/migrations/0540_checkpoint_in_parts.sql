-- The judge's state part by part: a value of each asset's own, compressed, and of everything else a value for each kind.
-- A checkpoint writes the parts that have changed, so that its size is that of what changed and no value is large.
-- Checkpoints of earlier versions were one value each. This version cannot read them and learns from stored readings.
DROP TABLE checkpoints;

-- One row for each format of state: how far the newest checkpoint of the code that writes it has come.
CREATE TABLE checkpoints (
    format       integer PRIMARY KEY,
    arrival      bigint NOT NULL,
    code_version text NOT NULL,
    written_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE checkpoint_parts (
    format integer NOT NULL REFERENCES checkpoints ON DELETE CASCADE,
    -- The judge in force, or the one on trial beside it.
    judge  text NOT NULL CHECK (judge IN ('live', 'shadow')),
    kind   text NOT NULL,
    -- <site>/<asset>, empty for what is of the whole plant.
    asset  text NOT NULL DEFAULT '',
    state  bytea NOT NULL CHECK (length(state) <= 268435456),
    PRIMARY KEY (format, judge, kind, asset)
);
-- It comes compressed.
ALTER TABLE checkpoint_parts ALTER COLUMN state SET STORAGE EXTERNAL;
