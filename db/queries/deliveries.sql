-- name: position
-- Lock and read the id of the last event whose receivers are chosen.
SELECT event_id FROM fan_out FOR UPDATE;

-- name: advance
-- It is decided for all events up to this one.
UPDATE fan_out SET event_id = %(event_id)s;

-- name: add
-- Queue an event for a receiver, once, as it was decided.
INSERT INTO deliveries (receiver_id, event_id, why, state, due_at, created_at, ended_at, made_at, note, urgent, chosen, sameness)
VALUES (%(receiver)s, %(event)s, %(why)s, %(state)s, %(due)s, %(at)s, CASE WHEN %(state)s = 'withheld' THEN %(at)s::timestamptz END,
        CASE WHEN %(state)s = 'pending' THEN %(at)s::timestamptz END, %(note)s, %(urgent)s, %(chosen)s, %(sameness)s)
ON CONFLICT DO NOTHING;

-- name: heads
-- The next message of each active receiver, if it is due. It is also due where the clock was set back since: it was not
-- tried yet and is of the future, or its time is farther ahead than any wait is long.
SELECT r.id AS receiver_id, d.due_at FROM receivers r
CROSS JOIN LATERAL (
    SELECT due_at, created_at FROM deliveries d WHERE d.receiver_id = r.id AND d.state = 'pending' ORDER BY d.event_id LIMIT 1
) d
WHERE r.state = 'active' AND r.deleted_at IS NULL
  AND (d.due_at <= %(now)s OR d.due_at = d.created_at OR d.due_at > %(now)s + %(longest)s::interval) ORDER BY d.due_at, r.id;

-- name: head
-- The next message of one receiver that is due (see heads), with all that is needed to send it.
SELECT d.event_id, d.why, d.attempts, d.urgent, d.chosen, r.id AS receiver_id, r.channel, r.address, r.name, r.refused,
       e.uid, e.kind, s.code AS site, coalesce(s.time_zone, 'UTC') AS zone, u.language,
       u.disabled_at IS NOT NULL AS disabled, u.name IS NULL OR still_sees(u.sites, s.code, e.kind, e.data) AS sees, e.order_id, e.asset_id, e.subject, e.at,
       e.recorded_at, e.data
FROM receivers r
JOIN LATERAL (
    SELECT * FROM deliveries d WHERE d.receiver_id = r.id AND d.state = 'pending' ORDER BY d.event_id LIMIT 1
) d ON true
JOIN events e ON e.id = d.event_id
LEFT JOIN sites s ON s.id = e.site_id
LEFT JOIN users u ON u.name = r.user_name
WHERE r.id = %(receiver_id)s AND r.state = 'active' AND r.deleted_at IS NULL
  AND (d.due_at <= %(now)s OR d.due_at = d.created_at OR d.due_at > %(now)s + %(longest)s::interval);

-- name: withhold
-- A message is not sent after all.
UPDATE deliveries SET state = 'withheld', note = %(note)s, ended_at = %(at)s
WHERE receiver_id = %(receiver_id)s AND event_id = %(event_id)s AND state = 'pending' RETURNING event_id;

-- name: regather
-- What was to go in the message of another one is gathered anew, without it.
UPDATE deliveries SET state = 'held', lead = NULL, ended_at = NULL, due_at = %(at)s
WHERE receiver_id = %(receiver_id)s AND lead = %(event_id)s AND state = 'gathered';

-- name: withhold_unseen
-- Of what goes in one message, what its person does not see any more is not sent.
UPDATE deliveries d SET state = 'withheld', lead = NULL, note = %(note)s, ended_at = %(at)s
FROM receivers r JOIN users u ON u.name = r.user_name, events e LEFT JOIN sites s ON s.id = e.site_id
WHERE d.receiver_id = %(receiver_id)s AND d.lead = %(event_id)s AND d.state = 'gathered' AND r.id = d.receiver_id AND e.id = d.event_id
  AND NOT still_sees(u.sites, s.code, e.kind, e.data);

-- name: note_attempt
-- How an attempt ended.
INSERT INTO delivery_attempts (receiver_id, event_id, at, took_ms, fault, status, detail)
VALUES (%(receiver_id)s, %(event_id)s, %(at)s, %(took_ms)s, %(fault)s, %(status)s, %(detail)s);

-- name: save
-- What an attempt has led to; nothing where somebody has skipped or replayed the message meanwhile.
UPDATE deliveries SET state = %(state)s, attempts = %(attempts)s, due_at = %(due_at)s,
    ended_at = CASE WHEN %(state)s = 'pending' THEN NULL ELSE %(at)s::timestamptz END
WHERE receiver_id = %(receiver_id)s AND event_id = %(event_id)s AND state = 'pending' AND attempts = %(before)s;

