-- name: lock
-- Lock the assets of a site while an upstream asset changes, so that two people cannot close a cycle together.
SELECT id, parent_id FROM assets WHERE site_id = (SELECT site_id FROM assets WHERE id = %(asset_id)s) ORDER BY id FOR UPDATE;

-- name: asset_of_site
-- Another asset of the same site, by its code.
SELECT o.id FROM assets a JOIN assets o ON o.site_id = a.site_id WHERE a.id = %(asset_id)s AND o.code = %(code)s;

-- name: change
-- How an asset is judged; a trigger writes the judge's event.
UPDATE assets SET class = %(asset_class)s, criticality = %(criticality)s,
    safety_critical = %(safety_critical)s,
    parent_id = (SELECT o.id FROM assets o WHERE o.site_id = assets.site_id AND o.code = %(parent)s)
WHERE id = %(asset_id)s;
