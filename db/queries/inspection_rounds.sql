-- part: round
SELECT r.id, r.site_id, s.code AS site, s.time_zone, r.number, r.title, r.route_id, r.order_id, r.how, r.status,
       r.made_at, r.due_at, r.latest, r.walker, r.started_at, r.finished_at, r.signed_name, r.signed_drawn, r.why,
       t.stops, t.done, t.skipped,
       (SELECT count(*) FROM inspection_answers a WHERE a.round_id = r.id AND a.verdict = 'failed') AS failed
FROM inspection_rounds r JOIN sites s ON s.id = r.site_id
CROSS JOIN LATERAL (SELECT count(*) AS stops, count(*) FILTER (WHERE status = 'done') AS done,
                           count(*) FILTER (WHERE status = 'skipped') AS skipped
                    FROM inspection_stops WHERE round_id = r.id) t

-- name: page
-- Rounds, the latest due first.
-- as in: round
WHERE (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(statuses)s::text[] IS NULL OR r.status = ANY(%(statuses)s))
  AND (%(asset_id)s::integer IS NULL
       OR EXISTS (SELECT FROM inspection_stops p WHERE p.round_id = r.id AND p.asset_id = %(asset_id)s))
  AND (%(order_id)s::uuid IS NULL OR r.order_id = %(order_id)s)
  AND (%(route_id)s::integer IS NULL OR r.route_id = %(route_id)s)
  AND (%(since)s::timestamptz IS NULL OR r.due_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR r.due_at < %(until)s)
  AND (%(after_at)s::timestamptz IS NULL OR (r.due_at, r.id) < (%(after_at)s, %(after_id)s::integer))
ORDER BY r.due_at DESC, r.id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: get
-- One round.
-- as in: round
WHERE r.id = %(id)s;

-- name: lock
-- One change of a round at a time.
SELECT id FROM inspection_rounds WHERE id = %(id)s FOR UPDATE;

-- name: next_number
-- The next number of a site: R for rounds, A for audits.
INSERT INTO inspection_numbers AS n (site_id, kind, newest) VALUES (%(site_id)s, %(kind)s, 1)
ON CONFLICT (site_id, kind) DO UPDATE SET newest = n.newest + 1 RETURNING newest;

-- name: add
-- A round. Nothing comes back where the order that asks for it has one.
INSERT INTO inspection_rounds (site_id, number, title, route_id, order_id, how, status, made_at, due_at, latest)
VALUES (%(site_id)s, %(number)s, %(title)s, %(route_id)s, %(order_id)s, %(how)s, 'due', %(at)s, %(due_at)s, %(latest)s)
ON CONFLICT (order_id) DO NOTHING RETURNING id;

-- name: id_of_order
-- The round that an order asks for.
SELECT id FROM inspection_rounds WHERE order_id = %(order_id)s;

-- name: add_stops
-- The stops of a round, numbered in their order.
INSERT INTO inspection_stops (round_id, position, asset_id, checklist_id)
SELECT %(id)s, n, a, c FROM unnest(%(assets)s::integer[], %(checklists)s::integer[]) WITH ORDINALITY AS t (a, c, n);

-- name: drop_stops
-- A round that has not begun follows its route as that is now.
DELETE FROM inspection_stops WHERE round_id = %(id)s;

-- name: fix_versions
-- From here on each stop keeps the version of its checklist that is in force.
UPDATE inspection_stops t SET checklist_version =
    (SELECT max(v.version) FROM checklist_versions v WHERE v.checklist_id = t.checklist_id)
WHERE t.round_id = %(id)s AND t.checklist_version IS NULL;

-- name: set_status
-- What a step of a round's life changes.
UPDATE inspection_rounds SET status = %(status)s, walker = coalesce(%(walker)s, walker),
    started_at = CASE WHEN %(status)s = 'under_way' THEN coalesce(started_at, %(at)s) ELSE started_at END,
    finished_at = CASE WHEN %(status)s IN (:rounds_over) THEN %(at)s ELSE finished_at END,
    signed_name = %(signed_name)s, signed_drawn = %(signed_drawn)s,
    why = CASE WHEN %(why)s = '' THEN why ELSE %(why)s END
WHERE id = %(id)s;

