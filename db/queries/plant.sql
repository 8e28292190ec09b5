-- name: sites
-- Every site, or those of ``within``.
SELECT id, code, name, time_zone FROM sites
WHERE %(within)s::text[] IS NULL OR code = ANY(%(within)s) ORDER BY code;

-- name: site
-- One site.
SELECT id, code, name, time_zone FROM sites WHERE id = %(id)s;

-- name: site_by_code
-- One site, by the code that topics and numbers carry.
SELECT id, code, name, time_zone FROM sites WHERE code = %(code)s;

-- name: locations
-- The functional locations of a site, or of every site.
SELECT id, site_id, parent_id, code, name, level, latitude, longitude
FROM locations
WHERE (%(site_id)s::integer IS NULL OR site_id = %(site_id)s)
  AND (%(within)s::text[] IS NULL OR site_id IN (SELECT id FROM sites WHERE code = ANY(%(within)s)))
  AND (%(after_code)s::text IS NULL OR (site_id, code) > (%(after_site)s::bigint, %(after_code)s))
ORDER BY site_id, code LIMIT %(limit)s::bigint;

-- name: location
-- One functional location.
SELECT l.id, l.site_id, l.parent_id, l.code, l.name, l.level, l.latitude, l.longitude FROM locations l JOIN sites s ON s.id = l.site_id
WHERE l.id = %(id)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s));

-- name: assets
-- Assets with their location, the worst of their unfinished orders and whether they are in planned downtime.
WITH RECURSIVE places AS (
    SELECT id, name AS path FROM locations WHERE parent_id IS NULL
    UNION ALL
    SELECT l.id, p.path || ' / ' || l.name FROM locations l JOIN places p ON l.parent_id = p.id
)
SELECT a.id, a.site_id, s.code AS site_code, s.time_zone, a.code, a.name, a.class AS asset_class, a.criticality, a.safety_critical, a.serial,
       (SELECT code FROM assets WHERE id = a.parent_id) AS parent, a.archived_at, i.location_id, concat_ws(' / ', s.name, p.path, a.code) AS path,
       p.path AS location_path, o.orders AS unfinished_orders, o.worst AS worst_type,
       EXISTS (SELECT FROM planned_downtimes d WHERE d.asset_id = a.id AND d.cancelled_at IS NULL
               AND d.starts_at <= %(now)s AND (d.ends_at IS NULL OR d.ends_at > %(now)s)) AS in_planned_downtime
FROM assets a
JOIN sites s ON s.id = a.site_id
LEFT JOIN installations i ON i.asset_id = a.id AND i.removed_at IS NULL
LEFT JOIN places p ON p.id = i.location_id
LEFT JOIN LATERAL (
    SELECT count(*) AS orders,
           (array_agg(w.type ORDER BY w.priority, array_position(ARRAY['emergency', 'reactive', 'predictive'], w.type)))[1]
               AS worst
    FROM work_orders w WHERE w.asset_id = a.id AND w.status NOT IN (:unapproved, :done, :final)
) AS o ON true
WHERE (%(id)s::integer IS NULL OR a.id = %(id)s)
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(code)s::text IS NULL OR a.code = %(code)s)
  AND (%(archived)s::boolean OR a.archived_at IS NULL)
  AND (%(after_code)s::text IS NULL OR
       (s.code, p.path IS NULL, coalesce(p.path, ''), a.code)
       > (%(after_site)s::text, %(after_path)s::text IS NULL, coalesce(%(after_path)s::text, ''), %(after_code)s))
ORDER BY s.code, p.path, a.code LIMIT %(limit)s::bigint OFFSET %(offset)s;

-- name: installed
-- Where an asset has been installed, and what was installed before it at its present location, the newest first.
WITH RECURSIVE places AS (
    SELECT id, name AS path FROM locations WHERE parent_id IS NULL
    UNION ALL
    SELECT l.id, p.path || ' / ' || l.name FROM locations l JOIN places p ON l.parent_id = p.id
), here AS (
    SELECT location_id, installed_at FROM installations WHERE asset_id = %(asset_id)s AND removed_at IS NULL
)
SELECT i.location_id, p.path AS place, i.asset_id, a.code AS asset, a.serial, i.installed_at, i.removed_at
FROM installations i JOIN places p ON p.id = i.location_id JOIN assets a ON a.id = i.asset_id
WHERE i.asset_id = %(asset_id)s
   OR EXISTS (SELECT FROM here h WHERE h.location_id = i.location_id AND i.removed_at <= h.installed_at)
