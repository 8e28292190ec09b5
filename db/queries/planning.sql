-- part: plan
SELECT p.id, s.code AS site, p.site_id, p.code, p.version, p.title, p.document, p.active, p.retired_at
FROM maintenance_plans p JOIN sites s ON s.id = p.site_id

-- name: get
-- One plan by its number.
-- as in: plan
WHERE p.id = %(id)s AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s));

-- name: by_code
-- One plan by its site and code.
-- as in: plan
WHERE s.code = %(site)s AND p.code = %(code)s;

-- name: listed
-- Plans of the sites that are seen, by site and code; retired ones only where they are asked for.
-- as in: plan
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(retired)s OR p.retired_at IS NULL)
  AND (%(text)s::text IS NULL OR p.code ILIKE %(text)s OR p.title ILIKE %(text)s)
  AND (%(after_site)s::text IS NULL OR (s.code, p.code) > (%(after_site)s, %(after_code)s::text))
ORDER BY s.code, p.code LIMIT %(limit)s;

-- name: of_ids
-- Plans by their numbers.
-- as in: plan
WHERE p.id = ANY(%(ids)s);

-- name: lock
-- Locks a plan until the transaction ends, so that its versions follow each other.
SELECT id FROM maintenance_plans WHERE id = %(id)s FOR NO KEY UPDATE;

-- name: add
-- A new plan; nothing comes back where the code is taken.
INSERT INTO maintenance_plans (site_id, code, version, title, document, object, object_code, active, created_at)
SELECT id, %(code)s, 1, %(title)s, %(document)s, %(object)s, %(object_code)s, %(active)s, %(at)s FROM sites WHERE code = %(site)s
ON CONFLICT DO NOTHING RETURNING id;

-- name: save
-- The next version of a plan; one that was retired is in force again.
UPDATE maintenance_plans
SET version = version + 1, title = %(title)s, document = %(document)s, object = %(object)s, object_code = %(object_code)s,
    active = %(active)s, retired_at = NULL
WHERE id = %(id)s RETURNING version;

-- name: add_version
-- What a plan is from now on, by whom and why.
INSERT INTO maintenance_plan_versions (plan_id, version, document, made_by, made_at, why)
VALUES (%(id)s, %(version)s, %(document)s, %(actor)s, %(at)s, %(why)s);

-- name: versions
-- Every version of a plan, the newest first.
SELECT version, document, made_by, made_at, why FROM maintenance_plan_versions WHERE plan_id = %(id)s ORDER BY version DESC;

-- name: retire
-- A plan makes nothing any more; what it has made stays.
UPDATE maintenance_plans SET retired_at = %(at)s, active = false, version = version + 1
WHERE id = %(id)s AND retired_at IS NULL RETURNING version;

-- name: begin_anew
-- The calendar or the meter was changed: what comes next counts from now.
UPDATE maintenance_series
SET after = CASE WHEN %(calendar)s THEN NULL ELSE after END, shift_days = CASE WHEN %(calendar)s THEN 0 ELSE shift_days END,
    begun_at = greatest(begun_at, %(at)s), meter_from = CASE WHEN %(meter)s THEN %(at)s ELSE meter_from END,
    meter_carry = CASE WHEN %(meter)s THEN 0 ELSE meter_carry END
WHERE plan_id = %(id)s;

-- name: look_again
-- The generators look at the series of a plan at once.
UPDATE maintenance_series SET call_at = %(at)s WHERE plan_id = %(id)s AND ended_at IS NULL;

