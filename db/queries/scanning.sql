-- name: lock
-- Nobody else replaces the address of a thing until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('scan address of ' || %(thing)s, 0));

-- name: make
-- Another address for a thing, whose last one was voided.
INSERT INTO scan_addresses (token, asset_id, location_id, order_id, item_id, bin_id, route_id, created_at, created_by)
VALUES (new_scan_token(), %(asset_id)s, %(location_id)s, %(order_id)s, %(item_id)s, %(bin_id)s, %(route_id)s, %(at)s, %(actor)s);

-- name: of_thing
-- The address that leads to a thing now.
SELECT token, asset_id, location_id, order_id, item_id, bin_id, route_id, created_at, created_by FROM scan_addresses
WHERE revoked_at IS NULL
  AND (asset_id = %(asset_id)s::integer OR location_id = %(location_id)s::integer OR order_id = %(order_id)s::uuid
       OR item_id = %(item_id)s::integer OR bin_id = %(bin_id)s::integer
       OR route_id = %(route_id)s::integer);

-- name: revoke
-- What leads to a thing leads nowhere from now on.
UPDATE scan_addresses SET revoked_at = %(at)s, revoked_by = %(actor)s
WHERE revoked_at IS NULL
  AND (asset_id = %(asset_id)s::integer OR location_id = %(location_id)s::integer OR order_id = %(order_id)s::uuid
       OR item_id = %(item_id)s::integer OR bin_id = %(bin_id)s::integer
       OR route_id = %(route_id)s::integer)
RETURNING token;

-- name: led_to
-- What a token leads to, where it is of a site that is seen.
SELECT t.token, t.asset_id, t.location_id, t.order_id, t.item_id, t.bin_id, t.route_id, t.created_at, t.created_by FROM scan_addresses t
LEFT JOIN assets a ON a.id = t.asset_id
LEFT JOIN locations l ON l.id = t.location_id
LEFT JOIN work_orders w ON w.id = t.order_id
LEFT JOIN items i ON i.id = t.item_id
LEFT JOIN bins b ON b.id = t.bin_id
LEFT JOIN inspection_routes r ON r.id = t.route_id
JOIN sites s ON s.id = coalesce(a.site_id, l.site_id, w.site_id, i.site_id, b.site_id, r.site_id)
WHERE t.token = %(token)s AND t.revoked_at IS NULL AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s));
