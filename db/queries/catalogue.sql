-- name: all
-- Every asset with its signals' names, and the aliases that are valid now, each with the name of its signal.
SELECT si.code || '/' || a.code AS key, a.id AS asset_id, named.name, named.signal_id, named.alias_of
FROM assets a JOIN sites si ON si.id = a.site_id
LEFT JOIN (
    SELECT asset_id, name, id AS signal_id, NULL AS alias_of FROM signals
    UNION ALL
    SELECT al.asset_id, al.alias, al.signal_id, s.name FROM signal_aliases al JOIN signals s ON s.id = al.signal_id
    WHERE now() >= al.valid_from AND now() < al.valid_to
) AS named ON named.asset_id = a.id
ORDER BY a.id, named.signal_id;

-- name: meanings
-- The unit, the states and the plausible range of each signal of which somebody has said one, by the signal's own name.
SELECT si.code || '/' || a.code AS key, s.name, v.unit, v.states, v.plausible_low, v.plausible_high
FROM signals s JOIN assets a ON a.id = s.asset_id JOIN sites si ON si.id = a.site_id
JOIN LATERAL (
    SELECT unit, states, plausible_low, plausible_high FROM signal_versions
    WHERE signal_id = s.id ORDER BY version DESC LIMIT 1
) AS v ON true
WHERE v.unit <> '' OR v.states IS NOT NULL OR v.plausible_low IS NOT NULL OR v.plausible_high IS NOT NULL;

-- name: states
-- The states of an asset's signals that have some.
SELECT s.name, v.states
FROM signals s
JOIN LATERAL (SELECT states FROM signal_versions WHERE signal_id = s.id ORDER BY version DESC LIMIT 1) AS v ON true
WHERE s.asset_id = %(asset_id)s AND v.states IS NOT NULL;

-- name: add_location
-- The location of an asset that is created by its first message.
INSERT INTO locations (site_id, code, name, level)
SELECT id, %(code)s, %(code)s, 'work_centre' FROM sites WHERE code = %(site)s
ON CONFLICT (site_id, code) DO NOTHING;

-- name: install_new
-- An asset created by its first message is installed where that says; one that is installed somewhere stays there.
INSERT INTO installations (asset_id, location_id, installed_at)
SELECT %(asset_id)s, l.id, %(at)s FROM locations l JOIN sites si ON si.id = l.site_id
WHERE si.code = %(site)s AND l.code = %(code)s
ON CONFLICT (asset_id) WHERE removed_at IS NULL DO NOTHING;

-- name: say_units
-- Units that nobody had said yet were these all the time; what else is known of the signals stays.
INSERT INTO signal_versions (signal_id, version, quantity, unit, states, counter, wraps_at, plausible_low, plausible_high)
SELECT said.signal_id, coalesce(v.version, 0) + 1, v.quantity, said.unit, v.states, coalesce(v.counter, false), v.wraps_at,
       v.plausible_low, v.plausible_high
FROM unnest(%(signal_ids)s::integer[], %(units)s::text[]) WITH ORDINALITY AS said (signal_id, unit, place)
LEFT JOIN LATERAL (
    SELECT * FROM signal_versions WHERE signal_id = said.signal_id ORDER BY version DESC LIMIT 1) AS v ON true
ORDER BY said.place;

-- name: add_site
-- A site that is made known by its first message.
INSERT INTO sites (code, name) VALUES (%(code)s, %(code)s) ON CONFLICT (code) DO NOTHING;

-- name: add_asset
-- An asset that is made known by its first message; DO UPDATE so that the id comes back in any case.
INSERT INTO assets (site_id, code, name) SELECT id, %(code)s, %(code)s FROM sites WHERE code = %(site)s
ON CONFLICT (site_id, code) DO UPDATE SET code = excluded.code RETURNING id;

-- name: add_signals
-- Signals that are made known by their first message, each with its first version; their units are not known.
WITH wanted AS (
    SELECT name, place FROM unnest(%(names)s::text[]) WITH ORDINALITY AS w (name, place)
), added AS (
    INSERT INTO signals (asset_id, name) SELECT %(asset_id)s, name FROM wanted ORDER BY place
    ON CONFLICT (asset_id, name) DO NOTHING RETURNING id, name
), versioned AS (
    INSERT INTO signal_versions (signal_id, version) SELECT id, 1 FROM added ORDER BY id RETURNING signal_id
)
SELECT name, id FROM added
UNION ALL
SELECT s.name, s.id FROM signals s JOIN wanted USING (name) WHERE s.asset_id = %(asset_id)s
ORDER BY id;