-- part: wanted
WITH plans AS (
    SELECT id, site_id, object, object_code FROM maintenance_plans
    WHERE retired_at IS NULL AND active AND (%(plan_id)s::integer IS NULL OR id = %(plan_id)s)
), wanted AS (
    SELECT p.id AS plan_id, a.id AS asset_id, NULL::integer AS location_id
    FROM plans p JOIN assets a ON a.site_id = p.site_id AND a.code = p.object_code AND a.archived_at IS NULL
    WHERE p.object = 'asset'
    UNION ALL
    SELECT p.id, a.id, NULL
    FROM plans p JOIN assets a ON a.site_id = p.site_id AND a.class = p.object_code AND a.archived_at IS NULL
    WHERE p.object = 'class'
    UNION ALL
    SELECT p.id, NULL, l.id
    FROM plans p JOIN locations l ON l.site_id = p.site_id AND l.code = p.object_code
    WHERE p.object IN ('location', 'route')
)

-- name: begin_series
-- A series for each object of a plan that has none, or whose series had ended; nothing that was due before is owed.
-- as in: wanted
INSERT INTO maintenance_series (plan_id, asset_id, location_id, begun_at, call_at)
SELECT w.plan_id, w.asset_id, w.location_id, %(at)s, %(at)s FROM wanted w
WHERE NOT EXISTS (
    SELECT FROM maintenance_series r WHERE r.plan_id = w.plan_id AND r.asset_id IS NOT DISTINCT FROM w.asset_id
    AND r.location_id IS NOT DISTINCT FROM w.location_id AND r.ended_at IS NULL)
ON CONFLICT (plan_id, asset_id, location_id) DO UPDATE
SET ended_at = NULL, ended_why = '', begun_at = excluded.begun_at, call_at = excluded.call_at;

-- name: end_series
-- Series whose asset is archived, whose plan is paused or retired, or is for something else now.
-- as in: wanted
UPDATE maintenance_series r
SET ended_at = %(at)s, call_at = NULL, next_due = NULL, next_why = '', ended_why = CASE
    WHEN p.retired_at IS NOT NULL THEN 'the plan is retired'
    WHEN NOT p.active THEN 'the plan is paused'
    WHEN a.archived_at IS NOT NULL THEN 'the asset is out of use'
    ELSE 'the plan is for something else now' END
FROM maintenance_plans p, maintenance_series q LEFT JOIN assets a ON a.id = q.asset_id
WHERE r.id = q.id AND p.id = r.plan_id AND r.ended_at IS NULL AND (%(plan_id)s::integer IS NULL OR p.id = %(plan_id)s)
  AND NOT EXISTS (
    SELECT FROM wanted w WHERE w.plan_id = r.plan_id AND w.asset_id IS NOT DISTINCT FROM r.asset_id
    AND w.location_id IS NOT DISTINCT FROM r.location_id);

-- name: lock_meter
-- Counts of one meter are entered one at a time, each checked against those before.
SELECT pg_advisory_xact_lock(hashtextextended('meter ' || %(asset_id)s || ' ' || %(signal)s, 0));

-- part: known_counts
-- What devices measured and people entered of a meter; a new meter's first count comes after the old one's last at the same moment.
FROM (SELECT r.observed_at AS at, r.value AS count, false AS exchanged, false AS rolled_over
      FROM readings r JOIN signals s ON s.id = r.signal_id
      WHERE s.asset_id = %(asset_id)s AND s.name = %(signal)s AND r.quality < 2
      UNION ALL
      SELECT at, count, exchanged, rolled_over FROM meter_entries WHERE asset_id = %(asset_id)s AND signal = %(signal)s) AS known

-- name: count_before
-- The last known count of a meter up to a time.
SELECT at, count, exchanged, rolled_over
-- as in: known_counts
WHERE at < %(at)s OR (at = %(at)s AND exchanged <= %(exchanged)s)
ORDER BY at DESC, exchanged DESC LIMIT 1;

-- name: count_after
-- The first known count of a meter after a time.
SELECT at, count, exchanged, rolled_over
-- as in: known_counts
WHERE at > %(at)s OR (at = %(at)s AND exchanged > %(exchanged)s)
ORDER BY at, exchanged LIMIT 1;

