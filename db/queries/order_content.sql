-- name: undone
-- The steps of an order that must be done and are not.
SELECT kind, instruction FROM order_steps
WHERE order_id = %(order_id)s AND mandatory AND done_at IS NULL ORDER BY seq;

-- name: steps
-- The steps of an order, as they are done.
SELECT seq, kind, instruction, mandatory, unit, low, high, done_at, done_by, value, note, attachment_id
FROM order_steps WHERE order_id = %(order_id)s ORDER BY seq;

-- name: add_step
-- A step of an order's job plan.
INSERT INTO order_steps (order_id, seq, kind, instruction, mandatory, unit, low, high)
VALUES (%(order_id)s, %(seq)s, %(kind)s, %(instruction)s, %(mandatory)s, %(unit)s, %(low)s, %(high)s);

-- name: drop_steps
-- The steps of a plan that the order had before; what was done of them is in its history.
DELETE FROM order_steps WHERE order_id = %(order_id)s;

-- name: do_step
-- A step's result, and by whom; done_at NULL: not done.
UPDATE order_steps
SET done_at = %(done_at)s, done_by = %(done_by)s, value = %(value)s, note = %(note)s, attachment_id = %(attachment_id)s
WHERE order_id = %(order_id)s AND seq = %(seq)s;

-- name: begin_anew
-- The work is done again: nothing of it is done yet.
UPDATE order_steps SET done_at = NULL, done_by = NULL, value = NULL, note = '', attachment_id = NULL
WHERE order_id = %(order_id)s;

-- name: parts
-- The parts that an order needs and has used.
SELECT line, part, unit, needed, used FROM order_parts WHERE order_id = %(order_id)s ORDER BY line;

-- name: put_part
-- A part of an order, needed or used.
INSERT INTO order_parts (order_id, line, part, unit, needed, used)
VALUES (%(order_id)s, %(line)s, %(part)s, %(unit)s, %(needed)s, %(used)s)
ON CONFLICT (order_id, line)
DO UPDATE SET part = excluded.part, unit = excluded.unit, needed = excluded.needed, used = excluded.used;

-- name: comments
-- What people said about an order, from the beginning.
SELECT seq, at, actor, text FROM order_comments WHERE order_id = %(order_id)s ORDER BY seq;

-- name: add_comment
-- One more remark; the order's row is locked, so that numbers cannot meet.
INSERT INTO order_comments (order_id, seq, at, actor, text)
SELECT %(order_id)s, coalesce(max(seq), 0) + 1, %(at)s, %(actor)s, %(text)s
FROM order_comments WHERE order_id = %(order_id)s
RETURNING seq;
