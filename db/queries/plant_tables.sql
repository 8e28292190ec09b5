-- name: locations
-- The locations of a site, as a table to import has them.
SELECT l.code, l.name, l.level, p.code AS parent, l.latitude, l.longitude FROM locations l LEFT JOIN locations p ON p.id = l.parent_id
WHERE l.site_id = %(site_id)s;

-- name: assets
-- The assets of a site, as a table to import has them.
SELECT a.code, a.name, a.class AS asset_class, a.criticality, l.code AS location, p.code AS parent, a.serial, a.safety_critical
FROM assets a
LEFT JOIN installations i ON i.asset_id = a.id AND i.removed_at IS NULL
LEFT JOIN locations l ON l.id = i.location_id
LEFT JOIN assets p ON p.id = a.parent_id
WHERE a.site_id = %(site_id)s;
