-- name: append
-- One more row of what happened to an order, chained to the one before. The order's row is locked or new, so that
-- numbers cannot meet. What was reported by a device says so: which one, and when by its clock.
WITH head AS (
    SELECT seq, hash FROM history_heads WHERE order_id = %(order_id)s
), said AS (
    SELECT %(new)s::jsonb || coalesce(nullif(current_setting('plantwright.reported', true), ''), '{}')::jsonb AS new
), place AS (
    SELECT coalesce((SELECT seq FROM head), 0) + 1 AS seq, coalesce((SELECT hash FROM head), ''::bytea) AS before
), row AS (
    INSERT INTO order_history (order_id, seq, at, actor, step, old, new, why, hash)
    SELECT %(order_id)s, seq, %(at)s, %(actor)s, %(step)s, %(old)s, said.new, %(why)s,
           history_hash(before, %(order_id)s, seq, %(at)s, %(actor)s, %(step)s, %(old)s, said.new, %(why)s)
    FROM place, said
    RETURNING seq, hash
)
INSERT INTO history_heads (order_id, seq, hash) SELECT %(order_id)s, seq, hash FROM row
ON CONFLICT (order_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash;

-- name: reported
-- What is recorded from here on was reported by a device; empty: it no longer is.
SELECT set_config('plantwright.reported', %(facts)s, true);

-- part: beyond
    SELECT %(within)s::text[] IS NOT NULL AND coalesce(h.new -> 'link', h.old -> 'link') IS NOT NULL AND EXISTS (
        SELECT FROM work_orders w JOIN sites s ON s.id = w.site_id
        WHERE w.id IN ((coalesce(h.new -> 'link', h.old -> 'link') ->> 'from_id')::uuid,
                       (coalesce(h.new -> 'link', h.old -> 'link') ->> 'to_id')::uuid)
          AND s.code <> ALL(%(within)s)) AS beyond

-- part: deeds
SELECT * FROM (
    SELECT h.at, h.actor, s.code AS site, 'order' AS kind, w.number AS subject, h.seq, h.step AS what,
           CASE WHEN b.beyond THEN '{}' ELSE h.old END AS old, CASE WHEN b.beyond THEN '{}' ELSE h.new END AS new,
           CASE WHEN b.beyond THEN '' ELSE h.why END AS why, encode(h.hash, 'hex') AS hash
    FROM order_history h JOIN work_orders w ON w.id = h.order_id JOIN sites s ON s.id = w.site_id
    CROSS JOIN LATERAL (
    -- as in: beyond
    ) AS b
    WHERE %(prices)s OR h.step <> 'prices'
    UNION ALL
    SELECT at, actor, site, kind, subject, seq, what, old, new, why, encode(hash, 'hex') FROM changes
) AS every
WHERE kind = ANY(%(kinds)s)
  AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
  AND (%(site)s::text IS NULL OR site = %(site)s)
  AND (%(within)s::text[] IS NULL OR site = ANY(%(within)s))
  AND (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(actor)s::text IS NULL OR %(actor)s IN (actor, split_part(actor, ':', 2)))

-- name: of_order
-- What happened to an order, from its beginning. Of a link with an order that is not seen, just that there was one.
SELECT h.seq, h.at, h.actor, h.step, CASE WHEN l.unseen THEN '{}' ELSE h.old END AS old,
       CASE WHEN l.unseen THEN '{}' ELSE h.new END AS new, CASE WHEN l.unseen THEN '' ELSE h.why END AS why
FROM order_history h
CROSS JOIN LATERAL (
-- as in: beyond
) AS b
CROSS JOIN LATERAL (
    SELECT b.beyond OR (%(given_to)s::integer IS NOT NULL AND coalesce(h.new -> 'link', h.old -> 'link') IS NOT NULL AND 2 > (
        SELECT count(*) FROM order_people p
        WHERE p.technician_id = %(given_to)s
          AND p.order_id IN ((coalesce(h.new -> 'link', h.old -> 'link') ->> 'from_id')::uuid,
                             (coalesce(h.new -> 'link', h.old -> 'link') ->> 'to_id')::uuid))) AS unseen
) AS l
WHERE h.order_id = %(order_id)s AND (%(prices)s OR h.step <> 'prices') ORDER BY h.seq;

-- name: trail
-- Who did what: the history of orders and the log of changes of a time as one, the oldest row first.
-- as in: deeds
ORDER BY at, kind, subject, seq;

-- name: trail_length
-- How many rows that has.
SELECT count(*) FROM (
-- as in: deeds
) AS trail;
