-- Why nobody was told of an alarm: it was shelved, out of service, explained by a cause, collected by a flood, or its
-- rule was over its budget. Null: people were told.
ALTER TABLE alarms ADD COLUMN suppressed text
    CHECK (suppressed IN ('shelved', 'out_of_service', 'cause', 'waits', 'flood', 'budget'));

-- One row for each alarm (a source on an asset) that was ever raised or moved: how it stands after ISA-18.2. The law is
-- workorder_core.alarm_states. Times are the wall clock's, but raised_at.
CREATE TABLE alarm_points (
    asset_id     integer NOT NULL REFERENCES assets,
    source       text NOT NULL,
    state        text NOT NULL DEFAULT 'normal' CHECK (state IN
                 ('normal', 'unacknowledged', 'acknowledged', 'returned_unacknowledged', 'latched', 'shelved',
                  'suppressed_by_design', 'out_of_service')),
    active       boolean NOT NULL DEFAULT false,
    latching     boolean NOT NULL DEFAULT false,
    severity     smallint NOT NULL DEFAULT 1 CHECK (severity BETWEEN 1 AND 3),
    acknowledged boolean NOT NULL DEFAULT false,
    since        timestamptz,
    until        timestamptz,
    actor        text NOT NULL DEFAULT '',
    why          text NOT NULL DEFAULT '',
    summary      text NOT NULL DEFAULT '',
    raised_at    timestamptz,
    PRIMARY KEY (asset_id, source)
);
CREATE INDEX alarm_points_not_normal ON alarm_points (state, severity) WHERE state <> 'normal';

-- Append-only: every move of every alarm, who made it, when and why. event_at is the asset's event time, for the engine's.
CREATE TABLE alarm_moves (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id   integer NOT NULL REFERENCES assets,
    source     text NOT NULL,
    at         timestamptz NOT NULL,
    event_at   timestamptz,
    actor      text NOT NULL,
    move       text NOT NULL,
    old_state  text NOT NULL,
    new_state  text NOT NULL,
    until      timestamptz,
    why        text NOT NULL DEFAULT ''
);
CREATE INDEX alarm_moves_of_alarm ON alarm_moves (asset_id, source, id DESC);
CREATE FUNCTION refuse_change_of_alarm_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the moves of alarms are append-only';
END
$$;
CREATE TRIGGER alarm_moves_are_append_only BEFORE UPDATE OR DELETE ON alarm_moves
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_alarm_moves();

-- What stands already.
INSERT INTO alarm_points (asset_id, source, state, active, severity, since, actor, why, summary, raised_at)
SELECT DISTINCT ON (asset_id, source) asset_id, source, 'unacknowledged', true, severity, raised_at, 'system:engine', summary,
       summary, raised_at
FROM alarms WHERE cleared_at IS NULL ORDER BY asset_id, source, raised_at DESC;
