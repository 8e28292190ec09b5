-- part: level_row
SELECT l.item_id, l.store_id, l.site_id, s.code AS site, s.time_zone, i.code AS item, i.name, i.unit, i.item_class, i.supplier,
       i.lead_time_days,
       t.code AS store, l.on_hand, l.reserved, l.on_hand - l.reserved AS free, l.shortage, l.minimum, l.reorder_point,
       l.reorder_quantity, coalesce(w.lacking, 0) AS lacking,
       i.retired_at IS NULL AND l.on_hand - l.reserved - coalesce(w.lacking, 0) < coalesce(l.reorder_point, 0) AS is_low,
       i.retired_at IS NOT NULL AS retired, CASE WHEN i.price IS NOT NULL THEN l.on_hand * i.price END AS worth, i.currency,
       r.id AS request, r.state AS request_state, r.quantity - r.received AS coming, r.expected_on
FROM stock_levels l
JOIN items i ON i.id = l.item_id
JOIN stores t ON t.id = l.store_id
JOIN sites s ON s.id = l.site_id
LEFT JOIN LATERAL (
    SELECT sum(greatest(p.needed::numeric(14, 3) - v.reserved - v.issued, 0)) AS lacking FROM reservations v
    JOIN order_parts p USING (order_id, line) JOIN work_orders o ON o.id = v.order_id
    WHERE v.item_id = l.item_id AND v.store_id = l.store_id AND o.status NOT IN (:unapproved, :done, :final)
) AS w ON true
LEFT JOIN purchase_requests r ON r.item_id = l.item_id AND r.store_id = l.store_id AND r.state IN (:purchases_open)

-- name: levels
-- What there is, what is below its reorder point or has to be counted first: a page of it.
SELECT * FROM (
-- as in: level_row
    WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
      AND (%(store)s::text IS NULL OR t.code = %(store)s) AND (%(item_id)s::integer IS NULL OR l.item_id = %(item_id)s)
      AND (%(item_class)s::text IS NULL OR i.item_class = %(item_class)s) AND (i.retired_at IS NULL OR l.on_hand > 0)
      AND (%(words)s::text[] IS NULL OR i.code || ' ' || i.name || ' ' || i.supplier ILIKE ALL(%(words)s))
) AS found
WHERE (NOT %(low)s OR is_low) AND (NOT %(short)s OR shortage > 0)
  AND (%(after_calm)s::boolean IS NULL OR (NOT (is_low OR shortage > 0), site, item, store)
       > (%(after_calm)s, %(after_site)s::text, %(after_item)s::text, %(after_store)s::text))
ORDER BY NOT (is_low OR shortage > 0), site, item, store LIMIT %(limit)s OFFSET %(offset)s;

-- name: level
-- An item in a store.
-- as in: level_row
WHERE l.item_id = %(item_id)s AND l.store_id = %(store_id)s;

-- name: open_level
-- An item is kept in a store from now on.
INSERT INTO stock_levels (item_id, store_id, site_id)
SELECT i.id, t.id, i.site_id FROM items i JOIN stores t ON t.site_id = i.site_id
WHERE i.id = %(item_id)s AND t.id = %(store_id)s ON CONFLICT DO NOTHING;

-- name: lock_level
-- Nobody else moves the item in the store until the transaction ends.
SELECT FROM stock_levels WHERE item_id = %(item_id)s AND store_id = %(store_id)s FOR UPDATE;

-- name: set_rule
-- When to buy, and how much.
UPDATE stock_levels SET minimum = %(minimum)s, reorder_point = %(reorder_point)s, reorder_quantity = %(reorder_quantity)s
WHERE item_id = %(item_id)s AND store_id = %(store_id)s;

