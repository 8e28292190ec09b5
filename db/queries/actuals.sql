-- name: set_ways
-- The way to each visit of a schedule as it is planned, of whoever goes first.
UPDATE schedule_visits v SET from_place = a.from_place, place = a.place, travel_minutes = a.minutes
FROM unnest(%(orders)s::uuid[], %(parts)s::smallint[], %(from)s::text[], %(places)s::text[], %(minutes)s::integer[])
         AS a (order_id, part, from_place, place, minutes)
WHERE v.schedule_id = %(id)s AND v.order_id = a.order_id AND v.part = a.part;

-- name: carry_ways
-- Visits that are as they were in earlier schedules, and have no way yet, have the one that was kept then.
UPDATE schedule_visits v SET from_place = o.from_place, place = o.place, travel_minutes = o.travel_minutes
FROM schedule_visits o
WHERE v.schedule_id = %(id)s AND v.place IS NULL AND o.schedule_id = ANY(%(before)s) AND o.place IS NOT NULL
  AND o.order_id = v.order_id AND o.part = v.part AND o.starts_at = v.starts_at;

-- name: of_schedule
-- What became of the visits of a schedule, by their planned start.
SELECT a.order_id AS "order", a.part, w.number, w.title, w.plan, t.code AS technician, a.planned_starts, a.planned_ends,
       a.planned_travel, a.started_at, a.ended_at, a.worked, a.travelled
FROM visit_actuals a JOIN work_orders w ON w.id = a.order_id LEFT JOIN technicians t ON t.id = a.technician_id
WHERE a.schedule_id = %(id)s
ORDER BY a.planned_starts, w.number, a.part;

-- name: of_plans
-- The hours worked on done orders of each job plan in force, with what the plan says now.
WITH newest AS (
    SELECT DISTINCT ON (p.site_id, p.code) CASE WHEN p.site_id IS NULL THEN p.code ELSE s.code || '/' || p.code END AS key,
           p.title, p.estimated_hours, p.retired_at
    FROM job_plans p LEFT JOIN sites s ON s.id = p.site_id
    WHERE p.site_id IS NULL OR p.site_id = %(site_id)s
    ORDER BY p.site_id, p.code, p.version DESC
)
SELECT n.key, n.title AS name, n.estimated_hours AS now, count(*) AS count,
       percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY w.actual_hours) AS quartiles
FROM work_orders w JOIN newest n ON n.key = w.plan AND n.retired_at IS NULL
WHERE w.site_id = %(site_id)s AND w.status IN (:done, 'closed') AND w.actual_hours > 0
GROUP BY n.key, n.title, n.estimated_hours
ORDER BY n.key;

-- name: of_technicians
-- The hours that technicians worked for each hour that was planned, on done orders for one person.
SELECT t.code AS key, t.name, t.speed::double precision AS now, count(*) AS count,
       percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (
           ORDER BY w.actual_hours / coalesce(w.estimated_hours, p.estimated_hours)) AS quartiles
FROM work_orders w
JOIN technicians t ON t.id = w.assignee_id
JOIN sites s ON s.id = w.site_id
LEFT JOIN job_plans p ON p.version = w.plan_version
    AND CASE WHEN p.site_id IS NULL THEN p.code = w.plan ELSE p.site_id = w.site_id AND s.code || '/' || p.code = w.plan END
WHERE w.site_id = %(site_id)s AND w.status IN (:done, 'closed') AND w.actual_hours > 0 AND t.active
  AND coalesce(w.estimated_hours, p.estimated_hours) > 0 AND coalesce(p.crew, 1) = 1
GROUP BY t.code, t.name, t.speed
ORDER BY t.code;

-- name: of_ways
-- The minutes that ways took, with what the last plan counted with, and whether the site's matrix has the way.
SELECT a.from_place || '>' || a.place AS key, a.from_place, a.place, count(*) AS count,
       percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY a.travelled) AS quartiles,
       coalesce(max(w.minutes), (array_agg(a.planned_travel ORDER BY a.planned_starts DESC))[1])::double precision AS now,
       count(w.minutes) > 0 AS measured
FROM visit_actuals a
JOIN locations f ON f.site_id = a.site_id AND f.code = a.from_place
JOIN locations t ON t.site_id = a.site_id AND t.code = a.place
LEFT JOIN ways w ON w.from_id = f.id AND w.to_id = t.id
WHERE a.site_id = %(site_id)s AND a.travelled IS NOT NULL AND a.from_place <> a.place
GROUP BY a.from_place, a.place
ORDER BY a.from_place, a.place;
