-- part: run
SELECT r.id, r.kind, r.title, s.code AS site, s.time_zone, r.input, r.upload_id, r.priority, r.requested_by, r.requested_at, r.state, r.attempt, r.crashes,
       r.worker, r.started_at, r.ended_at, r.progress, r.doing, r.cancel_asked_at, r.cancel_asked_by, r.result, r.problem
FROM runs r LEFT JOIN sites s ON s.id = r.site_id

-- name: add
-- A run into the queue.
INSERT INTO runs (id, kind, title, site_id, input, upload_id, priority, requested_by, requested_at)
VALUES (%(id)s, %(kind)s, %(title)s, (SELECT id FROM sites WHERE code = %(site)s), %(input)s, %(upload_id)s, %(priority)s, %(actor)s, %(at)s);

-- name: one
-- One run.
-- as in: run
WHERE r.id = %(id)s;

-- name: page
-- Runs, the newest first, before a time and an id. Those of private kinds only for who asked for them.
-- as in: run
WHERE (%(private)s::text[] IS NULL OR r.kind <> ALL(%(private)s) OR r.requested_by = %(actor)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(kind)s::text IS NULL OR r.kind = %(kind)s)
  AND (%(state)s::text IS NULL OR r.state = %(state)s)
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(before_id)s::uuid IS NULL OR (r.requested_at, r.id) < (%(before_at)s::timestamptz, %(before_id)s))
ORDER BY r.requested_at DESC, r.id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: lock
-- The state of a run, which nobody else changes until the transaction ends.
SELECT state FROM runs WHERE id = %(id)s FOR UPDATE;

-- name: cancel
-- A run that nobody has begun is cancelled at once; of one that runs it is asked.
UPDATE runs
SET cancel_asked_at = coalesce(cancel_asked_at, %(at)s), cancel_asked_by = coalesce(cancel_asked_by, %(actor)s),
    state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END,
    ended_at = CASE state WHEN 'queued' THEN %(at)s::timestamptz END
WHERE id = %(id)s AND state IN (:runs_unfinished);

-- name: claim
-- The run that is the most urgent, for one worker alone. Leases go by the database's clock, which all workers share.
UPDATE runs SET state = 'running', attempt = attempt + 1, worker = %(worker)s, progress = 0, doing = '',
    leased_until = clock_timestamp() + %(lease)s, started_at = coalesce(started_at, clock_timestamp())
WHERE id = (SELECT id FROM runs WHERE state = 'queued' ORDER BY priority, requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id;

-- name: renew
-- Keep a run that is this worker's; no row where it is so no longer. Whether it is to be cancelled.
UPDATE runs SET leased_until = clock_timestamp() + %(lease)s
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running' RETURNING cancel_asked_at IS NOT NULL;

-- name: report
-- How far a run has come; no row where it is not this process's any more. Whether it is to be cancelled.
UPDATE runs SET progress = greatest(progress, %(progress)s::real), doing = %(doing)s
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running' RETURNING cancel_asked_at IS NOT NULL;

-- name: note
-- A line into the log of a run, from the process that does its work.
INSERT INTO run_log (run, line) SELECT id, %(line)s FROM runs WHERE id = %(id)s AND attempt = %(attempt)s;

-- name: succeed
-- The end of a run, in the transaction that has made what it makes; no row where it is not this process's any more.
UPDATE runs SET state = 'succeeded', result = %(result)s, progress = 1, doing = '', leased_until = NULL, ended_at = clock_timestamp()
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running' RETURNING id;

-- name: fail
-- A run has failed; no row where it is not this process's any more.
UPDATE runs SET state = 'failed', problem = %(problem)s, leased_until = NULL, ended_at = clock_timestamp()
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running' RETURNING id;

-- name: end_cancelled
-- A run was cancelled while it ran; no row where it is not this process's any more.
UPDATE runs SET state = 'cancelled', leased_until = NULL, ended_at = clock_timestamp()
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running' RETURNING id;

-- name: requeue
-- Back into the queue; no row where it is not this process's any more.
UPDATE runs SET state = 'queued', crashes = %(crashes)s, leased_until = NULL, worker = NULL, progress = 0, doing = ''
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running' RETURNING id;

-- name: abandoned
-- A run whose worker has not renewed its lease, for one worker alone.
SELECT id FROM runs WHERE state = 'running' AND leased_until < clock_timestamp() ORDER BY leased_until LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: log
-- The log of a run, from a line on.
SELECT seq, at, line FROM run_log WHERE run = %(id)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s;

-- name: add_file
-- What a run has made.
INSERT INTO run_files (run, name, media_type, content) VALUES (%(id)s, %(name)s, %(media_type)s, %(content)s);

-- name: files
-- What a run has made, without what is in it.
SELECT name, media_type, length(content) AS size FROM run_files WHERE run = %(id)s ORDER BY name;

-- name: file
-- One thing that a run has made.
SELECT name, media_type, length(content) AS size, content FROM run_files WHERE run = %(id)s AND name = %(name)s;

-- name: counts
-- How many runs there are, by kind and state.
SELECT kind, state, count(*) FROM runs GROUP BY kind, state;

-- name: drop
-- Forget runs that ended long ago, with their logs and what they made.
DELETE FROM runs WHERE ended_at < %(before)s;

-- name: drop_uploads
-- Forget files of long ago that no run has.
DELETE FROM uploads u WHERE at < %(before)s AND NOT EXISTS (SELECT FROM runs WHERE upload_id = u.id);

-- name: add_upload
-- A file that somebody brings.
INSERT INTO uploads (id, site_id, name, size, content, at, actor)
VALUES (%(id)s, (SELECT id FROM sites WHERE code = %(site)s), %(name)s, length(%(content)s::bytea), %(content)s, %(at)s, %(actor)s);

-- name: upload
-- A file that somebody has brought, with what is in it.
SELECT u.id, s.code AS site, u.name, u.size, u.content, u.at, u.actor FROM uploads u JOIN sites s ON s.id = u.site_id WHERE u.id = %(id)s;
