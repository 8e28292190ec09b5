-- name: set_currency
-- The currency of a site's money. The schema refuses another one while there are amounts in it.
UPDATE sites SET currency = %(currency)s WHERE id = %(site_id)s AND currency IS DISTINCT FROM %(currency)s;

-- name: currency
-- The currency of a site's money.
SELECT currency FROM sites WHERE id = %(site_id)s;

-- name: rates
-- What an hour of each trade costs, and from when on.
SELECT skill, from_date, per_hour FROM labour_rates WHERE site_id = %(site_id)s ORDER BY skill, from_date DESC;

-- name: put_rate
-- What an hour of a trade costs from a day on; nothing is stored where the site has no currency.
INSERT INTO labour_rates (site_id, currency, skill, from_date, per_hour)
SELECT id, currency, %(skill)s, %(from_date)s, %(per_hour)s FROM sites WHERE id = %(site_id)s AND currency IS NOT NULL
ON CONFLICT (site_id, skill, from_date) DO UPDATE SET per_hour = excluded.per_hour
RETURNING skill;

-- name: drop_rate
-- A rate that was wrong.
DELETE FROM labour_rates WHERE site_id = %(site_id)s AND skill = %(skill)s AND from_date = %(from_date)s RETURNING skill;

-- name: model
-- A site's cost model: the site's own entry first, then classes, then assets.
SELECT a.code AS asset, m.class AS asset_class, m.failure, m.down_hour, m.failure_hours, m.wasted_visit, m.notice_hours
FROM cost_models m LEFT JOIN assets a ON a.id = m.asset_id
WHERE m.site_id = %(site_id)s ORDER BY m.asset_id IS NOT NULL, m.class IS NOT NULL, m.class, a.code;

-- name: put_entry
-- Prices of an asset, a class or the site; nothing is stored where the site has no currency.
INSERT INTO cost_models (site_id, currency, asset_id, class, failure, down_hour, failure_hours, wasted_visit, notice_hours)
SELECT id, currency, %(asset_id)s, %(asset_class)s, %(failure)s, %(down_hour)s, %(failure_hours)s, %(wasted_visit)s,
       %(notice_hours)s
FROM sites WHERE id = %(site_id)s AND currency IS NOT NULL
ON CONFLICT ON CONSTRAINT cost_models_once
DO UPDATE SET failure = excluded.failure, down_hour = excluded.down_hour, failure_hours = excluded.failure_hours,
              wasted_visit = excluded.wasted_visit, notice_hours = excluded.notice_hours
RETURNING id;

-- name: drop_entry
-- An entry of which nothing is said any more.
DELETE FROM cost_models
WHERE site_id = %(site_id)s AND asset_id IS NOT DISTINCT FROM %(asset_id)s::integer
  AND class IS NOT DISTINCT FROM %(asset_class)s::text;

-- name: asset_id
-- The asset of a site that has a code.
SELECT id FROM assets WHERE site_id = %(site_id)s AND code = %(code)s;

-- name: of_orders
-- What the costs of orders follow from. The rate is the one of the order's trade on the day of the site on which the work
-- was recorded as done, else today's; where the trade has none, the one of work without a trade.
SELECT w.id, s.currency, coalesce(w.actual_hours, w.estimated_hours) AS hours, w.actual_hours IS NULL AS estimated,
       w.required_skill AS skill, r.per_hour AS rate, w.cost AS external, w.currency AS external_currency,
       coalesce(p.parts, '[]') AS parts
FROM work_orders w
JOIN sites s ON s.id = w.site_id
LEFT JOIN LATERAL (
    SELECT max(h.at) AS at FROM order_history h WHERE h.order_id = w.id AND h.step = 'complete'
) AS done ON true
LEFT JOIN LATERAL (
    SELECT l.per_hour FROM labour_rates l
    WHERE l.site_id = w.site_id AND l.skill IN (coalesce(w.required_skill, ''), '')
      AND l.from_date <= (coalesce(done.at, %(now)s) AT TIME ZONE s.time_zone)::date
    ORDER BY l.skill = '', l.from_date DESC LIMIT 1
) AS r ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('line', q.line, 'part', q.part, 'needed', q.needed, 'used', q.used,
                                        'unit_cost', q.unit_cost::text, 'currency', q.currency) ORDER BY q.line) AS parts
    FROM order_parts q WHERE q.order_id = w.id
) AS p ON true
WHERE w.id = ANY(%(ids)s);

-- name: price_part
-- What a piece, a metre, a litre of a part of an order costs; NULL: not known any more.
UPDATE order_parts SET unit_cost = %(unit_cost)s, currency = CASE WHEN %(unit_cost)s::numeric IS NOT NULL THEN %(currency)s END
WHERE order_id = %(order_id)s AND line = %(line)s RETURNING part;

-- name: finished_of_asset
-- The orders of an asset that were done since a moment.
SELECT w.id FROM work_orders w
WHERE w.asset_id = %(asset_id)s AND (w.status IN (:done) OR w.status = 'closed') AND w.status_since >= %(since)s
ORDER BY w.status_since DESC LIMIT 1000;

-- name: part_prices
-- What the parts of an order cost a piece, where somebody has said.
SELECT line, part, coalesce(used, needed) AS quantity, unit, unit_cost, currency
FROM order_parts WHERE order_id = %(order_id)s ORDER BY line;

-- name: sites_with_a_model
-- The sites that have said what failures and visits cost.
SELECT DISTINCT site_id FROM cost_models ORDER BY site_id;

-- name: assets
-- The assets of sites, with what decides which prices count for them.
SELECT a.site_id, s.code || '/' || a.code AS key, a.code, a.class
FROM assets a JOIN sites s ON s.id = a.site_id WHERE a.site_id = ANY(%(site_ids)s) ORDER BY key;
