-- name: patterns
-- The shift patterns of a site, with their shifts.
SELECT p.code, p.name, p.anchor, p.days, s.day, s.starts, s.ends, s.break_starts, s.break_minutes
FROM shift_patterns p LEFT JOIN shifts s ON s.pattern_id = p.id WHERE p.site_id = %(site_id)s ORDER BY p.code, s.day;

-- name: crews
-- The crews of a site, with the codes of their members.
SELECT c.code, c.name, coalesce(array_agg(t.code ORDER BY t.code) FILTER (WHERE t.code IS NOT NULL), '{}') AS members
FROM crews c LEFT JOIN crew_members m ON m.crew_id = c.id LEFT JOIN technicians t ON t.id = m.technician_id
WHERE c.site_id = %(site_id)s GROUP BY c.code, c.name ORDER BY c.code;

-- name: put_pattern
-- A shift pattern, new or changed.
INSERT INTO shift_patterns (site_id, code, name, anchor, days) VALUES (%(site_id)s, %(code)s, %(name)s, %(anchor)s, %(days)s)
ON CONFLICT (site_id, code) DO UPDATE SET name = excluded.name, anchor = excluded.anchor, days = excluded.days RETURNING id;

-- name: drop_pattern
-- A pattern that nobody works any more.
DELETE FROM shift_patterns WHERE site_id = %(site_id)s AND code = %(code)s;

-- name: put_shift
-- A shift of a pattern, new or changed.
INSERT INTO shifts (pattern_id, site_id, day, starts, ends, break_starts, break_minutes)
VALUES (%(id)s, %(site_id)s, %(day)s, %(starts)s, %(ends)s, %(begins)s, %(minutes)s)
ON CONFLICT (pattern_id, day) DO UPDATE SET starts = excluded.starts, ends = excluded.ends,
    break_starts = excluded.break_starts, break_minutes = excluded.break_minutes
WHERE (shifts.starts, shifts.ends, shifts.break_starts, shifts.break_minutes)
      IS DISTINCT FROM (excluded.starts, excluded.ends, excluded.break_starts, excluded.break_minutes);

-- name: drop_shifts
-- The shifts of a pattern on other days than these.
DELETE FROM shifts WHERE pattern_id = %(id)s AND day <> ALL(%(days)s::smallint[]);

-- name: technicians
-- Which of some codes are technicians of a site.
SELECT code FROM technicians WHERE site_id = %(site_id)s AND code = ANY(%(members)s);

-- name: put_crew
-- A crew, new or changed.
INSERT INTO crews (site_id, code, name) VALUES (%(site_id)s, %(code)s, %(name)s)
ON CONFLICT (site_id, code) DO UPDATE SET name = excluded.name RETURNING id;

-- name: drop_crew
-- A crew that there is no more.
DELETE FROM crews WHERE site_id = %(site_id)s AND code = %(code)s;

-- name: drop_members
-- The members of a crew who are not among these.
DELETE FROM crew_members m USING technicians t
WHERE m.crew_id = %(id)s AND t.id = m.technician_id AND t.code <> ALL(%(members)s);

-- name: put_members
-- The members of a crew.
INSERT INTO crew_members (crew_id, technician_id, site_id)
SELECT %(id)s, id, site_id FROM technicians WHERE site_id = %(site_id)s AND code = ANY(%(members)s) ON CONFLICT DO NOTHING;

-- name: put_skill_rule
-- What a component or a failure mode asks for at a site.
INSERT INTO skill_rules (site_id, of, code, skill, level) VALUES (%(site_id)s, %(of)s, %(code)s, %(skill)s, %(level)s)
ON CONFLICT (site_id, of, code) DO UPDATE SET skill = excluded.skill, level = excluded.level;

-- name: drop_skill_rule
-- An entry that is the default again.
DELETE FROM skill_rules WHERE site_id = %(site_id)s AND of = %(of)s AND code = %(code)s;

