-- What was changed on purpose says why: a rulebook, the model documents, a run in shadow.
ALTER TABLE judge_events ADD COLUMN why text;
CREATE INDEX judge_events_documents ON judge_events (kind, id) WHERE kind IN ('rulebook', 'models', 'shadow');

-- Documents that judge beside those in force, and open no orders: what they would have opened is in shadow_orders.
CREATE TABLE shadow_runs (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name      text NOT NULL,
    -- Null: what is in force judges in the shadow too.
    rulebook  jsonb,
    models    jsonb,
    begun_by  text NOT NULL,
    begun_why text NOT NULL,
    begun_at  timestamptz NOT NULL DEFAULT now(),
    outcome   text CHECK (outcome IN ('promoted', 'dropped')),
    ended_by  text,
    ended_why text,
    ended_at  timestamptz,
    CHECK (rulebook IS NOT NULL OR models IS NOT NULL),
    CHECK ((outcome IS NULL) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX shadow_runs_one_at_a_time ON shadow_runs ((true)) WHERE ended_at IS NULL;

CREATE TABLE shadow_orders (
    run_id       bigint NOT NULL REFERENCES shadow_runs,
    id           uuid NOT NULL,
    asset_id     integer NOT NULL REFERENCES assets,
    component    text NOT NULL,
    failure_mode text NOT NULL,
    type         text NOT NULL,
    opened_as    text NOT NULL,
    opened_at    timestamptz NOT NULL,
    why          text NOT NULL,
    evidence     integer NOT NULL DEFAULT 1,
    duplicate_of uuid,
    PRIMARY KEY (run_id, id)
);
