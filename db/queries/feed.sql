-- name: since
-- What has happened to orders from a moment on, oldest first: for those who watch.
SELECT h.order_id, h.seq, h.at, h.actor, h.step, h.old, h.new, h.why,
       w.number, si.code AS site, coalesce(a.code, w.asset_path) AS asset, w.type, w.priority, w.title, w.opened_at, w.status, t.name AS assignee
FROM order_history h
JOIN work_orders w ON w.id = h.order_id
LEFT JOIN assets a ON a.id = w.asset_id
JOIN sites si ON si.id = w.site_id
LEFT JOIN technicians t ON t.id = w.assignee_id
WHERE h.at >= %(since)s ORDER BY h.at, h.order_id, h.seq;
