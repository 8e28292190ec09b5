-- name: add
-- A value that somebody has measured, for the engine to read.
INSERT INTO entered_readings (asset_id, signal, unit, value, observed_at, actor)
VALUES (%(asset_id)s, %(signal)s, %(unit)s, %(value)s, %(observed_at)s, %(actor)s);

-- name: waiting
-- What waits for the engine, in the order in which it was entered.
SELECT e.id, s.code AS site, a.code AS asset, e.signal, e.unit, e.value, e.observed_at
FROM entered_readings e JOIN assets a ON a.id = e.asset_id JOIN sites s ON s.id = a.site_id
ORDER BY e.id LIMIT %(most)s;

-- name: done
-- Their readings are committed, or in quarantine with the reason.
DELETE FROM entered_readings WHERE id = ANY(%(ids)s);
