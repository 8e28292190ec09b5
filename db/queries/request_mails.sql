-- name: concerned
-- The requests that are concerned by what has happened to them or to their orders, unless they are erased.
SELECT r.id, r.status, w.status AS order_status, r.mailed_stage, r.no_mails_at, p.contact,
       EXISTS (SELECT FROM quotes q WHERE q.request_id = r.id AND q.state = 'offered') AS waits
FROM requests r
JOIN request_people p ON p.request_id = r.id
LEFT JOIN work_orders w ON w.id = r.order_id
WHERE r.erased_at IS NULL AND (r.id = ANY(%(ids)s::uuid[]) OR r.order_id = ANY(%(orders)s::uuid[]))
ORDER BY r.id FOR UPDATE OF r;

-- name: stage_is_known
-- How far a request was when its requester was last thought of.
UPDATE requests SET mailed_stage = %(stage)s WHERE id = %(id)s AND mailed_stage IS DISTINCT FROM %(stage)s;

-- name: made_lately
-- How many mails were made since a moment: about a request, and to an address. What gave way to newer news is none.
SELECT count(*) FILTER (WHERE m.request_id = %(id)s) AS of_request, count(*) AS to_address
FROM request_mails m
JOIN request_people p ON p.request_id = m.request_id
WHERE m.made_at > %(since)s AND m.state <> 'withheld' AND lower(trim(p.contact)) = lower(trim(%(contact)s));

-- name: add
-- A mail that is to be sent, or is withheld.
INSERT INTO request_mails (request_id, seq, news, made_at, state, due_at, ended_at, detail)
SELECT %(id)s, coalesce(max(seq), 0) + 1, %(news)s, %(at)s, %(state)s, %(due_at)s, %(ended_at)s::timestamptz, %(detail)s
FROM request_mails WHERE request_id = %(id)s;

-- name: give_way
-- What waits is not sent any more.
UPDATE request_mails SET state = 'withheld', ended_at = %(at)s, detail = %(why)s
WHERE request_id = %(id)s AND state = 'pending';

-- name: next_due
-- The mail that has been due for the longest time, with all that is needed to send it. The words are the plant's last.
SELECT m.request_id, m.seq, m.news, m.made_at, m.attempts, p.contact, r.language, r.number, s.time_zone AS zone,
       coalesce(a.name, l.name) AS thing, w.scheduled_start, t.name AS technician,
       (SELECT x.text FROM request_messages x WHERE x.request_id = r.id AND x.actor IS NOT NULL ORDER BY x.seq DESC LIMIT 1) AS words
FROM request_mails m
JOIN requests r ON r.id = m.request_id
JOIN request_people p ON p.request_id = r.id
JOIN sites s ON s.id = r.site_id
LEFT JOIN assets a ON a.id = r.asset_id
LEFT JOIN locations l ON l.id = r.location_id
LEFT JOIN work_orders w ON w.id = r.order_id
LEFT JOIN technicians t ON t.id = w.assignee_id
WHERE m.state = 'pending' AND m.due_at <= %(now)s
ORDER BY m.due_at, m.request_id LIMIT 1;

-- name: save
-- How an attempt ended, unless the mail has given way meanwhile.
UPDATE request_mails SET state = %(state)s, attempts = attempts + 1, due_at = %(due_at)s, detail = %(detail)s,
       ended_at = CASE WHEN %(state)s = 'pending' THEN NULL ELSE %(at)s::timestamptz END
WHERE request_id = %(id)s AND seq = %(seq)s AND state = 'pending';

-- name: add_link
-- Another private address of a request.
INSERT INTO request_links (token_sha256, request_id, made_at) VALUES (%(token)s, %(id)s, %(at)s);

-- name: stop
-- The requester wants no more mails.
UPDATE requests SET no_mails_at = coalesce(no_mails_at, %(at)s) WHERE id = %(id)s;

-- name: stopped
-- Whether the requester wants no mails.
SELECT no_mails_at IS NOT NULL FROM requests WHERE id = %(id)s;
