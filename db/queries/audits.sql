-- part: audit
SELECT d.id, d.site_id, s.code AS site, s.time_zone, d.number, d.title, d.kind, d.scope, d.auditor, d.made_at, d.closed_at,
       d.conclusion,
       (SELECT count(*) FROM audit_findings f WHERE f.audit_id = d.id) AS findings,
       (SELECT count(*) FROM audit_findings f WHERE f.audit_id = d.id AND f.state IN (:findings_unsettled)) AS unsettled
FROM audits d JOIN sites s ON s.id = d.site_id

-- name: page
-- Audits, the newest first.
-- as in: audit
WHERE (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(closed)s::boolean IS NULL OR (d.closed_at IS NOT NULL) = %(closed)s)
  AND (%(before)s::integer IS NULL OR d.id < %(before)s)
ORDER BY d.id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: get
-- One audit.
-- as in: audit
WHERE d.id = %(id)s;

-- name: lock
-- One change of an audit at a time.
SELECT id FROM audits WHERE id = %(id)s FOR UPDATE;

-- name: add
-- An audit.
INSERT INTO audits (site_id, number, title, kind, scope, auditor, made_at)
VALUES (%(site_id)s, %(number)s, %(title)s, %(kind)s, %(scope)s, %(auditor)s, %(at)s) RETURNING id;

-- name: close
-- An audit whose findings are settled.
UPDATE audits SET closed_at = %(at)s, conclusion = %(conclusion)s WHERE id = %(id)s;

-- part: a_finding
SELECT f.audit_id, f.seq, d.number || '/' || f.seq AS called, s.code AS site, d.title AS audit, f.statement, f.grade, f.owner,
       f.owner_user, t.code AS owner_technician, f.due, f.state, f.answer, f.answered_by, f.state_at,
       f.state = 'open' AND f.due < (%(now)s::timestamptz AT TIME ZONE s.time_zone)::date AS overdue
FROM audit_findings f JOIN audits d ON d.id = f.audit_id JOIN sites s ON s.id = d.site_id
LEFT JOIN technicians t ON t.id = f.owner_technician_id

-- name: findings
-- Findings of one audit or of all: overdue ones first, then the unsettled by their due date, then the settled.
SELECT * FROM (
-- as in: a_finding
WHERE (%(audit_id)s::integer IS NULL OR f.audit_id = %(audit_id)s)
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(states)s::text[] IS NULL OR f.state = ANY(%(states)s))
  AND (%(owner)s::text IS NULL OR f.owner ILIKE '%%' || %(owner)s || '%%')
  AND (NOT %(mine)s OR f.owner_user = %(user)s OR (t.code = %(technician)s AND s.code = %(technician_site)s))
) AS found
WHERE %(after_due)s::date IS NULL
   OR (CASE WHEN overdue THEN 0 WHEN state IN (:findings_unsettled) THEN 1 ELSE 2 END, due, audit_id, seq)
      > (%(after_rank)s::integer, %(after_due)s, %(after_audit)s::integer, %(after_seq)s::integer)
ORDER BY CASE WHEN overdue THEN 0 WHEN state IN (:findings_unsettled) THEN 1 ELSE 2 END, due, audit_id, seq
LIMIT %(limit)s OFFSET %(offset)s;

-- name: finding
-- One finding.
-- as in: a_finding
WHERE f.audit_id = %(audit_id)s AND f.seq = %(seq)s;

-- name: add_finding
-- A finding of an audit, with the next number.
INSERT INTO audit_findings (audit_id, seq, statement, grade, owner, owner_user, owner_technician_id, due, state_at)
VALUES (%(audit_id)s, (SELECT coalesce(max(seq), 0) + 1 FROM audit_findings WHERE audit_id = %(audit_id)s),
        %(statement)s, %(grade)s, %(owner)s, %(owner_user)s, %(owner_technician_id)s, %(due)s, %(at)s) RETURNING seq;

-- name: owners
-- Who can answer for findings of a site: its users, with the technician that each is, and technicians who are no users.
SELECT coalesce(nullif(u.full_name, ''), u.name) AS name, u.name AS "user", t.code AS technician, t.id AS technician_id
FROM users u LEFT JOIN technicians t ON t.id = u.technician_id AND t.site_id = %(site_id)s
WHERE u.disabled_at IS NULL AND (u.sites IS NULL OR (SELECT code FROM sites WHERE id = %(site_id)s) = ANY(u.sites))
UNION ALL
SELECT t.name, NULL, t.code, t.id FROM technicians t
WHERE t.site_id = %(site_id)s AND t.active
  AND NOT EXISTS (SELECT FROM users u WHERE u.technician_id = t.id AND u.disabled_at IS NULL)
ORDER BY 1, 2, 3;

-- name: move_finding
-- What a step changes of a finding.
UPDATE audit_findings SET state = %(state)s, state_at = %(at)s, answer = coalesce(%(answer)s, answer),
    answered_by = coalesce(%(answered_by)s, answered_by), due = coalesce(%(due)s, due)
WHERE audit_id = %(audit_id)s AND seq = %(seq)s;

-- name: newly_overdue
-- Findings that are overdue and of which that was not said yet; whoever reads them has them alone.
SELECT f.audit_id, f.seq, f.owner, f.owner_user, t.code AS owner_technician, f.due, f.grade, f.statement
FROM audit_findings f JOIN audits d ON d.id = f.audit_id JOIN sites s ON s.id = d.site_id
LEFT JOIN technicians t ON t.id = f.owner_technician_id
WHERE f.state = 'open' AND f.overdue_told IS DISTINCT FROM f.due
  AND f.due < (%(now)s::timestamptz AT TIME ZONE s.time_zone)::date
ORDER BY f.due, f.audit_id, f.seq LIMIT 200 FOR UPDATE OF f SKIP LOCKED;

-- name: overdue_told
-- It was said that a finding is overdue; another due date is said anew.
UPDATE audit_findings SET overdue_told = due WHERE audit_id = %(audit_id)s AND seq = %(seq)s;

-- name: overdue
-- How many findings should have been answered by now, for the metrics.
SELECT count(*) FROM audit_findings f JOIN audits d ON d.id = f.audit_id JOIN sites s ON s.id = d.site_id
WHERE f.state = 'open' AND f.due < (%(now)s::timestamptz AT TIME ZONE s.time_zone)::date;