ORDER BY i.installed_at DESC, a.code;

-- name: signals
-- What an asset measures now: each signal with its newest version.
SELECT s.id, s.asset_id, s.name, s.label, v.quantity, v.unit, v.states, v.counter, v.wraps_at, v.plausible_low, v.plausible_high
FROM signals s
JOIN LATERAL (
    SELECT quantity, unit, states, counter, wraps_at, plausible_low, plausible_high FROM signal_versions
    WHERE signal_id = s.id ORDER BY version DESC LIMIT 1
) AS v ON true
WHERE s.asset_id = ANY(%(asset_ids)s::integer[]) ORDER BY s.asset_id, s.id;

-- name: put_site
-- A site as its plant document has it.
INSERT INTO sites (code, name, time_zone)
VALUES (%(code)s, coalesce(%(name)s::text, %(code)s), coalesce(%(time_zone)s::text, 'UTC'))
ON CONFLICT (code)
DO UPDATE SET name = coalesce(%(name)s, sites.name), time_zone = coalesce(%(time_zone)s, sites.time_zone) RETURNING id;

-- name: put_location
-- A functional location as the plant document has it; parents come before their children.
INSERT INTO locations (site_id, parent_id, code, name, level, latitude, longitude)
VALUES (%(site_id)s, (SELECT id FROM locations WHERE site_id = %(site_id)s AND code = %(parent)s), %(code)s, %(name)s, %(level)s,
        %(latitude)s, %(longitude)s)
ON CONFLICT (site_id, code)
DO UPDATE SET parent_id = excluded.parent_id, name = excluded.name, level = excluded.level,
              latitude = coalesce(excluded.latitude, locations.latitude),
              longitude = coalesce(excluded.longitude, locations.longitude) RETURNING id;

-- name: judged_as
-- As what an asset of a site is judged, and its key; nobody else changes it until the transaction ends.
SELECT s.code || '/' || a.code AS key, a.class AS asset_class, a.criticality, a.safety_critical, NULL AS parent
FROM assets a JOIN sites s ON s.id = a.site_id WHERE a.site_id = %(site_id)s AND a.code = %(code)s FOR UPDATE OF a;

-- name: in_a_cycle
-- Two assets of a site that are upstream of each other, directly or through others; no row if there are none.
WITH RECURSIVE chain AS (
    SELECT id, parent_id AS above, ARRAY[id] AS seen FROM assets WHERE site_id = %(site_id)s AND parent_id IS NOT NULL
    UNION ALL
    SELECT c.id, a.parent_id, c.seen || a.id FROM chain c JOIN assets a ON a.id = c.above
    WHERE a.parent_id IS NOT NULL AND NOT a.id = ANY(c.seen)
)
SELECT a.code, p.code FROM chain c JOIN assets a ON a.id = c.id JOIN assets p ON p.id = a.parent_id
WHERE c.above = c.id ORDER BY a.code DESC LIMIT 1;

-- name: put_asset
-- An asset as the plant document has it. What is not said there is kept.
INSERT INTO assets (site_id, code, name, class, criticality, serial, safety_critical, parent_id)
VALUES (%(site_id)s, %(code)s, coalesce(%(name)s::text, %(code)s), %(asset_class)s, %(criticality)s, %(serial)s,
        %(safety_critical)s, (SELECT id FROM assets WHERE site_id = %(site_id)s AND code = %(parent)s))
ON CONFLICT (site_id, code)
DO UPDATE SET name = coalesce(%(name)s, assets.name), class = excluded.class, criticality = excluded.criticality,
              serial = coalesce(excluded.serial, assets.serial), safety_critical = excluded.safety_critical,
              parent_id = coalesce(excluded.parent_id, assets.parent_id) RETURNING id;

-- name: uninstall
-- The asset has been somewhere else until now.
UPDATE installations SET removed_at = greatest(%(at)s, installed_at + INTERVAL '1 microsecond')
WHERE asset_id = %(asset_id)s AND removed_at IS NULL AND location_id <> %(location_id)s;

-- name: install
-- The asset is there from now on; nothing happens where it is there already.
INSERT INTO installations (asset_id, location_id, installed_at)
SELECT %(asset_id)s, %(location_id)s,
       greatest(%(at)s, (SELECT max(removed_at) FROM installations WHERE asset_id = %(asset_id)s))
