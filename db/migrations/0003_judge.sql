-- One row: who judges this plant, and how far the sequence of inputs has come. Every batch updates it under its own
-- fencing number; a process that was thought dead finds another number here and cannot commit.
CREATE TABLE judge_position (
    only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    fence        bigint NOT NULL DEFAULT 0,
    holder       text,
    next_arrival bigint NOT NULL DEFAULT 1
);
INSERT INTO judge_position DEFAULT VALUES;

-- Everything but readings that changes a decision: documents, steps of people, downtime, ticks. Written with no number;
-- the pipeline numbers it when it takes it, so that its place among the readings is the place where it was judged.
CREATE TABLE judge_events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    arrival     bigint UNIQUE,
    kind        text NOT NULL,
    asset_id    integer REFERENCES assets,
    payload     jsonb NOT NULL DEFAULT '{}',
    actor       text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX judge_events_waiting ON judge_events (id) WHERE arrival IS NULL;

-- The judge's state after input number `arrival`, written in that input's own transaction.
CREATE TABLE checkpoints (
    arrival      bigint PRIMARY KEY,
    format       integer NOT NULL,
    code_version text NOT NULL,
    state        bytea NOT NULL,
    written_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE planned_downtimes (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id  integer NOT NULL REFERENCES assets,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL CHECK (ends_at > starts_at),
    reason    text NOT NULL,
    actor     text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    cancelled_at timestamptz
);

-- What the judge knows of an asset and of a signal it knows from events, so that nobody can change them past it.
CREATE FUNCTION tell_judge_of_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    VALUES ('asset', NEW.id, jsonb_build_object('class', NEW.class, 'criticality', NEW.criticality), 'system:plant');
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_tell_the_judge AFTER INSERT ON assets
    FOR EACH ROW EXECUTE FUNCTION tell_judge_of_asset();
CREATE TRIGGER asset_changes_tell_the_judge AFTER UPDATE ON assets
    FOR EACH ROW WHEN ((OLD.class, OLD.criticality) IS DISTINCT FROM (NEW.class, NEW.criticality))
    EXECUTE FUNCTION tell_judge_of_asset();

CREATE FUNCTION tell_judge_of_signal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    SELECT 'signal', s.asset_id, jsonb_build_object('signal', s.name, 'unit', NEW.unit), 'system:plant'
    FROM signals s WHERE s.id = NEW.signal_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER signal_versions_tell_the_judge AFTER INSERT ON signal_versions
    FOR EACH ROW EXECUTE FUNCTION tell_judge_of_signal();
