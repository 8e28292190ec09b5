-- part: checklist
SELECT c.id, c.site_id, s.code AS site, c.code, c.archived_at, v.version, v.title, v.items, v.at, v.actor, v.why
FROM checklists c JOIN sites s ON s.id = c.site_id JOIN checklist_versions v ON v.checklist_id = c.id

-- name: page
-- Checklists in their newest version, by site and code.
-- as in: checklist
WHERE v.version = (SELECT max(n.version) FROM checklist_versions n WHERE n.checklist_id = c.id)
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(archived)s OR c.archived_at IS NULL)
  AND (%(after)s::text[] IS NULL OR (s.code, c.code) > ((%(after)s::text[])[1], (%(after)s::text[])[2]))
ORDER BY s.code, c.code LIMIT %(limit)s OFFSET %(offset)s;

-- name: version
-- A checklist in one of its versions; the newest where none is said.
-- as in: checklist
WHERE c.id = %(id)s AND v.version = coalesce(%(version)s::integer,
    (SELECT max(n.version) FROM checklist_versions n WHERE n.checklist_id = c.id));

-- name: versions
-- Every version of a checklist, the newest first.
-- as in: checklist
WHERE c.id = %(id)s ORDER BY v.version DESC;

-- name: id_of_code
-- The checklist of a site that has a code.
SELECT id FROM checklists WHERE site_id = %(site_id)s AND code = %(code)s;

-- name: add
-- A checklist; nothing comes back where the site has one of that code.
INSERT INTO checklists (site_id, code) VALUES (%(site_id)s, %(code)s) ON CONFLICT DO NOTHING RETURNING id;

-- name: lock
-- One change of a checklist at a time.
SELECT id FROM checklists WHERE id = %(id)s FOR UPDATE;

-- name: add_version
-- What a checklist asks from now on.
INSERT INTO checklist_versions (checklist_id, version, title, items, at, actor, why)
VALUES (%(id)s, %(version)s, %(title)s, %(items)s, %(at)s, %(actor)s, %(why)s);

-- name: archive
-- A checklist that no new round gets; what was answered by it stays.
UPDATE checklists SET archived_at = %(at)s WHERE id = %(id)s AND archived_at IS NULL;

-- name: routes
-- Routes with the number of their stops, by site and code.
SELECT r.id, r.site_id, s.code AS site, r.code, r.title, r.version, r.archived_at,
       (SELECT count(*) FROM inspection_route_stops t WHERE t.route_id = r.id) AS stops
FROM inspection_routes r JOIN sites s ON s.id = r.site_id
WHERE (%(id)s::integer IS NULL OR r.id = %(id)s)
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(assets)s::integer[] IS NULL
       OR EXISTS (SELECT FROM inspection_route_stops t WHERE t.route_id = r.id AND t.asset_id = ANY(%(assets)s)))
  AND (%(archived)s OR r.archived_at IS NULL)
  AND (%(after)s::text[] IS NULL OR (s.code, r.code) > ((%(after)s::text[])[1], (%(after)s::text[])[2]))
ORDER BY s.code, r.code LIMIT %(limit)s OFFSET %(offset)s;

-- name: id_of_route_code
-- The route of a site that has a code.
SELECT id FROM inspection_routes WHERE site_id = %(site_id)s AND code = %(code)s;

-- name: route_stops
-- The stops of a route in its walking order.
SELECT t.position, t.asset_id, a.code AS asset, a.name AS asset_name, t.checklist_id, c.code AS checklist,
       a.archived_at IS NOT NULL OR c.archived_at IS NOT NULL AS gone
FROM inspection_route_stops t JOIN assets a ON a.id = t.asset_id JOIN checklists c ON c.id = t.checklist_id
WHERE t.route_id = %(id)s ORDER BY t.position;

-- name: add_route
-- A route; nothing comes back where the site has one of that code.
INSERT INTO inspection_routes (site_id, code, title) VALUES (%(site_id)s, %(code)s, %(title)s)
ON CONFLICT DO NOTHING RETURNING id;

-- name: save_route
-- Another title, or other stops: rounds that have begun keep theirs.
UPDATE inspection_routes SET title = %(title)s, version = version + 1 WHERE id = %(id)s;

-- name: archive_route
-- A route that nobody walks any more.
UPDATE inspection_routes SET archived_at = %(at)s WHERE id = %(id)s AND archived_at IS NULL;

-- name: drop_route_stops
-- What the new stops of a route come in the place of.
DELETE FROM inspection_route_stops WHERE route_id = %(id)s;

-- name: add_route_stops
-- Stops of a route, numbered in their order.
INSERT INTO inspection_route_stops (route_id, position, asset_id, checklist_id)
SELECT %(id)s, n, a, c FROM unnest(%(assets)s::integer[], %(checklists)s::integer[]) WITH ORDINALITY AS t (a, c, n);

-- name: assets_of_site
-- Which of these assets are of a site, and not archived.
SELECT id FROM assets WHERE id = ANY(%(ids)s) AND site_id = %(site_id)s AND archived_at IS NULL;

-- name: checklists_of_site
-- Which of these checklists are of a site, and not archived.
SELECT id FROM checklists WHERE id = ANY(%(ids)s) AND site_id = %(site_id)s AND archived_at IS NULL;
