-- part: help
SELECT h.id, s.code AS site, h.asset_class, h.asset_id, a.code AS asset, h.title, h.steps, h.made_by, h.made_at, h.retired_at,
       h.retired_by, count(c.*) AS tried, count(c.*) FILTER (WHERE c.helped) AS helped
FROM self_help h
JOIN sites s ON s.id = h.site_id
LEFT JOIN assets a ON a.id = h.asset_id
LEFT JOIN request_checks c ON c.help_id = h.id

-- name: of_site
-- The instructions of a site in use, in the order in which they were written, after one.
-- as in: help
WHERE h.site_id = %(site_id)s AND h.retired_at IS NULL AND h.id > %(after)s
GROUP BY h.id, s.code, a.code ORDER BY h.id LIMIT %(limit)s;

-- name: one
-- One instruction of a site.
-- as in: help
WHERE h.site_id = %(site_id)s AND h.id = %(id)s GROUP BY h.id, s.code, a.code;

-- name: of_thing
-- The instructions for an asset or a place: its own, its class's and the site's. What helped most often comes first, where
-- one more try without success is assumed, so that a single success is no proof.
-- as in: help
WHERE h.site_id = %(site_id)s AND h.retired_at IS NULL
  AND (h.asset_id = %(asset_id)s::integer OR (h.asset_id IS NULL AND h.asset_class IN ('', %(asset_class)s)))
GROUP BY h.id, s.code, a.code
ORDER BY count(c.*) FILTER (WHERE c.helped)::float / (count(c.*) + 1) DESC, h.asset_id IS NULL, h.asset_class = '', h.id
LIMIT %(limit)s;

-- name: add
-- A new instruction.
INSERT INTO self_help (site_id, asset_class, asset_id, title, steps, made_by, made_at)
VALUES (%(site_id)s, %(asset_class)s, %(asset_id)s, %(title)s, %(steps)s, %(actor)s, %(at)s) RETURNING id;

-- name: retire
-- An instruction that is not used any more; what it has counted stays.
UPDATE self_help SET retired_at = %(at)s, retired_by = %(actor)s WHERE id = %(id)s AND site_id = %(site_id)s AND retired_at IS NULL;

-- name: note
-- Somebody has tried an instruction.
INSERT INTO request_checks (request_id, help_id, helped) VALUES (%(request_id)s, %(id)s, %(helped)s)
ON CONFLICT (request_id, help_id) DO UPDATE SET helped = EXCLUDED.helped;

-- name: rated
-- A bad rating of what was settled without a visit: the instruction did not help.
UPDATE request_checks SET helped = false WHERE request_id = %(request_id)s AND helped;

-- name: tried
-- What somebody has tried.
SELECT h.id, h.title, c.helped FROM request_checks c JOIN self_help h ON h.id = c.help_id
WHERE c.request_id = %(request_id)s ORDER BY h.id;

-- name: solved
-- The requester has solved it themselves.
UPDATE requests SET status = 'settled', ended_at = %(at)s, responded_at = coalesce(responded_at, %(at)s),
       solved_by_requester = true, version = version + 1
WHERE id = %(request_id)s;

-- name: visits_saved
-- Requests of the sites that are seen that were settled without a visit and not rated badly, since a moment.
SELECT count(*) AS all, count(*) FILTER (WHERE r.solved_by_requester) AS by_themselves
FROM requests r JOIN sites s ON s.id = r.site_id
WHERE r.status = 'settled' AND r.ended_at > %(since)s AND (r.rating IS NULL OR r.rating > %(bad)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s));
