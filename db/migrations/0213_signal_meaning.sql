-- What a signal's numbers are: a measurement, named states (a switch, an enumeration), or a counter that only rises, until
-- it wraps round at wraps_at or begins anew. A change is a new version, as one of the unit is.
ALTER TABLE signal_versions
    ADD COLUMN states   jsonb CHECK (jsonb_typeof(states) = 'object' AND states <> '{}'),
    ADD COLUMN counter  boolean NOT NULL DEFAULT false,
    ADD COLUMN wraps_at double precision CHECK (wraps_at > 0),
    ADD CONSTRAINT signal_versions_one_meaning CHECK (NOT (counter AND states IS NOT NULL) AND (counter OR wraps_at IS NULL));

CREATE OR REPLACE FUNCTION tell_judge_of_signal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    SELECT 'signal', s.asset_id,
           jsonb_build_object('signal', s.name, 'unit', NEW.unit)
               || CASE WHEN NEW.states IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('states', NEW.states) END
               || CASE WHEN NEW.counter THEN jsonb_build_object('counter', jsonb_build_object('wraps_at', NEW.wraps_at))
                       ELSE '{}'::jsonb END,
           coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:plant')
    FROM signals s WHERE s.id = NEW.signal_id;
    RETURN NULL;
END
$$;