ON CONFLICT (asset_id) WHERE removed_at IS NULL DO NOTHING;

-- name: put_signal
-- A signal as the plant document has it; the id that its readings carry never changes.
INSERT INTO signals (asset_id, name, label) VALUES (%(asset_id)s, %(name)s, %(label)s)
ON CONFLICT (asset_id, name) DO UPDATE SET label = coalesce(excluded.label, signals.label) RETURNING id;

-- name: call_signal
-- What people call a signal; nothing, where it has no label any more.
UPDATE signals SET label = %(label)s WHERE asset_id = %(asset_id)s AND name = %(name)s;

-- name: put_signal_version
-- Another quantity, unit or meaning, from now on; a meaning that is not said stays. Of what nobody had said anything, it
-- was so all the time.
WITH newest AS (
    SELECT version, quantity, unit, states, counter, wraps_at, plausible_low, plausible_high FROM signal_versions
    WHERE signal_id = %(signal_id)s ORDER BY version DESC LIMIT 1
), wanted AS (
    SELECT CASE WHEN %(unit)s::text IS NULL THEN (SELECT quantity FROM newest) ELSE %(quantity)s::text END AS quantity,
           coalesce(%(unit)s, (SELECT unit FROM newest), '') AS unit,
           CASE WHEN %(said)s::boolean THEN %(states)s::jsonb ELSE (SELECT states FROM newest) END AS states,
           CASE WHEN %(said)s THEN %(counter)s::boolean ELSE coalesce((SELECT counter FROM newest), false) END AS counter,
           CASE WHEN %(said)s THEN %(wraps_at)s::double precision ELSE (SELECT wraps_at FROM newest) END AS wraps_at,
           CASE WHEN %(said)s THEN %(plausible_low)s::double precision ELSE (SELECT plausible_low FROM newest) END AS plausible_low,
           CASE WHEN %(said)s THEN %(plausible_high)s::double precision ELSE (SELECT plausible_high FROM newest) END AS plausible_high
)
INSERT INTO signal_versions
    (signal_id, version, quantity, unit, states, counter, wraps_at, plausible_low, plausible_high, valid_from)
SELECT %(signal_id)s, coalesce((SELECT max(version) FROM newest), 0) + 1, w.quantity, w.unit, w.states, w.counter, w.wraps_at,
       w.plausible_low, w.plausible_high,
       CASE WHEN NOT EXISTS (SELECT FROM newest WHERE unit <> '' OR quantity IS NOT NULL OR states IS NOT NULL OR counter)
            THEN '-infinity'::timestamptz ELSE %(at)s END
FROM wanted w
WHERE NOT EXISTS (
    SELECT FROM newest n WHERE (n.unit, n.quantity, n.states, n.counter, n.wraps_at, n.plausible_low, n.plausible_high)
          IS NOT DISTINCT FROM (w.unit, w.quantity, w.states, w.counter, w.wraps_at, w.plausible_low, w.plausible_high));

-- name: put_technician
-- A technician as the plant document has them. Who has been set inactive stays so.
INSERT INTO technicians (site_id, code, name, skills, certificates, shift_start, shift_end, weekdays)
VALUES (%(site_id)s, %(code)s, coalesce(%(name)s::text, %(code)s), coalesce(%(skills)s::text[], '{}'),
        coalesce(%(certificates)s::text[], '{}'), coalesce(%(shift_start)s::time, '07:00'), coalesce(%(shift_end)s::time, '15:00'),
        coalesce(%(weekdays)s::smallint[], '{1,2,3,4,5,6,7}'))
ON CONFLICT (site_id, code)
DO UPDATE SET name = coalesce(%(name)s, technicians.name), skills = coalesce(%(skills)s, technicians.skills),
              certificates = coalesce(%(certificates)s, technicians.certificates),
              shift_start = coalesce(%(shift_start)s, technicians.shift_start),
              shift_end = coalesce(%(shift_end)s, technicians.shift_end),
              weekdays = coalesce(%(weekdays)s, technicians.weekdays);

-- name: asset_keys
-- What topics call assets, by id.
SELECT a.id, s.code || '/' || a.code FROM assets a JOIN sites s ON s.id = a.site_id WHERE a.id = ANY(%(ids)s::integer[]);
