-- name: policies
-- The policies in force, for all sites, with what their versions are called by.
SELECT d.id, d.site_id, s.code AS site, d.code, d.version, d.document
FROM site_documents d JOIN sites s ON s.id = d.site_id
WHERE d.kind = 'escalation_policy' AND d.retired_at IS NULL ORDER BY s.code, d.code;

-- name: policy
-- The version of a policy by which an escalation runs.
SELECT s.code AS site, d.code, v.version, v.document
FROM site_document_versions v JOIN site_documents d ON d.id = v.document_id JOIN sites s ON s.id = d.site_id
WHERE v.document_id = %(id)s AND v.version = %(version)s;

-- name: surroundings
-- The class of an asset, and the codes of the location that it, or an order without one, is at, and of those above.
WITH RECURSIVE up AS (
    SELECT l.id, l.parent_id, l.code FROM locations l
    WHERE l.id IN (SELECT location_id FROM installations WHERE asset_id = %(asset_id)s AND removed_at IS NULL
                   UNION ALL SELECT location_id FROM work_orders WHERE id = %(order_id)s)
    UNION ALL
    SELECT l.id, l.parent_id, l.code FROM up JOIN locations l ON l.id = up.parent_id
)
SELECT coalesce((SELECT class FROM assets WHERE id = %(asset_id)s), '') AS class,
       (SELECT coalesce(array_agg(code), '{}') FROM up) AS areas;

-- name: begin
-- An escalation begins, its first step due at once; nothing where there is one about the same thing.
INSERT INTO escalations (site_id, document_id, version, cause, cause_key, order_id, asset_id, subject, title, began_at, state,
                         state_since, due_at)
VALUES (%(site_id)s, %(document_id)s, %(version)s, %(cause)s, %(cause_key)s, %(order_id)s, %(asset_id)s, %(subject)s, %(title)s,
        %(at)s, 'running', %(at)s, %(at)s)
ON CONFLICT DO NOTHING RETURNING id;

-- name: of_its_order
-- The order that a confirmed request became: people are not asked about it again.
UPDATE escalations SET order_id = %(order_id)s
WHERE id = %(id)s AND order_id IS NULL AND NOT EXISTS (SELECT FROM escalations WHERE order_id = %(order_id)s);

-- part: escalation
SELECT e.id, s.code AS site, d.code AS policy, e.document_id AS policy_id, e.version, e.cause, e.cause_key, e.order_id, e.asset_id,
       e.subject, e.title, e.began_at, e.state, e.state_since, e.taken, e.due_at, e.answered_by, e.how, s.time_zone AS zone
FROM escalations e JOIN sites s ON s.id = e.site_id JOIN site_documents d ON d.id = e.document_id

-- name: due
-- Escalations whose next step is due, of which no other process is taking care.
-- as in: escalation
WHERE e.state = 'running' AND e.due_at <= %(now)s ORDER BY e.due_at, e.id LIMIT %(most)s FOR UPDATE OF e SKIP LOCKED;

-- name: next_due
-- When the next step of any escalation is due, or the next message may be sent.
SELECT min(at) FROM (
    SELECT min(due_at) AS at FROM escalations WHERE state = 'running'
    UNION ALL
    SELECT min(coalesce((SELECT max(sent_at) FROM escalation_asks s WHERE s.user_name = a.user_name), a.asked_at - %(every)s::interval)
               + %(every)s::interval)
    FROM escalation_asks a WHERE a.message_id IS NULL
) AS each;

-- name: lock
-- Locks an escalation until the transaction ends.
-- as in: escalation
WHERE e.id = %(id)s FOR UPDATE OF e;

-- name: get
-- One escalation of a site that is seen; those of the engine's alarms only for who sees every site.
-- as in: escalation
WHERE e.id = %(id)s AND (%(within)s::text[] IS NULL OR (s.code = ANY(%(within)s) AND e.cause <> 'engine'));

