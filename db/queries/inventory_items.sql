-- part: item_row
SELECT i.id, i.site_id, s.code AS site, s.time_zone, i.code, i.name, i.unit, i.item_class, i.supplier, i.lead_time_days, i.price,
       i.currency, i.retired_at, coalesce(u.units, '{}') AS units
FROM items i JOIN sites s ON s.id = i.site_id
LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(u.unit, u.factor::text ORDER BY u.unit) AS units FROM item_units u WHERE u.item_id = i.id
) AS u ON true

-- name: items
-- The items that somebody sees, by site and code: a page of them.
-- as in: item_row
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(item_class)s::text IS NULL OR i.item_class = %(item_class)s) AND (%(retired)s OR i.retired_at IS NULL)
  AND (%(words)s::text[] IS NULL OR i.code || ' ' || i.name || ' ' || i.supplier ILIKE ALL(%(words)s))
  AND (%(after_site)s::text IS NULL OR (s.code, i.code) > (%(after_site)s, %(after_code)s::text))
ORDER BY s.code, i.code LIMIT %(limit)s;

-- name: item
-- One item.
-- as in: item_row
WHERE i.id = %(id)s;

-- name: by_code
-- The item of a site that has a code.
-- as in: item_row
WHERE i.site_id = %(site_id)s AND i.code = %(code)s;

-- name: of_order
-- The items of an order's site that have these codes and are not retired.
-- as in: item_row
WHERE i.site_id = (SELECT site_id FROM work_orders WHERE id = %(order_id)s) AND i.code = ANY(%(codes)s) AND i.retired_at IS NULL;

-- name: add_item
-- A new item; nothing comes back where its site has one of this code.
INSERT INTO items (site_id, code, name, unit, item_class, supplier, lead_time_days, price, currency)
VALUES (%(site_id)s, %(code)s, %(name)s, %(unit)s, %(item_class)s, %(supplier)s, %(lead_time_days)s, %(price)s, %(currency)s)
ON CONFLICT (site_id, code) DO NOTHING RETURNING id;

-- name: save_item
-- What people can change of an item. Its unit stays: its stock is counted in it.
UPDATE items SET name = %(name)s, item_class = %(item_class)s, supplier = %(supplier)s, lead_time_days = %(lead_time_days)s,
    retired_at = CASE WHEN %(retired)s::boolean THEN coalesce(retired_at, %(at)s) END
WHERE id = %(id)s;

-- name: set_price
-- What one of an item costs from now on.
UPDATE items SET price = %(price)s, currency = %(currency)s WHERE id = %(id)s;

-- name: drop_units
-- The units of an item that are not among those that it has now.
DELETE FROM item_units WHERE item_id = %(item_id)s AND unit <> ALL(%(units)s);

-- name: put_unit
-- A unit that is so many of the item's own.
INSERT INTO item_units (item_id, site_id, unit, factor) VALUES (%(item_id)s, %(site_id)s, %(unit)s, %(factor)s)
ON CONFLICT (item_id, unit) DO UPDATE SET factor = excluded.factor WHERE item_units.factor <> excluded.factor;

-- name: put_lot
-- What a lot cost and until when it is good; what is not said stays.
INSERT INTO item_lots (item_id, site_id, lot, unit_cost, currency, expires_on)
VALUES (%(item_id)s, %(site_id)s, %(lot)s, %(unit_cost)s, %(currency)s, %(expires_on)s)
ON CONFLICT (item_id, lot) DO UPDATE SET unit_cost = coalesce(excluded.unit_cost, item_lots.unit_cost),
    currency = coalesce(excluded.currency, item_lots.currency),
    expires_on = coalesce(excluded.expires_on, item_lots.expires_on);

-- name: lot_prices
-- What the lots of an item cost.
SELECT lot, unit_cost, currency FROM item_lots WHERE item_id = %(item_id)s AND unit_cost IS NOT NULL;

-- name: lock_item
-- Nobody reserves, receives or retires the item until the transaction ends.
SELECT FROM items WHERE id = %(id)s FOR UPDATE;

-- name: in_use
-- The unfinished orders that have an item reserved or wait for it, and the open purchase requests of it.
SELECT o.number, NULL::integer AS request FROM reservations v JOIN order_parts p USING (order_id, line)
JOIN work_orders o ON o.id = v.order_id
WHERE v.item_id = %(id)s AND o.status NOT IN (:done, :final)
  AND (v.reserved > 0 OR p.needed::numeric(14, 3) > v.reserved + v.issued)