-- name: lots
-- What the bins of a store have of an item.
SELECT b.bin_id, n.code AS bin, b.store_id, t.code AS store, b.lot, b.quantity, b.shortage, b.since, e.expires_on
FROM stock_bins b JOIN bins n ON n.id = b.bin_id JOIN stores t ON t.id = b.store_id
LEFT JOIN item_lots e ON e.item_id = b.item_id AND e.lot = b.lot
WHERE b.item_id = %(item_id)s AND (%(store_id)s::integer IS NULL OR b.store_id = %(store_id)s)
  AND (%(bin_id)s::integer IS NULL OR b.bin_id = %(bin_id)s) AND (%(lot)s::text IS NULL OR b.lot = %(lot)s)
ORDER BY t.code, n.code, b.lot;

-- name: in_bin
-- What is in a bin.
SELECT b.item_id, i.code AS item, i.name, i.unit, b.lot, b.quantity, b.shortage, e.expires_on
FROM stock_bins b JOIN items i ON i.id = b.item_id LEFT JOIN item_lots e ON e.item_id = b.item_id AND e.lot = b.lot
WHERE b.bin_id = %(bin_id)s AND (b.quantity > 0 OR b.shortage > 0)
ORDER BY i.code, b.lot;

-- name: in_stores
-- Every lot in every bin, in the order in which somebody walks past it: a page of the list that is counted by.
SELECT s.code AS site, s.time_zone, b.store_id, t.code AS store, b.bin_id, n.code AS bin, b.item_id, i.code AS item, i.name, i.unit,
       b.lot, b.quantity, b.shortage, e.expires_on
FROM stock_bins b JOIN bins n ON n.id = b.bin_id JOIN stores t ON t.id = b.store_id JOIN sites s ON s.id = b.site_id
JOIN items i ON i.id = b.item_id LEFT JOIN item_lots e ON e.item_id = b.item_id AND e.lot = b.lot
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(store_id)s::integer IS NULL OR b.store_id = %(store_id)s) AND (%(bin_id)s::integer IS NULL OR b.bin_id = %(bin_id)s)
  AND (%(expired)s::date IS NULL OR e.expires_on < %(expired)s) AND (b.quantity > 0 OR b.shortage > 0)
  AND (%(after_site)s::text IS NULL OR (s.code, t.code, n.code, i.code, b.lot)
       > (%(after_site)s, %(after_store)s::text, %(after_bin)s::text, %(after_item)s::text, %(after_lot)s::text))
ORDER BY s.code, t.code, n.code, i.code, b.lot LIMIT %(limit)s;

-- name: first_bin
-- Where an item is put down in a store: where it is already, else in the first bin.
SELECT n.id FROM bins n LEFT JOIN stock_bins b ON b.bin_id = n.id AND b.item_id = %(item_id)s
WHERE n.store_id = %(store_id)s ORDER BY b.quantity DESC NULLS LAST, n.code LIMIT 1;

-- name: first_store
-- The store that has most of an item, else the first one of its site.
SELECT t.id FROM items i JOIN stores t ON t.site_id = i.site_id
LEFT JOIN stock_levels l ON l.item_id = i.id AND l.store_id = t.id
WHERE i.id = %(item_id)s ORDER BY l.on_hand DESC NULLS LAST, t.code LIMIT 1;

-- name: offers
-- The stores of an item, and what no order has of it there.
SELECT t.id AS store_id, t.code, coalesce(l.on_hand - l.reserved, 0) AS free FROM items i JOIN stores t ON t.site_id = i.site_id
LEFT JOIN stock_levels l ON l.item_id = i.id AND l.store_id = t.id WHERE i.id = %(item_id)s ORDER BY t.code;

-- name: move
-- One more row of the ledger; its trigger changes the stock.
INSERT INTO stock_movements (site_id, item_id, store_id, bin_id, lot, kind, quantity, reserved, shortage, order_id, line,
                             request_id, emergency, unit_cost, currency, said, at, actor, why)
SELECT i.site_id, i.id, %(store_id)s, %(bin_id)s, %(lot)s, %(kind)s, %(quantity)s, %(reserved)s, %(shortage)s, %(order_id)s,
       %(line)s, %(request_id)s, %(emergency)s, %(unit_cost)s, %(currency)s, %(said)s, %(at)s, %(actor)s, %(why)s
