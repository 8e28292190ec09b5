-- What an asset stands behind: the cabinet that feeds it, the skid that it is part of.
ALTER TABLE assets ADD COLUMN parent_id integer REFERENCES assets CHECK (parent_id <> id);

CREATE OR REPLACE FUNCTION tell_judge_of_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    VALUES ('asset', NEW.id, jsonb_strip_nulls(jsonb_build_object(
        'class', NEW.class, 'criticality', NEW.criticality,
        'parent', (SELECT s.code || '/' || p.code FROM assets p JOIN sites s ON s.id = p.site_id
                   WHERE p.id = NEW.parent_id))), 'system:plant');
    RETURN NULL;
END
$$;
DROP TRIGGER asset_changes_tell_the_judge ON assets;
CREATE TRIGGER asset_changes_tell_the_judge AFTER UPDATE ON assets
    FOR EACH ROW WHEN ((OLD.class, OLD.criticality, OLD.parent_id) IS DISTINCT FROM
                       (NEW.class, NEW.criticality, NEW.parent_id))
    EXECUTE FUNCTION tell_judge_of_asset();
