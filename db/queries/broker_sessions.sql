-- name: used
-- When a session at a broker was in use before, if it ever was; the engine's metrics are written every second of use.
SELECT greatest(s.used_at, (SELECT written_at FROM engine_figures)) FROM broker_sessions s
WHERE s.broker = %(broker)s AND s.client_id = %(client_id)s;

-- name: note_use
-- A session is in use.
INSERT INTO broker_sessions (broker, client_id) VALUES (%(broker)s, %(client_id)s)
ON CONFLICT (broker, client_id) DO UPDATE SET used_at = now();

-- name: pulse_key
-- What the engine signs its pulse with.
SELECT key FROM pulse_key;
