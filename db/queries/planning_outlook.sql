-- part: occurrence
SELECT o.series_id, o.number, o.plan_id, o.plan_version, o.due_at, o.cause, o.status, o.package, o.packages, o.why, o.order_id,
       o.decided_at, o.completed_at, o.note, s.code AS site, p.code, p.title, p.version, a.code AS asset, l.code AS location,
       w.number AS order_number, w.status AS order_status
FROM maintenance_occurrences o JOIN maintenance_series r ON r.id = o.series_id JOIN maintenance_plans p ON p.id = r.plan_id
JOIN sites s ON s.id = p.site_id LEFT JOIN assets a ON a.id = r.asset_id LEFT JOIN locations l ON l.id = r.location_id
LEFT JOIN work_orders w ON w.id = o.order_id

-- name: of_plan
-- What became of a plan's occurrences, those due last first.
-- as in: occurrence
WHERE o.plan_id = %(plan_id)s
  AND (%(after_due)s::timestamptz IS NULL OR (o.due_at, o.series_id) < (%(after_due)s, %(after_series)s::integer))
ORDER BY o.due_at DESC, o.series_id DESC LIMIT %(limit)s;

-- name: between
-- What became of the occurrences that are due within a time.
-- as in: occurrence
WHERE o.due_at >= %(since)s AND o.due_at < %(until)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(after_due)s::timestamptz IS NULL OR (o.due_at, o.series_id) > (%(after_due)s, %(after_series)s::integer))
ORDER BY o.due_at, o.series_id LIMIT %(limit)s;

-- name: of_order
-- The plans that an order was made by.
-- as in: occurrence
WHERE o.order_id = %(order_id)s ORDER BY o.due_at, o.series_id;

-- name: made
-- Work that plans have made and nobody has done yet: an order counts once, on the day on which its first plan is due.
SELECT (min(o.due_at) AT TIME ZONE s.time_zone)::date AS day, coalesce(w.required_skill, '') AS trade,
       coalesce(w.estimated_hours, 0)::double precision AS hours
FROM maintenance_occurrences o JOIN work_orders w ON w.id = o.order_id JOIN sites s ON s.id = w.site_id
WHERE o.status IN ('generated', 'merged') AND o.due_at <= %(until)s
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
GROUP BY w.id, s.time_zone;

-- name: health
-- How generating is: when something was made last, and what is expected next.
SELECT (SELECT max(decided_at) FROM maintenance_occurrences WHERE decided_at > %(now)s::timestamptz - interval '400 days') AS last_made,
       (SELECT min(next_due) FROM maintenance_series WHERE next_due IS NOT NULL) AS next_due,
       (SELECT count(*) FROM maintenance_plans WHERE active AND retired_at IS NULL) AS plans,
       (SELECT min(call_at) FROM maintenance_series WHERE call_at IS NOT NULL) AS oldest_call;

-- name: counts
-- Plans by whether they are in force; orders of plans that are not done, and of them those whose window is over.
SELECT (SELECT count(*) FROM maintenance_plans WHERE active AND retired_at IS NULL) AS in_force,
       (SELECT count(*) FROM maintenance_plans WHERE NOT active AND retired_at IS NULL) AS paused,
       count(DISTINCT w.id) AS due,
       count(DISTINCT w.id) FILTER (WHERE w.response_due < %(now)s::timestamptz AND w.status IN (:waiting)) AS late
FROM maintenance_occurrences o JOIN work_orders w ON w.id = o.order_id WHERE o.status IN ('generated', 'merged');

-- name: became
-- What became of the occurrences that were due in the last 30 days.
SELECT status, count(*) FROM maintenance_occurrences
WHERE due_at > %(now)s::timestamptz - interval '30 days' AND due_at <= %(now)s GROUP BY status;

-- name: behind
-- For how many objects a plan should have been looked at and was not, and since when the first of them.
SELECT count(*) AS objects, min(call_at) AS since FROM maintenance_series
WHERE call_at < %(now)s::timestamptz - %(grace)s::interval;

-- name: now
-- The wall clock of the transaction.
SELECT now() AS now;

-- name: efforts
-- The trade and the hours of every job plan in force, for the forecast.
SELECT DISTINCT ON (s.code, p.code) s.code AS site, p.code, p.skills, p.estimated_hours
FROM job_plans p LEFT JOIN sites s ON s.id = p.site_id WHERE p.retired_at IS NULL ORDER BY s.code, p.code, p.version DESC;
