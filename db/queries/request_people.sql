-- name: add_person
-- Who asks, and in what words.
INSERT INTO request_people (request_id, name, contact, what, place, since)
VALUES (%(id)s, %(name)s, %(contact)s, %(what)s, %(place)s, %(since)s);

-- name: person
-- Who asks; nobody any more where it was erased.
SELECT name, contact, what, place, since, rating_words FROM request_people WHERE request_id = %(id)s;

-- name: words_of_rating
-- The words with a rating.
UPDATE request_people SET rating_words = %(words)s WHERE request_id = %(id)s;

-- name: add_message
-- A message; the request is locked, so that numbers have no gaps.
INSERT INTO request_messages (request_id, seq, at, actor, text)
SELECT %(id)s, coalesce(max(seq), 0) + 1, %(at)s, %(actor)s::text, %(text)s FROM request_messages WHERE request_id = %(id)s;

-- name: messages
-- What both sides have written, the oldest first.
SELECT seq, at, actor, text FROM request_messages WHERE request_id = %(id)s ORDER BY seq;

-- name: add_photo
-- A photo, re-encoded.
INSERT INTO request_photos (id, request_id, kind, content, thumbnail, at)
VALUES (%(photo_id)s, %(id)s, %(kind)s, %(content)s, %(thumbnail)s, %(at)s);

-- name: photos
-- The photos of a request, without their content.
SELECT id, kind, at, attachment_id FROM request_photos WHERE request_id = %(id)s ORDER BY at, id;

-- name: photo
-- A photo of just this request.
SELECT kind, content, thumbnail FROM request_photos WHERE id = %(photo_id)s AND request_id = %(id)s;

-- name: attached
-- The photo is at the order as well.
UPDATE request_photos SET attachment_id = %(attachment_id)s WHERE id = %(photo_id)s;

-- name: erase_people
-- Nobody asks any more.
DELETE FROM request_people WHERE request_id = %(id)s;

-- name: erase_messages
-- Nothing was written any more.
DELETE FROM request_messages WHERE request_id = %(id)s;

-- name: erase_mails
-- No mail was made any more.
DELETE FROM request_mails WHERE request_id = %(id)s;

-- name: erase_links
-- The addresses of mails lead nowhere any more.
DELETE FROM request_links WHERE request_id = %(id)s;

-- name: erase_answers
-- Nobody's name and words are at an answer to a quote.
DELETE FROM quote_answers WHERE request_id = %(id)s;

-- name: erase_answerers
-- Whoever answered was the requester; no name of an account says who that was.
UPDATE quotes SET answered_by = 'system:portal' WHERE request_id = %(id)s AND state IN ('accepted', 'declined');

-- name: erase_photos
-- There are no photos any more; returns those at an order.
DELETE FROM request_photos WHERE request_id = %(id)s RETURNING attachment_id;

-- name: erased
-- Who has erased it and when. The address that was private leads nowhere any more: nobody knows the new one.
UPDATE requests SET erased_at = %(at)s, erased_by = %(actor)s, made_by = NULL, version = version + 1, token_sha256 = sha256(gen_random_uuid()::text::bytea)
WHERE id = %(id)s AND erased_at IS NULL;

-- name: of_contact
-- The requests of somebody, by contact.
SELECT r.id FROM requests r JOIN request_people p ON p.request_id = r.id
WHERE lower(p.contact) = lower(%(contact)s) ORDER BY r.recorded_at, r.id;

-- name: outdated
-- Requests that ended so long ago that their personal data is erased.
SELECT r.id FROM requests r
LEFT JOIN portal_rules p ON p.site_id = r.site_id
LEFT JOIN work_orders w ON w.id = r.order_id
WHERE r.erased_at IS NULL
  AND coalesce(r.ended_at, CASE WHEN w.status IN (:final) THEN w.status_since END)
      < %(now)s::timestamptz - make_interval(days => coalesce(p.keep_days, %(keep_days)s::integer))
ORDER BY r.recorded_at LIMIT %(limit)s;

-- name: lock_request
-- Nobody else adds something to a request until the transaction ends.
SELECT id FROM requests WHERE id = %(id)s FOR UPDATE;
