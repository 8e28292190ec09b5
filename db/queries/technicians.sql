-- name: get
-- One technician of a site.
SELECT id, site_id, code, name, skills, certificates, shift_start, shift_end, weekdays, active
FROM technicians WHERE site_id = %(site_id)s AND code = %(code)s;

-- name: by_id
-- One technician.
SELECT id, site_id, code, name, skills, certificates, shift_start, shift_end, weekdays, active
FROM technicians WHERE id = %(id)s;

-- name: all
-- The technicians of a site, or of every site.
SELECT id, site_id, code, name, skills, certificates, shift_start, shift_end, weekdays, active
FROM technicians
WHERE (%(site_id)s::integer IS NULL OR site_id = %(site_id)s)
  AND (%(within)s::text[] IS NULL OR site_id IN (SELECT id FROM sites WHERE code = ANY(%(within)s)))
ORDER BY site_id, code;

-- name: create
-- A new technician; nothing comes back where the code is taken.
INSERT INTO technicians (site_id, code, name, skills, certificates, shift_start, shift_end, weekdays, active)
VALUES (%(site_id)s, %(code)s, %(name)s, %(skills)s, %(certificates)s, %(shift_start)s, %(shift_end)s, %(weekdays)s,
        %(active)s)
ON CONFLICT (site_id, code) DO NOTHING
RETURNING id;

-- name: update
-- A technician's facts; the code stays.
UPDATE technicians
SET name = %(name)s, skills = %(skills)s, certificates = %(certificates)s, shift_start = %(shift_start)s,
    shift_end = %(shift_end)s, weekdays = %(weekdays)s, active = %(active)s
WHERE id = %(id)s;

-- name: work_of_site
-- The unfinished orders that technicians of a site have: their load.
SELECT t.code AS assignee, w.number, w.priority, w.status, w.required_skill, w.response_due
FROM work_orders w JOIN technicians t ON t.id = w.assignee_id
WHERE w.site_id = %(site_id)s AND w.status IN (:occupying)
ORDER BY t.code, w.priority, w.number;

-- name: planned_work
-- What a technician has a date for, besides one order: the work whose date is in force.
SELECT w.number, w.scheduled_start, w.scheduled_end, w.estimated_hours
FROM work_orders w
WHERE w.assignee_id = %(technician_id)s AND w.id <> %(besides)s AND w.scheduled_start IS NOT NULL
  AND w.status IN (:occupying)
ORDER BY w.scheduled_start, w.number;
