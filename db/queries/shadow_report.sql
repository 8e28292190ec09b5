-- name: live
-- The orders that the engine has opened for what it judged between two sequence numbers.
SELECT w.id, w.number, w.asset_id, si.code || '/' || a.code AS asset, w.component, w.failure_mode, w.type, w.opened_at,
       w.status, w.duplicate_of, w.close_finding, coalesce(h.new ->> 'type', w.type) AS opened_as,
       e.source || ': ' || e.summary AS why,
       (SELECT count(*) FROM evidence AS all_of WHERE all_of.order_id = w.id) AS evidence
FROM work_orders w
JOIN assets a ON a.id = w.asset_id
JOIN sites si ON si.id = w.site_id
JOIN LATERAL (
    SELECT source, summary, arrival FROM evidence e WHERE e.order_id = w.id ORDER BY e.arrival, e.seq LIMIT 1
) AS e ON e.arrival > %(first)s::bigint AND e.arrival <= coalesce(%(last)s::bigint, e.arrival)
LEFT JOIN LATERAL (
    SELECT new FROM order_history h WHERE h.order_id = w.id AND h.step = 'open' ORDER BY h.seq LIMIT 1
) AS h ON true
WHERE w.origin = 'engine' AND w.recorded_at >= %(begun_at)s::timestamptz - interval '1 day'
ORDER BY w.opened_at, asset, w.id::text;

-- name: judged
-- How many frames were judged between two sequence numbers: all numbered inputs less the events among them.
SELECT greatest(coalesce(%(last)s::bigint, p.next_arrival - 1) - %(first)s::bigint
       - (SELECT count(*) FROM judge_events WHERE arrival > %(first)s::bigint AND arrival <= coalesce(%(last)s::bigint, p.next_arrival - 1)), 0)
FROM judge_position p;
