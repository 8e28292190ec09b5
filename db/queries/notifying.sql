-- name: policies
-- The policy of each site that has one.
SELECT DISTINCT ON (p.site_id) s.code AS site, p.version, p.document
FROM notification_policies p JOIN sites s ON s.id = p.site_id ORDER BY p.site_id, p.version DESC;

-- name: versions
-- The versions of a site's policy, the newest first.
SELECT p.version, p.document, p.made_by, p.made_at, p.why
FROM notification_policies p JOIN sites s ON s.id = p.site_id WHERE s.code = %(site)s ORDER BY p.version DESC;

-- name: lock_site
-- Locks a site's policy until the transaction ends, so that its versions follow each other.
SELECT id FROM sites WHERE code = %(site)s FOR NO KEY UPDATE;

-- name: add_version
-- The next version of a site's policy.
INSERT INTO notification_policies (site_id, version, document, made_by, made_at, why)
SELECT s.id, %(version)s, %(document)s, %(actor)s, %(at)s, %(why)s FROM sites s WHERE s.code = %(site)s;

-- name: unknown
-- Those of some texts that name nobody of a site.
SELECT t.target FROM unnest(%(targets)s::text[]) AS t (target)
WHERE NOT CASE split_part(t.target, ':', 1)
    WHEN 'person' THEN EXISTS (SELECT FROM users u WHERE u.name = substr(t.target, 8) AND u.disabled_at IS NULL
                               AND (u.sites IS NULL OR %(site)s = ANY(u.sites)))
    WHEN 'crew' THEN EXISTS (SELECT FROM crews c JOIN sites s ON s.id = c.site_id WHERE s.code = %(site)s AND c.code = substr(t.target, 6))
    WHEN 'rota' THEN EXISTS (SELECT FROM on_call_rotas r JOIN sites s ON s.id = r.site_id
                             WHERE s.code = %(site)s AND r.code = substr(t.target, 6) AND r.retired_at IS NULL)
    ELSE true END;

-- name: settings
-- What people have chosen for all of their channels.
SELECT user_name, off_kinds, quiet_begins, quiet_ends, zone, digest, digest_at FROM notification_settings
WHERE %(user)s::text IS NULL OR user_name = %(user)s;

-- name: save_settings
-- What a person has chosen.
INSERT INTO notification_settings (user_name, off_kinds, quiet_begins, quiet_ends, zone, digest, digest_at, changed_at)
VALUES (%(user)s, %(off)s, %(quiet_begins)s, %(quiet_ends)s, %(zone)s, %(digest)s, %(digest_at)s, %(at)s)
ON CONFLICT (user_name) DO UPDATE SET off_kinds = excluded.off_kinds, quiet_begins = excluded.quiet_begins,
    quiet_ends = excluded.quiet_ends, zone = excluded.zone, digest = excluded.digest, digest_at = excluded.digest_at,
    changed_at = excluded.changed_at;

-- name: people
-- Everybody who may be notified by a policy, with roles, sites and crews.
SELECT u.name AS person, u.roles, u.sites, t.code AS technician, s.code AS technician_site,
       t.firm IS NOT NULL AND NOT 'administrator' = ANY(u.roles) AS is_contractor,
       ARRAY(SELECT cs.code || '/' || c.code FROM crew_members m JOIN crews c ON c.id = m.crew_id JOIN sites cs ON cs.id = c.site_id
             WHERE m.technician_id = t.id) AS crews
FROM users u LEFT JOIN technicians t ON t.id = u.technician_id LEFT JOIN sites s ON s.id = t.site_id
WHERE u.disabled_at IS NULL ORDER BY u.name;

-- name: requested_by
-- Who has requested an order.
SELECT requested_by FROM work_orders WHERE id = %(order)s::uuid;

