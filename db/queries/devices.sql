-- name: all
-- Every binding.
SELECT device, asset FROM device_bindings ORDER BY device, asset;

-- name: listed
-- Every binding with who made it, and whether its asset is known.
SELECT d.device, d.asset, d.actor, d.bound_at,
       EXISTS (SELECT FROM assets a JOIN sites s ON s.id = a.site_id WHERE s.code || '/' || a.code = d.asset) AS known
FROM device_bindings d ORDER BY d.device, d.asset;

-- name: bind
-- A device may speak for assets; those come back that it could not yet.
INSERT INTO device_bindings (device, asset, actor, bound_at)
SELECT %(device)s, asset, %(actor)s, %(at)s FROM unnest(%(assets)s::text[]) AS asset ON CONFLICT DO NOTHING RETURNING asset;

-- name: unbind
-- A device may speak for assets no longer; without one, for none.
DELETE FROM device_bindings WHERE device = %(device)s AND (%(assets)s::text[] IS NULL OR asset = ANY(%(assets)s))
RETURNING asset;
