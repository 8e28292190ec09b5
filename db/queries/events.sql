-- name: number
-- Number what has committed, so that it can be read; see the migration that made the function.
SELECT number_events();

-- name: append
-- An event of what no trigger sees.
SELECT append_event(%(kind)s, %(site_id)s, %(asset_id)s, %(order_id)s, %(subject)s, %(at)s, %(data)s);

-- part: event
       e.id, e.uid, e.kind, e.site_id, s.code AS site, e.asset_id, e.order_id, e.subject, e.at, e.recorded_at, e.data
FROM events e LEFT JOIN sites s ON s.id = e.site_id

-- name: after
-- Events after an id, in order. What concerns the whole plant is left out for who sees some sites.
SELECT
-- as in: event
WHERE e.id > %(after)s
  AND (%(kinds)s::text[] IS NULL OR e.kind = ANY(%(kinds)s))
  AND (%(of)s::text[] IS NULL OR split_part(e.kind, '.', 1) = ANY(%(of)s))
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(given_to)s::integer IS NULL OR e.order_id IN (SELECT p.order_id FROM order_people p WHERE p.technician_id = %(given_to)s))
ORDER BY e.id LIMIT %(limit)s;

-- name: newest_first
-- Events before an id, the newest first, likewise.
SELECT
-- as in: event
WHERE (%(before)s::bigint IS NULL OR e.id < %(before)s)
  AND (%(kinds)s::text[] IS NULL OR e.kind = ANY(%(kinds)s))
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
ORDER BY e.id DESC LIMIT %(limit)s;

-- name: get
-- One event.
SELECT
-- as in: event
WHERE e.id = %(id)s;

-- name: bounds
-- The oldest and the newest id that are kept; none of both where there is no event.
SELECT min(id), max(id) FROM events;
