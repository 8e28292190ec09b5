-- name: since
-- What has happened to orders from a moment on, oldest first: for those who watch. What a machine gave the cause for
-- has the time of the evidence that the step names, or of the order's opening.
SELECT h.order_id, h.seq, h.at,
       CASE WHEN h.step = 'open' THEN w.opened_at
            ELSE (SELECT max(e.at) FROM evidence e WHERE e.order_id = h.order_id AND position(e.summary IN h.why) > 0) END
       AS event_at,
       h.actor, h.step, h.old, h.new, h.why,
       w.number, si.code AS site, coalesce(a.code, w.asset_path) AS asset, w.type, w.priority, w.title, w.opened_at, w.status, t.name AS assignee
FROM order_history h
JOIN work_orders w ON w.id = h.order_id
LEFT JOIN assets a ON a.id = w.asset_id
JOIN sites si ON si.id = w.site_id
LEFT JOIN technicians t ON t.id = w.assignee_id
WHERE h.at >= %(since)s ORDER BY h.at, h.order_id, h.seq;