UNION ALL SELECT NULL, id FROM purchase_requests WHERE item_id = %(id)s AND state IN (:purchases_open)
ORDER BY 1, 2;

-- name: classes
-- The classes of items that somebody sees.
SELECT DISTINCT i.item_class FROM items i JOIN sites s ON s.id = i.site_id
WHERE i.item_class <> '' AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) ORDER BY 1;

-- name: stores
-- The stores that somebody sees, with their bins.
SELECT t.id, t.site_id, s.code AS site, t.code, t.name,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', b.id, 'code', b.code) ORDER BY b.code)
                 FROM bins b WHERE b.store_id = t.id), '[]') AS bins
FROM stores t JOIN sites s ON s.id = t.site_id
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(id)s::integer IS NULL OR t.id = %(id)s)
ORDER BY s.code, t.code;

-- name: add_store
-- A new store; nothing comes back where its site has one of this code.
INSERT INTO stores (site_id, code, name) VALUES (%(site_id)s, %(code)s, %(name)s) ON CONFLICT DO NOTHING RETURNING id;

-- name: add_bin
-- A new bin of a store; nothing comes back where it has one of this code.
INSERT INTO bins (site_id, store_id, code) SELECT site_id, id, %(code)s FROM stores WHERE id = %(store_id)s
ON CONFLICT DO NOTHING RETURNING id;

-- name: bin
-- One bin, with its store.
SELECT b.id, b.code, b.store_id, t.code AS store, t.name AS store_name, b.site_id, s.code AS site
FROM bins b JOIN stores t ON t.id = b.store_id JOIN sites s ON s.id = b.site_id WHERE b.id = %(id)s;

-- name: put_bill
-- How many of an item the assets of a class have.
INSERT INTO bills_of_material (site_id, asset_class, item_id, quantity, note)
SELECT site_id, %(asset_class)s, id, %(quantity)s, %(note)s FROM items WHERE id = %(item_id)s
ON CONFLICT (site_id, asset_class, item_id) DO UPDATE SET quantity = excluded.quantity, note = excluded.note;

-- name: drop_bill
-- The assets of a class do not have the item.
DELETE FROM bills_of_material WHERE asset_class = %(asset_class)s AND item_id = %(item_id)s RETURNING item_id;

-- name: bills
-- Which items the assets of a class have: a page of the bills of material that somebody sees.
SELECT s.code AS site, m.asset_class, i.code AS item, i.id AS item_id, i.name, i.unit, m.quantity, m.note
FROM bills_of_material m JOIN items i ON i.id = m.item_id JOIN sites s ON s.id = m.site_id
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(asset_class)s::text IS NULL OR m.asset_class = %(asset_class)s)
  AND (%(item_id)s::integer IS NULL OR m.item_id = %(item_id)s)
  AND (%(after_site)s::text IS NULL
       OR (s.code, m.asset_class, i.code) > (%(after_site)s, %(after_class)s::text, %(after_code)s::text))
ORDER BY s.code, m.asset_class, i.code LIMIT %(limit)s;

-- name: used_in_plans
-- The job plans in force that ask for an item by its code: the plant's, and those of its site.
SELECT DISTINCT ON (p.code, p.site_id) CASE WHEN p.site_id IS NULL THEN p.code ELSE s.code || '/' || p.code END AS key, p.title,
       (part ->> 'quantity')::double precision AS quantity, part ->> 'unit' AS unit
FROM items i
JOIN job_plans p ON p.site_id IS NULL OR p.site_id = i.site_id
LEFT JOIN sites s ON s.id = p.site_id
CROSS JOIN LATERAL jsonb_array_elements(p.parts) AS part
WHERE i.id = %(item_id)s AND p.retired_at IS NULL AND part ->> 'part' = i.code
  AND NOT EXISTS (SELECT FROM job_plans newer WHERE newer.code = p.code AND newer.version > p.version
                  AND newer.site_id IS NOT DISTINCT FROM p.site_id)
ORDER BY p.code, p.site_id;

-- name: used_by_assets
-- The assets of the site whose class has the item.
SELECT a.id, a.code, a.name, a.class AS asset_class, m.quantity FROM bills_of_material m
JOIN assets a ON a.site_id = m.site_id AND a.class = m.asset_class AND a.archived_at IS NULL
WHERE m.item_id = %(item_id)s ORDER BY a.class, a.code LIMIT %(limit)s;