FROM items i WHERE i.id = %(item_id)s
RETURNING id;

-- name: movements
-- The ledger, the newest movement first: a page of it.
SELECT m.id, s.code AS site, s.time_zone, m.item_id, i.code AS item, i.name, i.unit, t.code AS store, b.code AS bin, m.lot, m.kind,
       m.quantity, m.reserved, m.shortage, m.order_id, o.number AS order_number, m.line, m.request_id, m.emergency,
       m.unit_cost, m.currency, m.said, m.at, m.actor, m.why
FROM stock_movements m
JOIN items i ON i.id = m.item_id
JOIN stores t ON t.id = m.store_id
JOIN sites s ON s.id = m.site_id
LEFT JOIN bins b ON b.id = m.bin_id
LEFT JOIN work_orders o ON o.id = m.order_id
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(item_id)s::integer IS NULL OR m.item_id = %(item_id)s) AND (%(order_id)s::uuid IS NULL OR m.order_id = %(order_id)s)
  AND (%(store_id)s::integer IS NULL OR m.store_id = %(store_id)s)
  AND (%(kind)s::text IS NULL OR m.kind = %(kind)s) AND (%(after)s::bigint IS NULL OR m.id < %(after)s)
ORDER BY m.id DESC LIMIT %(limit)s;

-- name: ledger
-- The whole ledger of an item in a store, the oldest movement first: what a replay adds up.
SELECT kind, quantity, reserved, shortage, bin_id, lot, order_id, line FROM stock_movements
WHERE item_id = %(item_id)s AND store_id = %(store_id)s ORDER BY id;

-- name: last_issue
-- Where an order's line got an item from last.
SELECT bin_id, lot FROM stock_movements
WHERE order_id = %(order_id)s AND line = %(line)s AND kind = 'issue' ORDER BY id DESC LIMIT 1;

-- name: counts
-- How many items are below their reorder point and have to be counted, and how many requests and loans are open.
SELECT count(*) FILTER (WHERE on_hand - reserved < reorder_point) AS low, count(*) FILTER (WHERE shortage > 0) AS short,
       (SELECT count(*) FROM purchase_requests WHERE state IN (:purchases_open)) AS requests,
       (SELECT count(*) FROM reservations WHERE reserved > 0) AS reservations,
       (SELECT count(*) FROM stock_bins b JOIN item_lots e USING (item_id, lot) JOIN sites s ON s.id = b.site_id
        WHERE b.quantity > 0 AND e.expires_on < (%(now)s::timestamptz AT TIME ZONE s.time_zone)::date) AS expired,
       (SELECT count(*) FROM tool_bookings WHERE state = 'booked' AND upper(during) > %(now)s) AS booked,
       (SELECT count(*) FROM tool_loans WHERE upper_inf(during)) AS lent,
       (SELECT count(*) FROM tool_loans WHERE upper_inf(during) AND due_at < %(now)s) AS overdue,
       (SELECT count(DISTINCT v.order_id) FROM reservations v JOIN order_parts p USING (order_id, line)
        JOIN work_orders o ON o.id = v.order_id
        WHERE p.needed::numeric(14, 3) > v.reserved + v.issued AND o.status NOT IN (:unapproved, :done, :final)) AS waiting
FROM stock_levels;

-- name: worth
-- What is on hand at the prices of lots and items, by site and currency.
SELECT s.code AS site, coalesce(e.currency, i.currency) AS currency, sum(b.quantity * coalesce(e.unit_cost, i.price)) AS worth
FROM stock_bins b JOIN items i ON i.id = b.item_id JOIN sites s ON s.id = b.site_id
LEFT JOIN item_lots e ON e.item_id = b.item_id AND e.lot = b.lot AND e.unit_cost IS NOT NULL
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND coalesce(e.unit_cost, i.price) IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: moved
-- How many movements there have been, by kind.
SELECT kind, count(*) AS movements FROM stock_movements GROUP BY kind ORDER BY kind;
