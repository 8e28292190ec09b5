-- name: propose
-- A change that waits for a second person; nothing comes back where one of the same thing waits already.
INSERT INTO safety_proposals (asset_id, site_id, plan, was, change, why, proposed_by, proposed_at)
VALUES (%(asset_id)s, (SELECT id FROM sites WHERE code = %(site)s), %(plan)s, %(was)s, %(change)s, %(why)s, %(actor)s, %(at)s)
ON CONFLICT DO NOTHING RETURNING id;

-- part: columns
SELECT p.id, p.asset_id, s.code AS site, p.plan,
       CASE WHEN p.plan IS NULL THEN s.code || '/' || a.code ELSE concat_ws('/', s.code, p.plan) END AS subject,
       p.was, p.change, p.why, p.proposed_by, p.proposed_at, p.decided_by, p.decided_at, p.verdict
FROM safety_proposals p LEFT JOIN assets a ON a.id = p.asset_id LEFT JOIN sites s ON s.id = coalesce(p.site_id, a.site_id)

-- name: get
-- One proposal.
-- as in: columns
WHERE p.id = %(id)s;

-- name: lock
-- Nobody else decides on it until the transaction ends.
SELECT FROM safety_proposals WHERE id = %(id)s FOR UPDATE;

-- name: page
-- Proposals, the newest first. What concerns the whole plant is left out for who sees some sites.
-- as in: columns
WHERE (%(before)s::bigint IS NULL OR p.id < %(before)s)
  AND (%(asset_id)s::integer IS NULL OR p.asset_id = %(asset_id)s)
  AND (%(waiting)s::boolean IS NULL OR (p.verdict IS NULL) = %(waiting)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
ORDER BY p.id DESC LIMIT %(limit)s;

-- name: are_one
-- Whether one person is behind both: who proposed it and a key of theirs, or two of their keys.
SELECT EXISTS (SELECT behind(%(one)s::text) INTERSECT SELECT behind(%(other)s::text));

-- name: decide
-- What came of it. The schema refuses that somebody confirms what they proposed.
UPDATE safety_proposals SET verdict = %(verdict)s, decided_by = %(actor)s, decided_at = %(at)s WHERE id = %(id)s;
