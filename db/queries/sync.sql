-- name: register
-- A device's first contact; nothing where it is known.
INSERT INTO sync_devices (id, person, name, app, first_seen_at, seen_at)
VALUES (%(id)s, %(person)s, %(name)s, %(app)s, %(now)s, %(now)s) ON CONFLICT (id) DO NOTHING;

-- part: about_device
SELECT d.id, d.person, d.name, d.app, d.first_seen_at, d.seen_at, d.known_seq, d.lost, d.unsent, d.skew_s, d.revoked_at, d.revoked_by, d.wiped_at,
       s.code AS site, coalesce(s.time_zone, 'UTC') AS zone
FROM sync_devices d
LEFT JOIN users u ON 'person:' || u.name = d.person
LEFT JOIN technicians t ON t.id = u.technician_id
LEFT JOIN sites s ON s.id = t.site_id

-- name: device
-- One device; of a technician of the sites that are seen.
-- as in: about_device
WHERE d.id = %(id)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s));

-- name: lock_device
-- One batch of a device at a time.
SELECT FROM sync_devices WHERE id = %(id)s FOR UPDATE;

-- name: devices
-- Devices of technicians of the sites that are seen, by person.
-- as in: about_device
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(person)s::text IS NULL OR (d.person, d.id) > (%(person)s, %(after)s::uuid))
ORDER BY d.person, d.id LIMIT %(limit)s;

-- name: seen
-- What a device says at a contact.
UPDATE sync_devices
SET seen_at = %(now)s, app = %(app)s, name = CASE WHEN %(name)s = '' THEN name ELSE %(name)s END, unsent = %(unsent)s,
    skew_s = %(skew_s)s, known_seq = %(known_seq)s, lost = %(lost)s,
    wiped_at = CASE WHEN %(wiped)s AND revoked_at IS NOT NULL THEN coalesce(wiped_at, %(now)s) ELSE wiped_at END
WHERE id = %(id)s;

-- name: revoke
-- What it sends from now on is only kept, and it gets nothing.
UPDATE sync_devices SET revoked_at = %(now)s, revoked_by = %(actor)s WHERE id = %(id)s AND revoked_at IS NULL;

-- part: about_operation
SELECT o.op_id, o.device_id, o.person, o.seq, o.order_id, o.kind, o.body, o.fingerprint, o.occurred_at, o.skew_s,
       o.received_at, o.verdict, o.answer, o.decision, o.decided_by, o.decided_at, o.decided_why,
       w.number, s.code AS site, coalesce(s.time_zone, 'UTC') AS zone, d.name AS device_name
FROM sync_operations o
JOIN sync_devices d ON d.id = o.device_id
LEFT JOIN work_orders w ON w.id = o.order_id
LEFT JOIN sites s ON s.id = o.site_id

-- name: known
-- The operations of a batch that have been received before.
-- as in: about_operation
WHERE o.op_id = ANY(%(ids)s::uuid[]);

-- name: operation
-- One operation, of a site that is seen.
-- as in: about_operation
WHERE o.op_id = %(op_id)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) FOR UPDATE OF o;

-- name: of_order
-- What waits for a decision about an order, and what was decided, the oldest first.
-- as in: about_operation
WHERE o.order_id = %(order_id)s AND o.verdict IN ('kept', 'conflict') ORDER BY o.received_at, o.seq LIMIT 200;

-- name: waiting
-- What waits for a decision, the oldest first; of the sites that are seen.
-- as in: about_operation
WHERE o.verdict IN ('kept', 'conflict') AND o.decision IS NULL
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(received_at)s::timestamptz IS NULL OR (o.received_at, o.op_id) > (%(received_at)s, %(after)s::uuid))
ORDER BY o.received_at, o.op_id LIMIT %(limit)s;

-- name: seq_taken
-- Whether a device has used a number.
SELECT EXISTS (SELECT FROM sync_operations WHERE device_id = %(device)s AND seq = %(seq)s);

-- name: store
-- An operation with the verdict on it.
INSERT INTO sync_operations (op_id, device_id, person, seq, order_id, site_id, kind, body, fingerprint, occurred_at, skew_s, received_at,
                             verdict, answer)
