-- name: arrival_range
-- The first and the last sequence number of what was judged between two event times.
SELECT min(arrival), max(arrival) FROM readings
WHERE observed_at >= %(since)s AND observed_at <= %(until)s AND NOT late AND quality < 2;

-- name: known_assets
-- Of the assets asked for, those that there are.
SELECT si.code || '/' || a.code AS asset FROM assets a JOIN sites si ON si.id = a.site_id
WHERE si.code || '/' || a.code = ANY(%(assets)s) ORDER BY 1;

-- name: orders
-- The orders that the engine has opened, with the type that each was opened as and how it was closed.
SELECT w.id, si.code || '/' || a.code AS asset, w.component, w.failure_mode, w.type, w.opened_at, w.status,
       w.duplicate_of, w.close_finding, coalesce(h.new ->> 'type', w.type) AS opened_as,
       e.source, e.summary, e.arrival, (SELECT count(*) FROM evidence AS all_of WHERE all_of.order_id = w.id) AS evidence
FROM work_orders w
JOIN assets a ON a.id = w.asset_id
JOIN sites si ON si.id = w.site_id
LEFT JOIN LATERAL (
    SELECT new FROM order_history h WHERE h.order_id = w.id AND h.step = 'open' ORDER BY h.seq LIMIT 1
) AS h ON true
LEFT JOIN LATERAL (
    SELECT source, summary, arrival FROM evidence e WHERE e.order_id = w.id ORDER BY e.arrival, e.seq LIMIT 1
) AS e ON true
WHERE w.origin = 'engine' AND w.opened_at >= %(since)s AND w.opened_at <= %(until)s
  AND (%(assets)s::text[] IS NULL OR si.code || '/' || a.code = ANY(%(assets)s))
ORDER BY w.opened_at, asset, w.id::text;

-- name: readings
-- Readings of one asset as a notebook asks for them; what is known to be bad is left out.
SELECT s.name AS signal, r.observed_at, r.value
FROM readings r JOIN signals s ON s.id = r.signal_id
WHERE s.asset_id = %(asset_id)s AND r.observed_at >= %(since)s AND r.observed_at < %(until)s AND r.quality < 2
  AND (%(signals)s::text[] IS NULL OR s.name = ANY(%(signals)s))
ORDER BY r.observed_at;

-- name: readings_by_step
-- The same, as means over steps of event time.
SELECT s.name AS signal, date_bin(%(every)s, r.observed_at, '2000-01-01 00:00:00+00') AS observed_at, 
       coalesce(avg(r.value) FILTER (WHERE abs(r.value) < 1e140), min(r.value) / 2 + max(r.value) / 2) AS value
FROM readings r JOIN signals s ON s.id = r.signal_id
WHERE s.asset_id = %(asset_id)s AND r.observed_at >= %(since)s AND r.observed_at < %(until)s AND r.quality < 2
  AND (%(signals)s::text[] IS NULL OR s.name = ANY(%(signals)s))
GROUP BY 1, 2 ORDER BY 2;

-- name: assets
-- Every asset with its id.
SELECT si.code || '/' || a.code AS asset, a.id FROM assets a JOIN sites si ON si.id = a.site_id ORDER BY 1;

-- name: units
-- The unit that each signal is kept in now.
SELECT si.code || '/' || a.code AS asset, s.name AS signal, v.unit
FROM signals s
JOIN assets a ON a.id = s.asset_id
JOIN sites si ON si.id = a.site_id
JOIN LATERAL (
    SELECT unit FROM signal_versions v WHERE v.signal_id = s.id ORDER BY v.valid_from DESC LIMIT 1
) AS v ON true
ORDER BY 1, 2;

-- name: findings
-- The evidence of the engine's orders: what rules and models found, and when.
SELECT si.code || '/' || a.code AS asset, e.at, e.since, e.source, e.version, e.component, e.failure_mode, e.severity,
       e.score, e.limit_at, e.summary, w.number AS work_order
FROM evidence e
JOIN work_orders w ON w.id = e.order_id
JOIN assets a ON a.id = w.asset_id
JOIN sites si ON si.id = w.site_id
WHERE e.at >= %(since)s AND e.at < %(until)s
  AND (%(assets)s::text[] IS NULL OR si.code || '/' || a.code = ANY(%(assets)s))
ORDER BY e.at, asset;

-- name: all_orders
-- Work orders as a table, whoever made them.
SELECT w.number, si.code || '/' || a.code AS asset, w.type, w.origin, w.priority, w.status, w.component, w.failure_mode,
       w.title, w.opened_at, w.recorded_at, w.close_finding, w.close_failure_mode, w.close_cause, w.close_remedy,
       w.close_note, w.status_since
FROM work_orders w JOIN assets a ON a.id = w.asset_id JOIN sites si ON si.id = w.site_id
WHERE w.opened_at >= %(since)s AND w.opened_at < %(until)s
  AND (%(assets)s::text[] IS NULL OR si.code || '/' || a.code = ANY(%(assets)s))
ORDER BY w.opened_at, w.number;

-- name: above
-- The upstream assets of each asset, itself and the topmost included: the nearest first.
WITH RECURSIVE chain AS (
    SELECT id, id AS above, 0 AS steps FROM assets
    UNION ALL
    SELECT c.id, a.parent_id, c.steps + 1 FROM chain c JOIN assets a ON a.id = c.above
    WHERE a.parent_id IS NOT NULL AND c.steps < 100
)
SELECT so.code || '/' || o.code AS asset, array_agg(sa.code || '/' || a.code ORDER BY c.steps) AS above
FROM chain c
JOIN assets o ON o.id = c.id JOIN sites so ON so.id = o.site_id
JOIN assets a ON a.id = c.above JOIN sites sa ON sa.id = a.site_id
GROUP BY 1 ORDER BY 1;

-- name: areas
-- In which area each asset is installed; NULL where nobody has said.
SELECT s.code || '/' || a.code AS asset, area_of(a.id) AS area FROM assets a JOIN sites s ON s.id = a.site_id ORDER BY 1;