-- name: add_banner
-- A person's banner, where they have none: it needs no address.
INSERT INTO receivers (channel, name, address, user_name, wants, state_since, created_by, created_at)
SELECT 'banner', u.name, '', u.name, '{}', %(at)s, 'system:delivery', %(at)s FROM users u WHERE u.name = %(user)s
ON CONFLICT DO NOTHING;

-- name: recent
-- When messages were made lately, for each receiver.
SELECT receiver_id, made_at FROM deliveries WHERE receiver_id = ANY(%(receivers)s) AND made_at > %(after)s ORDER BY made_at;

-- name: same
-- The newest message of a receiver about the same.
SELECT max(created_at) FROM deliveries
WHERE receiver_id = %(receiver)s AND sameness = %(sameness)s AND created_at > %(after)s AND state <> 'withheld';

-- name: release
-- What was held until now becomes one message for each receiver, by the newest event of it; urgent news one of its own.
WITH due AS (
    SELECT receiver_id, event_id, max(event_id) OVER (PARTITION BY receiver_id, urgent) AS lead
    FROM deliveries WHERE state = 'held' AND due_at <= %(now)s
)
UPDATE deliveries d SET
    state = CASE WHEN d.event_id = due.lead THEN 'pending' ELSE 'gathered' END,
    lead = CASE WHEN d.event_id = due.lead THEN NULL ELSE due.lead END,
    due_at = %(now)s,
    created_at = d.created_at,
    made_at = CASE WHEN d.event_id = due.lead THEN %(now)s::timestamptz END,
    ended_at = CASE WHEN d.event_id = due.lead THEN NULL ELSE %(now)s::timestamptz END
FROM due WHERE d.receiver_id = due.receiver_id AND d.event_id = due.event_id;

-- name: next_release
-- When the next of what is held is due.
SELECT min(due_at) FROM deliveries WHERE state = 'held';

-- name: gathered
-- The events that go in the message of another one, in order, with the place of each: its area, and its asset.
SELECT e.kind, s.code AS site, e.subject, e.at, e.recorded_at, e.data, d.why, e.order_id,
       coalesce(p.name, '') AS area, coalesce(s.code || '/' || a.code, '') AS asset, coalesce(a.name, '') AS asset_name
FROM deliveries d JOIN events e ON e.id = d.event_id
LEFT JOIN sites s ON s.id = e.site_id LEFT JOIN assets a ON a.id = e.asset_id
LEFT JOIN LATERAL (
    WITH RECURSIVE up AS (
        SELECT l.id, l.parent_id, l.name FROM locations l JOIN installations i ON i.location_id = l.id
        WHERE i.asset_id = e.asset_id AND i.removed_at IS NULL
        UNION ALL SELECT l.id, l.parent_id, l.name FROM up JOIN locations l ON l.id = up.parent_id
    )
    SELECT name FROM up WHERE parent_id IS NULL
) p ON true
WHERE d.receiver_id = %(receiver)s AND (d.lead = %(event)s OR d.event_id = %(event)s) ORDER BY e.id;

-- part: way
SELECT d.event_id, e.uid AS id, e.kind, e.subject, e.at, s.code AS site, e.order_id, r.id AS receiver_id, r.channel,
       coalesce(r.user_name, r.name) AS receiver, d.why, d.state, d.note,
       d.lead, d.created_at, d.due_at, d.ended_at, d.seen_at, d.attempts,
       l.at AS tried_at, l.fault, l.detail,
       CASE WHEN k.open = 0 THEN k.answered_by END AS acknowledged_by, CASE WHEN k.open = 0 THEN k.answered_at END AS acknowledged_at
