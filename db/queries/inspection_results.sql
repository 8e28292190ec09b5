-- name: signals
-- The signals of assets by their names and aliases, each with its unit.
SELECT named.asset_id, named.name, v.unit
FROM (
    SELECT id, asset_id, name FROM signals
    UNION ALL
    SELECT signal_id, asset_id, alias FROM signal_aliases WHERE now() >= valid_from AND now() < valid_to
) AS named
JOIN LATERAL (
    SELECT unit FROM signal_versions WHERE signal_id = named.id ORDER BY version DESC LIMIT 1
) AS v ON true
WHERE named.asset_id = ANY(%(assets)s);

-- part: result
SELECT r.id AS round_id, r.number AS round, r.title AS round_title, s.code AS site, s.time_zone, n.position,
       a.id AS asset_id, a.code AS asset, a.name AS asset_name, c.code AS checklist, t.checklist_version, v.items, n.item,
       n.typed, n.note, n.photo_id, n.number, n.verdict, n.at, n.actor, p.order_id, w.number AS order_number
FROM inspection_answers n
JOIN inspection_rounds r ON r.id = n.round_id
JOIN sites s ON s.id = r.site_id
JOIN inspection_stops t ON t.round_id = n.round_id AND t.position = n.position
JOIN assets a ON a.id = t.asset_id
JOIN checklists c ON c.id = t.checklist_id
JOIN checklist_versions v ON v.checklist_id = t.checklist_id AND v.version = t.checklist_version
LEFT JOIN failed_points p ON p.id = n.failed_point_id AND n.verdict = 'failed'
LEFT JOIN work_orders w ON w.id = p.order_id

-- name: page
-- Answers that mean something, the newest first: of all rounds, or by what is asked for.
-- as in: result
WHERE n.verdict IS NOT NULL
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(round_id)s::integer IS NULL OR n.round_id = %(round_id)s)
  AND (%(asset_id)s::integer IS NULL OR t.asset_id = %(asset_id)s)
  AND (%(asset)s::text IS NULL OR a.code = %(asset)s)
  AND (%(checklist_id)s::integer IS NULL OR t.checklist_id = %(checklist_id)s)
  AND (%(item)s::text IS NULL OR n.item = %(item)s)
  AND (%(verdicts)s::text[] IS NULL OR n.verdict = ANY(%(verdicts)s))
  AND (%(since)s::timestamptz IS NULL OR n.at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR n.at < %(until)s)
  AND (%(after_at)s::timestamptz IS NULL OR (n.at, n.round_id, n.position, n.item)
       < (%(after_at)s, %(after_round)s::integer, %(after_position)s::integer, %(after_item)s::text))
ORDER BY n.at DESC, n.round_id DESC, n.position DESC, n.item DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: attention
-- What rounds and audits ask of people now: rounds that wait, those missed since a time, findings past their date.
SELECT (SELECT count(*) FROM inspection_rounds r JOIN sites s ON s.id = r.site_id
        WHERE r.status = 'due' AND r.due_at <= %(now)s
          AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))) AS due,
       (SELECT count(*) FROM inspection_rounds r JOIN sites s ON s.id = r.site_id
        WHERE r.status = 'missed' AND r.finished_at > %(since)s
          AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))) AS missed,
       (SELECT count(*) FROM audit_findings f JOIN audits d ON d.id = f.audit_id JOIN sites s ON s.id = d.site_id
        WHERE f.state = 'open' AND f.due < (%(now)s::timestamptz AT TIME ZONE s.time_zone)::date
          AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))) AS overdue;

-- name: totals
-- What has happened in rounds so far, for the metrics: each only grows.
SELECT count(*) FILTER (WHERE started_at IS NOT NULL) AS begun, count(*) FILTER (WHERE status = 'done') AS finished,
       count(*) FILTER (WHERE status = 'missed') AS missed
FROM inspection_rounds;