-- name: add_meter_entry
-- A count that somebody has read off a meter, or the first of a new one; nothing where it is there already.
INSERT INTO meter_entries (asset_id, signal, at, count, exchanged, rolled_over, entered_by, entered_at)
VALUES (%(asset_id)s, %(signal)s, %(at)s, %(count)s, %(exchanged)s, %(rolled_over)s, %(actor)s, %(now)s)
ON CONFLICT DO NOTHING RETURNING id;

-- name: meters_of_plan
-- The assets whose meter a plan goes by, each with its last known count; at a location the one asset that is installed there.
SELECT a.id AS asset_id, a.code, a.name, known.at, known.count
FROM (SELECT DISTINCT coalesce(r.asset_id, (SELECT min(i.asset_id) FROM installations i
                                            WHERE i.location_id = r.location_id AND i.removed_at IS NULL
                                            HAVING count(*) = 1)) AS asset_id
      FROM maintenance_series r WHERE r.plan_id = %(plan_id)s AND r.ended_at IS NULL) AS shown
JOIN assets a ON a.id = shown.asset_id
LEFT JOIN LATERAL (
    SELECT c.at, c.count FROM (
        (SELECT r.observed_at AS at, r.value AS count, false AS exchanged FROM readings r JOIN signals s ON s.id = r.signal_id
         WHERE s.asset_id = a.id AND s.name = %(signal)s AND r.quality < 2 ORDER BY r.observed_at DESC LIMIT 1)
        UNION ALL
        (SELECT e.at, e.count, e.exchanged FROM meter_entries e WHERE e.asset_id = a.id AND e.signal = %(signal)s
         ORDER BY e.at DESC, e.exchanged DESC LIMIT 1)) AS c
    ORDER BY c.at DESC, c.exchanged DESC LIMIT 1) AS known ON true
ORDER BY a.code LIMIT 200;

-- name: look_at_meters
-- The generators look at once at the series of an asset, a meter of which was read.
UPDATE maintenance_series SET call_at = least(call_at, %(at)s) WHERE asset_id = %(asset_id)s AND ended_at IS NULL;

-- name: missing
-- What a site does not have of what a plan is for.
SELECT 'asset' AS kind, code FROM unnest(%(assets)s::text[]) AS asked (code)
WHERE NOT EXISTS (SELECT FROM assets a JOIN sites s ON s.id = a.site_id
                  WHERE s.code = %(site)s AND a.code = asked.code AND a.archived_at IS NULL)
UNION ALL
SELECT 'location', code FROM unnest(%(locations)s::text[]) AS asked (code)
WHERE NOT EXISTS (SELECT FROM locations l JOIN sites s ON s.id = l.site_id WHERE s.code = %(site)s AND l.code = asked.code)
UNION ALL
SELECT 'asset of the class', code FROM unnest(%(classes)s::text[]) AS asked (code)
WHERE NOT EXISTS (SELECT FROM assets a JOIN sites s ON s.id = a.site_id WHERE s.code = %(site)s AND a.class = asked.code)
ORDER BY 1, 2;

-- name: there
-- The codes that the plans of a site can name; job plans of all sites too.
SELECT (SELECT array_agg(code) FROM assets WHERE site_id = %(site_id)s AND archived_at IS NULL) AS assets,
       (SELECT array_agg(DISTINCT class) FROM assets WHERE site_id = %(site_id)s) AS classes,
       (SELECT array_agg(code) FROM locations WHERE site_id = %(site_id)s) AS locations,
       (SELECT array_agg(DISTINCT code) FROM job_plans
        WHERE retired_at IS NULL AND (site_id = %(site_id)s OR site_id IS NULL)) AS job_plans,
       (SELECT array_agg(code) FROM checklists WHERE site_id = %(site_id)s AND archived_at IS NULL) AS checklists,
       (SELECT array_agg(code) FROM inspection_routes WHERE site_id = %(site_id)s AND archived_at IS NULL) AS routes;