-- name: listed
-- Escalations of the sites that are seen, likewise, the newest first.
-- as in: escalation
WHERE (%(within)s::text[] IS NULL OR (s.code = ANY(%(within)s) AND e.cause <> 'engine'))
  AND (%(site)s::text IS NULL OR s.code = %(site)s) AND (%(states)s::text[] IS NULL OR e.state = ANY(%(states)s))
  AND (%(before)s::bigint IS NULL OR e.id < %(before)s)
  AND (%(order_id)s::uuid IS NULL OR e.order_id = %(order_id)s)
ORDER BY e.id DESC LIMIT %(limit)s;

-- name: unfinished_of
-- The unfinished escalation about something, locked.
-- as in: escalation
WHERE e.cause_key = %(cause_key)s AND e.state IN ('running', 'unanswered') FOR UPDATE OF e;

-- name: of_causes
-- The escalations about some things that are not over, the newest last.
-- as in: escalation
WHERE e.cause_key = ANY(%(keys)s::text[]) AND e.state <> 'over'
  AND (%(within)s::text[] IS NULL OR (s.code = ANY(%(within)s) AND e.cause <> 'engine'))
ORDER BY e.id;

-- name: save
-- What has become of an escalation.
UPDATE escalations SET state = %(state)s, taken = %(taken)s, due_at = %(due_at)s, answered_by = %(answered_by)s, how = %(how)s,
    state_since = CASE WHEN state = %(state)s AND answered_by IS NOT DISTINCT FROM %(answered_by)s THEN state_since ELSE %(at)s END
WHERE id = %(id)s;

-- name: reachable
-- Of some users, roles and crews of the site, the users who are not disabled and see the site; of the engine's alarms who see every site.
-- Contractors, who see their own orders only, are asked by name or rota alone.
SELECT u.name FROM users u LEFT JOIN technicians t ON t.id = u.technician_id
WHERE u.disabled_at IS NULL
  AND (u.sites IS NULL OR (NOT %(every_site)s AND %(site)s = ANY(u.sites)))
  AND (u.name = ANY(%(names)s::text[]) OR (t.firm IS NULL AND (%(everybody)s OR u.roles && %(roles)s::text[]
      OR EXISTS (SELECT FROM crew_members m JOIN crews c ON c.id = m.crew_id JOIN sites cs ON cs.id = c.site_id
                 WHERE m.technician_id = u.technician_id AND cs.code = %(site)s AND c.code = ANY(%(crews)s::text[])))))
ORDER BY u.name;

-- name: have_channel
-- Of some users, those whom a message can reach where they are: they have chosen an address, not only a banner.
SELECT user_name FROM receivers WHERE user_name = ANY(%(names)s::text[]) AND deleted_at IS NULL AND state = 'active' AND channel <> 'banner';

-- name: ask
-- Somebody is asked; somebody asked before in the same step is asked anew.
INSERT INTO escalation_asks (escalation_id, user_name, step, asked_at, asked_by)
VALUES (%(id)s, %(user)s, %(step)s, %(at)s, %(asked_by)s)
ON CONFLICT (escalation_id, user_name, step) DO UPDATE
SET asked_at = excluded.asked_at, asked_by = excluded.asked_by, message_id = NULL, sent_at = NULL, answer = NULL, answered_at = NULL,
    how = NULL, why = '';

-- name: drop_unsent
-- Nobody else is asked: what is in no message yet will be in none.
DELETE FROM escalation_asks WHERE escalation_id = %(id)s AND message_id IS NULL AND answer IS NULL;

-- name: messages_alone
-- One process makes messages at a time, until its transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('plantwright escalation messages', 0));

-- name: to_send
-- Who is to get a message now: asked, in no message yet, and the last one is long enough ago.
SELECT a.user_name, array_agg(a.id ORDER BY a.id) AS asks
FROM escalation_asks a
WHERE a.message_id IS NULL
  AND NOT EXISTS (SELECT FROM escalation_asks s WHERE s.user_name = a.user_name AND s.sent_at > %(now)s::timestamptz - %(every)s::interval
                                                  AND s.sent_at <= %(now)s)
