-- part: request_row
SELECT r.id, s.code AS site, s.time_zone, r.item_id, i.code AS item, i.name, i.unit, r.store_id, t.code AS store, r.quantity,
       r.received, r.state, r.supplier, r.reference, r.expected_on, r.why, r.requested_at, r.requested_by, r.state_since
FROM purchase_requests r
JOIN items i ON i.id = r.item_id
JOIN stores t ON t.id = r.store_id
JOIN sites s ON s.id = r.site_id

-- name: requests
-- Purchase requests, the newest first: a page of them.
-- as in: request_row
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(states)s::text[] IS NULL OR r.state = ANY(%(states)s)) AND (%(item_id)s::integer IS NULL OR r.item_id = %(item_id)s)
  AND (%(after)s::integer IS NULL OR r.id < %(after)s)
ORDER BY r.id DESC LIMIT %(limit)s;

-- name: request
-- One purchase request.
-- as in: request_row
WHERE r.id = %(id)s;

-- name: lock
-- Nobody else changes the request until the transaction ends.
SELECT FROM purchase_requests WHERE id = %(id)s FOR NO KEY UPDATE;

-- name: open_one
-- The open request of an item for a store.
-- as in: request_row
WHERE r.item_id = %(item_id)s AND r.store_id = %(store_id)s AND r.state IN (:purchases_open);

-- name: add
-- A request; nothing comes back where the item has an open one for the store.
INSERT INTO purchase_requests (site_id, item_id, store_id, quantity, supplier, expected_on, why, requested_at, requested_by,
                               state_since)
SELECT site_id, id, %(store_id)s, %(quantity)s, supplier, %(expected_on)s, %(why)s, %(at)s, %(actor)s, %(at)s
FROM items WHERE id = %(item_id)s
ON CONFLICT (item_id, store_id) WHERE state IN (:purchases_open) DO NOTHING
RETURNING id;

-- name: raise_quantity
-- More is needed, and nothing has been ordered yet.
UPDATE purchase_requests SET quantity = %(quantity)s
WHERE item_id = %(item_id)s AND store_id = %(store_id)s AND state = 'requested' AND quantity < %(quantity)s;

-- name: save
-- What has become of a request.
UPDATE purchase_requests
SET state = %(state)s, state_since = CASE WHEN state = %(state)s THEN state_since ELSE %(at)s END, received = %(received)s,
    supplier = %(supplier)s, reference = %(reference)s, expected_on = %(expected_on)s
WHERE id = %(id)s;
