-- name: class
-- The classes that assets, job plans, cost models, rules and models name, and whether somebody of those sites may see each.
SELECT name, bool_or(seen) AS seen, count(*) AS uses FROM (
    SELECT 'unclassified' AS name, true AS seen
    UNION ALL
    SELECT a.class, %(within)s::text[] IS NULL OR s.code = ANY(%(within)s) FROM assets a JOIN sites s ON s.id = a.site_id
    UNION ALL
    SELECT p.asset_class, %(within)s IS NULL OR s.code IS NULL OR s.code = ANY(%(within)s)
    FROM job_plans p LEFT JOIN sites s ON s.id = p.site_id WHERE p.asset_class IS NOT NULL AND p.retired_at IS NULL
    UNION ALL
    SELECT m.class, %(within)s IS NULL OR s.code = ANY(%(within)s)
    FROM cost_models m JOIN sites s ON s.id = m.site_id WHERE m.class IS NOT NULL
    UNION ALL
    SELECT jsonb_path_query(newest.payload, '$.**.asset_class ? (@.type() == "string")') #>> '{}', %(within)s IS NULL
    FROM (SELECT payload FROM judge_events WHERE kind = 'rulebook' ORDER BY id DESC LIMIT 1) AS newest
    UNION ALL
    SELECT jsonb_object_keys(newest.payload), %(within)s IS NULL
    FROM (SELECT payload FROM judge_events WHERE kind = 'models' ORDER BY id DESC LIMIT 1) AS newest
) AS used GROUP BY name;

-- name: skill
-- The skills that technicians have, and job plans and unfinished orders ask for, and whether somebody of those sites may see each.
SELECT name, bool_or(seen) AS seen, count(*) AS uses FROM (
    SELECT unnest(t.skills) AS name, %(within)s::text[] IS NULL OR s.code = ANY(%(within)s) AS seen
    FROM technicians t JOIN sites s ON s.id = t.site_id
    UNION ALL
    SELECT unnest(p.skills), %(within)s IS NULL OR s.code IS NULL OR s.code = ANY(%(within)s)
    FROM job_plans p LEFT JOIN sites s ON s.id = p.site_id WHERE p.retired_at IS NULL
    UNION ALL
    SELECT unnest(w.other_skills || w.required_skill), %(within)s IS NULL OR s.code = ANY(%(within)s)
    FROM work_orders w JOIN sites s ON s.id = w.site_id WHERE w.status NOT IN (:final)
) AS used WHERE name IS NOT NULL GROUP BY name;

-- name: certificate
-- The certificates that technicians have, and job plans and unfinished orders ask for, and whether somebody of those sites may see each.
SELECT name, bool_or(seen) AS seen, count(*) AS uses FROM (
    SELECT unnest(t.certificates) AS name, %(within)s::text[] IS NULL OR s.code = ANY(%(within)s) AS seen
    FROM technicians t JOIN sites s ON s.id = t.site_id
    UNION ALL
    SELECT unnest(p.certificates), %(within)s IS NULL OR s.code IS NULL OR s.code = ANY(%(within)s)
    FROM job_plans p LEFT JOIN sites s ON s.id = p.site_id WHERE p.retired_at IS NULL
    UNION ALL
    SELECT unnest(w.required_certificates), %(within)s IS NULL OR s.code = ANY(%(within)s)
    FROM work_orders w JOIN sites s ON s.id = w.site_id WHERE w.status NOT IN (:final)
) AS used GROUP BY name;

-- name: device
-- The devices that are bound; who may bind sees them all.
SELECT device AS name, true AS seen, count(*) AS uses FROM device_bindings GROUP BY device;

-- name: asset
-- The assets that are there or that a device is bound to, as SITE/ASSET, and whether somebody of those sites may see each.
SELECT name, bool_or(seen) AS seen, count(*) AS uses FROM (
    SELECT s.code || '/' || a.code AS name, %(within)s::text[] IS NULL OR s.code = ANY(%(within)s) AS seen
    FROM assets a JOIN sites s ON s.id = a.site_id
    UNION ALL
    SELECT asset, %(within)s IS NULL OR split_part(asset, '/', 1) = ANY(%(within)s) FROM device_bindings
) AS used GROUP BY name;

-- name: classes_of_assets
-- The classes that assets have.
SELECT DISTINCT class FROM assets WHERE archived_at IS NULL;
