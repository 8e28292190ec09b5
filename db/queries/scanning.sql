-- name: make
-- An address for a thing that has none; nothing comes back where it has one.
INSERT INTO scan_addresses (token, asset_id, location_id, order_id, created_at, created_by)
VALUES (%(token)s, %(asset_id)s, %(location_id)s, %(order_id)s, %(at)s, %(actor)s)
ON CONFLICT DO NOTHING RETURNING token;

-- name: of_thing
-- The address that leads to a thing now.
SELECT token, asset_id, location_id, order_id, created_at, created_by FROM scan_addresses
WHERE revoked_at IS NULL
  AND (asset_id = %(asset_id)s::integer OR location_id = %(location_id)s::integer OR order_id = %(order_id)s::uuid);

-- name: revoke
-- What leads to a thing leads nowhere from now on.
UPDATE scan_addresses SET revoked_at = %(at)s, revoked_by = %(actor)s
WHERE revoked_at IS NULL
  AND (asset_id = %(asset_id)s::integer OR location_id = %(location_id)s::integer OR order_id = %(order_id)s::uuid)
RETURNING token;

-- name: led_to
-- What a token leads to, where it is of a site that is seen.
SELECT t.token, t.asset_id, t.location_id, t.order_id, t.created_at, t.created_by FROM scan_addresses t
LEFT JOIN assets a ON a.id = t.asset_id
LEFT JOIN locations l ON l.id = t.location_id
LEFT JOIN work_orders w ON w.id = t.order_id
JOIN sites s ON s.id = coalesce(a.site_id, l.site_id, w.site_id)
WHERE t.token = %(token)s AND t.revoked_at IS NULL AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s));
