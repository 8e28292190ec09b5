-- name: add
-- A link between two orders; nothing comes back where it is there already.
INSERT INTO order_links (from_id, kind, to_id, at, actor) VALUES (%(from_id)s, %(kind)s, %(to_id)s, %(at)s, %(actor)s)
ON CONFLICT DO NOTHING RETURNING kind;

-- name: remove
-- A link that was wrong.
DELETE FROM order_links WHERE from_id = %(from_id)s AND kind = %(kind)s AND to_id = %(to_id)s;

-- name: reaches
-- Whether links of a kind lead from one order to another already, so that one the other way round would make a circle.
WITH RECURSIVE on_from AS (
    SELECT to_id FROM order_links WHERE from_id = %(from_id)s AND kind = %(kind)s
    UNION
    SELECT l.to_id FROM on_from JOIN order_links l ON l.from_id = on_from.to_id AND l.kind = %(kind)s
)
SELECT EXISTS (SELECT FROM on_from WHERE to_id = %(to_id)s);

-- name: of_order
-- An order's links, both ways; links by the engine are in the orders' own columns.
WITH links AS (
    SELECT kind, to_id AS other, true AS outward FROM order_links WHERE from_id = %(id)s
    UNION
    SELECT kind, from_id, false FROM order_links WHERE to_id = %(id)s
    UNION
    SELECT 'follow_up_of', follows, true FROM work_orders WHERE id = %(id)s AND follows IS NOT NULL
    UNION
    SELECT 'follow_up_of', id, false FROM work_orders WHERE follows = %(id)s
    UNION
    SELECT 'duplicate_of', duplicate_of, true FROM work_orders WHERE id = %(id)s AND duplicate_of IS NOT NULL
    UNION
    SELECT 'duplicate_of', id, false FROM work_orders WHERE duplicate_of = %(id)s
)
SELECT l.kind, l.outward, w.id, w.number, w.title, w.status
FROM links l JOIN work_orders w ON w.id = l.other JOIN sites s ON s.id = w.site_id
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(given_to)s::integer IS NULL OR w.id IN (SELECT p.order_id FROM order_people p WHERE p.technician_id = %(given_to)s))
ORDER BY l.kind, l.outward DESC, w.recorded_at, w.id;

-- name: blockers
-- The numbers of the unfinished orders that have to be done before an order.
SELECT CASE WHEN %(within)s::text[] IS NOT NULL AND s.code <> ALL(%(within)s) THEN 'an order of another site'
            WHEN (%(given_to)s::integer IS NULL OR w.id IN (SELECT p.order_id FROM order_people p WHERE p.technician_id = %(given_to)s))
            THEN w.number ELSE 'an order of somebody else' END
FROM order_links l JOIN work_orders w ON w.id = l.from_id JOIN sites s ON s.id = w.site_id
WHERE l.to_id = %(id)s AND l.kind = 'blocks'
  AND w.status NOT IN (:done, :final) ORDER BY w.number;

-- name: unanswered
-- The requests of an order whose quote nobody has answered.
SELECT r.number FROM quotes q JOIN requests r ON r.id = q.request_id
WHERE r.order_id = %(order_id)s AND q.state = 'offered' ORDER BY r.number;
