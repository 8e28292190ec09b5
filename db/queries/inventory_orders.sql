-- part: line_row
SELECT v.order_id, o.number AS order_number, o.title, o.status, s.code AS site, s.time_zone, v.line, p.part, v.item_id,
       i.code AS item, i.name, i.unit, v.store_id, t.code AS store, p.needed::numeric(14, 3) AS needed, v.reserved, v.issued,
       p.used::numeric(14, 3) AS used, p.unit_cost, p.currency, v.asked_at,
       CASE WHEN o.status IN (:done, :final) THEN 0
            ELSE greatest(p.needed::numeric(14, 3) - v.reserved - v.issued, 0) END AS lacks
FROM reservations v
JOIN order_parts p USING (order_id, line)
JOIN work_orders o ON o.id = v.order_id
JOIN sites s ON s.id = v.site_id
JOIN items i ON i.id = v.item_id
JOIN stores t ON t.id = v.store_id

-- name: lines
-- The lines of orders that come from stores.
-- as in: line_row
WHERE v.order_id = ANY(%(order_ids)s) ORDER BY o.number, v.line;

-- name: reservations
-- What orders have reserved and lack, who asked first: a page of what is not finished.
SELECT * FROM (
-- as in: line_row
    WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
      AND (%(item_id)s::integer IS NULL OR v.item_id = %(item_id)s) AND o.status NOT IN (:done, :final)
) AS found
WHERE (NOT %(lacking)s OR lacks > 0)
  AND (%(after_at)s::timestamptz IS NULL OR (asked_at, order_id, line)
       > (%(after_at)s, %(after_order)s::uuid, %(after_line)s::integer))
ORDER BY asked_at, order_id, line LIMIT %(limit)s;

-- name: queue
-- The lines that wait for an item of a store, in the order in which they are served, with what each lacks.
SELECT v.order_id, v.line, v.reserved, p.needed::numeric(14, 3) - v.reserved - v.issued AS lacks, o.number AS order_number
FROM reservations v JOIN order_parts p USING (order_id, line) JOIN work_orders o ON o.id = v.order_id
WHERE v.item_id = %(item_id)s AND v.store_id = %(store_id)s AND o.status NOT IN (:unapproved, :done, :final)
  AND p.needed::numeric(14, 3) > v.reserved + v.issued
ORDER BY v.asked_at, o.priority, v.order_id, v.line;

-- name: reserved
-- The lines that have an item of a store reserved, who asked first first.
SELECT order_id, line, reserved FROM reservations
WHERE item_id = %(item_id)s AND store_id = %(store_id)s AND reserved > 0 ORDER BY asked_at, order_id, line;

-- name: next_line
-- The number of an order's next line of parts.
SELECT coalesce(max(line), 0) + 1 FROM order_parts WHERE order_id = %(order_id)s;

-- name: add_part
-- A line of parts that comes from a store.
INSERT INTO order_parts (order_id, line, part, unit, needed, unit_cost, currency)
VALUES (%(order_id)s, %(line)s, %(part)s, %(unit)s, %(needed)s, %(unit_cost)s, %(currency)s);

-- name: tie
-- A line of an order comes from a store from now on.
INSERT INTO reservations (order_id, line, site_id, item_id, store_id, asked_at)
SELECT %(order_id)s, %(line)s, i.site_id, i.id, %(store_id)s, %(at)s FROM items i WHERE i.id = %(item_id)s;

-- name: name_part
-- What a line is called and counted in, and what one of it costs where nobody has said.
UPDATE order_parts SET part = %(part)s, unit = %(unit)s, needed = %(needed)s,
    unit_cost = coalesce(unit_cost, %(unit_cost)s), currency = coalesce(currency, %(currency)s)
WHERE order_id = %(order_id)s AND line = %(line)s;

-- name: set_needed
-- How many of a line the order needs.
UPDATE order_parts SET needed = %(needed)s WHERE order_id = %(order_id)s AND line = %(line)s;

-- name: set_used
-- How many were used, and what one of them cost.
UPDATE order_parts SET used = %(used)s, unit_cost = %(unit_cost)s, currency = %(currency)s
WHERE order_id = %(order_id)s AND line = %(line)s;

-- name: untie
-- A line that nothing is reserved or issued for comes from no store any more.
DELETE FROM reservations WHERE order_id = %(order_id)s AND line = %(line)s;

-- name: drop_part
-- A line that the order does not need.
DELETE FROM order_parts WHERE order_id = %(order_id)s AND line = %(line)s;

-- name: waiting_levels
-- The stores and items of which an order lacks something, or that are low and nothing is requested: what the timetable tends.
SELECT DISTINCT l.item_id, l.store_id FROM stock_levels l
LEFT JOIN purchase_requests r ON r.item_id = l.item_id AND r.store_id = l.store_id AND r.state IN (:purchases_open)
LEFT JOIN LATERAL (
    SELECT sum(p.needed::numeric(14, 3) - v.reserved - v.issued) AS lacking
    FROM reservations v JOIN order_parts p USING (order_id, line) JOIN work_orders o ON o.id = v.order_id
    WHERE v.item_id = l.item_id AND v.store_id = l.store_id AND p.needed::numeric(14, 3) > v.reserved + v.issued
      AND o.status NOT IN (:unapproved, :done, :final)
) AS w ON true
WHERE (w.lacking > 0 AND l.on_hand > l.reserved)
   OR (r.id IS NULL AND NOT EXISTS (SELECT FROM items i WHERE i.id = l.item_id AND i.retired_at IS NOT NULL)
       AND l.on_hand - l.reserved - coalesce(w.lacking, 0) < coalesce(l.reorder_point, 0)
       -- What somebody has cancelled is not asked for again until something moves.
       AND NOT EXISTS (
           SELECT FROM purchase_requests c WHERE c.item_id = l.item_id AND c.store_id = l.store_id AND c.state = 'cancelled'
             AND c.state_since > coalesce((SELECT max(m.at) FROM stock_movements m
                                           WHERE m.item_id = l.item_id AND m.store_id = l.store_id), '-infinity')))
ORDER BY l.item_id, l.store_id;

-- name: unreserved
-- Approved orders with a part of their job plan that is an item's code and comes from no store yet.
SELECT w.id FROM work_orders w
WHERE w.plan IS NOT NULL AND w.status NOT IN (:unapproved, :done, :final) AND EXISTS (
    SELECT FROM order_parts p JOIN items i ON i.site_id = w.site_id AND i.code = p.part AND i.retired_at IS NULL
    JOIN stores t ON t.site_id = w.site_id
    WHERE p.order_id = w.id AND p.used IS NULL
      AND (p.unit IN (i.unit, 'pcs') OR EXISTS (SELECT FROM item_units u WHERE u.item_id = i.id AND u.unit = p.unit))
      AND NOT EXISTS (SELECT FROM reservations v WHERE v.order_id = p.order_id AND v.line = p.line)
) ORDER BY w.priority, w.recorded_at, w.id LIMIT %(limit)s;