-- name: due_now
-- What waits for a receiver is tried afresh.
UPDATE deliveries SET attempts = 0, due_at = %(at)s WHERE receiver_id = %(receiver_id)s AND state = 'pending';

-- name: replay
-- A message is sent again, with the same id; one that waits or was withheld is sent now. What was gathered into another
-- message is sent again with that one.
UPDATE deliveries SET state = 'pending', attempts = 0, due_at = %(at)s, ended_at = NULL, seen_at = NULL, made_at = coalesce(made_at, %(at)s)
WHERE receiver_id = %(receiver_id)s AND event_id = %(event_id)s AND state <> 'gathered' RETURNING event_id;

-- name: skip
-- A message that waits is not sent.
UPDATE deliveries SET state = 'skipped', note = %(note)s, ended_at = %(at)s
WHERE receiver_id = %(receiver_id)s AND event_id = %(event_id)s AND state IN ('pending', 'held') RETURNING event_id;

-- name: of_receiver
-- The messages of a receiver, the newest first.
SELECT d.event_id, d.why, d.state, d.attempts, d.due_at, d.created_at, d.ended_at, d.note, d.lead, e.uid, e.kind, e.subject,
       e.at
FROM deliveries d JOIN events e ON e.id = d.event_id
WHERE d.receiver_id = %(receiver_id)s AND (%(before)s::bigint IS NULL OR d.event_id < %(before)s)
  AND (%(state)s::text IS NULL OR d.state = %(state)s)
ORDER BY d.event_id DESC LIMIT %(limit)s;

-- name: attempts
-- The attempts to deliver to a receiver, the newest first.
SELECT a.id, a.event_id, a.at, a.took_ms, a.fault, a.status, a.detail, e.kind, e.subject
FROM delivery_attempts a LEFT JOIN events e ON e.id = a.event_id
WHERE a.receiver_id = %(receiver_id)s AND (%(before)s::bigint IS NULL OR a.id < %(before)s)
ORDER BY a.id DESC LIMIT %(limit)s;

-- name: backlog
-- What waits: how many messages for active receivers and since when, how many for the others, since when events wait for
-- its receivers to be chosen; and who is disabled.
SELECT count(*) FILTER (WHERE r.state = 'active') AS pending,
       coalesce(extract(epoch FROM clock_timestamp() - min(d.created_at) FILTER (WHERE r.state = 'active')), 0)::float8 AS oldest_s,
       count(*) FILTER (WHERE r.state <> 'active') AS stopped,
       -- Without a receiver, no event waits.
       coalesce(CASE WHEN EXISTS (SELECT FROM receivers WHERE deleted_at IS NULL) THEN
           extract(epoch FROM clock_timestamp() - least(
               (SELECT min(recorded_at) FROM new_events),
               (SELECT min(recorded_at) FROM events WHERE id > (SELECT event_id FROM fan_out)))) END, 0)::float8 AS undecided_s,
       (SELECT array_agg(name ORDER BY name) FROM receivers WHERE state = 'disabled' AND deleted_at IS NULL) AS disabled
FROM deliveries d JOIN receivers r ON r.id = d.receiver_id WHERE d.state = 'pending' AND r.deleted_at IS NULL;

-- name: outcomes
-- Attempts made within a time, by how they ended; an empty fault is none.
SELECT coalesce(fault, ''), count(*) FROM delivery_attempts WHERE at > now() - %(back)s::interval GROUP BY 1;

-- name: receiver_counts
-- How many receivers each of some events goes to, and how many of them have confirmed it.
SELECT event_id, count(*) AS receivers, count(*) FILTER (WHERE state = 'delivered') AS delivered
FROM deliveries WHERE event_id = ANY(%(event_ids)s) GROUP BY event_id;

-- name: drop_events
-- Drop events recorded before a moment, oldest first, that wait for no delivery.
DELETE FROM events WHERE id IN (
    SELECT e.id FROM events e
    WHERE e.recorded_at < %(before)s AND e.id <= (SELECT event_id FROM fan_out)
      AND NOT EXISTS (SELECT FROM deliveries d JOIN receivers r ON r.id = d.receiver_id
                      WHERE d.event_id = e.id AND (d.state IN ('pending', 'held')
                            OR (r.channel = 'banner' AND r.deleted_at IS NULL AND d.state = 'delivered' AND d.seen_at IS NULL)))
    ORDER BY e.id LIMIT %(most)s);

-- name: drop_attempts
-- Drop attempts made before a moment.
DELETE FROM delivery_attempts WHERE id IN (
    SELECT id FROM delivery_attempts WHERE at < %(before)s ORDER BY id LIMIT %(most)s);

-- name: delivers
-- Whether this session is the one that delivers: until it ends.
SELECT pg_try_advisory_lock(hashtextextended('plantwright delivery', 0));
