-- name: write
-- How likely an asset is to fail, and when.
INSERT INTO survival_functions (asset_id, at, days, failed, model_version)
VALUES (%(asset_id)s, %(at)s, %(days)s, %(failed)s, %(model_version)s)
ON CONFLICT (asset_id) DO UPDATE
SET at = excluded.at, days = excluded.days, failed = excluded.failed, model_version = excluded.model_version;

-- name: forget
-- Nothing is known of these assets any more: repaired, or no longer of a class with a fleet model.
DELETE FROM survival_functions WHERE asset_id = ANY(%(asset_ids)s);

-- name: latest
-- The newest survival functions of some assets.
SELECT asset_id, at, days, failed, model_version FROM survival_functions WHERE asset_id = ANY(%(asset_ids)s) ORDER BY asset_id;
