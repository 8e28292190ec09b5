-- name: visits
-- The published visits of a technician that are not long over: when, the number of each in the day of its site, with whom, and where.
SELECT v.order_id, v.starts_at, v.ends_at, s.id AS site_id, s.code AS site, s.time_zone, l.code AS location,
       row_number() OVER (PARTITION BY s.id, (v.starts_at AT TIME ZONE s.time_zone)::date ORDER BY v.starts_at, v.id)::integer AS sequence,
       coalesce((SELECT array_agg(o.name ORDER BY q.position) FROM visit_people q JOIN technicians o ON o.id = q.technician_id
                 WHERE q.visit_id = v.id AND q.technician_id <> p.technician_id), '{}') AS others
FROM visit_people p
JOIN schedule_visits v ON v.id = p.visit_id
JOIN work_orders w ON w.id = v.order_id
JOIN sites s ON s.id = w.site_id
LEFT JOIN installations i ON i.asset_id = w.asset_id AND i.removed_at IS NULL
LEFT JOIN locations l ON l.id = coalesce(w.location_id, i.location_id)
WHERE p.technician_id = %(technician)s AND p.published AND v.ends_at > %(ended_after)s
ORDER BY v.starts_at, v.id;

-- name: place
-- Where an order is: a functional location, with the nearest coordinates on the way up to the site.
WITH RECURSIVE up AS (
    SELECT l.id, l.parent_id, l.code, l.name, l.latitude, l.longitude, 0 AS height FROM locations l
    WHERE l.id = coalesce(%(location_id)s::integer,
                          (SELECT location_id FROM installations WHERE asset_id = %(asset_id)s AND removed_at IS NULL))
    UNION ALL
    SELECT l.id, l.parent_id, l.code, l.name, l.latitude, l.longitude, up.height + 1 FROM locations l JOIN up ON l.id = up.parent_id
    WHERE up.height < 50
)
SELECT here.id, here.code, here.name, (SELECT string_agg(up.name, ' / ' ORDER BY up.height DESC) FROM up) AS path,
       near.latitude, near.longitude, near.code AS coordinates_of
FROM (SELECT * FROM up WHERE height = 0) AS here
LEFT JOIN (SELECT * FROM up WHERE latitude IS NOT NULL ORDER BY height LIMIT 1) AS near ON true;

-- name: bins
-- The bins of stores that have items of an order on hand.
SELECT DISTINCT v.line, b.code FROM reservations v
JOIN stock_bins k ON k.item_id = v.item_id AND k.store_id = v.store_id AND k.quantity > 0
JOIN bins b ON b.id = k.bin_id
WHERE v.order_id = %(order_id)s ORDER BY v.line, b.code;

-- name: last_orders
-- The last orders of an asset that have ended, and what was found.
SELECT number, title, status, status_since AS ended_at, close_finding AS finding, close_failure_mode AS failure_mode, close_cause AS cause,
       close_remedy AS remedy, close_note AS note
FROM work_orders
WHERE asset_id = %(asset_id)s AND id <> %(order_id)s AND status IN (:done, :final) ORDER BY status_since DESC LIMIT %(limit)s;

-- part: paths
WITH RECURSIVE places AS (
    SELECT id, name AS path FROM locations WHERE parent_id IS NULL
    UNION ALL
    SELECT l.id, p.path || ' / ' || l.name FROM locations l JOIN places p ON l.parent_id = p.id
)

-- name: assets
-- Assets that are not archived, each with its location and the token of its label; for a contractor those of their orders.
-- as in: paths
SELECT a.id, s.code AS site, a.code, a.name, a.class AS asset_class, i.location_id, coalesce(p.path, '') AS place, t.token AS scan
FROM assets a JOIN sites s ON s.id = a.site_id
LEFT JOIN installations i ON i.asset_id = a.id AND i.removed_at IS NULL
LEFT JOIN places p ON p.id = i.location_id
LEFT JOIN scan_addresses t ON t.asset_id = a.id AND t.revoked_at IS NULL
WHERE a.archived_at IS NULL AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(contractor)s::integer IS NULL OR a.id IN (
      SELECT w.asset_id FROM order_people o JOIN work_orders w ON w.id = o.order_id WHERE o.technician_id = %(contractor)s))
ORDER BY s.code, a.code LIMIT %(limit)s;

-- name: locations
-- Functional locations with their paths and the tokens of their labels.
-- as in: paths
SELECT l.id, s.code AS site, l.code, l.name, p.path AS place, l.latitude, l.longitude, t.token AS scan
FROM locations l JOIN sites s ON s.id = l.site_id JOIN places p ON p.id = l.id
LEFT JOIN scan_addresses t ON t.location_id = l.id AND t.revoked_at IS NULL
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
ORDER BY s.code, l.code LIMIT %(limit)s;

-- name: items
-- Parts of the stores that are not retired, without prices.
SELECT i.id, s.code AS site, i.code, i.name, i.unit FROM items i JOIN sites s ON s.id = i.site_id
WHERE i.retired_at IS NULL AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
ORDER BY s.code, i.code LIMIT %(limit)s;

-- name: components
-- The components that orders of the sites have been about, the most frequent first.
SELECT w.component FROM work_orders w JOIN sites s ON s.id = w.site_id
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
GROUP BY w.component ORDER BY count(*) DESC, w.component LIMIT 200;