FROM deliveries d JOIN events e ON e.id = d.event_id JOIN receivers r ON r.id = d.receiver_id
LEFT JOIN sites s ON s.id = e.site_id
LEFT JOIN LATERAL (
    SELECT a.at, a.fault, a.detail FROM delivery_attempts a
    WHERE a.receiver_id = d.receiver_id AND a.event_id = coalesce(d.lead, d.event_id) ORDER BY a.id DESC LIMIT 1
) l ON true
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE x.state <> 'acknowledged') AS open, max(x.state_since) AS answered_at,
           (array_agg(x.answered_by ORDER BY x.state_since DESC))[1] AS answered_by
    FROM escalation_asks q JOIN escalations x ON x.id = q.escalation_id
    WHERE q.message_id = CASE WHEN e.kind = 'escalation.asked' THEN (e.data->>'message')::uuid END
) k ON true

-- name: of_order
-- The messages about an order to people, the newest first; those to systems as well. One that asks about several orders
-- is among the messages of each.
-- as in: way
WHERE d.event_id IN (SELECT v.id FROM events v WHERE v.order_id = %(order)s
                     UNION ALL
                     SELECT v.id FROM escalations x JOIN escalation_asks q ON q.escalation_id = x.id
                     JOIN events v ON v.kind = 'escalation.asked' AND v.data->>'message' = q.message_id::text
                     WHERE x.order_id = %(order)s)
  AND (%(before_event)s::bigint IS NULL OR (d.event_id, d.receiver_id) < (%(before_event)s, %(before_receiver)s::integer))
ORDER BY d.event_id DESC, d.receiver_id DESC LIMIT %(limit)s;

-- name: of_user
-- The messages to a person by all channels, the newest first.
-- as in: way
WHERE r.user_name = %(user)s
  AND (%(before_event)s::bigint IS NULL OR (d.event_id, d.receiver_id) < (%(before_event)s, %(before_receiver)s::integer))
ORDER BY d.event_id DESC, d.receiver_id DESC LIMIT %(limit)s;

-- name: unseen
-- What a person has in the page's banner and has not seen, the newest first.
SELECT d.event_id, d.why, e.kind, s.code AS site, coalesce(s.time_zone, 'UTC') AS zone, e.subject, e.at, e.recorded_at, e.data, e.order_id,
       (SELECT count(*) FROM deliveries g WHERE g.receiver_id = d.receiver_id AND g.lead = d.event_id) AS more
FROM receivers r JOIN deliveries d ON d.receiver_id = r.id JOIN events e ON e.id = d.event_id LEFT JOIN sites s ON s.id = e.site_id
WHERE r.user_name = %(user)s AND r.channel = 'banner' AND r.deleted_at IS NULL AND d.state = 'delivered' AND d.seen_at IS NULL
ORDER BY d.event_id DESC LIMIT %(limit)s;

-- name: see
-- A person has seen what is in the banner, up to an event.
UPDATE deliveries d SET seen_at = %(at)s FROM receivers r
WHERE r.id = d.receiver_id AND r.user_name = %(user)s AND r.channel = 'banner' AND d.state = 'delivered' AND d.seen_at IS NULL
  AND d.event_id <= %(until)s;

-- name: certificates
-- Certificates that end within their site's days of warning and are not reported yet, of technicians who work.
SELECT t.id, t.site_id, s.code || '/' || t.code AS subject, t.code, t.name, c.key AS certificate, c.value::date AS valid_until
FROM technicians t JOIN sites s ON s.id = t.site_id LEFT JOIN work_rules r ON r.site_id = s.id,
     jsonb_each_text(t.valid_until) c
WHERE t.active AND c.value::date BETWEEN %(today)s AND %(today)s::date + coalesce(r.warn_days, %(usual)s)
  AND NOT EXISTS (SELECT FROM certificates_reported r WHERE r.technician_id = t.id AND r.certificate = c.key AND r.valid_until = c.value::date)
ORDER BY t.id, c.key;

-- name: note_certificate
-- The end of a certificate is reported.
INSERT INTO certificates_reported (technician_id, certificate, valid_until, reported_at)
VALUES (%(technician)s, %(certificate)s, %(valid_until)s, %(at)s) ON CONFLICT DO NOTHING RETURNING technician_id;