-- part: a_stop
SELECT t.round_id, t.position, t.asset_id, a.code AS asset, a.name AS asset_name, t.checklist_id, c.code AS checklist,
       t.checklist_version, v.title, v.items, t.status, t.scanned, t.version, t.at, t.actor, t.why
FROM inspection_stops t JOIN assets a ON a.id = t.asset_id JOIN checklists c ON c.id = t.checklist_id
LEFT JOIN checklist_versions v ON v.checklist_id = t.checklist_id AND v.version = coalesce(t.checklist_version,
    (SELECT max(n.version) FROM checklist_versions n WHERE n.checklist_id = t.checklist_id))

-- name: stops
-- The stops of a round in walking order, each with its checklist: the version that it keeps, or the one in force.
-- as in: a_stop
WHERE t.round_id = %(id)s ORDER BY t.position;

-- name: outline
-- The stops of a round by their positions, without what they ask.
SELECT position, status FROM inspection_stops WHERE round_id = %(id)s ORDER BY position;

-- name: stop
-- One stop of a round.
-- as in: a_stop
WHERE t.round_id = %(id)s AND t.position = %(position)s;

-- name: lock_stop
-- One change of a stop at a time.
SELECT version FROM inspection_stops WHERE round_id = %(id)s AND position = %(position)s FOR UPDATE;

-- name: save_stop
-- What became of a stop.
UPDATE inspection_stops SET status = %(status)s, why = %(why)s, at = %(at)s, actor = %(actor)s, version = version + 1,
    scanned = scanned OR %(scanned)s
WHERE round_id = %(id)s AND position = %(position)s;

-- part: answer
SELECT n.round_id, n.position, n.item, n.typed, n.note, n.drawn, n.photo_id, n.number, n.verdict, n.at, n.actor,
       p.order_id, w.number AS order_number, w.status AS order_status, s.code AS order_site
FROM inspection_answers n LEFT JOIN failed_points p ON p.id = n.failed_point_id
LEFT JOIN work_orders w ON w.id = p.order_id LEFT JOIN sites s ON s.id = w.site_id

-- name: answers
-- What was answered in a round, with the order that a failed point led to.
-- as in: answer
WHERE n.round_id = %(id)s AND (%(position)s::integer IS NULL OR n.position = %(position)s) ORDER BY n.position, n.item;

-- name: put_answer
-- An answer, in the place of the one before; a photo that is there stays where no other comes.
INSERT INTO inspection_answers AS n (round_id, position, item, typed, note, drawn, photo_id, number, verdict, at, actor)
VALUES (%(id)s, %(position)s, %(item)s, %(typed)s, %(note)s, %(drawn)s, %(photo_id)s, %(number)s, %(verdict)s, %(at)s, %(actor)s)
ON CONFLICT (round_id, position, item) DO UPDATE SET typed = excluded.typed, note = excluded.note,
    drawn = excluded.drawn, photo_id = coalesce(excluded.photo_id, n.photo_id), number = excluded.number,
    verdict = excluded.verdict, at = excluded.at, actor = excluded.actor;

-- name: point_of_answer
-- An answer has failed, and this is the order that it led to.
UPDATE inspection_answers SET failed_point_id = %(point)s
WHERE round_id = %(id)s AND position = %(position)s AND item = %(item)s;

-- name: lock_point
-- One decision about a point of an asset at a time.
SELECT pg_advisory_xact_lock(hashtextextended('inspected point ' || %(asset_id)s || ' ' || %(checklist_id)s || ' ' || %(item)s, 0));

-- name: unfinished_point
-- The order, not finished yet, that a point of an asset has led to.
SELECT id, order_id FROM failed_points
WHERE asset_id = %(asset_id)s AND checklist_id = %(checklist_id)s AND item = %(item)s AND NOT settled;

-- name: add_point
-- A point that has failed with its order.
INSERT INTO failed_points (asset_id, checklist_id, item, order_id, round_id, position)
VALUES (%(asset_id)s, %(checklist_id)s, %(item)s, %(order_id)s, %(id)s, %(position)s) RETURNING id;