-- name: put_certificates
-- What a skill asks for at a site.
INSERT INTO skill_certificates (site_id, skill, certificates) VALUES (%(site_id)s, %(skill)s, %(certificates)s)
ON CONFLICT (site_id, skill) DO UPDATE SET certificates = excluded.certificates;

-- name: drop_certificates
-- A skill that asks for what it does by default again.
DELETE FROM skill_certificates WHERE site_id = %(site_id)s AND skill = %(skill)s;

-- name: absences
-- When a technician is away; the reasons only for whom they are.
SELECT a.id, a.technician_id, a.kind, a.starts_at, a.ends_at, a.recorded_at, a.recorded_by,
       CASE WHEN %(reasons)s THEN r.reason END AS reason
FROM absences a LEFT JOIN absence_reasons r ON r.absence_id = a.id
WHERE a.technician_id = %(technician_id)s ORDER BY a.starts_at, a.id;

-- name: add_absence
-- A time in which somebody is away.
INSERT INTO absences (technician_id, site_id, kind, starts_at, ends_at, recorded_at, recorded_by)
VALUES (%(technician_id)s, %(site_id)s, %(kind)s, %(starts_at)s, %(ends_at)s, %(at)s, %(actor)s) RETURNING id;

-- name: put_reason
-- Why somebody is away, which no history has.
INSERT INTO absence_reasons (absence_id, reason) VALUES (%(id)s, %(reason)s)
ON CONFLICT (absence_id) DO UPDATE SET reason = excluded.reason;

-- name: drop_absence
-- An absence that there is not; its reason goes with it.
DELETE FROM absences WHERE id = %(id)s AND technician_id = %(technician_id)s;

-- name: rate
-- What a technician costs.
SELECT currency, per_hour, overtime_per_hour, per_day FROM technician_rates WHERE technician_id = %(technician_id)s;

-- name: put_rate
-- What a technician costs; nothing is stored where the site has no currency.
INSERT INTO technician_rates (technician_id, site_id, currency, per_hour, overtime_per_hour, per_day)
SELECT %(technician_id)s, id, currency, %(per_hour)s, %(overtime_per_hour)s, %(per_day)s
FROM sites WHERE id = %(site_id)s AND currency IS NOT NULL
ON CONFLICT (technician_id) DO UPDATE SET per_hour = excluded.per_hour, currency = excluded.currency,
    overtime_per_hour = excluded.overtime_per_hour, per_day = excluded.per_day;

-- name: table_absences
-- Absences as the table has them, without reasons.
SELECT t.code AS technician, a.starts_at, a.ends_at, a.kind
FROM absences a JOIN technicians t ON t.id = a.technician_id WHERE a.site_id = %(site_id)s ORDER BY t.code, a.starts_at;

-- name: put_absence
-- An absence as a file has it; one that begins then is changed.
INSERT INTO absences (technician_id, site_id, kind, starts_at, ends_at, recorded_at, recorded_by)
SELECT id, site_id, %(kind)s, %(starts_at)s, %(ends_at)s, %(at)s, %(actor)s
FROM technicians WHERE site_id = %(site_id)s AND code = %(technician)s
ON CONFLICT (technician_id, starts_at) DO UPDATE SET kind = excluded.kind, ends_at = excluded.ends_at;

-- name: table_ways
-- The matrix of ways as the table has it.
SELECT f.code AS from_place, t.code AS to_place, w.minutes, w.km
FROM ways w JOIN locations f ON f.id = w.from_id JOIN locations t ON t.id = w.to_id
WHERE w.site_id = %(site_id)s ORDER BY f.code, t.code;

-- name: put_way
-- A way as a file has it.
INSERT INTO ways (site_id, from_id, to_id, minutes, km)
SELECT f.site_id, f.id, t.id, %(minutes)s, %(km)s
FROM locations f JOIN locations t ON t.site_id = f.site_id AND t.code = %(to_place)s
WHERE f.site_id = %(site_id)s AND f.code = %(from_place)s
ON CONFLICT (from_id, to_id) DO UPDATE SET minutes = excluded.minutes, km = coalesce(excluded.km, ways.km);
