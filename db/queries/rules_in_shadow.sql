-- name: begin
-- A rule judges in shadow from the engine's next batch on; nothing comes back where it does already.
WITH made AS (
    INSERT INTO rules_in_shadow (rule, begun_at, begun_by, why) VALUES (%(rule)s, %(at)s, %(actor)s, %(why)s)
    ON CONFLICT (rule) WHERE ended_at IS NULL DO NOTHING RETURNING rule
), told AS (
    INSERT INTO judge_events (kind, actor, why, payload)
    SELECT 'rule_shadow', %(actor)s, %(why)s, jsonb_build_object('rule', rule, 'shadow', true) FROM made
)
SELECT rule FROM made;

-- name: end
-- It opens orders again; nothing comes back where it was not in shadow.
WITH ended AS (
    UPDATE rules_in_shadow SET ended_at = %(at)s, ended_by = %(actor)s, ended_why = %(why)s
    WHERE rule = %(rule)s AND ended_at IS NULL RETURNING rule
), told AS (
    INSERT INTO judge_events (kind, actor, why, payload)
    SELECT 'rule_shadow', %(actor)s, %(why)s, jsonb_build_object('rule', rule, 'shadow', false) FROM ended
)
SELECT rule FROM ended;

-- name: now
-- The rules that judge in shadow now.
SELECT rule, begun_at, begun_by, why FROM rules_in_shadow WHERE ended_at IS NULL ORDER BY rule;

-- name: ended
-- When each rule left the shadow last.
SELECT rule, max(ended_at) AS ended_at FROM rules_in_shadow WHERE ended_at IS NOT NULL GROUP BY rule;

-- name: alarms
-- How often each rule raised an alarm since a time of its own, shown to people or in shadow.
SELECT b.rule, count(al.id) FILTER (WHERE al.suppressed IS NULL) AS told,
       count(al.id) FILTER (WHERE al.suppressed = 'budget') AS would_be
FROM unnest(%(rules)s::text[], %(sinces)s::timestamptz[]) AS b (rule, since)
LEFT JOIN alarms al ON (al.source = 'rule:' || b.rule OR starts_with(al.source, 'rule:' || b.rule || ':'))
     AND al.raised_at >= b.since AND al.raised_at < %(until)s
GROUP BY b.rule;

-- name: close_outs
-- What technicians found at the orders that each rule gave evidence to, the newest first.
SELECT b.rule, w.close_finding
FROM unnest(%(rules)s::text[], %(sinces)s::timestamptz[]) AS b (rule, since)
CROSS JOIN LATERAL (
    SELECT o.close_finding FROM work_orders o
    WHERE o.close_finding IS NOT NULL AND o.origin = 'engine' AND o.status <> 'cancelled' AND o.status_since >= b.since
      AND EXISTS (SELECT FROM evidence e WHERE e.order_id = o.id
                  AND (e.source = 'rule:' || b.rule OR starts_with(e.source, 'rule:' || b.rule || ':')))
    ORDER BY o.status_since DESC LIMIT %(most)s
) AS w;

-- name: orders_of
-- The unfinished orders that a rule has given evidence to.
SELECT w.id FROM work_orders w
WHERE w.origin = 'engine' AND w.status NOT IN (:final)
  AND EXISTS (SELECT FROM evidence e WHERE e.order_id = w.id
              AND (e.source = 'rule:' || %(rule)s::text OR starts_with(e.source, 'rule:' || %(rule)s::text || ':')))
ORDER BY w.id FOR UPDATE OF w;