GROUP BY a.user_name ORDER BY a.user_name;

-- name: send
-- Asks are in a message.
UPDATE escalation_asks SET message_id = %(message)s, sent_at = %(now)s WHERE id = ANY(%(asks)s::bigint[]);

-- part: an_ask
SELECT a.id, a.escalation_id, a.user_name AS person, u.full_name, a.step, a.asked_at, a.asked_by, a.message_id, a.sent_at, a.answer,
       a.answered_at, a.how, a.why, e.subject, e.title, e.state, e.began_at, e.cause, e.order_id, e.answered_by, s.code AS site, s.time_zone AS zone,
       coalesce(o.asset_path, si.code || '/' || x.code, '') AS place,
       (SELECT d.state FROM events v JOIN deliveries d ON d.event_id = v.id JOIN receivers r ON r.id = d.receiver_id
        WHERE v.kind = 'escalation.asked' AND v.data->>'message' = a.message_id::text AND r.user_name = a.user_name
        ORDER BY d.event_id DESC LIMIT 1) AS delivery
FROM escalation_asks a JOIN escalations e ON e.id = a.escalation_id JOIN sites s ON s.id = e.site_id JOIN users u ON u.name = a.user_name
LEFT JOIN work_orders o ON o.id = e.order_id LEFT JOIN assets x ON x.id = e.asset_id LEFT JOIN sites si ON si.id = x.site_id

-- name: asks_of_message
-- What a message asks, in order; without what its person does not see any more.
-- as in: an_ask
WHERE a.message_id = %(message)s AND a.user_name = %(user)s
  AND (u.sites IS NULL OR (e.cause <> 'engine' AND s.code = ANY(u.sites))) ORDER BY a.id;

-- name: asks_of
-- Who was asked in some escalations, in order.
-- as in: an_ask
WHERE a.escalation_id = ANY(%(ids)s::bigint[]) ORDER BY a.escalation_id, a.id;

-- name: asks_in
-- What is to be in a message.
-- as in: an_ask
WHERE a.id = ANY(%(asks)s::bigint[]) ORDER BY a.id;

-- name: answer_ask
-- What somebody who was asked has answered: it counts for each time that they were asked.
UPDATE escalation_asks SET answer = %(answer)s, answered_at = %(at)s, how = %(how)s, why = %(why)s
WHERE escalation_id = %(id)s AND user_name = %(user)s AND answer IS NULL;

-- name: was_asked
-- Whether somebody has been asked.
SELECT EXISTS (SELECT FROM escalation_asks WHERE escalation_id = %(id)s AND user_name = %(user)s);

-- name: unanswered
-- Escalations that nobody has acknowledged to the end, the oldest first.
-- as in: escalation
WHERE e.state = 'unanswered' AND (%(within)s::text[] IS NULL OR (s.code = ANY(%(within)s) AND e.cause <> 'engine'))
ORDER BY e.state_since, e.id LIMIT 100;

-- name: add_link
-- A link of a message.
INSERT INTO escalation_links (token_sha256, message_id, user_name, expires_at) VALUES (%(token)s, %(message)s, %(user)s, %(until)s);

-- name: link
-- What a link is for, unless it has expired or its person is disabled.
SELECT l.message_id, l.user_name AS person, l.expires_at, u.language FROM escalation_links l JOIN users u ON u.name = l.user_name
WHERE l.token_sha256 = %(token)s AND l.expires_at > %(now)s AND u.disabled_at IS NULL;

-- name: forget_links
-- Expired links.
DELETE FROM escalation_links WHERE expires_at < %(now)s;

-- name: site_id
-- A site by its code.
SELECT id FROM sites WHERE code = %(site)s;
