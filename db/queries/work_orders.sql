-- name: get
-- One order, with what is known of its asset: safety-critical is what is so now, or was at some time since the order was
-- recorded, so that nobody verifies their own work by changing that meanwhile.
SELECT w.*, t.code AS assignee, s.code AS site_code,
       coalesce(a.safety_critical, false) OR EXISTS (
           SELECT FROM changes c WHERE c.asset_id = w.asset_id AND c.kind = 'asset' AND c.at >= w.recorded_at
           AND c.old @> '{"safety_critical": true}') AS safety_critical
FROM work_orders w
JOIN sites s ON s.id = w.site_id
LEFT JOIN technicians t ON t.id = w.assignee_id
LEFT JOIN assets a ON a.id = w.asset_id
WHERE w.id = %(id)s;

-- name: lock
-- Lock an order until the transaction ends, so that a step applies to the status it was decided on. Read it
-- after this, not with it: rows joined to one that was waited for are those from before the wait.
SELECT FROM work_orders WHERE id = %(id)s FOR UPDATE;

-- name: id_of_number
-- The order that people mean by a number.
SELECT w.id FROM work_orders w JOIN sites s ON s.id = w.site_id
WHERE w.number = %(number)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s));

-- name: next_number
-- The site's next number; a transaction that fails leaves no gap, one that waits here waits for the other's end.
UPDATE sites SET last_number = last_number + 1 WHERE id = %(site_id)s RETURNING code || '-' || last_number;

-- name: insert
-- A new order, whoever makes it. The partial unique index refuses a second unfinished one of the engine for a fault.
INSERT INTO work_orders (
    id, site_id, number, asset_id, location_id, asset_path, component, failure_mode, type, origin, priority,
    priority_reason, title, status, status_since, opened_at, recorded_at, required_skill, other_skills,
    required_certificates, required_tools, requested_by, requested_for, scheduled_start, scheduled_end, assignee_id,
    assignment_note, response_due, completion_due, response_warn_at, completion_warn_at, escalation, warned,
    hold_reason, estimated_hours, actual_hours, cost, currency, plan, plan_version, follows, duplicate_of)
VALUES (
    %(id)s, %(site_id)s, %(number)s, %(asset_id)s, %(location_id)s, %(asset_path)s, %(component)s, %(failure_mode)s,
    %(type)s, %(origin)s, %(priority)s, %(priority_reason)s, %(title)s, %(status)s, %(status_since)s, %(opened_at)s,
    %(recorded_at)s, %(required_skill)s, %(other_skills)s, %(required_certificates)s, %(required_tools)s,
    %(requested_by)s, %(requested_for)s, %(scheduled_start)s, %(scheduled_end)s, %(assignee_id)s,
    %(assignment_note)s, %(response_due)s, %(completion_due)s, %(response_warn_at)s, %(completion_warn_at)s,
    %(escalation)s, %(warned)s, %(hold_reason)s, %(estimated_hours)s, %(actual_hours)s, %(cost)s, %(currency)s,
    %(plan)s, %(plan_version)s, %(follows)s, %(duplicate_of)s);

-- name: save
-- The order after a step; its row is locked. What identifies it, and where and when it came from, never changes.
UPDATE work_orders
SET
    component = %(component)s, failure_mode = %(failure_mode)s, type = %(type)s, priority = %(priority)s,
    priority_reason = %(priority_reason)s, title = %(title)s, status = %(status)s, status_since = %(status_since)s,
    required_skill = %(required_skill)s, other_skills = %(other_skills)s,
    required_certificates = %(required_certificates)s, required_tools = %(required_tools)s,
    requested_for = %(requested_for)s, scheduled_start = %(scheduled_start)s, scheduled_end = %(scheduled_end)s,
    assignee_id = %(assignee_id)s, assignment_note = %(assignment_note)s, response_due = %(response_due)s,
    completion_due = %(completion_due)s, response_warn_at = %(response_warn_at)s,
    completion_warn_at = %(completion_warn_at)s, escalation = %(escalation)s, warned = %(warned)s,
    hold_reason = %(hold_reason)s, estimated_hours = %(estimated_hours)s, actual_hours = %(actual_hours)s,
    cost = %(cost)s, currency = %(currency)s, plan = %(plan)s, plan_version = %(plan_version)s,
    duplicate_of = %(duplicate_of)s, done_by = %(done_by)s, close_finding = %(close_finding)s,
    close_failure_mode = %(close_failure_mode)s, close_cause = %(close_cause)s, close_remedy = %(close_remedy)s,
    close_note = %(close_note)s, close_mechanism = %(close_mechanism)s,
    close_downtime_minutes = %(close_downtime_minutes)s, close_readings = %(close_readings)s, version = %(version)s
