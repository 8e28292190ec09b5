-- Who changes an asset through the API or the board is told with the change; a plant file's changes are the system's.
CREATE OR REPLACE FUNCTION tell_judge_of_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    VALUES ('asset', NEW.id, asset_as_judged(NEW.id),
            coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:plant'));
    RETURN NULL;
END
$$;
