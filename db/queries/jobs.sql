-- name: try_lock
-- Whether this transaction is the one that does a job; false while another one does it. Released by its end.
SELECT pg_try_advisory_xact_lock(hashtextextended('plantwright job ' || %(job)s::text, 0));

-- name: has_chunks
-- Whether readings are a hypertable, of which whole chunks can be dropped.
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb');

-- name: old_chunks
-- needs: timescaledb
-- The chunks of readings whose event time has passed, the oldest first.
SELECT range_start, range_end FROM timescaledb_information.chunks
WHERE hypertable_name = 'readings' AND range_end <= %(before)s ORDER BY range_start;

-- name: chunk_is_needed
-- Whether a span of event time has readings that arrived too recently to drop, or that restoring the judge needs.
SELECT EXISTS (
    SELECT FROM readings
    WHERE observed_at >= %(range_start)s AND observed_at < %(range_end)s
      AND (received_at >= %(before)s OR arrival > coalesce((SELECT min(arrival) FROM checkpoints), -1)));

-- name: drop_chunk
-- needs: timescaledb
-- One chunk goes, with its file.
SELECT drop_chunks('readings', older_than => %(range_end)s::timestamptz, newer_than => %(range_start)s::timestamptz);

-- name: delete_some
-- Without chunks: a batch of readings that came long ago and that no checkpoint needs.
DELETE FROM readings WHERE ctid IN (
    SELECT ctid FROM readings
    WHERE received_at < %(before)s AND arrival <= coalesce((SELECT min(arrival) FROM checkpoints), -1)
    LIMIT %(most)s);

-- name: may_delete_moves
-- Retention may delete what is append-only for everybody else; until the end of the transaction.
SELECT set_config('plantwright.retention', 'alarms', true);

-- name: delete_some_alarms
-- A batch of alarms that were recorded and ended long ago; active ones stay.
DELETE FROM alarms WHERE id IN (
    SELECT id FROM alarms WHERE cleared_at < %(before)s AND recorded_at < %(before)s ORDER BY cleared_at LIMIT %(most)s);

-- name: delete_some_moves
-- A batch of the moves of long ago, in the order in which they were written.
DELETE FROM alarm_moves WHERE id IN (SELECT id FROM alarm_moves ORDER BY id LIMIT %(most)s) AND at < %(before)s;
