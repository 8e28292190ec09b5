-- part: filters
-- What a list is narrowed to; null narrows nothing.
  AND (%(status)s::text[] IS NULL OR w.status = ANY(%(status)s))
  AND (%(type)s::text[] IS NULL OR w.type = ANY(%(type)s))
  AND (%(origin)s::text[] IS NULL OR w.origin = ANY(%(origin)s))
  AND (%(priority)s::smallint[] IS NULL OR w.priority = ANY(%(priority)s))
  AND (%(sites)s::integer[] IS NULL OR w.site_id = ANY(%(sites)s))
  AND (%(asset)s::integer IS NULL OR w.asset_id = %(asset)s)
  AND (%(assets)s::integer[] IS NULL OR w.asset_id = ANY(%(assets)s))
  AND (%(location)s::integer IS NULL OR w.location_id = %(location)s OR w.asset_id IN (
       SELECT i.asset_id FROM installations i WHERE i.location_id = %(location)s AND i.removed_at IS NULL))
  AND (%(assignee)s::integer IS NULL OR w.assignee_id = %(assignee)s)
  AND (%(assignees)s::integer[] IS NULL OR w.assignee_id = ANY(%(assignees)s))
  AND (%(given_to)s::integer IS NULL OR w.id IN (SELECT p.order_id FROM order_people p WHERE p.technician_id = %(given_to)s))
  AND (NOT %(nobody)s::boolean OR w.assignee_id IS NULL)
  AND (NOT %(overdue)s::boolean OR (w.escalation > 0 AND w.status NOT IN (:done)))
  AND (%(requested_by)s::text IS NULL OR w.requested_by = %(requested_by)s)
  AND (%(words)s::text[] IS NULL OR concat_ws(' ', w.number, w.title, (SELECT a.code || ' ' || a.name FROM assets a WHERE a.id = w.asset_id))
       ILIKE ALL(%(words)s))
  AND (%(opened_from)s::timestamptz IS NULL OR w.opened_at >= %(opened_from)s)
  AND (%(opened_to)s::timestamptz IS NULL OR w.opened_at < %(opened_to)s)

-- name: unfinished
-- Unfinished orders by urgency, after one of them or from the first on: what waits for a check last, then the priority, how late it is, and the target that runs
-- out next; the id makes the order total. The order and the condition are those of the index.
SELECT w.id
FROM work_orders w
WHERE w.status NOT IN (:final)
  -- as in: filters
  AND (%(after_id)s::uuid IS NULL OR (
       ((w.status IN (:done)), w.priority) >= (%(after_checked)s::boolean, %(after_priority)s::smallint)
       AND ((w.status IN (:done)), w.priority, -w.escalation,
            (CASE WHEN w.status IN (:waiting) THEN w.response_due ELSE w.completion_due END) IS NULL,
            coalesce(CASE WHEN w.status IN (:waiting) THEN w.response_due ELSE w.completion_due END,
                     '-infinity'),
            w.recorded_at, w.id)
         > (%(after_checked)s::boolean, %(after_priority)s::smallint, -%(after_escalation)s::bigint, %(after_due)s::timestamptz IS NULL,
            coalesce(%(after_due)s::timestamptz, '-infinity'), %(after_recorded)s::timestamptz, %(after_id)s)))
ORDER BY (w.status IN (:done)), w.priority, w.escalation DESC,
         (CASE WHEN w.status IN (:waiting) THEN w.response_due ELSE w.completion_due END),
         w.recorded_at, w.id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: finished
-- Finished orders, the newest end first.
SELECT w.id
FROM work_orders w
WHERE w.status IN (:final)
  -- as in: filters
  AND (%(after_id)s::uuid IS NULL OR (
       w.status_since <= %(after_since)s::timestamptz AND (w.status_since < %(after_since)s OR w.id > %(after_id)s)))
ORDER BY w.status_since DESC, w.id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: shown
-- The orders of one page with the names that go with them, in the page's order. Why an order exists is not told by what
-- ended an alarm.
SELECT w.*, t.code AS assignee, t.name AS assignee_name, a.code AS asset_code, coalesce(a.name, l.name) AS asset_name,
       s.code AS site_code, s.name AS site_name, s.time_zone, e.summary AS newest_summary, e.at AS newest_at,
       (SELECT count(*) FROM evidence ev WHERE ev.order_id = w.id) AS evidence_count
FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS asked (id, place)
JOIN work_orders w ON w.id = asked.id
JOIN sites s ON s.id = w.site_id
LEFT JOIN assets a ON a.id = w.asset_id
LEFT JOIN locations l ON l.id = w.location_id
LEFT JOIN technicians t ON t.id = w.assignee_id
LEFT JOIN LATERAL (
    SELECT ev.summary, ev.at FROM evidence ev
    WHERE ev.order_id = w.id AND NOT EXISTS (
        SELECT FROM alarms al WHERE al.cleared_at = ev.at AND al.source = ev.source AND al.asset_id = w.asset_id
    )
    ORDER BY ev.seq DESC LIMIT 1
) AS e ON true
ORDER BY asked.place;

-- name: count
-- How many orders the filters let through, counted no further than `most`.
SELECT count(*) FROM (
    SELECT FROM work_orders w
    WHERE (%(unfinished)s::boolean IS NULL OR (w.status NOT IN (:final)) = %(unfinished)s)
      -- as in: filters
    LIMIT %(most)s
) AS counted;

-- name: ids_of
-- The ids behind the codes that filters name.
SELECT (SELECT array_agg(id) FROM sites WHERE code = ANY(%(sites)s::text[])) AS sites,
       (SELECT array_agg(id) FROM assets WHERE code = %(asset)s::text) AS assets,
       (SELECT array_agg(id) FROM technicians WHERE code = %(assignee)s::text) AS assignees;

-- name: count_by_kind
-- For the metrics and the board's head: how many orders there are of each type and status.
SELECT type, status, priority, count(*) AS orders, count(*) FILTER (WHERE escalation > 0) AS escalated
FROM work_orders
WHERE %(within)s::text[] IS NULL OR site_id IN (SELECT id FROM sites WHERE code = ANY(%(within)s))
GROUP BY type, status, priority ORDER BY type, status, priority;
