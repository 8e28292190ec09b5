-- part: schedule
-- A schedule, with its site.
SELECT c.id, s.code AS site, c.site_id, s.time_zone, c.from_date, c.dates, c.version, c.state, c.state_since, c.made_by,
       c.made_at, c.read_at, c.run_id, c.based_on, c.weights_version, c.seconds, c.costs, c.reasons, c.taken_out,
       c.causes, c.accepted_by, c.accepted_at, c.published_by, c.published_at
FROM schedules c JOIN sites s ON s.id = c.site_id

-- name: get
-- One schedule of a site within.
-- as in: schedule
WHERE c.id = %(id)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s));

-- name: lock
-- Keep others from changing a schedule until the transaction ends.
SELECT version FROM schedules WHERE id = %(id)s FOR UPDATE;

-- name: lock_weeks
-- One at a time decides which schedules of a site are current.
SELECT pg_advisory_xact_lock(hashtext('schedules of a site'), %(site_id)s);

-- name: page
-- Schedules, the latest week first and the newest of each first.
-- as in: schedule
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(state)s::text IS NULL OR c.state = %(state)s)
  AND (%(from_date)s::date IS NULL OR c.from_date = %(from_date)s)
  AND (%(before)s::integer IS NULL OR c.id < %(before)s)
ORDER BY c.id DESC
LIMIT %(limit)s;

-- name: of_week
-- The current schedules of a site's week.
-- as in: schedule
WHERE c.site_id = %(site_id)s AND c.from_date = %(from_date)s AND c.state <> 'superseded';

-- name: add
-- A new schedule.
INSERT INTO schedules (site_id, from_date, dates, state, state_since, made_by, made_at, read_at, run_id, based_on,
                       weights_version, seconds, costs, reasons, taken_out, causes, accepted_by, accepted_at)
VALUES (%(site_id)s, %(from_date)s, %(dates)s, %(state)s, %(at)s, %(actor)s, %(at)s, %(read_at)s, %(run_id)s, %(based_on)s,
        %(weights_version)s, %(seconds)s, %(costs)s, %(reasons)s, %(taken_out)s, %(causes)s, %(accepted_by)s, %(accepted_at)s)
RETURNING id;

-- name: keep_input
-- The problem that a schedule was made from.
INSERT INTO schedule_inputs (schedule_id, problem) VALUES (%(id)s, %(problem)s);

-- name: input
-- The problem that a schedule was made from.
SELECT problem FROM schedule_inputs WHERE schedule_id = %(id)s;

-- name: set_state
-- What a schedule is to people from now on.
UPDATE schedules
SET state = %(state)s, state_since = %(at)s, version = version + 1,
    accepted_by = CASE %(state)s WHEN 'accepted' THEN %(actor)s ELSE accepted_by END,
    accepted_at = CASE %(state)s WHEN 'accepted' THEN %(at)s ELSE accepted_at END,
    published_by = CASE %(state)s WHEN 'published' THEN %(actor)s ELSE published_by END,
    published_at = CASE %(state)s WHEN 'published' THEN %(at)s ELSE published_at END
WHERE id = %(id)s;

-- name: published_across
-- The published schedules that share a day with a week, besides one schedule.
SELECT id FROM schedules
WHERE site_id = %(site_id)s AND state = 'published' AND id <> %(besides)s
  AND daterange(from_date, from_date + dates) && daterange(%(from_date)s::date, %(from_date)s::date + %(dates)s::integer)
FOR UPDATE;

-- name: set_taken_out
-- What planners took out of a schedule's week.
UPDATE schedules SET taken_out = %(taken_out)s WHERE id = %(id)s;

-- name: note_change
-- A schedule has changed: its version, its costs and the reasons for what is not in it.
UPDATE schedules SET version = version + 1, costs = %(costs)s, reasons = %(reasons)s WHERE id = %(id)s;

-- name: visits
-- The visits of schedules, by their start.
SELECT v.schedule_id, v.order_id, v.part, v.starts_at, v.ends_at, v.pinned_by, v.pinned_at, v.told_at,
       array_agg(t.code ORDER BY p.position) AS people
FROM schedule_visits v JOIN visit_people p ON p.visit_id = v.id JOIN technicians t ON t.id = p.technician_id
WHERE v.schedule_id = ANY(%(ids)s)
GROUP BY v.id
ORDER BY v.starts_at, v.order_id, v.part;

