-- part: rota
SELECT r.id, r.site_id, s.code AS site, r.code, r.version, r.document, r.retired_at
FROM on_call_rotas r JOIN sites s ON s.id = r.site_id

-- name: get
-- One rota by its number.
-- as in: rota
WHERE r.id = %(id)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s));

-- name: by_code
-- One rota by its site and code.
-- as in: rota
WHERE s.code = %(site)s AND r.code = %(code)s;

-- name: listed
-- Rotas of the sites that are seen, by site and code; retired ones only where they are asked for.
-- as in: rota
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(retired)s OR r.retired_at IS NULL)
  AND (%(after_site)s::text IS NULL OR (s.code, r.code) > (%(after_site)s, %(after_code)s::text))
ORDER BY s.code, r.code LIMIT %(limit)s;

-- name: lock
-- Locks a rota until the transaction ends, so that its versions follow each other.
SELECT id FROM on_call_rotas WHERE id = %(id)s FOR NO KEY UPDATE;

-- name: add
-- A new rota; nothing comes back where the code is taken.
INSERT INTO on_call_rotas (site_id, code, version, title, document, created_at)
SELECT id, %(code)s, 1, %(title)s, %(document)s, %(at)s FROM sites WHERE code = %(site)s
ON CONFLICT DO NOTHING RETURNING id;

-- name: save
-- The next version of a rota; one that was retired is in force again.
UPDATE on_call_rotas SET version = version + 1, title = %(title)s, document = %(document)s, retired_at = NULL
WHERE id = %(id)s RETURNING version;

-- name: retire
-- Nobody is on call by a rota any more.
UPDATE on_call_rotas SET version = version + 1, retired_at = %(at)s WHERE id = %(id)s AND retired_at IS NULL RETURNING version;

-- name: add_version
-- What a rota is from now on, by whom and why.
INSERT INTO on_call_rota_versions (rota_id, version, document, made_by, made_at, why)
VALUES (%(id)s, %(version)s, %(document)s, %(actor)s, %(at)s, %(why)s);

-- name: versions
-- Every version of a rota, the newest first.
SELECT version, document, made_by, made_at, why FROM on_call_rota_versions WHERE rota_id = %(id)s ORDER BY version DESC;

-- name: versions_between
-- The versions of rotas that were in force at some time within a period, the oldest of each rota first.
SELECT rota_id, version, document, made_at FROM (
    SELECT rota_id, version, document, made_at,
           lead(made_at) OVER (PARTITION BY rota_id ORDER BY version) AS until
    FROM on_call_rota_versions WHERE rota_id = ANY(%(ids)s)
) AS v
WHERE made_at < %(ends)s AND (until IS NULL OR until > %(begins)s) ORDER BY rota_id, version;

-- name: drop_people
-- Who had turns in the version before.
DELETE FROM on_call_rota_people WHERE rota_id = %(id)s;

-- name: add_people
-- Who has turns in the newest version.
INSERT INTO on_call_rota_people (rota_id, user_name) SELECT %(id)s, unnest(%(people)s::text[]);

-- name: cannot_be_called
-- Of these names, those of nobody, of disabled users, and of users who do not see the site.
SELECT name FROM unnest(%(people)s::text[]) AS name
WHERE NOT EXISTS (SELECT FROM users u WHERE u.name = name.name AND u.disabled_at IS NULL
                  AND (u.sites IS NULL OR %(site)s = ANY(u.sites)))
ORDER BY name;

-- name: can_be_called
-- The users who can be on call at a site, by name.
SELECT name, full_name FROM users
WHERE disabled_at IS NULL AND (sites IS NULL OR %(site)s::text = ANY(sites)) ORDER BY name;

-- part: one_override
SELECT o.id, o.rota_id, o.layer, o.user_name AS person, u.full_name, o.begins_at, o.ends_at, o.made_by, o.made_at, o.why,
       o.cancelled_at, o.cancelled_by
FROM on_call_overrides o JOIN users u ON u.name = o.user_name

