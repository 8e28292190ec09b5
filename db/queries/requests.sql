-- part: request
SELECT r.id, r.number, r.site_id, s.code AS site_code, s.time_zone, r.asset_id, r.location_id,
       coalesce(a.code, l.code) AS thing_code, coalesce(a.name, l.name) AS thing_name,
       r.status, r.order_id, w.number AS order_number, w.status AS order_status, w.scheduled_start, w.scheduled_end,
       w.status_since AS order_since, t.name AS technician, r.danger, r.language, r.made_by, r.recorded_at, r.respond_by, r.responded_at,
       r.ended_at, r.rating, r.rated_at, r.reviewed_at, r.reviewed_by, r.time_chosen_at, r.times_chosen, r.erased_at, r.erased_by, r.version, r.solved_by_requester
FROM requests r
JOIN sites s ON s.id = r.site_id
LEFT JOIN assets a ON a.id = r.asset_id
LEFT JOIN locations l ON l.id = r.location_id
LEFT JOIN work_orders w ON w.id = r.order_id
LEFT JOIN technicians t ON t.id = w.assignee_id

-- name: get
-- One request, where its site is seen.
-- as in: request
WHERE r.id = %(id)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s));

-- name: by_token
-- The request of a private address.
-- as in: request
WHERE r.erased_at IS NULL AND (r.token_sha256 = %(token_sha256)s
   OR r.id = (SELECT request_id FROM request_links WHERE token_sha256 = %(token_sha256)s));

-- name: knows_token
-- Whether there is a request with this private address.
SELECT EXISTS (SELECT FROM requests WHERE token_sha256 = %(token_sha256)s AND erased_at IS NULL)
    OR EXISTS (SELECT FROM request_links WHERE token_sha256 = %(token_sha256)s);

-- name: by_number
-- The request that people call so.
-- as in: request
WHERE r.number = %(number)s;

-- name: page
-- Requests of the sites that are seen: those that wait for a decision first, danger before the rest, then the newest.
-- as in: request
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (NOT %(undecided)s OR r.status IN (:requests_undecided))
  AND (NOT %(review)s OR (r.rating <= %(bad)s AND r.reviewed_at IS NULL))
ORDER BY r.status NOT IN (:requests_undecided), r.danger AND r.status IN (:requests_undecided) DESC, r.recorded_at DESC, r.id DESC
LIMIT %(limit)s OFFSET %(skip)s;

-- name: newest_first
-- Requests of the sites that are seen, the newest first, after a row of the list; of one maker, if one is given.
-- as in: request
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(made_by)s::text IS NULL OR r.made_by = %(made_by)s)
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(status)s::text IS NULL OR r.status = %(status)s)
  AND (%(before_id)s::uuid IS NULL OR (r.recorded_at, r.id) < (%(before_at)s::timestamptz, %(before_id)s))
ORDER BY r.recorded_at DESC, r.id DESC LIMIT %(limit)s;

-- name: of_order
-- The requests that are part of an order, the oldest first.
-- as in: request
WHERE r.order_id = %(order_id)s ORDER BY r.recorded_at, r.id;

-- name: lock
-- Nobody else changes a request until the transaction ends.
SELECT id FROM requests WHERE id = %(id)s FOR UPDATE;

-- name: next_number
-- The next number of a site's requests.
INSERT INTO request_numbers AS n (site_id, last) VALUES (%(site_id)s, 1)
ON CONFLICT (site_id) DO UPDATE SET last = n.last + 1
RETURNING (SELECT code FROM sites WHERE id = %(site_id)s) || '-R' || last;

-- name: insert
-- A new request.
INSERT INTO requests (id, number, site_id, asset_id, location_id, status, order_id, danger, language, made_by, token_sha256,
                      recorded_at, respond_by, responded_at)
VALUES (%(id)s, %(number)s, %(site_id)s, %(asset_id)s, %(location_id)s, %(status)s, %(order_id)s, %(danger)s, %(language)s,
        %(made_by)s, %(token_sha256)s, %(at)s, %(respond_by)s, %(responded_at)s);

-- name: decide
-- What was decided about a request; its first answer counts for the target of response.
UPDATE requests SET status = %(status)s, order_id = %(order_id)s, ended_at = %(ended_at)s,
       responded_at = coalesce(responded_at, %(responded_at)s), version = version + 1
WHERE id = %(id)s;

-- name: time_chosen
-- The requester has chosen a time.
UPDATE requests SET time_chosen_at = %(at)s, times_chosen = times_chosen + 1, version = version + 1 WHERE id = %(id)s;

-- name: rate
-- How it went, once.
UPDATE requests SET rating = %(rating)s, rated_at = %(at)s, version = version + 1 WHERE id = %(id)s AND rating IS NULL RETURNING id;

-- name: review
-- Somebody has looked into a bad rating.
UPDATE requests SET reviewed_at = %(at)s, reviewed_by = %(actor)s, version = version + 1 WHERE id = %(id)s;

-- name: ratings
-- Ratings of requests of the last year by team and failure mode.
SELECT coalesce((SELECT min(c.name) FROM crew_members m JOIN crews c ON c.id = m.crew_id WHERE m.technician_id = t.id), '') AS team, coalesce(w.failure_mode, '') AS failure_mode, count(*) AS ratings,
       avg(r.rating)::float AS mean, count(*) FILTER (WHERE r.rating <= %(bad)s) AS bad
FROM requests r
JOIN sites s ON s.id = r.site_id
LEFT JOIN work_orders w ON w.id = r.order_id
LEFT JOIN technicians t ON t.id = w.assignee_id
WHERE r.rating IS NOT NULL AND r.rated_at > %(since)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
GROUP BY 1, 2 ORDER BY 5 DESC, 1, 2;

-- name: rules
-- How a site answers requests, where it has rules of its own.
SELECT open, emergency_number, policy, keep_days, video_url, choose_times FROM portal_rules WHERE site_id = %(site_id)s;

-- name: put_rules
-- How a site answers requests.
INSERT INTO portal_rules (site_id, open, emergency_number, policy, keep_days, video_url, choose_times)
VALUES (%(site_id)s, %(open)s, %(emergency_number)s, %(policy)s, %(keep_days)s, %(video_url)s, %(choose_times)s)
ON CONFLICT (site_id) DO UPDATE
SET open = EXCLUDED.open, emergency_number = EXCLUDED.emergency_number, policy = EXCLUDED.policy,
    keep_days = EXCLUDED.keep_days, video_url = EXCLUDED.video_url, choose_times = EXCLUDED.choose_times;

-- name: known_orders
-- Unfinished orders at an asset or a place, with the words that tell whether a text is about the same.
SELECT w.id, w.number, w.status, w.type, w.failure_mode, w.component, w.title, w.scheduled_start, w.recorded_at
FROM work_orders w
WHERE w.status NOT IN (:unapproved, :done, :final)
  AND w.type IN ('predictive', 'reactive', 'emergency')
  AND (w.asset_id = %(asset_id)s::integer OR w.location_id = %(location_id)s::integer)
ORDER BY w.recorded_at DESC LIMIT 50;

-- name: similar_requests
-- Undecided requests at the same asset or place, with their words.
SELECT r.id, r.number, p.what FROM requests r JOIN request_people p ON p.request_id = r.id
WHERE r.status IN (:requests_undecided) AND r.id <> %(id)s
  AND (r.asset_id = %(asset_id)s::integer OR r.location_id = %(location_id)s::integer)
ORDER BY r.recorded_at DESC LIMIT 50;