VALUES (%(op_id)s, %(device)s, %(person)s, %(seq)s, %(order_id)s,
        coalesce((SELECT site_id FROM work_orders WHERE id = %(order_id)s), %(site_id)s), %(kind)s, %(body)s, %(fingerprint)s,
        %(occurred_at)s, %(skew_s)s, %(now)s, %(verdict)s, %(answer)s);

-- name: decide
-- What became of an operation that waited.
UPDATE sync_operations
SET decision = %(decision)s, decided_by = %(actor)s, decided_at = %(now)s, decided_why = %(why)s
WHERE op_id = %(op_id)s AND decision IS NULL AND verdict IN ('kept', 'conflict');

-- name: resolve
-- The device's own person has settled a conflict, on a field of the same order.
UPDATE sync_operations
SET decision = 'resolved', decided_by = %(actor)s, decided_at = %(now)s
WHERE op_id = %(op_id)s AND person = %(actor)s AND order_id = %(order_id)s AND verdict = 'conflict' AND decision IS NULL
  AND body ->> 'name' = %(field)s;

-- name: site_of_person
-- The site of the technician that somebody is.
SELECT s.id FROM sites s WHERE s.code = %(site)s;

-- name: had
-- Whether somebody has or had an order, even where they do not see its site any more.
SELECT EXISTS (
    SELECT FROM order_people p JOIN technicians t ON t.id = p.technician_id JOIN sites s ON s.id = t.site_id
    WHERE p.order_id = %(order_id)s AND t.code = %(technician)s AND s.code = %(site)s);

-- name: lock_orders
-- The orders of a batch, always in the same order, so that two batches cannot wait for each other.
SELECT id FROM work_orders WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR UPDATE;

-- name: who_changed
-- Who wrote the value that a field has, and when.
SELECT actor, at FROM order_history WHERE order_id = %(order_id)s AND new ? %(field)s::text ORDER BY seq DESC LIMIT 1;

-- name: technician
-- A technician by their site and code.
SELECT t.id FROM technicians t JOIN sites s ON s.id = t.site_id WHERE t.code = %(code)s AND s.code = %(site)s;

-- part: orders_of_technician
    SELECT w.id, w.asset_id, w.site_id FROM work_orders w
    WHERE w.id IN (
        SELECT a.id FROM work_orders a WHERE a.assignee_id = %(technician)s
        UNION
        SELECT v.order_id FROM visit_people p JOIN schedule_visits v ON v.id = p.visit_id
        WHERE p.technician_id = %(technician)s AND p.published)
      AND (w.status NOT IN (:final) OR w.status_since > %(ended_after)s)
      AND (%(within)s::text[] IS NULL OR w.site_id IN (SELECT id FROM sites WHERE code = ANY(%(within)s)))

-- name: mine
-- The orders that a technician has on a device, by their ids: given to them or on a published visit of theirs, unfinished or ended lately.
SELECT id FROM (
-- as in: orders_of_technician
) AS mine
WHERE %(after)s::uuid IS NULL OR id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: changed
-- The orders of a technician, now or before, of which something happened after an event, each with its last one; those with the same
-- last one together.
WITH recent AS MATERIALIZED (
    SELECT id, kind, order_id, asset_id FROM events WHERE id > %(since)s AND id <= %(newest)s
), mine AS MATERIALIZED (
-- as in: orders_of_technician
), touched AS (
    SELECT r.order_id, max(r.id) AS event FROM recent r JOIN order_people p ON p.order_id = r.order_id
    WHERE p.technician_id = %(technician)s GROUP BY r.order_id
    UNION ALL
    SELECT m.id, max(r.id) FROM recent r JOIN mine m ON m.asset_id = r.asset_id WHERE r.kind LIKE 'alarm.%%' GROUP BY m.id
)
SELECT order_id, order_id IN (SELECT id FROM mine) AS mine, max(event) AS event
FROM touched GROUP BY order_id ORDER BY event FETCH FIRST %(limit)s ROWS WITH TIES;

-- name: plan_changed
-- Whether the schedule of a week has changed at a technician's site after an event: who is on its visits is in no order's history.
SELECT EXISTS (
    SELECT FROM events e JOIN technicians t ON t.site_id = e.site_id
    WHERE t.id = %(technician)s AND e.id > %(since)s AND e.id <= %(newest)s
      AND e.kind IN ('schedule.published', 'schedule.changed', 'schedule.superseded'));
