-- Who changed what decisions depend on: one log for the plant, its people and who may do what. Triggers write it in the
-- change's own transaction, so that nobody can change such a thing past it. It is chained as the orders' history is: each
-- row carries history_hash over the row before it of the same thing, with "<kind> <site> <what>" as the step.
CREATE TABLE changes (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The thing's own chain: the MD5 of "<kind> <subject>", as a UUID.
    chain    uuid NOT NULL,
    seq      integer NOT NULL,
    at       timestamptz NOT NULL,
    -- person:<name>, key:<name> or system:<part>
    actor    text NOT NULL,
    kind     text NOT NULL,
    -- What people call it: NTH/P-101, NTH/yilmaz, deniz.
    subject  text NOT NULL,
    -- The site that it is of; NULL: it concerns the whole plant.
    site     text,
    asset_id integer,
    what     text NOT NULL,
    -- Just the fields that changed.
    old      jsonb NOT NULL,
    new      jsonb NOT NULL,
    why      text NOT NULL,
    hash     bytea NOT NULL,
    UNIQUE (chain, seq)
);
CREATE INDEX changes_of_asset ON changes (asset_id, id DESC) WHERE asset_id IS NOT NULL;
CREATE INDEX changes_of_site ON changes (site, id DESC);
CREATE INDEX changes_of_kind ON changes (kind, subject, id DESC);

-- How far each chain has come, and the row that the newest anchor has.
CREATE TABLE change_heads (
    chain    uuid PRIMARY KEY,
    seq      integer NOT NULL,
    hash     bytea NOT NULL,
    anchored integer NOT NULL DEFAULT 0
);
CREATE INDEX change_heads_not_anchored ON change_heads (chain) WHERE seq > anchored;

