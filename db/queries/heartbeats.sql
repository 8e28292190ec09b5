-- name: check
-- The database takes changes, as a kind of process has just found.
INSERT INTO database_checks (process, at) VALUES (%(process)s, %(at)s)
ON CONFLICT (process) DO UPDATE SET at = excluded.at;

-- name: newest
-- The newest heartbeat.
SELECT tried_at, unwell, sent_at, fault, status, detail, accepted_at FROM heartbeat;

-- name: try
-- A heartbeat is to be sent, or not, because the engine is not well; nothing if another process has just tried.
INSERT INTO heartbeat (tried_at, unwell) VALUES (%(at)s, %(unwell)s)
ON CONFLICT (only_row) DO UPDATE SET tried_at = excluded.tried_at, unwell = excluded.unwell
WHERE heartbeat.tried_at <= %(before)s OR heartbeat.tried_at > %(at)s RETURNING tried_at;

-- name: sent
-- How sending it ended.
UPDATE heartbeat SET sent_at = %(at)s, fault = %(fault)s, status = %(status)s, detail = %(detail)s,
    accepted_at = CASE WHEN %(fault)s::text IS NULL THEN %(at)s ELSE accepted_at END;

-- name: delivery
-- How long the first message of an active receiver has been due without an attempt, and how long the oldest mail waits
-- that failed by a fault on our side. A receiver that gets one message after the other waits for none.
SELECT coalesce(extract(epoch FROM max(%(now)s - greatest(d.due_at, l.at, r.state_since))), 0)::float8 AS untried_s,
       coalesce(extract(epoch FROM max(%(now)s - d.created_at)
                        FILTER (WHERE r.channel = 'email' AND l.fault = 'own')), 0)::float8 AS mails_s
FROM receivers r
CROSS JOIN LATERAL (
    SELECT due_at, created_at FROM deliveries d WHERE d.receiver_id = r.id AND d.state = 'pending' ORDER BY d.event_id LIMIT 1
) d
LEFT JOIN LATERAL (
    SELECT at, fault FROM delivery_attempts a WHERE a.receiver_id = r.id ORDER BY a.id DESC LIMIT 1
) l ON true
WHERE r.state = 'active' AND r.deleted_at IS NULL;
