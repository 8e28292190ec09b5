-- name: hold
-- The assets of a site, held while one of them is put behind another, so that no two people close a ring together.
SELECT id, parent_id FROM assets WHERE site_id = (SELECT site_id FROM assets WHERE id = %(asset_id)s) ORDER BY id FOR UPDATE;

-- name: asset_of_site
-- Another asset of the same site, by its code.
SELECT o.id FROM assets a JOIN assets o ON o.site_id = a.site_id WHERE a.id = %(asset_id)s AND o.code = %(code)s;

-- name: change
-- How an asset is judged; the judge is told by a trigger.
UPDATE assets SET class = %(asset_class)s, criticality = %(criticality)s,
    safety_critical = %(safety_critical)s,
    parent_id = (SELECT o.id FROM assets o WHERE o.site_id = assets.site_id AND o.code = %(parent)s)
WHERE id = %(asset_id)s;
