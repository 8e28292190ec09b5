-- name: made_by
-- Who changes what until the end of the transaction, and why: what triggers write carries it.
SELECT set_config('plantwright.actor', %(actor)s, true), set_config('plantwright.why', %(why)s, true);

-- name: because
-- Why what is changed until the end of the transaction is changed.
SELECT set_config('plantwright.why', %(why)s, true);

-- name: append
-- A change that no trigger sees.
SELECT append_change(%(at)s, %(actor)s, %(kind)s, %(subject)s, %(site)s, %(asset_id)s, %(what)s, %(old)s, %(new)s, %(why)s);

-- name: page
-- Changes, the newest first. What concerns the whole plant is left out for who sees some sites.
SELECT id, at, actor, kind, subject, site, asset_id, what, old, new, why FROM changes
WHERE (%(before)s::bigint IS NULL OR id < %(before)s)
  AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s))
  AND (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(site)s::text IS NULL OR site = %(site)s)
  AND (%(asset_id)s::integer IS NULL OR asset_id = %(asset_id)s)
  AND (%(within)s::text[] IS NULL OR site = ANY(%(within)s))
ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s;
