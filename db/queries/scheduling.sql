-- name: rules
-- How a site lets people work and how fast they travel; nothing comes back where it has the defaults.
SELECT rest_minutes, week_minutes, warn_days, detour, walk_kmh, walk_km, town_kmh, town_km, road_kmh
FROM work_rules WHERE site_id = %(site_id)s;

-- name: rates
-- What people of a site cost: their own rate, else the highest of their skills' labour rates, else that of work without a trade.
SELECT t.code, coalesce(r.per_hour, s.per_hour, 0) AS per_hour, coalesce(r.overtime_per_hour, s.per_hour, 0) AS overtime,
       coalesce(r.per_day, 0) AS per_day
FROM technicians t LEFT JOIN technician_rates r ON r.technician_id = t.id
LEFT JOIN LATERAL (
    SELECT per_hour FROM (
        SELECT DISTINCT ON (skill) skill, per_hour FROM labour_rates
        WHERE site_id = t.site_id AND from_date <= %(day)s AND (skill = ANY(t.skills) OR skill = '')
        ORDER BY skill, from_date DESC
    ) AS newest ORDER BY skill = '', per_hour DESC LIMIT 1
) s ON true
WHERE t.site_id = %(site_id)s;

-- name: places
-- The locations of a site, with what each is in.
SELECT l.code, u.code AS parent, l.latitude, l.longitude
FROM locations l LEFT JOIN locations u ON u.id = l.parent_id WHERE l.site_id = %(site_id)s;

-- name: ways
-- The site's own matrix of ways.
SELECT f.code, t.code, w.minutes, w.km
FROM ways w JOIN locations f ON f.id = w.from_id JOIN locations t ON t.id = w.to_id WHERE w.site_id = %(site_id)s;

-- name: learned_ways
-- The median of what ways took, where it is known of enough of them.
SELECT from_place, place, greatest(1, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY travelled)))::integer, NULL::double precision
FROM visit_actuals
WHERE site_id = %(site_id)s AND travelled IS NOT NULL AND from_place <> place
GROUP BY from_place, place HAVING count(*) >= %(least)s;

-- name: skill_rules
-- What components and failure modes ask for at a site, besides the defaults.
SELECT of, code, skill, level FROM skill_rules WHERE site_id = %(site_id)s;

-- name: skill_certificates
-- What skills ask for at a site, besides the defaults.
SELECT skill, certificates FROM skill_certificates WHERE site_id = %(site_id)s;

-- name: orders
-- The approved, unfinished orders of a site, with what their job plans say.
SELECT w.id, w.number, w.title, w.status, w.status_since, w.type, w.priority, w.component, w.failure_mode, w.required_skill,
       w.other_skills, w.required_certificates, w.required_tools, w.completion_due, w.hold_reason, w.scheduled_start,
       w.scheduled_end, w.asset_id, a.code AS asset_code, a.class AS asset_class, t.code AS assignee, l.code AS place,
       coalesce(w.estimated_hours, p.estimated_hours) AS hours, w.estimated_hours, coalesce(p.needs_stop, false) AS needs_stop,
       coalesce(p.crew, 1) AS crew, w.plan
FROM work_orders w
JOIN sites s ON s.id = w.site_id
LEFT JOIN assets a ON a.id = w.asset_id
LEFT JOIN installations i ON i.asset_id = w.asset_id AND i.removed_at IS NULL
LEFT JOIN locations l ON l.id = coalesce(w.location_id, i.location_id)
LEFT JOIN technicians t ON t.id = w.assignee_id
LEFT JOIN job_plans p ON p.version = w.plan_version
    AND CASE WHEN p.site_id IS NULL THEN p.code = w.plan ELSE p.site_id = w.site_id AND s.code || '/' || p.code = w.plan END
WHERE w.site_id = %(site_id)s AND w.status IN (:waiting, :begun)
ORDER BY w.priority, w.completion_due, w.number;

-- name: orders_of_asset
-- The approved, unfinished orders of an asset, the most urgent first, as in a problem.
SELECT w.id, w.number, w.type, w.priority, w.asset_id, a.code AS asset_code, a.class AS asset_class
FROM work_orders w JOIN assets a ON a.id = w.asset_id
WHERE w.site_id = %(site_id)s AND w.asset_id = %(asset_id)s AND w.status IN (:waiting, :begun)
ORDER BY w.priority, w.completion_due, w.number;

-- name: medians
-- How long done work took: by its job plan, by the class of the asset and the type of the order, and by the type alone.
SELECT CASE WHEN grouping(w.plan) = 0 THEN 'plan' WHEN grouping(a.class) = 0 THEN 'class' ELSE 'type' END AS alike,
       w.plan, a.class, w.type, percentile_cont(0.5) WITHIN GROUP (ORDER BY w.actual_hours) AS hours, count(*) AS count
FROM work_orders w LEFT JOIN assets a ON a.id = w.asset_id
WHERE w.site_id = %(site_id)s AND w.status IN (:done, 'closed') AND w.actual_hours > 0
GROUP BY GROUPING SETS ((w.plan), (a.class, w.type), (w.type));

-- name: stops
-- The planned downtimes of assets in a time; one without an end lasts until it is cancelled.
SELECT asset_id, starts_at, ends_at FROM planned_downtimes
WHERE asset_id = ANY(%(assets)s) AND cancelled_at IS NULL AND starts_at < %(until)s
  AND (ends_at IS NULL OR ends_at > %(since)s)
ORDER BY asset_id, starts_at;

-- name: blockers
-- Which unfinished order has to be over before which; those of other sites have no number here.
SELECT l.to_id, w.id, CASE WHEN w.site_id = o.site_id THEN w.number ELSE 'an order of another site' END AS number
FROM order_links l JOIN work_orders w ON w.id = l.from_id JOIN work_orders o ON o.id = l.to_id
WHERE l.kind = 'blocks' AND l.to_id = ANY(%(orders)s) AND w.status NOT IN (:done, :final) ORDER BY l.to_id, w.number;

-- name: means
-- The tools and vehicles of a site that are in use.
SELECT id, code, name, kind FROM tools WHERE site_id = %(site_id)s AND retired_at IS NULL ORDER BY code;

-- name: taken
-- When tools are lent or booked for something else than these orders, and which orders have one booked.
SELECT tool_id, order_id, lower(during) AS starts, upper(during) AS ends FROM tool_bookings
WHERE site_id = %(site_id)s AND state IN ('booked', 'out') AND during && tstzrange(%(since)s, %(until)s)
ORDER BY tool_id, lower(during);

-- name: put_rules
-- How a site lets people work.
INSERT INTO work_rules (site_id, rest_minutes, week_minutes, warn_days, detour, walk_kmh, walk_km, town_kmh, town_km, road_kmh)
VALUES (%(site_id)s, %(rest_minutes)s, %(week_minutes)s, %(warn_days)s, %(detour)s, %(walk_kmh)s, %(walk_km)s, %(town_kmh)s,
        %(town_km)s, %(road_kmh)s)
ON CONFLICT (site_id) DO UPDATE SET rest_minutes = excluded.rest_minutes, week_minutes = excluded.week_minutes,
    warn_days = excluded.warn_days, detour = excluded.detour, walk_kmh = excluded.walk_kmh, walk_km = excluded.walk_km,
    town_kmh = excluded.town_kmh, town_km = excluded.town_km, road_kmh = excluded.road_kmh;