-- name: override
-- One override of a rota.
-- as in: one_override
WHERE o.rota_id = %(rota_id)s AND o.id = %(id)s;

-- name: overrides
-- The overrides of a rota that are not over, cancelled ones left out, by their begin.
-- as in: one_override
WHERE o.rota_id = %(rota_id)s AND o.cancelled_at IS NULL AND o.ends_at > %(now)s
  AND (%(after_at)s::timestamptz IS NULL OR (o.begins_at, o.id) > (%(after_at)s, %(after_id)s::integer))
ORDER BY o.begins_at, o.id LIMIT %(limit)s;

-- name: overrides_between
-- What of the overrides of rotas has counted or will count within a period: one that was cancelled until then.
SELECT id, rota_id, layer, user_name AS person, begins_at AS begins, least(ends_at, coalesce(cancelled_at, ends_at)) AS ends
FROM on_call_overrides
WHERE rota_id = ANY(%(ids)s) AND begins_at < %(ends)s AND ends_at > %(begins)s
  AND (cancelled_at IS NULL OR cancelled_at > greatest(begins_at, %(begins)s))
ORDER BY rota_id, id;

-- name: add_override
-- Somebody is on call instead of whose turn it is.
INSERT INTO on_call_overrides (rota_id, layer, user_name, begins_at, ends_at, made_by, made_at, why)
VALUES (%(rota_id)s, %(layer)s, %(person)s, %(begins)s, %(ends)s, %(actor)s, %(at)s, %(why)s) RETURNING id;

-- name: cancel_override
-- An override counts no more; a second time changes nothing.
UPDATE on_call_overrides SET cancelled_at = %(at)s, cancelled_by = %(actor)s
WHERE rota_id = %(rota_id)s AND id = %(id)s AND cancelled_at IS NULL AND ends_at > %(at)s;

-- name: note_gap
-- The first gap ahead of a rota; one that has begun keeps its begin while it lasts.
INSERT INTO on_call_gaps AS g (rota_id, begins_at, ends_at, unreachable) VALUES (%(id)s, %(begins)s, %(ends)s, %(unreachable)s)
ON CONFLICT (rota_id) DO UPDATE
SET begins_at = CASE WHEN g.begins_at <= excluded.begins_at AND g.ends_at >= excluded.begins_at THEN g.begins_at
                ELSE excluded.begins_at END,
    ends_at = excluded.ends_at, unreachable = excluded.unreachable
WHERE (g.ends_at, g.unreachable) IS DISTINCT FROM (excluded.ends_at, excluded.unreachable) OR g.begins_at > excluded.begins_at
   OR g.ends_at < excluded.begins_at;

-- name: no_gap
-- A rota has no gap ahead.
DELETE FROM on_call_gaps WHERE rota_id = %(id)s;

-- name: gaps
-- The first gap of each rota of the sites that are seen, the next one first.
SELECT s.code || '/' || r.code AS rota, coalesce(r.document->>'zone', 'UTC') AS zone, g.begins_at AS begins, g.ends_at AS ends,
       g.unreachable, r.id AS rota_id
FROM on_call_gaps g JOIN on_call_rotas r ON r.id = g.rota_id JOIN sites s ON s.id = r.site_id
WHERE r.retired_at IS NULL AND g.ends_at > %(now)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
ORDER BY g.begins_at, r.id LIMIT %(limit)s;

-- name: chiefs
-- The chiefs of sites, and whether each is a user who is not disabled and sees the site.
SELECT s.code AS site, u.name AS person, u.full_name,
       u.disabled_at IS NULL AND (u.sites IS NULL OR s.code = ANY(u.sites)) AS reachable
FROM sites s JOIN users u ON u.name = s.chief
WHERE %(within)s::text[] IS NULL OR s.code = ANY(%(within)s) ORDER BY s.code;

-- name: put_chief
-- Somebody is the chief of a site from now on.
UPDATE sites SET chief = %(person)s WHERE code = %(site)s RETURNING id;