CREATE FUNCTION append_change(made_at timestamptz, made_by text, of_kind text, of_subject text, of_site text,
                              of_asset integer, did text, was jsonb, becomes jsonb, because text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    of_chain uuid := md5(of_kind || ' ' || of_subject)::uuid;
    head change_heads;
    next_hash bytea;
BEGIN
    INSERT INTO change_heads AS h (chain, seq, hash) VALUES (of_chain, 0, '')
    ON CONFLICT (chain) DO UPDATE SET seq = h.seq RETURNING * INTO head;
    next_hash := history_hash(head.hash, of_chain, head.seq + 1, made_at, made_by, concat_ws(' ', of_kind, of_site, did),
                              was, becomes, because);
    INSERT INTO changes (chain, seq, at, actor, kind, subject, site, asset_id, what, old, new, why, hash)
    VALUES (of_chain, head.seq + 1, made_at, made_by, of_kind, of_subject, of_site, of_asset, did, was, becomes, because,
            next_hash);
    UPDATE change_heads SET seq = head.seq + 1, hash = next_hash WHERE chain = of_chain;
END
$$;

-- What was kept of users, keys and devices until now goes on in the same log.
-- In a block, since the migration tool prints what a query returns.
DO $$
BEGIN
    PERFORM append_change(at, actor, split_part(replace(what, 'password', 'user'), ' ', 1), subject, NULL, NULL, what,
                          coalesce(detail -> 'old', '{}'), coalesce(detail -> 'new', detail), '')
    FROM (SELECT * FROM access_changes ORDER BY id) AS kept;
END
$$;
DROP TABLE access_changes;
DROP FUNCTION refuse_change_of_access_changes();

CREATE FUNCTION refuse_change_of_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log of changes is append-only';
END
$$;
CREATE TRIGGER changes_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_changes();

-- A row as people read it: codes instead of ids, without what is said beside it.
CREATE FUNCTION as_logged(kind text, r jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE kind
        WHEN 'asset' THEN jsonb_set(r, '{parent}', coalesce(
            (SELECT to_jsonb(code) FROM assets WHERE id = (r ->> 'parent_id')::integer), 'null'))
        WHEN 'place' THEN jsonb_set(r, '{location}', coalesce(
            (SELECT to_jsonb(code) FROM locations WHERE id = (r ->> 'location_id')::integer), 'null'))
        WHEN 'location' THEN jsonb_set(r, '{parent}', coalesce(
            (SELECT to_jsonb(code) FROM locations WHERE id = (r ->> 'parent_id')::integer), 'null'))
        ELSE r END
        - ARRAY['id', 'site_id', 'asset_id', 'signal_id', 'parent_id', 'location_id', 'last_number', 'actor', 'recorded_at',
                'changed_by', 'changed_at', 'made_by', 'made_at']
$$;

-- Write what a statement changed of a row. TG_ARGV: the kind. What a message or a plant file makes known for the first
-- time is no change: the first reading, or the file, tells of it.
CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kind text := TG_ARGV[0];
    r jsonb;
    was jsonb := '{}';
    becomes jsonb := '{}';
    of_asset integer;
    of_site text;
    called text;
    made_by text;
    did text := CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END;
BEGIN
    IF TG_OP = 'DELETE' THEN r := to_jsonb(OLD); ELSE r := to_jsonb(NEW); END IF;
    made_by := coalesce(nullif(current_setting('plantwright.actor', true), ''), r ->> 'actor', r ->> 'changed_by',
                        r ->> 'made_by', 'system:plant');
    IF TG_OP <> 'INSERT' THEN was := as_logged(kind, to_jsonb(OLD)); END IF;
    IF TG_OP <> 'DELETE' THEN becomes := as_logged(kind, to_jsonb(NEW)); END IF;
    -- A new version of a thing tells how it differs from the one before.
    IF TG_TABLE_NAME = 'signal_versions' THEN
        SELECT as_logged(kind, to_jsonb(v)) INTO was FROM signal_versions v
        WHERE v.signal_id = NEW.signal_id AND v.version = NEW.version - 1;
    ELSIF TG_TABLE_NAME = 'job_plans' AND TG_OP = 'INSERT' THEN
        SELECT as_logged(kind, to_jsonb(p)) INTO was FROM job_plans p
        WHERE p.code = NEW.code AND (to_jsonb(p) ->> 'site_id') IS NOT DISTINCT FROM (r ->> 'site_id')
          AND p.version = NEW.version - 1;
    END IF;
    IF TG_OP = 'INSERT' AND was <> '{}' THEN did := 'changed'; END IF;
    was := coalesce(was, '{}');
    IF made_by LIKE 'system:%' AND (did = 'added' OR was @> '{"unit": "", "states": null, "counter": false}') THEN
        RETURN NULL;
    END IF;
    IF did = 'changed' THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO was FROM jsonb_each(was) AS o
            WHERE value IS DISTINCT FROM becomes -> o.key;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO becomes FROM jsonb_each(becomes) AS n
            WHERE was ? n.key;
        IF becomes = '{}' THEN RETURN NULL; END IF;
    END IF;

    of_asset := CASE kind WHEN 'asset' THEN (r ->> 'id')::integer
                     WHEN 'signal' THEN coalesce((r ->> 'asset_id')::integer,
                                                 (SELECT s.asset_id FROM signals s WHERE s.id = (r ->> 'signal_id')::integer))
                     ELSE (r ->> 'asset_id')::integer END;
    IF of_asset IS NOT NULL THEN
        SELECT s.code, s.code || '/' || a.code INTO of_site, called
        FROM assets a JOIN sites s ON s.id = a.site_id WHERE a.id = of_asset;
    ELSE
        SELECT code, code INTO of_site, called FROM sites
        WHERE id = CASE kind WHEN 'site' THEN (r ->> 'id')::integer ELSE (r ->> 'site_id')::integer END;
    END IF;
    called := CASE kind
        WHEN 'signal' THEN called || '/' || coalesce(r ->> 'name', (SELECT name FROM signals WHERE id = (r ->> 'signal_id')::integer))
        WHEN 'downtime' THEN called || ' downtime ' || (r ->> 'id')
        WHEN 'technician' THEN called || '/' || (r ->> 'code')
        WHEN 'location' THEN called || '/' || (r ->> 'code')
        WHEN 'target' THEN called || ' priority ' || (r ->> 'priority')
        WHEN 'job plan' THEN concat_ws('/', called, r ->> 'code')
        ELSE called END;
    PERFORM append_change(now(), made_by, kind, called, of_site, of_asset, did, was, becomes,
                          coalesce(nullif(current_setting('plantwright.why', true), ''), r ->> 'reason', ''));
    RETURN NULL;
END
$$;

CREATE TRIGGER asset_changes_are_logged AFTER INSERT OR UPDATE OR DELETE ON assets
    FOR EACH ROW EXECUTE FUNCTION log_change('asset');
CREATE TRIGGER place_changes_are_logged AFTER INSERT OR UPDATE OR DELETE ON installations
    FOR EACH ROW EXECUTE FUNCTION log_change('place');
CREATE TRIGGER signal_changes_are_logged AFTER INSERT OR UPDATE OR DELETE ON signals
    FOR EACH ROW EXECUTE FUNCTION log_change('signal');
CREATE TRIGGER signal_version_changes_are_logged AFTER INSERT OR UPDATE OR DELETE ON signal_versions
    FOR EACH ROW EXECUTE FUNCTION log_change('signal');
CREATE TRIGGER downtime_changes_are_logged AFTER INSERT OR UPDATE OR DELETE ON planned_downtimes
    FOR EACH ROW EXECUTE FUNCTION log_change('downtime');
CREATE TRIGGER technician_changes_are_logged AFTER INSERT OR UPDATE OR DELETE ON technicians
    FOR EACH ROW EXECUTE FUNCTION log_change('technician');
CREATE TRIGGER calendar_changes_are_logged AFTER INSERT OR UPDATE OR DELETE ON site_calendars
    FOR EACH ROW EXECUTE FUNCTION log_change('calendar');
CREATE TRIGGER target_changes_are_logged AFTER INSERT OR UPDATE OR DELETE ON site_targets
    FOR EACH ROW EXECUTE FUNCTION log_change('target');
CREATE TRIGGER job_plan_changes_are_logged AFTER INSERT OR UPDATE OR DELETE ON job_plans
    FOR EACH ROW EXECUTE FUNCTION log_change('job plan');
CREATE TRIGGER location_changes_are_logged AFTER INSERT OR UPDATE OR DELETE ON locations
    FOR EACH ROW EXECUTE FUNCTION log_change('location');
-- Not the number of its last order.
CREATE TRIGGER site_changes_are_logged AFTER UPDATE OF code, name, time_zone ON sites
    FOR EACH ROW EXECUTE FUNCTION log_change('site');
CREATE TRIGGER site_deletions_are_logged AFTER INSERT OR DELETE ON sites
    FOR EACH ROW EXECUTE FUNCTION log_change('site');
