-- name: create
-- A time in which an asset's condition is no fault; the judge's event is written in the same transaction.
WITH made AS (
    INSERT INTO planned_downtimes (asset_id, starts_at, ends_at, reason, actor, recorded_at)
    VALUES (%(asset_id)s, %(starts_at)s, %(ends_at)s, %(reason)s, %(actor)s, %(at)s)
    RETURNING id, asset_id, starts_at, ends_at, reason, actor
), told AS (
    INSERT INTO judge_events (kind, asset_id, actor, payload)
    SELECT 'downtime', asset_id, actor, jsonb_build_object(
        'id', id, 'starts_at', to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
        'ends_at', to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), 'reason', reason,
        'cancelled', false)
    FROM made
)
SELECT id FROM made;

-- name: cancel
-- Cancel a planned downtime; returns no row if it was cancelled already.
WITH gone AS (
    UPDATE planned_downtimes SET cancelled_at = %(at)s WHERE id = %(id)s AND cancelled_at IS NULL
    RETURNING id, asset_id, starts_at, ends_at, reason
), told AS (
    INSERT INTO judge_events (kind, asset_id, actor, payload)
    SELECT 'downtime', asset_id, %(actor)s, jsonb_build_object(
        'id', id, 'starts_at', to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
        'ends_at', to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), 'reason', reason,
        'cancelled', true)
    FROM gone
)
SELECT id FROM gone;

-- name: listed
-- Planned downtimes that touch a span of time, the earliest first.
SELECT id, asset_id, starts_at, ends_at, reason, actor, recorded_at, cancelled_at FROM planned_downtimes
WHERE (%(within)s::text[] IS NULL OR asset_id IN (
           SELECT a.id FROM assets a JOIN sites s ON s.id = a.site_id WHERE s.code = ANY(%(within)s)))
  AND (%(id)s::bigint IS NULL OR id = %(id)s)
  AND (%(asset_id)s::integer IS NULL OR asset_id = %(asset_id)s)
  AND (%(after)s::timestamptz IS NULL OR (ends_at IS NULL OR ends_at > %(after)s))
  AND (%(before)s::timestamptz IS NULL OR starts_at < %(before)s)
  AND (%(after_id)s::bigint IS NULL OR (starts_at, id) > (%(after_start)s::timestamptz, %(after_id)s))
ORDER BY starts_at, id LIMIT %(limit)s::bigint;
