-- name: take_over
-- Become the one writer: whoever held the plant before finds another fencing number and can commit no more.
UPDATE judge_position SET fence = fence + 1, holder = %(holder)s RETURNING fence, next_arrival;

-- name: hold
-- The first statement of every batch: locks the position and proves that this process is still the writer.
SELECT next_arrival FROM judge_position WHERE fence = %(fence)s FOR UPDATE;

-- name: holder
-- Who judges this plant now, and how far the sequence has come.
SELECT holder, fence, next_arrival FROM judge_position;

-- name: advance
-- The sequence of inputs has come to here.
UPDATE judge_position SET next_arrival = %(next_arrival)s WHERE fence = %(fence)s;

-- name: waiting
-- Events that have no place in the sequence yet, oldest first; imported history is learned by what the others leave.
SELECT e.id, e.kind, si.code || '/' || a.code AS asset, e.payload
FROM judge_events e LEFT JOIN assets a ON a.id = e.asset_id LEFT JOIN sites si ON si.id = a.site_id
WHERE e.arrival IS NULL ORDER BY e.kind = 'history', e.id;

-- name: number
-- Give the waiting events their places.
UPDATE judge_events e SET arrival = n.arrival
FROM unnest(%(ids)s::bigint[], %(arrivals)s::bigint[]) AS n (id, arrival) WHERE e.id = n.id;

-- name: add
-- An event that the pipeline itself brings: a document, a tick.
INSERT INTO judge_events (kind, asset_id, payload, actor) VALUES (%(kind)s, %(asset_id)s, %(payload)s, %(actor)s);

-- name: events_after
-- The events that the judge has to fold again after a checkpoint.
SELECT e.arrival, e.kind, si.code || '/' || a.code AS asset, e.payload
FROM judge_events e LEFT JOIN assets a ON a.id = e.asset_id LEFT JOIN sites si ON si.id = a.site_id
WHERE e.arrival > %(after)s AND e.arrival <= %(upto)s ORDER BY e.arrival;

-- name: save_checkpoint
-- The judge's state after an input, written in that input's own transaction. Other code may have written its own there.
INSERT INTO checkpoints (arrival, format, code_version, state)
VALUES (%(arrival)s, %(format)s, %(code_version)s, %(state)s)
ON CONFLICT (arrival) DO UPDATE
SET format = excluded.format, code_version = excluded.code_version, state = excluded.state, written_at = now();

-- name: drop_old_checkpoints
-- The newest three are kept.
DELETE FROM checkpoints WHERE arrival < (SELECT min(arrival) FROM (SELECT arrival FROM checkpoints ORDER BY arrival DESC LIMIT 3) AS newest);

-- name: newest_checkpoint
-- The newest that this code can read.
SELECT arrival, state FROM checkpoints WHERE format = %(format)s ORDER BY arrival DESC LIMIT 1;

-- name: checkpointed
-- How far the newest checkpoint that this code can read has come; nothing where there is none.
SELECT max(arrival) FROM checkpoints WHERE format = %(format)s;
