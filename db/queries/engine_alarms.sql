-- name: fenced_off
-- The newest process that another one has taken the plant from.
SELECT holder, taken_by, at FROM fenced_off ORDER BY fence DESC LIMIT 1;

-- name: refused
-- How many sorts of message were refused of late, counted to a bound; of some sites, as the list of the quarantine has it.
SELECT count(*) FROM (
    SELECT DISTINCT topic, reason FROM quarantine
    WHERE last_received_at > now() - %(back)s::interval
      AND (%(within)s::text[] IS NULL OR split_part(topic, '/', 3) = ANY(%(within)s) AND starts_with(topic, 'plantwright/v1/'))
    LIMIT %(most)s) AS of_late;

-- name: note_fenced_off
-- A process was fenced off; the newest hundred are kept.
WITH old AS (
    DELETE FROM fenced_off WHERE fence < (SELECT min(fence) FROM (SELECT fence FROM fenced_off ORDER BY fence DESC LIMIT 99) AS newest)
)
INSERT INTO fenced_off (fence, holder, taken_by) VALUES (%(fence)s, %(holder)s, %(taken_by)s) ON CONFLICT DO NOTHING;

-- name: unreadable
-- How many messages made the program fail of late, and what the newest of them led to.
SELECT coalesce(sum(times), 0), (array_agg(problem ORDER BY last_received_at DESC))[1] FROM quarantine
WHERE reason = %(reason)s AND last_received_at > now() - %(back)s::interval
  AND (%(within)s::text[] IS NULL OR split_part(topic, '/', 3) = ANY(%(within)s) AND starts_with(topic, 'plantwright/v1/'));

-- name: troubles
-- What went wrong in the engine, by what it was.
SELECT kind, said, times, at FROM engine_troubles;

-- name: note_trouble
-- Something went wrong: for the first time, or again.
INSERT INTO engine_troubles (kind, said, times) VALUES (%(kind)s, %(said)s, %(times)s)
ON CONFLICT (kind) DO UPDATE SET said = excluded.said, times = engine_troubles.times + excluded.times, at = now();

-- name: end_trouble
-- It is over.
DELETE FROM engine_troubles WHERE kind = %(kind)s;
