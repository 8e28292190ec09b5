-- name: add
-- A calendar that its owner follows from now on.
INSERT INTO calendar_feeds (token_sha256, prefix, owner, technician_id, site_id, asset_id, rota_id, created_at)
VALUES (%(token_sha256)s, %(prefix)s, %(owner)s, %(technician_id)s, %(site_id)s, %(asset_id)s, %(rota_id)s, %(at)s) RETURNING id;

-- name: feeds
-- The calendars of an owner, or the one of a token, with what is in each; revoked ones are left out.
SELECT f.id, f.prefix, f.owner, f.technician_id, f.site_id, f.asset_id, f.rota_id, f.created_at, f.last_read_at,
       s.code AS site, coalesce(r.document->>'zone', s.time_zone) AS time_zone, r.title AS rota, t.name AS technician, a.code AS asset, a.name AS asset_name, s.name AS site_name,
       u.language
FROM calendar_feeds f
LEFT JOIN users u ON u.name = f.owner
LEFT JOIN technicians t ON t.id = f.technician_id
LEFT JOIN assets a ON a.id = f.asset_id
LEFT JOIN on_call_rotas r ON r.id = f.rota_id
JOIN sites s ON s.id = coalesce(f.site_id, t.site_id, a.site_id, r.site_id)
WHERE f.revoked_at IS NULL
  AND (%(owner)s::text IS NULL OR f.owner = %(owner)s)
  AND (%(token_sha256)s::bytea IS NULL OR f.token_sha256 = %(token_sha256)s)
ORDER BY f.id;

-- name: revoke
-- The address of a calendar opens nothing from now on.
UPDATE calendar_feeds SET revoked_at = %(at)s WHERE id = %(id)s AND owner = %(owner)s AND revoked_at IS NULL RETURNING id;

-- name: note_read
-- A calendar was fetched.
UPDATE calendar_feeds SET last_read_at = %(at)s WHERE id = %(id)s;

-- name: dated_orders
-- The dates of a technician, with when each was changed last; the newest first. Of an order in a published week those are its
-- visits to which they go, alone, first or along with others, as long as the order has the date and the person that were
-- published. Of any other order that is theirs it is its own date, cancelled ones among them.
WITH visits AS (
    SELECT v.order_id, v.part, v.starts_at, v.ends_at, v.told_at
    FROM visit_people p
    JOIN schedule_visits v ON v.id = p.visit_id
    JOIN work_orders w ON w.id = v.order_id
    WHERE p.technician_id = %(technician_id)s AND p.published AND v.starts_at >= %(since)s
      AND w.assignee_id IS NOT NULL AND (p.position > 0 OR v.part > 1 OR w.assignee_id = p.technician_id)
      AND w.scheduled_start = (SELECT min(o.starts_at) FROM schedule_visits o WHERE o.schedule_id = v.schedule_id AND o.order_id = v.order_id)
), dates AS (
    SELECT * FROM visits
    UNION ALL
    SELECT w.id, 1, w.scheduled_start, w.scheduled_end, NULL
    FROM work_orders w
    WHERE w.assignee_id = %(technician_id)s AND w.scheduled_start >= %(since)s
      AND NOT EXISTS (SELECT FROM visits v WHERE v.order_id = w.id)
)
SELECT w.id, d.part, w.number, w.title, w.type, w.origin, w.priority, w.status, w.version, w.asset_path,
       d.starts_at AS scheduled_start, d.ends_at AS scheduled_end, w.estimated_hours::float8, a.code AS asset,
       a.name AS asset_name, greatest(h.changed_at, d.told_at) AS changed_at
FROM dates d
JOIN work_orders w ON w.id = d.order_id
LEFT JOIN assets a ON a.id = w.asset_id
JOIN LATERAL (SELECT at AS changed_at FROM order_history WHERE order_id = w.id ORDER BY seq DESC LIMIT 1) AS h ON true
ORDER BY d.starts_at DESC, w.id, d.part LIMIT %(limit)s;

-- name: downtimes
-- The planned downtimes of a site or an asset, cancelled ones among them; the newest dates first.
SELECT d.id, d.starts_at, d.ends_at, d.reason, d.actor, d.recorded_at, d.cancelled_at, a.id AS asset_id, a.code AS asset,
       a.name AS asset_name, s.code AS site
FROM planned_downtimes d
JOIN assets a ON a.id = d.asset_id
JOIN sites s ON s.id = a.site_id
WHERE (a.site_id = %(site_id)s::integer OR a.id = %(asset_id)s::integer)
  AND (d.ends_at IS NULL OR d.ends_at >= %(since)s)
ORDER BY d.starts_at DESC, d.id LIMIT %(limit)s;
