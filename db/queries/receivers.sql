-- part: receiver
       r.id, r.channel, r.name, r.address, r.user_name, r.wants, r.sites, r.state, r.state_since, r.state_why, r.refused,
       r.secret_is_sealed, r.old_secret_until, r.created_by, r.created_at, p.pending, p.oldest, l.at AS last_at, l.fault AS last_fault, l.detail AS last_detail
FROM receivers r
CROSS JOIN LATERAL (
    SELECT count(*) AS pending, min(created_at) AS oldest FROM deliveries d WHERE d.receiver_id = r.id AND d.state = 'pending'
) p
LEFT JOIN LATERAL (
    SELECT at, fault, detail FROM delivery_attempts a WHERE a.receiver_id = r.id ORDER BY id DESC LIMIT 1
) l ON true

-- name: listed
-- All receivers with what waits for each; webhooks first.
SELECT
-- as in: receiver
WHERE r.deleted_at IS NULL ORDER BY r.channel DESC, r.name, r.id;

-- name: get
-- One receiver.
SELECT
-- as in: receiver
WHERE r.id = %(id)s AND r.deleted_at IS NULL;

-- name: of_user
-- The receiver of a person by a channel.
SELECT
-- as in: receiver
WHERE r.user_name = %(user)s AND r.channel = %(channel)s AND r.deleted_at IS NULL;

-- name: lock
-- Lock a receiver before it is changed.
SELECT id FROM receivers WHERE id = %(id)s AND deleted_at IS NULL FOR UPDATE;

-- name: add
-- A new receiver.
INSERT INTO receivers (channel, name, address, user_name, secret, secret_is_sealed, wants, sites, state_since, created_by, created_at)
VALUES (%(channel)s, %(name)s, %(address)s, %(user)s, %(secret)s, %(sealed)s, %(wants)s, %(sites)s, %(at)s, %(actor)s, %(at)s)
RETURNING id;

-- name: save_person
-- What a person has chosen: another address begins without the refusals of the old one.
UPDATE receivers SET wants = %(wants)s, address = %(address)s,
    refused = CASE WHEN address = %(address)s THEN refused ELSE 0 END,
    state = CASE WHEN state = 'disabled' THEN 'active' ELSE state END,
    state_why = CASE WHEN state = 'disabled' THEN '' ELSE state_why END,
    state_since = CASE WHEN state = 'disabled' THEN %(at)s ELSE state_since END
WHERE id = %(id)s;

-- name: set_state
-- Whether it is sent to, since when and why.
UPDATE receivers SET state = %(state)s, state_since = %(at)s, state_why = %(why)s,
    refused = CASE WHEN %(state)s = 'active' THEN 0 ELSE refused END
WHERE id = %(id)s;

-- name: set_secret
-- Another secret to sign with; the one before it signs too until a time, if one is given.
UPDATE receivers SET secret = %(secret)s, secret_is_sealed = %(sealed)s,
    old_secret = CASE WHEN %(until)s::timestamptz IS NULL THEN NULL ELSE secret END,
    old_secret_is_sealed = CASE WHEN %(until)s::timestamptz IS NULL THEN NULL ELSE secret_is_sealed END,
    old_secret_until = %(until)s
WHERE id = %(id)s;

-- name: secrets
-- What a receiver's messages are signed with now, the newest first.
SELECT secret, secret_is_sealed FROM receivers WHERE id = %(id)s AND secret IS NOT NULL
UNION ALL
SELECT old_secret, old_secret_is_sealed FROM receivers WHERE id = %(id)s AND old_secret_until > %(now)s;

-- name: delete
-- It gets no more messages.
UPDATE receivers SET deleted_at = %(at)s, state = 'paused', state_since = %(at)s, secret = CASE WHEN secret IS NULL THEN NULL ELSE ''::bytea END,
    old_secret = NULL, old_secret_is_sealed = NULL, old_secret_until = NULL WHERE id = %(id)s;

-- name: skip_pending
-- What still waits for a receiver is not sent.
UPDATE deliveries SET state = 'skipped', note = %(note)s, ended_at = %(at)s WHERE receiver_id = %(id)s AND state IN ('pending', 'held');

-- name: set_refused
-- How many messages in a row it has refused for good.
UPDATE receivers SET refused = %(refused)s WHERE id = %(id)s AND refused <> %(refused)s;

-- name: whom
-- All receivers of events, with the sites that they see, without disabled users.
SELECT r.id, r.channel, r.wants, CASE r.channel WHEN 'webhook' THEN r.sites ELSE u.sites END AS sites,
       u.name AS person, u.roles, t.code AS technician, s.code AS technician_site,
       t.firm IS NOT NULL AND NOT 'administrator' = ANY(u.roles) AS is_contractor
FROM receivers r
LEFT JOIN users u ON u.name = r.user_name
LEFT JOIN technicians t ON t.id = u.technician_id
LEFT JOIN sites s ON s.id = t.site_id
WHERE r.deleted_at IS NULL AND u.disabled_at IS NULL ORDER BY r.id;