WHERE id = %(id)s;

-- name: unfinished_of_fault
-- The number of the engine's unfinished order for a fault.
SELECT number FROM work_orders
WHERE asset_id = %(asset_id)s AND component = %(component)s AND failure_mode = %(failure_mode)s AND origin = 'engine'
  AND status NOT IN (:final);

-- name: book_entry
-- What an order book needs of an order that has ended and is opened again.
SELECT si.code || '/' || a.code AS asset, w.component, w.failure_mode, w.type, w.opened_at,
       count(DISTINCT e.seq) AS evidence, coalesce(max(e.at), w.opened_at) AS last_evidence_at,
       w.failure_mode NOT IN (:unspecific) AND NOT coalesce(bool_or(
           e.failure_mode = w.failure_mode AND e.source NOT LIKE 'model:%%'), false) AS inferred,
       -- Those that carry a tenth of it, and those out of their usual range.
       coalesce(array_agg(DISTINCT sign ->> 'signal') FILTER (WHERE (sign ->> 'share')::double precision >= :weighty_share
           OR (sign ->> 'value')::double precision < (sign ->> 'usual_low')::double precision
           OR (sign ->> 'value')::double precision > (sign ->> 'usual_high')::double precision), '{}') AS signals
FROM work_orders w
JOIN assets a ON a.id = w.asset_id JOIN sites si ON si.id = a.site_id
LEFT JOIN evidence e ON e.order_id = w.id
LEFT JOIN LATERAL jsonb_array_elements(e.signs) AS sign ON true
WHERE w.id = %(id)s GROUP BY w.id, si.code, a.code;

-- name: tell_judge
-- The judge's order book learns of people's steps by this, at their sequence number.
INSERT INTO judge_events (kind, asset_id, actor, payload)
VALUES ('order_moved', %(asset_id)s, %(actor)s, %(payload)s);

-- name: evidence
-- Why the order exists, the newest finding first; one that an alarm ended with tells that it is over.
SELECT e.seq, e.arrival, e.source, e.version, e.component, e.failure_mode, e.severity, e.since, e.at, e.score, e.limit_at,
       e.signs, e.summary, e.readings,
       EXISTS (
           SELECT FROM alarms al WHERE al.cleared_at = e.at AND al.source = e.source AND al.asset_id = w.asset_id
       ) AS ended
FROM evidence e JOIN work_orders w ON w.id = e.order_id
WHERE e.order_id = %(order_id)s ORDER BY e.seq DESC LIMIT %(limit)s;

-- name: sources
-- The rules and models whose findings are an order's evidence.
SELECT DISTINCT source FROM evidence WHERE order_id = %(order_id)s ORDER BY source;

-- name: targets_near
-- Orders with a target that is near or past and perhaps not warned about yet; the core decides on each once it is
-- locked. Work that waits for what stops the clock is left out.
SELECT id FROM work_orders
WHERE status IN (:waiting) AND escalation < 1
  AND least(response_due, response_warn_at) <= %(now)s AND (warned < 1 OR response_due <= %(now)s)
UNION
SELECT id FROM work_orders
WHERE status IN (:waiting, :begun) AND escalation < 2
  AND least(completion_due, completion_warn_at) <= %(now)s AND (warned < 2 OR completion_due <= %(now)s)
  AND coalesce(hold_reason, 'other') = 'other';

-- name: unassigned
-- Unassigned open orders of some kinds (origin:type), emergencies first. One that a person has unassigned from a
-- technician is left to people.
SELECT w.id FROM work_orders w
WHERE w.status = 'open' AND w.assignee_id IS NULL AND w.origin || ':' || w.type = ANY(%(kinds)s::text[])
  AND NOT EXISTS (
      SELECT FROM (
          SELECT step, actor FROM order_history h
          WHERE h.order_id = w.id AND h.step IN ('assign', 'unassign', 'rework', 'sent back') ORDER BY seq DESC LIMIT 1
      ) AS latest WHERE latest.step = 'unassign' AND latest.actor NOT LIKE 'system:%%')
ORDER BY w.priority, w.recorded_at, w.id;

-- name: note_nobody
-- Why nobody has been given an open order, whose row is locked.
UPDATE work_orders SET assignment_note = %(note)s WHERE id = %(id)s;
