-- part: technician_row
SELECT t.id, t.site_id, t.code, t.name, t.skills, t.certificates, t.shift_start, t.shift_end, t.weekdays, t.active, t.levels,
       t.valid_until, t.firm, t.contract_from, t.contract_until, p.code AS pattern, t.pattern_offset, t.overtime_minutes,
       l.code AS depot, t.speed, t.language
FROM technicians t
LEFT JOIN shift_patterns p ON p.id = t.pattern_id
LEFT JOIN locations l ON l.id = t.depot_id

-- name: get
-- One technician of a site.
-- as in: technician_row
WHERE t.site_id = %(site_id)s AND t.code = %(code)s;

-- name: by_id
-- One technician.
-- as in: technician_row
WHERE t.id = %(id)s;

-- name: all
-- The technicians of a site, or of every site.
-- as in: technician_row
WHERE (%(site_id)s::integer IS NULL OR t.site_id = %(site_id)s)
  AND (%(within)s::text[] IS NULL OR t.site_id IN (SELECT id FROM sites WHERE code = ANY(%(within)s)))
ORDER BY t.site_id, t.code;

-- name: rotations
-- The shifts of the patterns that technicians work, by technician.
SELECT t.id, p.anchor, p.days, s.day, s.starts, s.ends, s.break_starts, s.break_minutes
FROM technicians t JOIN shift_patterns p ON p.id = t.pattern_id LEFT JOIN shifts s ON s.pattern_id = p.id
WHERE t.id = ANY(%(ids)s) ORDER BY t.id, s.day;

-- name: absences
-- When technicians are away, without what is long over; never why.
SELECT technician_id, starts_at, ends_at FROM absences
WHERE technician_id = ANY(%(ids)s) AND (ends_at IS NULL OR ends_at > now() - interval '400 days')
ORDER BY technician_id, starts_at;

-- name: create
-- A new technician; nothing comes back where the code is taken.
INSERT INTO technicians (site_id, code, name, skills, certificates, shift_start, shift_end, weekdays, active, levels,
                         valid_until, firm, contract_from, contract_until, pattern_id, pattern_offset, overtime_minutes,
                         depot_id, speed, language)
VALUES (%(site_id)s, %(code)s, %(name)s, %(skills)s, %(certificates)s, %(shift_start)s, %(shift_end)s, %(weekdays)s,
        %(active)s, %(levels)s, %(valid_until)s, %(firm)s, %(contract_from)s, %(contract_until)s,
        (SELECT id FROM shift_patterns WHERE site_id = %(site_id)s AND code = %(pattern)s), %(pattern_offset)s,
        %(overtime_minutes)s, (SELECT id FROM locations WHERE site_id = %(site_id)s AND code = %(depot)s), %(speed)s,
        %(language)s)
ON CONFLICT (site_id, code) DO NOTHING
RETURNING id;

-- name: update
-- A technician's facts; the code stays.
UPDATE technicians
SET name = %(name)s, skills = %(skills)s, certificates = %(certificates)s, shift_start = %(shift_start)s,
    shift_end = %(shift_end)s, weekdays = %(weekdays)s, active = %(active)s, levels = %(levels)s,
    valid_until = %(valid_until)s, firm = %(firm)s, contract_from = %(contract_from)s,
    contract_until = %(contract_until)s, pattern_offset = %(pattern_offset)s, overtime_minutes = %(overtime_minutes)s,
    speed = %(speed)s, language = %(language)s,
    pattern_id = (SELECT id FROM shift_patterns WHERE site_id = technicians.site_id AND code = %(pattern)s),
    depot_id = (SELECT id FROM locations WHERE site_id = technicians.site_id AND code = %(depot)s)
WHERE id = %(id)s;

-- name: named_there
-- Whether a site has the pattern and the location that a technician names; one that is not named is there.
SELECT (%(pattern)s::text IS NULL OR EXISTS (SELECT FROM shift_patterns WHERE site_id = %(site_id)s AND code = %(pattern)s)),
       (%(depot)s::text IS NULL OR EXISTS (SELECT FROM locations WHERE site_id = %(site_id)s AND code = %(depot)s));

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
