-- name: ledger
-- What tells apart what is kept.
SELECT topic, reason, payload_sha256, problem, length(payload) FROM quarantine;

-- name: put
-- Keep what was refused. What comes again the same is counted, not stored again.
INSERT INTO quarantine AS q (topic, reason, payload_sha256, problem, payload, payload_bytes, times, received_at, last_received_at)
SELECT topic, reason, digest, problem, payload, size, times, first, last
FROM unnest(%(topics)s::text[], %(reasons)s::text[], %(digests)s::bytea[], %(problems)s::text[], %(payloads)s::bytea[],
            %(sizes)s::integer[], %(times)s::bigint[], %(firsts)s::timestamptz[], %(lasts)s::timestamptz[])
     WITH ORDINALITY AS r (topic, reason, digest, problem, payload, size, times, first, last, place)
ORDER BY place
ON CONFLICT (topic, payload_sha256, reason, problem)
DO UPDATE SET times = q.times + excluded.times, last_received_at = greatest(q.last_received_at, excluded.last_received_at);

-- name: count_beyond
-- Of these kinds enough payloads are kept: what else comes of them is counted in their first row.
UPDATE quarantine q
SET times = q.times + b.times, others = q.others + b.times, last_received_at = greatest(q.last_received_at, b.last)
FROM unnest(%(topics)s::text[], %(reasons)s::text[], %(times)s::bigint[], %(firsts)s::timestamptz[], %(lasts)s::timestamptz[])
     AS b (topic, reason, times, first, last)
WHERE q.id = (SELECT min(id) FROM quarantine k WHERE k.topic = b.topic AND k.reason = b.reason)
RETURNING q.topic, q.reason;

-- part: seen
  AND (%(within)s::text[] IS NULL OR split_part(topic, '/', 3) = ANY(%(within)s) AND starts_with(topic, 'plantwright/v1/'))

-- name: page
-- A row for each kind (topic and reason), the newest first: of its first payload the beginning. before_id goes on from the
-- last row of the page before. Only the topics of plantwright's own format name their site: what came by others is shown
-- to who sees every site.
WITH kinds AS (
    SELECT min(id) AS id, count(*) AS payloads, sum(times) AS times, sum(others) AS others, min(received_at) AS received_at,
           max(last_received_at) AS last_received_at, max(retry_asked_at) AS retry_asked_at, max(tried_at) AS tried_at,
           max(tries) AS tries
    FROM quarantine
    WHERE (%(reason)s::text IS NULL OR reason = %(reason)s)
-- as in: seen
      AND (%(topic)s::text IS NULL OR starts_with(topic, %(topic)s))
    GROUP BY topic, reason
)
SELECT q.id, q.topic, substring(q.payload FOR 65536) AS payload, q.payload_bytes, length(q.payload) AS kept_bytes, q.payload_sha256,
       q.reason, q.problem, k.received_at, k.last_received_at, k.times::bigint AS times, k.others::bigint AS others, k.payloads,
       k.retry_asked_at, q.retry_asked_by, k.tried_at, k.tries
FROM kinds k JOIN quarantine q ON q.id = k.id
WHERE (%(before_id)s::bigint IS NULL OR (k.last_received_at, k.id) < (SELECT last_received_at, id FROM kinds WHERE id = %(before_id)s))
  AND (%(after_id)s::bigint IS NULL OR (k.last_received_at, k.id) < (%(after_received)s::timestamptz, %(after_id)s))
ORDER BY k.last_received_at DESC, k.id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: payloads
-- What is kept of a kind, the first one first: of each payload the beginning.
SELECT o.id, substring(o.payload FOR %(most)s) AS payload, o.payload_bytes, o.problem, o.received_at, o.last_received_at
FROM quarantine q JOIN quarantine o ON o.topic = q.topic AND o.reason = q.reason
WHERE q.id = %(id)s ORDER BY o.id;

-- name: count_by_reason
-- How many kinds of message are kept for each reason.
SELECT reason, count(DISTINCT topic) AS kept, sum(times) AS times FROM quarantine
WHERE true
-- as in: seen
GROUP BY reason ORDER BY reason;

-- name: one
-- One of them, with all that is kept of its payload.
SELECT id, topic, payload, payload_bytes, length(payload) AS kept_bytes, payload_sha256, reason, problem, received_at,
       last_received_at, times, others, 1 AS payloads, retry_asked_at, retry_asked_by, tried_at, tries
FROM quarantine WHERE id = %(id)s;

-- name: ask_retry
-- Ask the engine to try again the kinds that are named, or all of a reason or topic. What was cut cannot be, nor can
-- Sparkplug's.
UPDATE quarantine SET retry_asked_at = %(at)s, retry_asked_by = %(actor)s
WHERE (%(ids)s::bigint[] IS NULL OR (topic, reason) IN (SELECT topic, reason FROM quarantine WHERE id = ANY (%(ids)s)))
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
SELECT id, topic, payload, payload_bytes, length(payload) AS kept_bytes, payload_sha256, reason, problem, received_at,
       last_received_at, times, others, 1 AS payloads, retry_asked_at, retry_asked_by, tried_at, tries
FROM quarantine WHERE retry_asked_at IS NOT NULL ORDER BY received_at, id LIMIT 1 FOR UPDATE;

-- name: some_asked
-- Whether something waits to be tried again.
SELECT EXISTS (SELECT FROM quarantine WHERE retry_asked_at IS NOT NULL);

-- name: left_of
-- How much of that is still kept, and how much of it still waits to be tried.
SELECT count(*), count(*) FILTER (WHERE retry_asked_at IS NOT NULL) FROM quarantine WHERE id = ANY (%(ids)s);

-- name: forget
-- It has been accepted.
DELETE FROM quarantine WHERE id = %(id)s;

-- name: merge
-- Refused now for the same reason as another row of the message: that row counts for both.
UPDATE quarantine q
SET times = q.times + k.times, others = q.others + k.others, received_at = least(q.received_at, k.received_at),
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

-- name: drop
-- What nobody wants to try again: kinds that are named, or all of a reason, a topic, or an age.
DELETE FROM quarantine
WHERE (%(ids)s::bigint[] IS NULL OR (topic, reason) IN (SELECT topic, reason FROM quarantine WHERE id = ANY (%(ids)s)))
  AND (%(reason)s::text IS NULL OR reason = %(reason)s)
  AND (%(topic)s::text IS NULL OR starts_with(topic, %(topic)s))
  AND (%(before)s::timestamptz IS NULL OR last_received_at < %(before)s);
