-- part: columns
SELECT p.code, s.code AS site, p.version, p.title, p.asset_class, p.failure_mode, p.steps, p.parts, p.skills, p.certificates,
       p.tools, p.estimated_hours, p.crew, p.needs_stop, p.retired_at
FROM job_plans p LEFT JOIN sites s ON s.id = p.site_id

-- name: in_force
-- The newest version of every job plan that is not retired: the plant's, and those of the sites that are seen.
SELECT * FROM (
    SELECT DISTINCT ON (site, code) * FROM (
-- as in: columns
    ) AS every
    WHERE %(within)s::text[] IS NULL OR site IS NULL OR site = ANY(%(within)s)
    ORDER BY site NULLS FIRST, code, version DESC
) AS newest WHERE retired_at IS NULL;

-- name: versions
-- Every version of a job plan, the newest first.
-- as in: columns
WHERE p.code = %(code)s AND s.code IS NOT DISTINCT FROM %(site)s::text ORDER BY p.version DESC;

-- name: lock
-- Nobody else writes job plans until the transaction ends, so that permits are weighed against what there will be.
SELECT pg_advisory_xact_lock(4502);

-- name: add
-- The next version of a job plan.
INSERT INTO job_plans (code, site_id, version, title, asset_class, failure_mode, steps, parts, skills, certificates, tools,
                       estimated_hours, crew, needs_stop, made_by, made_at)
SELECT %(code)s, (SELECT id FROM sites WHERE code = %(site)s), coalesce(max(version), 0) + 1, %(title)s, %(asset_class)s,
       %(failure_mode)s, %(steps)s, %(parts)s, %(skills)s, %(certificates)s, %(tools)s, %(estimated_hours)s, %(crew)s,
       %(needs_stop)s, %(actor)s, %(at)s
FROM job_plans p LEFT JOIN sites s ON s.id = p.site_id
WHERE p.code = %(code)s AND s.code IS NOT DISTINCT FROM %(site)s::text
ON CONFLICT DO NOTHING
RETURNING version;

-- name: retire
-- No order gets the plan any more; those that have it keep their steps.
UPDATE job_plans SET retired_at = %(at)s
WHERE code = %(code)s AND retired_at IS NULL
  AND site_id IS NOT DISTINCT FROM (SELECT id FROM sites WHERE code = %(site)s::text);

-- name: class_of
-- The class of an asset, which plans are made for, and its site.
SELECT a.class, s.code FROM assets a JOIN sites s ON s.id = a.site_id WHERE a.id = %(asset_id)s;
