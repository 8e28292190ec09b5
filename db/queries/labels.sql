-- name: counts
-- How the orders that models opened were closed, by model, version and asset class; of each the newest so many.
SELECT class AS asset_class, model, version,
       count(*) FILTER (WHERE close_finding = 'confirmed') AS confirmed,
       count(*) FILTER (WHERE close_finding = 'other_cause') AS other_cause,
       count(*) FILTER (WHERE close_finding = 'nothing_found') AS nothing_found
FROM (
    SELECT a.class, split_part(e.source, ':', 2) AS model, e.version, w.close_finding,
           row_number() OVER (PARTITION BY a.class, split_part(e.source, ':', 2), e.version
                              ORDER BY w.status_since DESC, w.id) AS newest_first
    FROM work_orders w
    JOIN assets a ON a.id = w.asset_id
    JOIN LATERAL (
        SELECT source, version FROM evidence WHERE order_id = w.id ORDER BY arrival, seq LIMIT 1
    ) AS e ON true
    WHERE w.origin = 'engine' AND w.status = 'closed' AND w.close_finding IS NOT NULL AND e.source LIKE 'model:%%'
      AND (%(order_id)s::uuid IS NULL OR (a.class, split_part(e.source, ':', 2), e.version) = (
          SELECT a2.class, split_part(e2.source, ':', 2), e2.version
          FROM work_orders w2 JOIN assets a2 ON a2.id = w2.asset_id
          JOIN LATERAL (
              SELECT source, version FROM evidence WHERE order_id = w2.id ORDER BY arrival, seq LIMIT 1
          ) AS e2 ON true
          WHERE w2.id = %(order_id)s))
) AS labelled
WHERE newest_first <= %(newest)s
GROUP BY class, model, version ORDER BY class, model, version;

-- name: moved
-- The newest limits that close-outs have moved, by asset class.
SELECT DISTINCT ON (payload ->> 'class') payload FROM judge_events
WHERE kind = 'threshold' ORDER BY payload ->> 'class', id DESC;

-- name: move
-- Close-outs move a limit; the judge applies it with its next batch.
INSERT INTO judge_events (kind, payload, actor, why) VALUES ('threshold', %(payload)s, %(actor)s, %(why)s);
