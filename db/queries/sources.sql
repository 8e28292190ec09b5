-- name: taken
-- The messages without a time that may come again.
SELECT token, digest FROM taken_messages;

-- name: take
-- A message without a time is committed with its batch.
INSERT INTO taken_messages (token, digest)
SELECT * FROM unnest(%(tokens)s::integer[], %(digests)s::bytea[])
ON CONFLICT (token) DO UPDATE SET digest = excluded.digest;
