-- part: file
SELECT id, order_id, asset_id, location_id, name, kind, size, sha256, at, actor FROM attachments

-- name: of_order
-- The files of an order, without what is in them.
-- as in: file
WHERE order_id = %(owner)s AND deleted_at IS NULL ORDER BY at, id;

-- name: of_asset
-- The files of an asset, without what is in them.
-- as in: file
WHERE asset_id = %(owner)s AND deleted_at IS NULL ORDER BY at, id;

-- name: of_location
-- The files of a location, without what is in them.
-- as in: file
WHERE location_id = %(owner)s AND deleted_at IS NULL ORDER BY at, id;

-- name: get
-- What a file is.
-- as in: file
WHERE id = %(id)s AND deleted_at IS NULL;

-- name: add
-- What a file is.
INSERT INTO attachments (id, order_id, asset_id, location_id, name, kind, size, sha256, at, actor)
VALUES (%(id)s, %(order_id)s, %(asset_id)s, %(location_id)s, %(name)s, %(kind)s, %(size)s, %(sha256)s, %(at)s, %(actor)s);

-- name: add_content
-- What is in a file, and a small picture of it where it is one.
INSERT INTO attachment_contents (attachment_id, content, thumbnail) VALUES (%(id)s, %(content)s, %(thumbnail)s);

-- name: content
-- What is in a file.
SELECT c.content FROM attachment_contents c WHERE c.attachment_id = %(id)s;

-- name: thumbnail
-- A small picture of a file; the file itself where it is a picture from before there were small ones.
SELECT coalesce(c.thumbnail, c.content) AS content, c.thumbnail IS NOT NULL AS small
FROM attachment_contents c WHERE c.attachment_id = %(id)s;

-- name: delete_content
-- What was in a file is gone; that there was one stays.
DELETE FROM attachment_contents WHERE attachment_id = %(id)s;

-- name: delete
-- Somebody has deleted a file.
UPDATE attachments SET deleted_at = %(at)s, deleted_by = %(actor)s WHERE id = %(id)s AND deleted_at IS NULL;

-- name: owner
-- What people call what a file is of, and its site.
SELECT s.code AS site, coalesce(w.number, s.code || '/' || coalesce(a.code, l.code)) AS subject
FROM attachments f
LEFT JOIN work_orders w ON w.id = f.order_id
LEFT JOIN assets a ON a.id = f.asset_id
LEFT JOIN locations l ON l.id = f.location_id
JOIN sites s ON s.id = coalesce(w.site_id, a.site_id, l.site_id)
WHERE f.id = %(id)s;
