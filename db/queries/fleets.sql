-- name: write
-- A learned model; the same numbers again are the same version.
INSERT INTO fleet_models (version, asset_class, sites, document, actor, why)
VALUES (%(version)s, %(asset_class)s, %(sites)s, %(document)s, %(actor)s, %(why)s)
ON CONFLICT (version) DO NOTHING;

-- name: listed
-- What was learned, the newest first, without its numbers.
SELECT version, asset_class, sites, document -> 'learned' AS learned, document -> 'errors' AS errors, actor, why, recorded_at
FROM fleet_models WHERE %(asset_class)s::text IS NULL OR asset_class = %(asset_class)s ORDER BY id DESC LIMIT %(limit)s;

-- name: document
-- The numbers of one version, by the beginning of its name.
SELECT asset_class, document FROM fleet_models WHERE starts_with(version, %(version)s) ORDER BY id DESC LIMIT 2;

-- name: assets
-- The assets of a class at some sites, also those that are gone: their lives have ended.
SELECT si.code || '/' || a.code AS asset FROM assets a JOIN sites si ON si.id = a.site_id
WHERE a.class = %(asset_class)s AND (cardinality(%(sites)s::text[]) = 0 OR si.code = ANY(%(sites)s::text[])) ORDER BY 1;

-- name: ends
-- Failures of some assets by their corrective orders: those that a close-out confirmed, and those of which nobody knows.
SELECT si.code || '/' || a.code AS asset, w.opened_at AS at, w.close_finding IN ('confirmed', 'other_cause') AS confirmed
FROM work_orders w JOIN assets a ON a.id = w.asset_id JOIN sites si ON si.id = a.site_id
WHERE si.code || '/' || a.code = ANY(%(assets)s::text[]) AND w.type IN ('reactive', 'emergency')
  AND w.status = 'closed' AND w.close_finding IS DISTINCT FROM 'nothing_found' AND w.duplicate_of IS NULL
ORDER BY 1, 2;
