-- name: in_force
-- The newest version of every job plan that is not retired.
SELECT DISTINCT ON (code) code, version, title, asset_class, failure_mode, steps, parts, skills, certificates, tools,
       estimated_hours, retired_at
FROM job_plans ORDER BY code, version DESC;

-- name: versions
-- Every version of a job plan, the newest first.
SELECT code, version, title, asset_class, failure_mode, steps, parts, skills, certificates, tools, estimated_hours,
       retired_at
FROM job_plans WHERE code = %(code)s ORDER BY version DESC;

-- name: add
-- The next version of a job plan; two who write it at once cannot get the same number.
INSERT INTO job_plans (code, version, title, asset_class, failure_mode, steps, parts, skills, certificates, tools,
                       estimated_hours, made_by, made_at)
SELECT %(code)s, coalesce(max(version), 0) + 1, %(title)s, %(asset_class)s, %(failure_mode)s, %(steps)s, %(parts)s,
       %(skills)s, %(certificates)s, %(tools)s, %(estimated_hours)s, %(actor)s, %(at)s
FROM job_plans WHERE code = %(code)s
ON CONFLICT DO NOTHING
RETURNING version;

-- name: retire
-- No order gets the plan any more; those that have it keep their steps.
UPDATE job_plans SET retired_at = %(at)s WHERE code = %(code)s AND retired_at IS NULL;

-- name: class_of
-- The class of an asset, which plans are made for.
SELECT class FROM assets WHERE id = %(asset_id)s;
