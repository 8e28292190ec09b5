-- name: make
-- Rows for alarms that have none yet, in the order in which they are locked.
INSERT INTO alarm_points (asset_id, source)
SELECT k.asset_id, k.source FROM unnest(%(asset_ids)s::integer[], %(sources)s::text[]) AS k (asset_id, source)
ORDER BY 1, 2 ON CONFLICT DO NOTHING;

-- name: lock
-- Lock alarms, always in one order, and read their states.
SELECT p.asset_id, p.source, s.code || '/' || a.code AS asset, p.state, p.active, p.latching, p.severity, p.acknowledged,
       p.since, p.until
FROM alarm_points p JOIN assets a ON a.id = p.asset_id JOIN sites s ON s.id = a.site_id
WHERE (p.asset_id, p.source) IN (
    SELECT k.asset_id, k.source FROM unnest(%(asset_ids)s::integer[], %(sources)s::text[]) AS k (asset_id, source))
ORDER BY p.asset_id, p.source FOR UPDATE OF p;

-- name: save
-- The state of an alarm now. What raised it is kept until the next time.
UPDATE alarm_points
SET state = %(state)s, active = %(active)s, latching = %(latching)s, severity = %(severity)s,
    acknowledged = %(acknowledged)s, since = %(since)s, until = %(until)s, actor = coalesce(%(actor)s, actor),
    why = coalesce(%(why)s, why), summary = coalesce(%(summary)s, summary), raised_at = coalesce(%(raised_at)s, raised_at)
WHERE asset_id = %(asset_id)s AND source = %(source)s;

-- name: note
-- A move in the history.
INSERT INTO alarm_moves (asset_id, source, at, event_at, actor, move, old_state, new_state, until, why)
VALUES (%(asset_id)s, %(source)s, %(at)s, %(event_at)s, %(actor)s, %(move)s, %(old)s, %(new)s, %(until)s, %(why)s);

-- name: tell_the_judge
-- What changes decisions is an input of the judge.
INSERT INTO judge_events (kind, asset_id, actor, why, payload)
VALUES ('alarm', %(asset_id)s, %(actor)s, %(why)s, %(payload)s);

-- part: states
         ARRAY['unacknowledged', 'latched', 'returned_unacknowledged', 'acknowledged', 'shelved', 'out_of_service',
               'suppressed_by_design', 'normal']

-- name: page
-- Alarms, the worst and newest first: those that are not normal, or of one state.
SELECT p.asset_id, p.source, s.code || '/' || a.code AS asset, a.name AS asset_name, s.time_zone, p.state, p.active,
       p.latching, p.severity, p.acknowledged, p.since, p.until, p.actor, p.why, p.summary, p.raised_at
FROM alarm_points p JOIN assets a ON a.id = p.asset_id JOIN sites s ON s.id = a.site_id
WHERE (CASE WHEN %(states)s::text[] IS NULL THEN p.state <> 'normal' ELSE p.state = ANY(%(states)s) END)
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(asset_id)s::integer IS NULL OR p.asset_id = %(asset_id)s)
  AND (%(source)s::text IS NULL OR p.source = %(source)s)
  AND (%(severity)s::smallint IS NULL OR p.severity = %(severity)s)
  AND (%(after_id)s::bigint IS NULL OR
       (array_position(
-- as in: states
        , p.state), -p.severity, p.since IS NULL, -coalesce(extract(epoch FROM p.since), 0), p.asset_id, p.source)
       > (array_position(
-- as in: states
        , %(after_state)s::text), -%(after_severity)s::smallint, %(after_since)s::timestamptz IS NULL,
        -coalesce(extract(epoch FROM %(after_since)s::timestamptz), 0), %(after_id)s, %(after_source)s::text))
ORDER BY array_position(
-- as in: states
         , p.state), p.severity DESC, p.since DESC NULLS LAST, p.asset_id, p.source
LIMIT %(limit)s OFFSET %(offset)s;

-- name: tally
-- How many alarms are in each state.
SELECT p.state, p.severity, count(*) AS alarms
FROM alarm_points p JOIN assets a ON a.id = p.asset_id JOIN sites s ON s.id = a.site_id
WHERE p.state <> 'normal' AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
GROUP BY p.state, p.severity;

-- name: moves
-- What happened to alarms, the newest first.
SELECT m.id, m.asset_id, s.code || '/' || a.code AS asset, s.time_zone, m.source, m.at, m.event_at, m.actor, m.move, m.old_state,
       m.new_state, m.until, m.why
FROM alarm_moves m JOIN assets a ON a.id = m.asset_id JOIN sites s ON s.id = a.site_id
WHERE (%(asset_id)s::integer IS NULL OR m.asset_id = %(asset_id)s)
  AND (%(source)s::text IS NULL OR m.source = %(source)s)
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(before)s::bigint IS NULL OR m.id < %(before)s)
ORDER BY m.id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: class_of
-- What an asset is called, and of which class it is.
SELECT s.code || '/' || a.code AS asset, a.class AS asset_class FROM assets a JOIN sites s ON s.id = a.site_id
WHERE a.id = %(asset_id)s;

-- name: orders_of
-- The newest order that alarms are evidence of: what is being done about each.
SELECT DISTINCT ON (k.asset_id, k.source) k.asset_id, k.source, w.id, w.number, w.status
FROM unnest(%(asset_ids)s::integer[], %(sources)s::text[]) AS k (asset_id, source)
JOIN work_orders w ON w.asset_id = k.asset_id
JOIN evidence e ON e.order_id = w.id AND e.source = k.source
ORDER BY k.asset_id, k.source, w.opened_at DESC, w.id;
