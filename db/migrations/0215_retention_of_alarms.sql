-- Alarms that are long over, and the moves of long ago, are dropped where the settings say so; by nobody else.
ALTER TABLE alarms ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX alarms_over ON alarms (cleared_at) WHERE cleared_at IS NOT NULL;
CREATE OR REPLACE FUNCTION refuse_change_of_alarm_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('plantwright.retention', true) = 'alarms' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the moves of alarms are append-only';
END
$$;
