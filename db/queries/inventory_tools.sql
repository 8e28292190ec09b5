-- part: tool_row
SELECT k.id, k.site_id, s.code AS site, s.time_zone, k.code, k.name, k.kept_at, k.retired_at, n.id AS loan, n.borrower,
       lower(n.during) AS lent_at, n.due_at, n.order_id, o.number AS order_number
FROM tools k JOIN sites s ON s.id = k.site_id
LEFT JOIN tool_loans n ON n.tool_id = k.id AND upper_inf(n.during)
LEFT JOIN work_orders o ON o.id = n.order_id

-- name: tools
-- The tools that somebody sees, those that are due back first: a page of them.
SELECT * FROM (
-- as in: tool_row
    WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
      AND (%(retired)s OR k.retired_at IS NULL) AND (%(order_id)s::uuid IS NULL OR n.order_id = %(order_id)s)
) AS found
WHERE (NOT %(lent)s OR loan IS NOT NULL)
  AND (%(after_due)s::timestamptz IS NULL OR (coalesce(due_at, 'infinity'), site, code)
       > (%(after_due)s, %(after_site)s::text, %(after_code)s::text))
ORDER BY coalesce(due_at, 'infinity'), site, code LIMIT %(limit)s;

-- name: tool
-- One tool, and who has it.
-- as in: tool_row
WHERE k.id = %(id)s;

-- name: add
-- A new tool; nothing comes back where its site has one of this code.
INSERT INTO tools (site_id, code, name, kept_at) VALUES (%(site_id)s, %(code)s, %(name)s, %(kept_at)s)
ON CONFLICT DO NOTHING RETURNING id;

-- name: save
-- What people can change of a tool.
UPDATE tools SET name = %(name)s, kept_at = %(kept_at)s,
    retired_at = CASE WHEN %(retired)s::boolean THEN coalesce(retired_at, %(at)s) END
WHERE id = %(id)s;

-- name: lend
-- Somebody has the tool from now on.
INSERT INTO tool_loans (site_id, tool_id, order_id, borrower, during, due_at, lent_by, note, recorded_at, booking_id)
SELECT site_id, id, %(order_id)s, %(borrower)s, tstzrange(%(lent_at)s, NULL), %(due_at)s, %(actor)s, %(note)s, %(at)s,
       %(booking_id)s
FROM tools WHERE id = %(tool_id)s RETURNING id;

-- name: give_back
-- The tool is back.
UPDATE tool_loans SET during = tstzrange(lower(during), %(at)s), returned_to = %(actor)s,
    note = concat_ws(' ', nullif(note, ''), nullif(%(note)s::text, ''))
WHERE tool_id = %(tool_id)s AND upper_inf(during) AND lower(during) < %(at)s RETURNING id;

-- name: loans
-- Who had which tool, the newest loan first: a page of it.
SELECT n.id, s.code AS site, s.time_zone, n.tool_id, k.code AS tool, k.name, n.borrower, n.order_id, o.number AS order_number,
       lower(n.during) AS lent_at, n.due_at, upper(n.during) AS returned_at, n.lent_by, n.returned_to, n.note
FROM tool_loans n JOIN tools k ON k.id = n.tool_id JOIN sites s ON s.id = n.site_id
LEFT JOIN work_orders o ON o.id = n.order_id
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(tool_id)s::integer IS NULL OR n.tool_id = %(tool_id)s) AND (%(after)s::integer IS NULL OR n.id < %(after)s)
ORDER BY n.id DESC LIMIT %(limit)s;
