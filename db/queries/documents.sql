-- name: versions
-- Every version of a plant-wide document, the newest first, with the sequence number from which it judges.
SELECT number, payload AS document, actor, why, recorded_at, arrival FROM (
    SELECT row_number() OVER (ORDER BY id) AS number, payload, actor, why, recorded_at, arrival
    FROM judge_events WHERE kind = %(kind)s
) AS numbered
WHERE (%(number)s::bigint IS NULL OR number = %(number)s) AND (%(before)s::bigint IS NULL OR number < %(before)s)
ORDER BY number DESC LIMIT %(limit)s;

-- name: newest_by
-- The document that one actor wrote last.
SELECT payload FROM judge_events WHERE kind = %(kind)s AND actor = %(actor)s ORDER BY id DESC LIMIT 1;

-- name: write
-- A new version; the judge applies it with its next batch.
INSERT INTO judge_events (kind, payload, actor, why) VALUES (%(kind)s, %(document)s, %(actor)s, %(why)s);

-- name: signals_of_classes
-- What is measured on the assets of each class, in which units.
SELECT a.class AS asset_class, s.name AS signal, array_agg(DISTINCT v.unit) AS units
FROM assets a JOIN signals s ON s.asset_id = a.id
JOIN LATERAL (
    SELECT unit FROM signal_versions WHERE signal_id = s.id ORDER BY version DESC LIMIT 1
) AS v ON true
WHERE a.archived_at IS NULL
GROUP BY a.class, s.name ORDER BY a.class, s.name;

-- name: classes_behind
-- The classes of the assets downstream of those of each class.
WITH RECURSIVE chain AS (
    SELECT id, parent_id AS above, 1 AS steps FROM assets WHERE parent_id IS NOT NULL AND archived_at IS NULL
    UNION ALL
    SELECT c.id, a.parent_id, c.steps + 1 FROM chain c JOIN assets a ON a.id = c.above
    WHERE a.parent_id IS NOT NULL AND c.steps < 100
)
SELECT DISTINCT p.class AS above, o.class AS below FROM chain c JOIN assets p ON p.id = c.above JOIN assets o ON o.id = c.id
ORDER BY 1, 2;

-- name: paces
-- How often signals are measured: the median step between their newest ten good readings, of those that have four.
SELECT si.code || '/' || a.code AS asset, a.class, s.name AS signal, pace.us
FROM signals s JOIN assets a ON a.id = s.asset_id JOIN sites si ON si.id = a.site_id
JOIN LATERAL (
    SELECT (percentile_cont(0.5) WITHIN GROUP (ORDER BY step))::bigint AS us FROM (
        SELECT extract(epoch FROM observed_at - lag(observed_at) OVER (ORDER BY observed_at)) * 1000000 AS step
        FROM (
            SELECT observed_at FROM readings
            WHERE signal_id = s.id AND quality < 2 ORDER BY observed_at DESC LIMIT 10
        ) AS newest
    ) AS steps
    WHERE step IS NOT NULL HAVING count(*) >= 3
) AS pace ON true
WHERE a.archived_at IS NULL AND a.class = ANY(%(classes)s::text[])
  AND (%(signals)s::text[] IS NULL OR s.name = ANY(%(signals)s::text[]))
ORDER BY 1, 3;
