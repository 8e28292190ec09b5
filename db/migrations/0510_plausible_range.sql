-- The range outside which a reading of a signal cannot be true: it is stored as bad (quality 4 where its value says so, 2
-- where the device does), and no model sees it.
ALTER TABLE signal_versions
    ADD COLUMN plausible_low  double precision,
    ADD COLUMN plausible_high double precision,
    ADD CONSTRAINT signal_versions_plausible CHECK (plausible_low < plausible_high);

CREATE OR REPLACE FUNCTION tell_judge_of_signal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    SELECT 'signal', s.asset_id,
           jsonb_build_object('signal', s.name, 'unit', NEW.unit)
               || CASE WHEN NEW.states IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('states', NEW.states) END
               || CASE WHEN NEW.counter THEN jsonb_build_object('counter', jsonb_build_object('wraps_at', NEW.wraps_at))
                       ELSE '{}'::jsonb END
               || CASE WHEN NEW.plausible_low IS NULL AND NEW.plausible_high IS NULL THEN '{}'::jsonb
                       ELSE jsonb_build_object('plausible', jsonb_build_array(NEW.plausible_low, NEW.plausible_high)) END,
           coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:plant')
    FROM signals s WHERE s.id = NEW.signal_id;
    RETURN NULL;
END
$$;
