-- name: begin
-- A file of which the first piece comes; nothing where it is known.
INSERT INTO sync_uploads (id, device_id, order_id, site_id, name, size, sha256, begun_at)
SELECT %(id)s, %(device)s, w.id, w.site_id, %(name)s, %(size)s, %(sha256)s, %(now)s FROM work_orders w WHERE w.id = %(order_id)s
ON CONFLICT (id) DO NOTHING;

-- name: upload
-- How far a file has come, locked until the transaction ends.
SELECT id, device_id, order_id, name, size, sha256, received, stored_at, refused FROM sync_uploads WHERE id = %(id)s FOR UPDATE;

-- name: unfinished
-- How many files of a device are not whole yet.
SELECT count(*) FROM sync_uploads WHERE device_id = %(device)s AND stored_at IS NULL AND refused IS NULL;

-- name: add_piece
-- The next piece of a file.
WITH piece AS (
    INSERT INTO sync_upload_pieces (upload_id, begins_at, content) VALUES (%(id)s, %(begins_at)s, %(content)s)
)
UPDATE sync_uploads SET received = %(begins_at)s + length(%(content)s::bytea) WHERE id = %(id)s;

-- name: pieces
-- The pieces of a file in their order.
SELECT content FROM sync_upload_pieces WHERE upload_id = %(id)s ORDER BY begins_at;

-- name: drop_pieces
-- The file is whole, or begins anew.
DELETE FROM sync_upload_pieces WHERE upload_id = %(id)s;

-- name: ended
-- A file is stored, refused, or begins anew (neither).
UPDATE sync_uploads SET stored_at = %(stored_at)s, refused = %(refused)s, received = %(received)s WHERE id = %(id)s;

-- name: taken
-- Whether a file has an id that did not come piece by piece.
SELECT EXISTS (SELECT FROM attachments WHERE id = %(id)s);
