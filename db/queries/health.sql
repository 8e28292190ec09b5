-- name: write
-- How assets are now, each once.
INSERT INTO asset_health (asset_id, at, index, signal, value, limit_at, limit_known, change, change_low, change_high,
                          likely_at, earliest_at, latest_at)
SELECT * FROM unnest(%(asset_id)s::int[], %(at)s::timestamptz[], %(index)s::float8[], %(signal)s::text[],
                     %(value)s::float8[], %(limit)s::float8[], %(known)s::bool[], %(change)s::float8[],
                     %(change_low)s::float8[], %(change_high)s::float8[], %(likely_at)s::timestamptz[],
                     %(earliest_at)s::timestamptz[], %(latest_at)s::timestamptz[])
ON CONFLICT (asset_id) DO UPDATE
SET at = excluded.at, index = excluded.index, signal = excluded.signal, value = excluded.value,
    limit_at = excluded.limit_at, limit_known = excluded.limit_known, change = excluded.change,
    change_low = excluded.change_low, change_high = excluded.change_high, likely_at = excluded.likely_at,
    earliest_at = excluded.earliest_at, latest_at = excluded.latest_at;

-- name: forget
-- Their models learn anew: nothing is known of them.
DELETE FROM asset_health WHERE asset_id = ANY(%(asset_ids)s);

-- name: of_asset
-- How an asset is, with the unit of its worst signal.
SELECT h.at, h.index, h.signal, h.value, h.limit_at AS limit, h.limit_known AS known, h.change, h.change_low, h.change_high,
       h.likely_at, h.earliest_at, h.latest_at, coalesce(v.unit, '') AS unit
FROM asset_health h
LEFT JOIN signals s ON s.asset_id = h.asset_id AND s.name = h.signal
LEFT JOIN LATERAL (
    SELECT unit FROM signal_versions WHERE signal_id = s.id ORDER BY version DESC LIMIT 1
) AS v ON true
WHERE h.asset_id = %(asset_id)s;
