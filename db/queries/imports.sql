-- name: begin
-- A file that is being imported, or was in part; DO UPDATE so that the row is returned in any case.
INSERT INTO imports (digest, file) VALUES (%(digest)s, %(file)s)
ON CONFLICT (digest) DO UPDATE SET file = excluded.file
RETURNING rows_done, stored, refused, finished_at IS NOT NULL AS finished;

-- name: advance
-- Written with the rows that it counts.
UPDATE imports SET rows_done = %(rows_done)s, stored = %(stored)s, refused = %(refused)s,
       finished_at = CASE WHEN %(finished)s THEN now() END
WHERE digest = %(digest)s;

-- name: lock
-- The sequence of inputs, between two batches of the process that judges: history gets numbers in it too.
SELECT next_arrival FROM judge_position FOR UPDATE;

-- name: move
-- The sequence numbers that history has used.
UPDATE judge_position SET next_arrival = %(next_arrival)s;

-- name: extend_places
-- Pieces of one file nearly always follow each other.
UPDATE import_places SET last = %(last)s WHERE last = %(first)s - 1;

-- name: add_places
-- A piece that follows none: a new stretch.
INSERT INTO import_places (first, last) VALUES (%(first)s, %(last)s);

-- name: classify
-- The class of an asset of which nobody has said one.
UPDATE assets SET class = %(asset_class)s WHERE id = %(asset_id)s AND class = 'unclassified' AND class <> %(asset_class)s;
