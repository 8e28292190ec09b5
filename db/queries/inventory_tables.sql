-- name: items
-- The items of a site, as a table to import has them.
SELECT i.code, i.name, i.unit, i.item_class, i.supplier, i.lead_time_days, i.price, u.unit AS pack, u.factor AS pack_size
FROM items i LEFT JOIN LATERAL (
    SELECT unit, factor FROM item_units WHERE item_id = i.id ORDER BY unit LIMIT 1
) AS u ON true
WHERE i.site_id = %(site_id)s;

-- name: stock
-- What the stores of a site have, as a table to import has it: by item, store, bin and lot.
SELECT i.code || '/' || t.code || '/' || n.code || CASE WHEN b.lot <> '' THEN '/' || b.lot ELSE '' END AS key,
       i.code AS item, t.code AS store, n.code AS bin, nullif(b.lot, '') AS lot, b.quantity,
       l.minimum, l.reorder_point, l.reorder_quantity
FROM stock_bins b JOIN items i ON i.id = b.item_id JOIN stores t ON t.id = b.store_id JOIN bins n ON n.id = b.bin_id
JOIN stock_levels l ON l.item_id = b.item_id AND l.store_id = b.store_id
WHERE b.site_id = %(site_id)s;

-- name: bills
-- The bills of material of a site, as a table to import has them.
SELECT m.asset_class || '/' || i.code AS key, m.asset_class, i.code AS item, m.quantity, nullif(m.note, '') AS note
FROM bills_of_material m JOIN items i ON i.id = m.item_id WHERE m.site_id = %(site_id)s;
