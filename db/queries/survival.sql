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

-- name: renewals
-- When the assets of some classes failed and worked again, or were renewed before they failed, and since when each is
-- installed. A failure is reactive or emergency work that found something; confirmed predictive work renews.
SELECT a.class, a.id, i.installed_at, w.opened_at, coalesce(h.at, w.status_since) AS again,
       w.type IN ('reactive', 'emergency') AS failed
FROM assets a
LEFT JOIN LATERAL (SELECT min(installed_at) AS installed_at FROM installations WHERE asset_id = a.id) AS i ON true
LEFT JOIN work_orders w ON w.asset_id = a.id AND w.opened_at <= %(at)s AND w.status IN (:done, 'closed')
    AND w.duplicate_of IS NULL AND (w.type IN ('reactive', 'emergency') AND w.close_finding IS DISTINCT FROM 'nothing_found'
         OR w.type = 'predictive' AND w.close_finding = 'confirmed')
LEFT JOIN LATERAL (
    SELECT max(at) AS at FROM order_history WHERE order_id = w.id AND step = 'complete'
) AS h ON true
WHERE a.site_id = %(site_id)s AND a.archived_at IS NULL AND a.class = ANY(%(classes)s)
ORDER BY a.class, a.id, w.opened_at, w.id;
