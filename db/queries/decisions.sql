-- name: evidence
-- A finding as evidence of an order, with a copy of the readings it cites: none that came after it, thinned by taking
-- every n-th, so that what is shown was really measured. A signal may be of another asset of the site.
WITH wanted AS (
    SELECT w.title, s.id
    FROM unnest(%(signals)s::text[], %(assets)s::text[], %(names)s::text[]) AS w (title, asset, name)
    JOIN assets own ON own.id = %(asset_id)s
    JOIN assets a ON a.site_id = own.site_id AND a.code = coalesce(w.asset, own.code)
    JOIN signals s ON s.asset_id = a.id AND s.name = w.name
), cited AS (
    SELECT w.title AS name, r.observed_at, r.value,
           row_number() OVER (PARTITION BY w.id ORDER BY r.observed_at DESC) AS newest_first,
           count(*) OVER (PARTITION BY w.id) AS points
    FROM wanted w JOIN readings r ON r.signal_id = w.id
    WHERE r.observed_at BETWEEN %(cited_from)s AND %(at)s AND r.arrival <= %(arrival)s
), thinned AS (
    SELECT name, observed_at, value FROM cited
    WHERE (newest_first - 1) %% greatest(1, ceil(points / 300.0)::bigint) = 0
), copied AS (
    SELECT name, jsonb_agg(jsonb_build_array(extract(epoch FROM observed_at)::double precision, value) ORDER BY observed_at) AS points
    FROM thinned GROUP BY name
)
INSERT INTO evidence (order_id, seq, arrival, source, version, component, failure_mode, severity, since, at, score, limit_at,
                      signs, summary, readings)
SELECT %(order_id)s, coalesce((SELECT max(seq) FROM evidence WHERE order_id = %(order_id)s), 0) + 1, %(arrival)s, %(source)s,
       %(version)s, %(component)s, %(failure_mode)s, %(severity)s, %(since)s, %(at)s, %(score)s, %(limit_at)s, %(signs)s,
       %(summary)s, coalesce((SELECT jsonb_object_agg(name, points) FROM copied), '{}');

-- name: foresee
-- When the asset is likely to fail, with the evidence that says so.
UPDATE evidence SET fails_early = %(early)s, fails_likely = %(likely)s, fails_late = %(late)s
WHERE order_id = %(order_id)s AND seq = (SELECT max(seq) FROM evidence WHERE order_id = %(order_id)s);

-- name: foreseen
-- When an order's due date was last brought forward to its likely failure.
SELECT at FROM order_history WHERE order_id = %(order_id)s AND step = %(step)s ORDER BY seq DESC LIMIT 1;

-- name: move_evidence
-- The evidence of a duplicate goes to the order that stays.
UPDATE evidence SET order_id = %(to)s, seq = seq + (SELECT coalesce(max(seq), 0) FROM evidence WHERE order_id = %(to)s)
WHERE order_id = %(from)s;

-- name: asset_path
-- The site of an asset, and its present path: site / area / work centre / asset.
WITH RECURSIVE up AS (
    SELECT l.id, l.parent_id, l.name, 1 AS depth
    FROM installations i JOIN locations l ON l.id = i.location_id
    WHERE i.asset_id = %(asset_id)s AND i.removed_at IS NULL
    UNION ALL
    SELECT l.id, l.parent_id, l.name, up.depth + 1 FROM up JOIN locations l ON l.id = up.parent_id
)
SELECT si.id AS site_id,
       concat_ws(' / ', si.name, (SELECT string_agg(name, ' / ' ORDER BY depth DESC) FROM up), a.code) AS path
FROM assets a JOIN sites si ON si.id = a.site_id WHERE a.id = %(asset_id)s;

-- name: unfinished
-- What an order book needs of the unfinished orders, for when it cannot be rebuilt from the sequence alone.
SELECT w.id, si.code || '/' || a.code AS asset, w.component, w.failure_mode, w.type, w.status, w.opened_at,
       count(DISTINCT e.seq) AS evidence, max(e.at) AS last_evidence_at,
       -- Only the model has said so: the mode is a likely one.
       w.failure_mode NOT IN (:unspecific) AND NOT coalesce(bool_or(
           e.failure_mode = w.failure_mode AND e.source NOT LIKE 'model:%%'), false) AS inferred,
       array_agg(DISTINCT sign ->> 'signal') FILTER (WHERE (sign ->> 'share')::double precision >= :weighty_share
           OR (sign ->> 'value')::double precision < (sign ->> 'usual_low')::double precision
           OR (sign ->> 'value')::double precision > (sign ->> 'usual_high')::double precision) AS signals
FROM work_orders w
JOIN assets a ON a.id = w.asset_id JOIN sites si ON si.id = a.site_id
LEFT JOIN evidence e ON e.order_id = w.id
LEFT JOIN LATERAL jsonb_array_elements(e.signs) AS sign ON true
WHERE w.origin = 'engine' AND w.status NOT IN (:final)
GROUP BY w.id, si.code, a.code ORDER BY w.opened_at, w.id;
