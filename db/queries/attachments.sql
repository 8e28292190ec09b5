-- name: of_order
-- The files of an order, without what is in them.
SELECT id, order_id, name, kind, size, sha256, at, actor FROM attachments WHERE order_id = %(order_id)s ORDER BY at, id;

-- name: add
-- What a file is.
INSERT INTO attachments (id, order_id, name, kind, size, sha256, at, actor)
VALUES (%(id)s, %(order_id)s, %(name)s, %(kind)s, %(size)s, %(sha256)s, %(at)s, %(actor)s);

-- name: add_content
-- What is in a file.
INSERT INTO attachment_contents (attachment_id, content) VALUES (%(id)s, %(content)s);

-- name: read
-- A file of an order with what is in it.
SELECT a.id, a.order_id, a.name, a.kind, a.size, a.sha256, a.at, a.actor, c.content
FROM attachments a JOIN attachment_contents c ON c.attachment_id = a.id
WHERE a.id = %(id)s AND a.order_id = %(order_id)s;
