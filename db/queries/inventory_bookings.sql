-- part: booking_row
SELECT b.id, s.code AS site, s.time_zone, b.tool_id, k.code AS tool, k.name, b.borrower, b.order_id, o.number AS order_number,
       lower(b.during) AS starts_at, upper(b.during) AS ends_at, b.state, b.note, b.booked_at, b.booked_by, b.ended_at, b.ended_by
FROM tool_bookings b JOIN tools k ON k.id = b.tool_id JOIN sites s ON s.id = b.site_id
LEFT JOIN work_orders o ON o.id = b.order_id

-- name: bookings
-- In which times tools are somebody's, the earliest first: a page of it.
-- as in: booking_row
WHERE (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s)) AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(tool_id)s::integer IS NULL OR b.tool_id = %(tool_id)s)
  AND (%(order_id)s::uuid IS NULL OR b.order_id = %(order_id)s)
  AND (%(ended)s OR b.state IN ('booked', 'out'))
  AND b.during && tstzrange(%(starts)s::timestamptz, %(ends)s::timestamptz)
  AND (%(after_at)s::timestamptz IS NULL OR (lower(b.during), b.id) > (%(after_at)s, %(after_id)s::integer))
ORDER BY lower(b.during), b.id LIMIT %(limit)s;

-- name: booking
-- One time in which a tool is somebody's.
-- as in: booking_row
WHERE b.id = %(id)s;

-- name: lock_tool
-- Nobody else lends, books or changes the tool until the transaction ends.
SELECT FROM tools WHERE id = %(tool_id)s FOR NO KEY UPDATE;

-- name: book
-- Somebody has the tool in a time to come.
INSERT INTO tool_bookings (site_id, tool_id, order_id, borrower, during, note, booked_at, booked_by)
SELECT site_id, id, %(order_id)s, %(borrower)s, tstzrange(%(starts_at)s, %(ends_at)s), %(note)s, %(at)s, %(actor)s
FROM tools WHERE id = %(tool_id)s RETURNING id;

-- name: cancel
-- Nobody needs it in that time any more.
UPDATE tool_bookings SET state = 'cancelled', ended_at = %(at)s, ended_by = %(actor)s
WHERE id = %(id)s AND state = 'booked' RETURNING id;

-- name: in_the_way
-- Whose the tool is in a time: what is booked or out then.
-- as in: booking_row
WHERE b.tool_id = %(tool_id)s AND b.state IN ('booked', 'out') AND b.during && tstzrange(%(starts_at)s, %(ends_at)s)
ORDER BY lower(b.during);