-- name: open_points
-- The points of a round's assets that failed and are not settled, whichever round it was.
SELECT p.checklist_id, p.asset_id, p.item, p.order_id, w.number, w.status, w.title, r.number AS round, w.recorded_at AS at
FROM failed_points p JOIN work_orders w ON w.id = p.order_id JOIN inspection_rounds r ON r.id = p.round_id
WHERE NOT p.settled
  AND EXISTS (SELECT FROM inspection_stops t WHERE t.round_id = %(id)s AND t.asset_id = p.asset_id
              AND t.checklist_id = p.checklist_id AND (%(position)s::integer IS NULL OR t.position = %(position)s))
ORDER BY p.id;

-- name: failures_of_order
-- The answers that led to an order, the newest first: where it came from.
SELECT r.id AS round_id, r.number AS round, r.title AS round_title, n.position, a.code AS asset, v.items, n.item, n.typed,
       n.note, n.number, n.photo_id, n.at, n.actor
FROM failed_points p JOIN inspection_answers n ON n.failed_point_id = p.id
JOIN inspection_rounds r ON r.id = n.round_id
JOIN inspection_stops t ON t.round_id = n.round_id AND t.position = n.position
JOIN checklist_versions v ON v.checklist_id = t.checklist_id AND v.version = t.checklist_version
JOIN assets a ON a.id = t.asset_id
WHERE p.order_id = %(order_id)s ORDER BY n.at DESC, n.round_id DESC LIMIT 20;

-- name: add_photo
-- A photo of an answer, without its metadata.
INSERT INTO inspection_photos (id, round_id, position, item, name, kind, content, thumbnail, sha256, at, actor)
VALUES (%(photo_id)s, %(id)s, %(position)s, %(item)s, %(name)s, %(kind)s, %(content)s, %(thumbnail)s, %(sha256)s, %(at)s, %(actor)s);

-- name: photo
-- A photo of a round, or a small picture of it.
SELECT kind, name, content, coalesce(thumbnail, content) AS thumbnail, thumbnail IS NOT NULL AS small FROM inspection_photos
WHERE id = %(photo_id)s AND round_id = %(id)s;

-- name: at_asset
-- The rounds that are walked now and have an open stop at an asset, the newest first.
SELECT t.round_id, t.position, r.number, r.title, r.status, r.walker
FROM inspection_stops t JOIN inspection_rounds r ON r.id = t.round_id
WHERE t.asset_id = %(asset_id)s AND t.status = 'open' AND r.status IN (:rounds_walked)
ORDER BY r.started_at DESC, t.position LIMIT 10;

-- name: too_late
-- The rounds that nobody has begun before their latest time.
SELECT id FROM inspection_rounds WHERE status = 'due' AND latest < %(now)s ORDER BY latest LIMIT 500;

-- name: keep_report
-- The signed report of a round.
INSERT INTO inspection_reports (round_id, content, sha256, at, actor)
VALUES (%(id)s, %(content)s, %(sha256)s, %(at)s, %(actor)s);

-- name: report
-- The signed report of a round, and its hash as the log of changes has it.
SELECT p.content, p.sha256, p.at, p.actor,
       (SELECT c.new ->> 'sha256' FROM changes c
        WHERE c.kind = 'round' AND c.subject = r.number AND c.what = 'signed' ORDER BY c.id LIMIT 1) AS logged
FROM inspection_reports p JOIN inspection_rounds r ON r.id = p.round_id WHERE p.round_id = %(id)s;

-- name: note
-- Somebody has done something in a round or an audit.
INSERT INTO inspection_history (round_id, audit_id, at, actor, what, told, why)
VALUES (%(round_id)s, %(audit_id)s, %(at)s, %(actor)s, %(what)s, %(told)s, %(why)s);

-- name: history
-- What was done in a round or an audit, the oldest first.
SELECT id, at, actor, what, told, why FROM inspection_history
WHERE round_id = %(round_id)s::integer OR audit_id = %(audit_id)s::integer ORDER BY id;

-- name: tally
-- Rounds by status, for the metrics.
SELECT status, count(*) FROM inspection_rounds GROUP BY status;

-- name: failed_tally
-- Failed points whose orders are not finished, and all that were ever answered so.
SELECT count(*) FILTER (WHERE NOT settled), (SELECT count(*) FROM inspection_answers WHERE verdict = 'failed')
FROM failed_points;
