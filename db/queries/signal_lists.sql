-- name: page
-- The signals of a site, of an asset or of all, by site, asset and name: each with its newest version and newest reading.
SELECT c.code || '/' || a.code AS asset, s.id, s.asset_id, s.name, s.label, v.quantity, v.unit, v.states, v.counter, v.wraps_at,
       v.plausible_low, v.plausible_high, r.observed_at, r.received_at, r.value, r.quality
FROM signals s
JOIN assets a ON a.id = s.asset_id
JOIN sites c ON c.id = a.site_id
JOIN LATERAL (
    SELECT quantity, unit, states, counter, wraps_at, plausible_low, plausible_high FROM signal_versions
    WHERE signal_id = s.id ORDER BY version DESC LIMIT 1
) AS v ON true
LEFT JOIN LATERAL (
    SELECT observed_at, received_at, value, quality FROM readings
    WHERE signal_id = s.id ORDER BY observed_at DESC LIMIT 1
) AS r ON true
WHERE a.archived_at IS NULL
  AND (%(site)s::text IS NULL OR c.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR c.code = ANY(%(within)s))
  AND (%(asset_id)s::integer IS NULL OR s.asset_id = %(asset_id)s)
  AND (%(after_site)s::text IS NULL OR (c.code, a.code, s.name) > (%(after_site)s, %(after_asset)s::text, %(after_name)s::text))
ORDER BY c.code, a.code, s.name LIMIT %(limit)s::bigint;
