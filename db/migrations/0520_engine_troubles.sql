-- What went wrong in the engine itself, one row a kind: when it was last so, how often, and what was said of it.
CREATE TABLE engine_troubles (
    kind     text PRIMARY KEY,
    said     text NOT NULL,
    times    bigint NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL DEFAULT now(),
    at       timestamptz NOT NULL DEFAULT now()
);
