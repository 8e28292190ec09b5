-- name: waiting
-- The disruptions that nobody has settled yet, with what they are of. Another process leaves those alone that are locked.
SELECT d.id, d.site_id, s.code AS site, d.kind, t.name AS technician, w.number, d.noticed_at
FROM schedule_disruptions d
JOIN sites s ON s.id = d.site_id
LEFT JOIN technicians t ON t.id = d.technician_id
LEFT JOIN work_orders w ON w.id = d.order_id
WHERE d.settled_at IS NULL
ORDER BY d.id
FOR UPDATE OF d SKIP LOCKED;

-- name: weeks
-- The Mondays of the weeks whose plan disruptions upset: the visits of who is away or of the order that cannot go on, or
-- the week that is under way where an emergency has to be done, or work is not over yet.
SELECT d.id, c.from_date
FROM schedule_disruptions d
JOIN sites s ON s.id = d.site_id
JOIN schedules c ON c.site_id = d.site_id AND c.state IN ('accepted', 'published')
CROSS JOIN LATERAL (
    SELECT tstzrange(c.from_date::timestamp AT TIME ZONE s.time_zone,
                     (c.from_date + c.dates)::timestamp AT TIME ZONE s.time_zone) AS during
) week
WHERE d.id = ANY(%(ids)s) AND upper(week.during) > %(now)s
  AND CASE d.kind
      WHEN 'emergency' THEN
          week.during @> %(now)s
          AND EXISTS (SELECT FROM work_orders w WHERE w.id = d.order_id AND w.status IN (:waiting))
      WHEN 'overrun' THEN week.during @> %(now)s
      ELSE EXISTS (
          SELECT FROM schedule_visits v
          WHERE v.schedule_id = c.id AND tstzrange(v.starts_at, v.ends_at) && tstzrange(d.starts_at, d.ends_at)
            AND (v.order_id = d.order_id
                 OR EXISTS (SELECT FROM visit_people p WHERE p.visit_id = v.id AND p.technician_id = d.technician_id)))
      END
GROUP BY d.id, c.from_date
ORDER BY d.id, c.from_date;

-- name: settle
-- Nothing is left to be done about disruptions.
UPDATE schedule_disruptions SET settled_at = %(at)s WHERE id = ANY(%(ids)s);

-- name: note_overruns
-- Work that should be over by the published plan, and is not. The end of its visit counts once.
INSERT INTO schedule_disruptions (site_id, kind, order_id, starts_at)
SELECT w.site_id, 'overrun', w.id, v.ends_at
FROM schedules c
JOIN schedule_visits v ON v.schedule_id = c.id
JOIN work_orders w ON w.id = v.order_id
WHERE c.state = 'published' AND v.ends_at < %(before)s AND v.ends_at > %(since)s AND w.status = 'in_progress'
ON CONFLICT (order_id, starts_at) WHERE kind = 'overrun' DO NOTHING;

-- name: forget
-- Disruptions that were settled long ago.
DELETE FROM schedule_disruptions WHERE settled_at < %(before)s;
