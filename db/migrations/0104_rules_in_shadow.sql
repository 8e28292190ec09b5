-- Rules that judge in shadow by themselves, while the rest of the rulebook goes on: because they are over their alarm
-- budget, or because somebody wants it. Each beginning and end is also an event in the sequence of inputs.
CREATE TABLE rules_in_shadow (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule     text NOT NULL,
    begun_at timestamptz NOT NULL,
    begun_by text NOT NULL,
    why      text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    ended_why text,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX rules_in_shadow_once ON rules_in_shadow (rule) WHERE ended_at IS NULL;
CREATE INDEX alarms_by_source ON alarms (source, raised_at);
