-- name: places
-- The first and the last place in the sequence of what was judged between two event times.
SELECT min(arrival), max(arrival) FROM readings
WHERE observed_at >= %(since)s AND observed_at <= %(until)s AND NOT late AND quality < 2;

-- name: known_assets
-- Of the assets asked for, those that there are.
SELECT si.code || '/' || a.code AS asset FROM assets a JOIN sites si ON si.id = a.site_id
WHERE si.code || '/' || a.code = ANY(%(assets)s) ORDER BY 1;

-- name: orders
-- The orders that the engine has opened, as they stand, with the type that each was opened as and how it was closed.
SELECT w.id, si.code || '/' || a.code AS asset, w.component, w.failure_mode, w.type, w.opened_at, w.status,
       w.duplicate_of, w.close_finding, coalesce(h.new ->> 'type', w.type) AS opened_as,
       e.source, e.summary, (SELECT count(*) FROM evidence AS all_of WHERE all_of.order_id = w.id) AS evidence
FROM work_orders w
JOIN assets a ON a.id = w.asset_id
JOIN sites si ON si.id = w.site_id
LEFT JOIN LATERAL (
    SELECT new FROM order_history h WHERE h.order_id = w.id AND h.step = 'open' ORDER BY h.seq LIMIT 1
) AS h ON true
LEFT JOIN LATERAL (
    SELECT source, summary FROM evidence e WHERE e.order_id = w.id ORDER BY e.arrival, e.seq LIMIT 1
) AS e ON true
WHERE w.origin = 'engine' AND w.opened_at >= %(since)s AND w.opened_at <= %(until)s
  AND (%(assets)s::text[] IS NULL OR si.code || '/' || a.code = ANY(%(assets)s))
ORDER BY w.opened_at, asset, w.id::text;
