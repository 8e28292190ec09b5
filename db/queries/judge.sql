-- name: take_over
-- Become the only writer: the previous one finds another fencing number and can no longer commit.
UPDATE judge_position SET fence = fence + 1, holder = %(holder)s RETURNING fence, next_arrival;

-- name: lock_position
-- The first statement of every batch: locks the position and proves that this process is still the writer.
SELECT next_arrival FROM judge_position WHERE fence = %(fence)s FOR UPDATE;

-- name: holder
-- The plant's current writer, and the position in the sequence.
SELECT holder, fence, next_arrival FROM judge_position;

-- name: advance
-- Store the position in the sequence of inputs.
UPDATE judge_position SET next_arrival = %(next_arrival)s WHERE fence = %(fence)s;

-- name: waiting
-- Events without a sequence number, oldest first; imported history last, so that the models in force learn it.
SELECT e.id, e.kind, si.code || '/' || a.code AS asset, e.payload
FROM judge_events e LEFT JOIN assets a ON a.id = e.asset_id LEFT JOIN sites si ON si.id = a.site_id
WHERE e.arrival IS NULL ORDER BY e.kind = 'history', e.id;

-- name: written
-- Events without a number that the asking transaction has written: what its messages have made known or stale.
SELECT e.id, e.kind, si.code || '/' || a.code AS asset, e.payload
FROM judge_events e LEFT JOIN assets a ON a.id = e.asset_id LEFT JOIN sites si ON si.id = a.site_id
WHERE e.arrival IS NULL AND e.recorded_at = now() AND e.id > %(after)s ORDER BY e.id;

-- name: number
-- Number the waiting events.
UPDATE judge_events e SET arrival = n.arrival
FROM unnest(%(ids)s::bigint[], %(arrivals)s::bigint[]) AS n (id, arrival) WHERE e.id = n.id;

-- name: add
-- An event that the pipeline itself brings: a document, a tick.
INSERT INTO judge_events (kind, asset_id, payload, actor) VALUES (%(kind)s, %(asset_id)s, %(payload)s, %(actor)s);

-- name: newest_tick
-- The wall clock of the newest tick; looked for from the newest event back.
SELECT payload ->> 'at' FROM judge_events WHERE kind = 'tick' ORDER BY id DESC LIMIT 1;

-- name: events_after
-- The events that the judge has to fold again after a checkpoint.
SELECT e.arrival, e.kind, si.code || '/' || a.code AS asset, e.payload
FROM judge_events e LEFT JOIN assets a ON a.id = e.asset_id LEFT JOIN sites si ON si.id = a.site_id
WHERE e.arrival > %(after)s AND e.arrival <= %(upto)s ORDER BY e.arrival;

-- name: checkpoint
-- The input of the newest checkpoint that this code can read; no row without one.
SELECT arrival FROM checkpoints WHERE format = %(format)s;

-- name: checkpoint_parts
-- The parts of a checkpoint: for each judge, those of the whole plant before those of its assets.
SELECT judge, kind, asset, state FROM checkpoint_parts WHERE format = %(format)s
ORDER BY judge, kind = 'asset', kind, asset COLLATE "C";

-- name: put_checkpoint
-- The state of the judge is now that after another input, in that input's own transaction.
INSERT INTO checkpoints (format, arrival, code_version) VALUES (%(format)s, %(arrival)s, %(code_version)s)
ON CONFLICT (format) DO UPDATE
SET arrival = excluded.arrival, code_version = excluded.code_version, written_at = now();

-- name: put_parts
-- Store the parts that have changed since the last checkpoint.
INSERT INTO checkpoint_parts (format, judge, kind, asset, state)
SELECT %(format)s, p.judge, p.kind, p.asset, p.state
FROM unnest(%(judges)s::text[], %(kinds)s::text[], %(assets)s::text[], %(states)s::bytea[]) AS p (judge, kind, asset, state)
ON CONFLICT (format, judge, kind, asset) DO UPDATE SET state = excluded.state;

-- name: drop_parts
-- Drop parts that the state no longer has.
DELETE FROM checkpoint_parts c
USING unnest(%(judges)s::text[], %(kinds)s::text[], %(assets)s::text[]) AS p (judge, kind, asset)
WHERE c.format = %(format)s AND (c.judge, c.kind, c.asset) = (p.judge, p.kind, p.asset);

-- name: drop_checkpoint
-- With all its parts.
DELETE FROM checkpoints WHERE format = %(format)s;

-- name: drop_other_checkpoints
-- Those of other code are kept for a day, so that an upgrade can be undone; they keep retention from what comes after them.
DELETE FROM checkpoints WHERE format <> %(format)s AND written_at < now() - INTERVAL '1 day';
