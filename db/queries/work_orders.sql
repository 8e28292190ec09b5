-- name: get
-- One order.
SELECT w.*, t.code AS assignee FROM work_orders w LEFT JOIN technicians t ON t.id = w.assignee_id WHERE w.id = %(id)s;

-- name: lock
-- One order, held until the transaction ends, so that a step is taken from the status that it was decided on.
SELECT w.*, t.code AS assignee FROM work_orders w LEFT JOIN technicians t ON t.id = w.assignee_id
WHERE w.id = %(id)s FOR UPDATE OF w;

-- name: id_of_number
-- The order that people mean by a number.
SELECT id FROM work_orders WHERE number = %(number)s;

-- name: next_number
-- The site's next number; a transaction that fails leaves no gap, one that waits here waits for the other's end.
UPDATE sites SET last_number = last_number + 1 WHERE id = %(site_id)s RETURNING code || '-' || last_number;

-- name: insert
-- A new order, whoever makes it. The partial unique index refuses a second unfinished one of the engine for a fault.
INSERT INTO work_orders (id, site_id, number, asset_id, asset_path, component, failure_mode, type, origin, priority,
                         priority_reason, title, status, status_since, opened_at, recorded_at, required_skill,
                         assignee_id, assignment_note, response_due, completion_due, escalation, follows, duplicate_of)
VALUES (%(id)s, %(site_id)s, %(number)s, %(asset_id)s, %(asset_path)s, %(component)s, %(failure_mode)s, %(type)s,
        %(origin)s, %(priority)s, %(priority_reason)s, %(title)s, %(status)s, %(status_since)s, %(opened_at)s,
        %(recorded_at)s, %(required_skill)s, %(assignee_id)s, %(assignment_note)s, %(response_due)s, %(completion_due)s,
        %(escalation)s, %(follows)s, %(duplicate_of)s);

-- name: save
-- The order after a step; its row is locked. What identifies it, and where and when it came from, never changes.
UPDATE work_orders
SET component = %(component)s, failure_mode = %(failure_mode)s, type = %(type)s, priority = %(priority)s,
    priority_reason = %(priority_reason)s, title = %(title)s, status = %(status)s, status_since = %(status_since)s,
    required_skill = %(required_skill)s, assignee_id = %(assignee_id)s, assignment_note = %(assignment_note)s,
    response_due = %(response_due)s, completion_due = %(completion_due)s, escalation = %(escalation)s,
    duplicate_of = %(duplicate_of)s, close_finding = %(close_finding)s, close_failure_mode = %(close_failure_mode)s,
    close_cause = %(close_cause)s, close_remedy = %(close_remedy)s, close_note = %(close_note)s, version = %(version)s
WHERE id = %(id)s;

-- name: append_history
-- One more row of what happened to an order. The order's row is locked or new, so that numbers cannot meet.
INSERT INTO order_history (order_id, seq, at, actor, step, old, new, why)
SELECT %(order_id)s, coalesce(max(seq), 0) + 1, %(at)s, %(actor)s, %(step)s, %(old)s, %(new)s, %(why)s
FROM order_history WHERE order_id = %(order_id)s;

-- name: tell_judge
-- The judge's order book learns of people's steps from here, at their place in the sequence of inputs.
INSERT INTO judge_events (kind, asset_id, actor, payload)
VALUES ('order_moved', %(asset_id)s, %(actor)s, %(payload)s);

-- name: history
-- What happened to an order, from its beginning.
SELECT seq, at, actor, step, old, new, why FROM order_history WHERE order_id = %(order_id)s ORDER BY seq;

-- name: evidence
-- Why the order exists, the newest finding first.
SELECT seq, arrival, source, version, component, failure_mode, severity, since, at, score, limit_at, signs, summary, readings
FROM evidence WHERE order_id = %(order_id)s ORDER BY seq DESC LIMIT %(limit)s;

-- name: page
-- Orders by urgency: the priority, then how late it is, then the target that runs out next; the id makes the order total.
SELECT w.*, t.code AS assignee, t.name AS assignee_name, a.code AS asset_code, a.name AS asset_name,
       s.code AS site_code, s.name AS site_name, s.time_zone, e.summary AS newest_summary, e.evidence_count
