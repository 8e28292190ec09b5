-- name: of_site
-- When a site works and on which clock; the calendar's columns are NULL where it has none.
SELECT s.time_zone, c.country, c.subdivision, c.shifts, c.closed_on, c.works_on
FROM sites s LEFT JOIN site_calendars c ON c.site_id = s.id WHERE s.id = %(site_id)s;

-- name: targets
-- What a site has promised itself, where it differs from what everybody has.
SELECT priority, response_minutes, completion_minutes, working FROM site_targets WHERE site_id = %(site_id)s;

-- name: put_calendar
-- When a site works from now on.
INSERT INTO site_calendars (site_id, country, subdivision, shifts, closed_on, works_on, changed_by, changed_at)
VALUES (%(site_id)s, %(country)s, %(subdivision)s, %(shifts)s, %(closed_on)s, %(works_on)s, %(actor)s, %(at)s)
ON CONFLICT (site_id) DO UPDATE
SET country = excluded.country, subdivision = excluded.subdivision, shifts = excluded.shifts,
    closed_on = excluded.closed_on, works_on = excluded.works_on, changed_by = excluded.changed_by,
    changed_at = excluded.changed_at;

-- name: put_target
-- What a site promises for a priority from now on.
INSERT INTO site_targets (site_id, priority, response_minutes, completion_minutes, working)
VALUES (%(site_id)s, %(priority)s, %(response_minutes)s, %(completion_minutes)s, %(working)s)
ON CONFLICT (site_id, priority) DO UPDATE
SET response_minutes = excluded.response_minutes, completion_minutes = excluded.completion_minutes,
    working = excluded.working;
