-- name: keep
-- Keep what was refused. What comes again the same is counted, not stored again.
INSERT INTO quarantine (topic, payload, payload_bytes, payload_sha256, reason, problem, received_at, last_received_at)
VALUES (%(topic)s, %(payload)s, %(payload_bytes)s, %(payload_sha256)s, %(reason)s, %(problem)s, %(received_at)s, %(received_at)s)
ON CONFLICT (topic, payload_sha256, reason, problem)
DO UPDATE SET times = quarantine.times + 1, last_received_at = excluded.last_received_at;

-- name: page
-- The newest first; before_id goes on from the last row of the page before. Of a payload only the beginning. Only the
-- topics of plantwright's own format name their site: what came by others is shown to who sees every site.
SELECT id, topic, substring(payload FOR 65536) AS payload, payload_bytes, payload_sha256, reason, problem, received_at,
       last_received_at, times, retry_asked_at, retry_asked_by, tried_at, tries
FROM quarantine
WHERE (%(reason)s::text IS NULL OR reason = %(reason)s)
  AND (%(within)s::text[] IS NULL OR split_part(topic, '/', 3) = ANY(%(within)s) AND starts_with(topic, 'plantwright/v1/'))
  AND (%(topic)s::text IS NULL OR starts_with(topic, %(topic)s))
  AND (%(before_id)s::bigint IS NULL OR (last_received_at, id) < (
      SELECT last_received_at, id FROM quarantine WHERE id = %(before_id)s))
ORDER BY last_received_at DESC, id DESC LIMIT %(limit)s;

-- name: count_by_reason
-- How much of each sort is kept.
SELECT reason, count(*) AS kept, sum(times) AS times FROM quarantine
WHERE (%(within)s::text[] IS NULL OR split_part(topic, '/', 3) = ANY(%(within)s) AND starts_with(topic, 'plantwright/v1/'))
GROUP BY reason ORDER BY reason;

-- name: one
-- One of them, with all that is kept of its payload.
SELECT id, topic, payload, payload_bytes, payload_sha256, reason, problem, received_at,
       last_received_at, times, retry_asked_at, retry_asked_by, tried_at, tries
FROM quarantine WHERE id = %(id)s;

-- name: ask_retry
-- Ask the engine to try again what is named, or all of a reason or topic. What was cut cannot be, nor can Sparkplug's.
UPDATE quarantine SET retry_asked_at = %(at)s, retry_asked_by = %(actor)s
WHERE (%(ids)s::bigint[] IS NULL OR id = ANY (%(ids)s))
  AND (%(reason)s::text IS NULL OR reason = %(reason)s)
  AND (%(topic)s::text IS NULL OR starts_with(topic, %(topic)s))
  AND payload_bytes = length(payload) AND NOT starts_with(topic, 'spBv1.0/')
RETURNING id;

-- name: left_out
-- What cannot be tried again of a reason or topic.
SELECT count(*) FROM quarantine
WHERE (%(reason)s::text IS NULL OR reason = %(reason)s)
  AND (%(topic)s::text IS NULL OR starts_with(topic, %(topic)s))
  AND (payload_bytes > length(payload) OR starts_with(topic, 'spBv1.0/'));

-- name: next_asked
-- What is to be tried next, the oldest first, locked until the end of the transaction.
SELECT id, topic, payload, payload_bytes, payload_sha256, reason, problem, received_at,
       last_received_at, times, retry_asked_at, retry_asked_by, tried_at, tries
FROM quarantine WHERE retry_asked_at IS NOT NULL ORDER BY received_at, id LIMIT 1 FOR UPDATE;

-- name: some_asked
-- Whether something waits to be tried again.
SELECT EXISTS (SELECT FROM quarantine WHERE retry_asked_at IS NOT NULL);

-- name: left_of
-- How much of that is still kept, and how much of it still waits to be tried.
SELECT count(*), count(*) FILTER (WHERE retry_asked_at IS NOT NULL) FROM quarantine WHERE id = ANY (%(ids)s);

-- name: forget
-- It has been taken.
DELETE FROM quarantine WHERE id = %(id)s;

-- name: merge
-- Refused now as another row of the same message is: that one stands for both.
UPDATE quarantine q
SET times = q.times + k.times, received_at = least(q.received_at, k.received_at),
    last_received_at = greatest(q.last_received_at, k.last_received_at), tried_at = now(), tries = q.tries + 1
FROM quarantine k
WHERE k.id = %(id)s AND q.id <> k.id AND q.topic = k.topic AND q.payload_sha256 = k.payload_sha256
  AND q.reason = %(reason)s AND q.problem = %(problem)s;

-- name: still_refused
-- It was tried, and is refused still.
UPDATE quarantine
SET reason = %(reason)s, problem = %(problem)s, retry_asked_at = NULL, tried_at = now(), tries = tries + 1
WHERE id = %(id)s;

-- name: keep_if_new
-- Another part of a message that was tried again is refused.
INSERT INTO quarantine (topic, payload, payload_bytes, payload_sha256, reason, problem, received_at, last_received_at)
VALUES (%(topic)s, %(payload)s, %(payload_bytes)s, %(payload_sha256)s, %(reason)s, %(problem)s, %(received_at)s, %(received_at)s)
ON CONFLICT (topic, payload_sha256, reason, problem) DO NOTHING;