FROM work_orders w
JOIN sites s ON s.id = w.site_id
JOIN assets a ON a.id = w.asset_id
LEFT JOIN technicians t ON t.id = w.assignee_id
LEFT JOIN LATERAL (
    SELECT summary, count(*) OVER () AS evidence_count FROM evidence WHERE order_id = w.id ORDER BY seq DESC LIMIT 1
) AS e ON true
WHERE (%(status)s::text[] IS NULL OR w.status = ANY(%(status)s))
  AND (%(type)s::text[] IS NULL OR w.type = ANY(%(type)s))
  AND (%(origin)s::text[] IS NULL OR w.origin = ANY(%(origin)s))
  AND (%(priority)s::smallint[] IS NULL OR w.priority = ANY(%(priority)s))
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(asset)s::text IS NULL OR a.code = %(asset)s)
  AND (%(asset_id)s::integer IS NULL OR w.asset_id = %(asset_id)s)
  AND (%(assignee)s::text IS NULL OR t.code = %(assignee)s OR (%(assignee)s = '-' AND w.assignee_id IS NULL))
  AND (%(unfinished)s::boolean IS NULL OR (w.status NOT IN ('closed', 'cancelled')) = %(unfinished)s)
  AND (%(opened_from)s::timestamptz IS NULL OR w.opened_at >= %(opened_from)s)
  AND (%(opened_to)s::timestamptz IS NULL OR w.opened_at < %(opened_to)s)
ORDER BY w.status IN ('closed', 'cancelled'),
         CASE WHEN w.status IN ('closed', 'cancelled') THEN w.status_since END DESC,
         w.status IN ('completed', 'verified'), w.priority, w.escalation DESC,
         CASE WHEN w.status IN ('open', 'assigned') THEN w.response_due ELSE w.completion_due END, w.recorded_at, w.id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: count
-- How many orders the same filters as in page let through.
SELECT count(*)
FROM work_orders w
JOIN sites s ON s.id = w.site_id
JOIN assets a ON a.id = w.asset_id
LEFT JOIN technicians t ON t.id = w.assignee_id
WHERE (%(status)s::text[] IS NULL OR w.status = ANY(%(status)s))
  AND (%(type)s::text[] IS NULL OR w.type = ANY(%(type)s))
  AND (%(origin)s::text[] IS NULL OR w.origin = ANY(%(origin)s))
  AND (%(priority)s::smallint[] IS NULL OR w.priority = ANY(%(priority)s))
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(asset)s::text IS NULL OR a.code = %(asset)s)
  AND (%(asset_id)s::integer IS NULL OR w.asset_id = %(asset_id)s)
  AND (%(assignee)s::text IS NULL OR t.code = %(assignee)s OR (%(assignee)s = '-' AND w.assignee_id IS NULL))
  AND (%(unfinished)s::boolean IS NULL OR (w.status NOT IN ('closed', 'cancelled')) = %(unfinished)s)
  AND (%(opened_from)s::timestamptz IS NULL OR w.opened_at >= %(opened_from)s)
  AND (%(opened_to)s::timestamptz IS NULL OR w.opened_at < %(opened_to)s);

-- name: count_by_kind
-- For the metrics and the board's head: how many orders there are of each type and status.
SELECT type, status, priority, count(*) AS orders, count(*) FILTER (WHERE escalation > 0) AS escalated
FROM work_orders
WHERE %(within)s::text[] IS NULL OR site_id IN (SELECT id FROM sites WHERE code = ANY(%(within)s))
GROUP BY type, status, priority ORDER BY type, status, priority;

-- name: escalations_due
-- Orders of which a target has run out that has not been escalated yet; the core decides on each once it is locked.
SELECT id FROM work_orders
WHERE (status IN ('open', 'assigned') AND escalation < 1 AND response_due <= %(now)s)
   OR (status IN ('open', 'assigned', 'in_progress', 'on_hold') AND escalation < 2 AND completion_due <= %(now)s)
ORDER BY priority, recorded_at, id;

-- name: unassigned
-- Open orders that nobody has, emergencies first. One that a person has taken back from a technician is left to people.
SELECT w.id FROM work_orders w
WHERE w.status = 'open' AND w.assignee_id IS NULL
  AND NOT EXISTS (
      SELECT FROM (
          SELECT step, actor FROM order_history h
          WHERE h.order_id = w.id AND h.step IN ('assign', 'unassign', 'rework', 'sent back') ORDER BY seq DESC LIMIT 1
      ) AS latest WHERE latest.step = 'unassign' AND latest.actor NOT LIKE 'system:%%')
ORDER BY w.priority, w.recorded_at, w.id;

-- name: note_nobody
-- Why nobody has been given an open order; nothing happens where the order says so already. No step, so no new version:
-- a form that somebody is filling in stays good.
UPDATE work_orders SET assignment_note = %(note)s
WHERE id = %(id)s AND status = 'open' AND assignee_id IS NULL AND assignment_note IS DISTINCT FROM %(note)s
RETURNING id;
