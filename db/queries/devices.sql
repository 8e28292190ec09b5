-- name: all
-- Every binding.
SELECT device, asset FROM device_bindings ORDER BY device, asset;

-- name: bind
-- A device may speak for an asset.
INSERT INTO device_bindings (device, asset, actor) VALUES (%(device)s, %(asset)s, %(actor)s) ON CONFLICT DO NOTHING;

-- name: unbind
-- A device may speak for an asset no longer; without one, for none.
DELETE FROM device_bindings WHERE device = %(device)s AND (%(asset)s::text IS NULL OR asset = %(asset)s);
