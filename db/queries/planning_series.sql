-- name: wake
-- Series whose orders have moved are due to be looked at.
WITH woken AS (DELETE FROM maintenance_wakes RETURNING series_id)
UPDATE maintenance_series SET call_at = %(at)s
FROM woken WHERE id = woken.series_id AND ended_at IS NULL AND (call_at IS NULL OR call_at > %(at)s);

-- name: lock_some
-- Series to look at, the longest due first; those that another generator has are left to it.
SELECT id FROM maintenance_series WHERE call_at <= %(at)s ORDER BY call_at, id LIMIT %(limit)s
FOR NO KEY UPDATE SKIP LOCKED;

-- name: lock_one
-- One series, locked until the transaction ends.
SELECT id FROM maintenance_series WHERE id = %(id)s FOR NO KEY UPDATE;

-- part: series
SELECT r.id, r.plan_id, r.asset_id, r.location_id, r.begun_at, r.number, r.covered, r.after, r.shift_days, r.last_due,
       r.meter_from, r.meter_carry, r.condition_since, r.next_due, r.next_why, r.call_at, r.ended_at, r.ended_why

-- name: of_ids
-- Series as they are, read after they were locked, each with the last of its occurrences whose order is unfinished.
-- as in: series
       , open.order_id AS open_id, open.number AS open_number,
       EXISTS (SELECT FROM maintenance_occurrences d WHERE d.series_id = r.id AND d.status = 'completed' AND NOT d.applied)
           AS has_completions
FROM maintenance_series r LEFT JOIN LATERAL (
    SELECT w.id AS order_id, w.number FROM maintenance_occurrences o JOIN work_orders w ON w.id = o.order_id
    WHERE o.series_id = r.id AND o.status IN ('generated', 'merged') AND o.number > r.number - 50
    ORDER BY o.number DESC LIMIT 1) AS open ON true
WHERE r.id = ANY(%(ids)s);

-- name: of_plan
-- The series of a plan with what they are for, those that have ended last.
-- as in: series
       , a.code AS asset, l.code AS location
FROM maintenance_series r LEFT JOIN assets a ON a.id = r.asset_id LEFT JOIN locations l ON l.id = r.location_id
WHERE r.plan_id = %(plan_id)s ORDER BY r.ended_at IS NOT NULL, a.code, l.code, r.id LIMIT %(limit)s;

-- name: live
-- Every live series of the sites that are seen, for the forecast.
-- as in: series
       , a.code AS asset, l.code AS location
FROM maintenance_series r JOIN maintenance_plans p ON p.id = r.plan_id JOIN sites s ON s.id = p.site_id
LEFT JOIN assets a ON a.id = r.asset_id LEFT JOIN locations l ON l.id = r.location_id
WHERE r.ended_at IS NULL AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(site)s::text IS NULL OR s.code = %(site)s) AND (%(plan_id)s::integer IS NULL OR r.plan_id = %(plan_id)s)
ORDER BY r.id;

-- name: put_off
-- Look at a series again at another time, as it is.
UPDATE maintenance_series SET call_at = %(call_at)s WHERE id = %(id)s;

-- name: save
-- Where a series is after it was looked at.
UPDATE maintenance_series
SET number = %(number)s, covered = %(covered)s, after = %(after)s, shift_days = %(shift_days)s, last_due = %(last_due)s,
    meter_from = %(meter_from)s, meter_carry = %(meter_carry)s, condition_since = %(condition_since)s,
    next_due = %(next_due)s, next_why = %(next_why)s, call_at = %(call_at)s
WHERE id = %(id)s;

-- name: add_occurrence
-- What became of an occurrence. The key refuses a second one.
INSERT INTO maintenance_occurrences (series_id, number, plan_id, plan_version, due_at, cause, status, package, packages, why,
                                     note, order_id, decided_at)
VALUES (%(series_id)s, %(number)s, %(plan_id)s, %(plan_version)s, %(due_at)s, %(cause)s, %(status)s, %(package)s,
        %(packages)s, %(why)s, %(note)s, %(order_id)s, %(at)s);

-- name: became
-- What became of one occurrence.
SELECT status, due_at FROM maintenance_occurrences WHERE series_id = %(series_id)s AND number = %(number)s;

-- name: completions
-- Completed occurrences that have not moved what comes next yet, the oldest first.
SELECT number, due_at, completed_at FROM maintenance_occurrences
WHERE series_id = %(series_id)s AND status = 'completed' AND NOT applied ORDER BY number;

-- name: applied
-- A completion has moved what comes next, or has been found not to.
UPDATE maintenance_occurrences SET applied = true, note = %(note)s
WHERE series_id = %(series_id)s AND number = %(number)s;

-- name: counts
-- What the meters of series have shown since a time: the last reading of each day and the newest, and what people entered.
SELECT w.id, c.at, c.count, c.exchanged
FROM unnest(%(ids)s::bigint[], %(asset_ids)s::bigint[], %(signals)s::text[], %(since)s::timestamptz[])
    AS w (id, asset_id, signal, since)
CROSS JOIN LATERAL (
    (SELECT DISTINCT ON (r.observed_at::date) r.observed_at AS at, r.value AS count, false AS exchanged
     FROM readings r JOIN signals s ON s.id = r.signal_id
     WHERE s.asset_id = w.asset_id AND s.name = w.signal AND r.quality < 2 AND r.observed_at BETWEEN w.since AND %(now)s
     ORDER BY r.observed_at::date, r.observed_at DESC)
    UNION ALL
    SELECT at, count, exchanged FROM meter_entries
    WHERE asset_id = w.asset_id AND signal = w.signal AND at BETWEEN w.since AND %(now)s
) AS c ORDER BY w.id, c.at, c.exchanged;

-- name: alarm_since
-- Since when an alarm has been active.
SELECT raised_at, summary FROM alarm_points WHERE asset_id = %(asset_id)s AND source = %(source)s AND active;

-- name: health
-- How well an asset is.
SELECT index, at FROM asset_health WHERE asset_id = %(asset_id)s;

-- name: installed_at
-- The asset that is installed at a location: where there are several, none is meant.
SELECT asset_id FROM installations WHERE location_id = %(location_id)s AND removed_at IS NULL LIMIT 2;

-- name: grouped
-- The order of another plan of the group for the same asset that waits for its work, due the nearest.
SELECT o.order_id FROM maintenance_occurrences o
JOIN maintenance_series r ON r.id = o.series_id JOIN maintenance_plans p ON p.id = r.plan_id
JOIN work_orders w ON w.id = o.order_id
WHERE w.asset_id = %(asset_id)s AND p.site_id = %(site_id)s AND p.document ->> 'group' = %(group)s AND r.id <> %(series_id)s
  AND o.status = 'generated' AND w.status IN (:waiting)
  AND abs(extract(epoch FROM o.due_at - %(due_at)s::timestamptz)) <= 86400 * %(days)s::integer
ORDER BY abs(extract(epoch FROM o.due_at - %(due_at)s::timestamptz)), o.order_id LIMIT 1;

-- name: route
-- The assets of a route that are in use.
SELECT id, code, name FROM assets WHERE site_id = %(site_id)s AND code = ANY(%(codes)s) AND archived_at IS NULL;