-- name: drop_visits
-- Take visits of some jobs out of a schedule.
DELETE FROM schedule_visits
WHERE schedule_id = %(id)s AND (order_id, part) IN (SELECT * FROM unnest(%(orders)s::uuid[], %(parts)s::smallint[]));

-- name: add_visits
-- Put visits into a schedule; who goes is added beside.
INSERT INTO schedule_visits (schedule_id, order_id, part, starts_at, ends_at, pinned_by, pinned_at, told_at)
SELECT %(id)s, *
FROM unnest(%(orders)s::uuid[], %(parts)s::smallint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[],
            %(pinned_by)s::text[], %(pinned_at)s::timestamptz[], %(told_at)s::timestamptz[]);

-- name: add_people
-- Who goes to visits, in the order of their places.
INSERT INTO visit_people (visit_id, position, technician_id, during)
SELECT v.id, a.position, t.id, tstzrange(v.starts_at, v.ends_at)
FROM unnest(%(orders)s::uuid[], %(parts)s::smallint[], %(positions)s::smallint[], %(codes)s::text[])
         AS a (order_id, part, position, code)
JOIN schedule_visits v ON v.schedule_id = %(id)s AND v.order_id = a.order_id AND v.part = a.part
JOIN schedules c ON c.id = v.schedule_id
JOIN technicians t ON t.site_id = c.site_id AND t.code = a.code;

-- name: set_told
-- When people were told of visits.
UPDATE schedule_visits v SET told_at = a.at
FROM unnest(%(orders)s::uuid[], %(parts)s::smallint[], %(at)s::timestamptz[]) AS a (order_id, part, at)
WHERE v.schedule_id = %(id)s AND v.order_id = a.order_id AND v.part = a.part AND v.told_at IS DISTINCT FROM a.at;

-- name: tell
-- The people of a schedule's visits have been told of them.
UPDATE schedule_visits SET told_at = %(at)s WHERE schedule_id = %(id)s AND told_at IS NULL;

-- name: elsewhere
-- The orders that a site's other weeks have, as far as their visits are not over.
SELECT DISTINCT v.order_id
FROM schedules c JOIN schedule_visits v ON v.schedule_id = c.id
WHERE c.site_id = %(site_id)s AND c.from_date <> %(from_date)s AND v.ends_at > %(now)s
  AND (c.state IN ('accepted', 'published') OR (c.state = 'draft' AND c.from_date < %(from_date)s));

-- name: orders
-- What a week says of orders: facts for its blocks, of those in schedules and those named.
SELECT w.id, w.number, w.title, w.origin, w.priority, w.status, w.asset_path, w.estimated_hours, w.completion_due, w.required_skill,
       a.code AS asset_code, l.code AS location_code
FROM work_orders w LEFT JOIN assets a ON a.id = w.asset_id
LEFT JOIN installations i ON i.asset_id = w.asset_id AND i.removed_at IS NULL
LEFT JOIN locations l ON l.id = coalesce(w.location_id, i.location_id)
WHERE w.id = ANY(%(ids)s) AND (%(site_id)s::integer IS NULL OR w.site_id = %(site_id)s);

-- name: my_visits
-- The published visits of a technician from a moment on, by their start.
SELECT v.order_id, v.part, v.starts_at, v.ends_at, w.number, w.title, w.origin, w.status, w.asset_path, s.time_zone,
       a.code AS asset_code,
       (SELECT array_agg(o.name ORDER BY q.position) FROM visit_people q JOIN technicians o ON o.id = q.technician_id
        WHERE q.visit_id = v.id AND q.technician_id <> p.technician_id) AS others
FROM visit_people p
JOIN technicians t ON t.id = p.technician_id
JOIN schedule_visits v ON v.id = p.visit_id
JOIN work_orders w ON w.id = v.order_id
JOIN sites s ON s.id = w.site_id
LEFT JOIN assets a ON a.id = w.asset_id
WHERE p.published AND t.code = %(technician)s AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND v.starts_at >= %(since)s AND v.starts_at < %(until)s
ORDER BY v.starts_at, w.number;

-- name: weights
-- The newest weights of a site.
SELECT version, document, made_by, made_at, why FROM scheduling_weights
WHERE site_id = %(site_id)s ORDER BY version DESC LIMIT 1;

-- name: add_weights
-- The next version of a site's weights; nothing where somebody was faster.
INSERT INTO scheduling_weights (site_id, version, document, made_by, made_at, why)
VALUES (%(site_id)s, %(version)s, %(document)s, %(actor)s, %(at)s, %(why)s)
ON CONFLICT DO NOTHING
RETURNING version;
