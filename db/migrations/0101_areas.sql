-- The judge knows in which area (ISA-95) an asset is installed: alarms flood an area and its operator, not an asset.
CREATE FUNCTION area_of(asset integer) RETURNS text LANGUAGE sql STABLE AS $$
    WITH RECURSIVE places AS (
        SELECT l.id, l.parent_id, l.code, l.level FROM installations i JOIN locations l ON l.id = i.location_id
        WHERE i.asset_id = asset AND i.removed_at IS NULL
        UNION ALL
        SELECT l.id, l.parent_id, l.code, l.level FROM locations l JOIN places p ON l.id = p.parent_id
    )
    SELECT s.code || '/' || p.code FROM places p JOIN assets a ON a.id = asset JOIN sites s ON s.id = a.site_id
    WHERE p.level = 'area' LIMIT 1
$$;
CREATE FUNCTION asset_as_judged(asset integer) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'class', a.class, 'criticality', a.criticality, 'area', area_of(a.id), 'parent', s.code || '/' || p.code))
    FROM assets a LEFT JOIN assets p ON p.id = a.parent_id LEFT JOIN sites s ON s.id = p.site_id WHERE a.id = asset
$$;
CREATE OR REPLACE FUNCTION tell_judge_of_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    VALUES ('asset', NEW.id, asset_as_judged(NEW.id), 'system:plant');
    RETURN NULL;
END
$$;
CREATE FUNCTION tell_judge_of_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    VALUES ('asset', NEW.asset_id, asset_as_judged(NEW.asset_id), 'system:plant');
    RETURN NULL;
END
$$;
CREATE TRIGGER installations_tell_the_judge AFTER INSERT OR UPDATE ON installations
    FOR EACH ROW EXECUTE FUNCTION tell_judge_of_place();
-- What is installed already.
INSERT INTO judge_events (kind, asset_id, payload, actor)
SELECT 'asset', i.asset_id, asset_as_judged(i.asset_id), 'system:plant' FROM installations i WHERE i.removed_at IS NULL;
