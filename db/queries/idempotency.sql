-- name: begin
-- Whether this transaction is the only one that works on a request with this key; released by its end.
SELECT pg_try_advisory_xact_lock(hashtextextended('plantwright once ' || %(actor)s::text || ' ' || %(key)s::text, 0));

-- name: wait
-- The same, after the one that works on it.
SELECT pg_advisory_xact_lock(hashtextextended('plantwright once ' || %(actor)s::text || ' ' || %(key)s::text, 0));

-- name: find
-- What was answered to a key.
SELECT request, status, headers, body FROM idempotent_answers WHERE actor = %(actor)s AND key = %(key)s;

-- name: keep
-- An answer with its key, in the transaction of what it tells of.
INSERT INTO idempotent_answers (actor, key, request, status, headers, body, at)
VALUES (%(actor)s, %(key)s, %(request)s, %(status)s, %(headers)s, %(body)s, %(at)s);

-- name: forget
-- Answers of long ago.
DELETE FROM idempotent_answers WHERE at < %(before)s;
