-- name: begin
-- A new run; the judge's event is written in the same transaction. Only one can run at a time.
WITH made AS (
    INSERT INTO shadow_runs (name, rulebook, models, begun_by, begun_why)
    VALUES (%(name)s, %(rulebook)s, %(models)s, %(actor)s, %(why)s)
    RETURNING id, rulebook, models, begun_by, begun_why
), told AS (
    INSERT INTO judge_events (kind, payload, actor, why)
    SELECT 'shadow', jsonb_build_object('run', id, 'rulebook', rulebook, 'models', models), begun_by, begun_why FROM made
)
SELECT id FROM made;

-- name: end
-- The end of a run; nothing comes back where it has ended already. What is promoted judges from here on.
WITH ended AS (
    UPDATE shadow_runs SET outcome = %(outcome)s, ended_by = %(actor)s, ended_why = %(why)s, ended_at = now()
    WHERE id = %(id)s AND ended_at IS NULL RETURNING id, outcome, rulebook, models
), told AS (
    INSERT INTO judge_events (kind, payload, actor, why)
    SELECT 'shadow', jsonb_build_object('run', id, 'ended', outcome), %(actor)s, %(why)s FROM ended
)
SELECT rulebook, models FROM ended;

-- name: runs
-- Runs in shadow, the newest first, with how many orders each would have opened and where in the sequence of inputs it
-- began and ended.
SELECT r.id, r.name, r.rulebook, r.models, r.begun_by, r.begun_why, r.begun_at, r.outcome, r.ended_by, r.ended_why,
       r.ended_at, b.arrival AS first, e.arrival AS last,
       (SELECT count(*) FROM shadow_orders o WHERE o.run_id = r.id AND o.duplicate_of IS NULL) AS orders
FROM shadow_runs r
JOIN judge_events b ON b.kind = 'shadow' AND (b.payload ->> 'run')::bigint = r.id AND NOT b.payload ? 'ended'
LEFT JOIN judge_events e ON e.kind = 'shadow' AND (e.payload ->> 'run')::bigint = r.id AND e.payload ? 'ended'
WHERE (%(id)s::bigint IS NULL OR r.id = %(id)s) AND (NOT %(unfinished)s OR r.ended_at IS NULL)
  AND (%(before)s::bigint IS NULL OR r.id < %(before)s)
ORDER BY r.id DESC LIMIT %(limit)s;

-- name: open
-- An order that would have been opened.
INSERT INTO shadow_orders (run_id, id, asset_id, component, failure_mode, type, opened_as, opened_at, why)
VALUES (%(run_id)s, %(id)s, %(asset_id)s, %(component)s, %(failure_mode)s, %(type)s, %(type)s, %(opened_at)s, %(why)s)
ON CONFLICT DO NOTHING;

-- name: change
-- More evidence for it, and what that made of it; null leaves what it was.
UPDATE shadow_orders SET evidence = evidence + 1, type = coalesce(%(type)s, type),
    component = coalesce(%(component)s, component), failure_mode = coalesce(%(failure_mode)s, failure_mode)
WHERE run_id = %(run_id)s AND id = %(id)s;

-- name: merge
-- It turned out to be another one's fault, to which its evidence goes.
WITH absorbed AS (
    UPDATE shadow_orders SET duplicate_of = %(id)s WHERE run_id = %(run_id)s AND id = %(duplicate_id)s RETURNING evidence
)
UPDATE shadow_orders SET evidence = shadow_orders.evidence + absorbed.evidence FROM absorbed
WHERE run_id = %(run_id)s AND id = %(id)s;

-- name: orders
-- What a run would have opened, the oldest first.
SELECT o.id, si.code || '/' || a.code AS asset, o.component, o.failure_mode, o.type, o.opened_as, o.opened_at, o.why,
       o.evidence, o.duplicate_of
FROM shadow_orders o JOIN assets a ON a.id = o.asset_id JOIN sites si ON si.id = a.site_id
WHERE o.run_id = %(run_id)s
  AND (%(after_id)s::text IS NULL OR
       (o.opened_at, si.code || '/' || a.code, o.id::text) > (%(after_opened)s::timestamptz, %(after_asset)s::text, %(after_id)s))
ORDER BY o.opened_at, asset, o.id::text LIMIT %(limit)s::bigint;
