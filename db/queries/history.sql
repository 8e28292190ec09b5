-- name: append
-- One more row of what happened to an order, chained to the one before. The order's row is locked or new, so that
-- numbers cannot meet.
WITH head AS (
    SELECT seq, hash FROM history_heads WHERE order_id = %(order_id)s
), place AS (
    SELECT coalesce((SELECT seq FROM head), 0) + 1 AS seq, coalesce((SELECT hash FROM head), ''::bytea) AS before
), row AS (
    INSERT INTO order_history (order_id, seq, at, actor, step, old, new, why, hash)
    SELECT %(order_id)s, seq, %(at)s, %(actor)s, %(step)s, %(old)s, %(new)s, %(why)s,
           history_hash(before, %(order_id)s, seq, %(at)s, %(actor)s, %(step)s, %(old)s, %(new)s, %(why)s)
    FROM place
    RETURNING seq, hash
)
INSERT INTO history_heads (order_id, seq, hash) SELECT %(order_id)s, seq, hash FROM row
ON CONFLICT (order_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash;

-- name: of_order
-- What happened to an order, from its beginning. Of a link with an order that is not seen, just that there was one.
SELECT h.seq, h.at, h.actor, h.step, CASE WHEN b.beyond THEN '{}' ELSE h.old END AS old,
       CASE WHEN b.beyond THEN '{}' ELSE h.new END AS new, CASE WHEN b.beyond THEN '' ELSE h.why END AS why
FROM order_history h
CROSS JOIN LATERAL (
    SELECT %(within)s::text[] IS NOT NULL AND coalesce(h.new -> 'link', h.old -> 'link') IS NOT NULL AND EXISTS (
        SELECT FROM work_orders w JOIN sites s ON s.id = w.site_id
        WHERE w.id IN ((coalesce(h.new -> 'link', h.old -> 'link') ->> 'from_id')::uuid,
                       (coalesce(h.new -> 'link', h.old -> 'link') ->> 'to_id')::uuid)
          AND s.code <> ALL(%(within)s)) AS beyond
) AS b
WHERE h.order_id = %(order_id)s AND (%(prices)s OR h.step <> 'prices') ORDER BY h.seq;
