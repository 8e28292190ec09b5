-- name: keep
-- Keep what was refused. What comes again the same is counted, not stored again.
INSERT INTO quarantine (topic, payload, payload_bytes, payload_sha256, reason, problem, received_at, last_received_at)
VALUES (%(topic)s, %(payload)s, %(payload_bytes)s, %(payload_sha256)s, %(reason)s, %(problem)s, %(received_at)s, %(received_at)s)
ON CONFLICT (topic, payload_sha256, reason, problem)
DO UPDATE SET times = quarantine.times + 1, last_received_at = excluded.last_received_at;

-- name: page
-- The newest first; before_at and before_id go on from the last row of the page before. Only the topics of plantwright's
-- own format name their site: what came by others is shown to who sees every site.
SELECT id, topic, payload, payload_bytes, payload_sha256, reason, problem, received_at, last_received_at, times
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
