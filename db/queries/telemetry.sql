-- name: series
-- Readings of an asset by bucket, with what a thinned chart must not hide: the extremes. Bad and stale ones are left out.
SELECT s.name AS signal, date_bin(%(bucket)s::interval, r.observed_at, '2000-01-01T00:00:00Z') AS at,
       min(r.value) AS low, max(r.value) AS high, count(*) AS readings,
       -- The mean of numbers so large that their sum, or its square, is none lies somewhere between the extremes.
       coalesce(avg(r.value) FILTER (WHERE abs(r.value) < 1e140), min(r.value) / 2 + max(r.value) / 2) AS mean
FROM signals s JOIN readings r ON r.signal_id = s.id
WHERE s.asset_id = %(asset_id)s AND (%(signals)s::text[] IS NULL OR s.name = ANY(%(signals)s))
  AND r.observed_at >= %(start)s AND r.observed_at < %(end)s AND r.quality < 2
GROUP BY s.id, s.name, 2 ORDER BY s.id, 2;

-- name: newest
-- The newest reading of each signal, by event time.
SELECT s.asset_id, s.name AS signal, r.observed_at, r.received_at, r.value, r.quality
FROM signals s
JOIN LATERAL (
    SELECT observed_at, received_at, value, quality FROM readings
    WHERE signal_id = s.id ORDER BY observed_at DESC LIMIT 1
) AS r ON true
WHERE s.asset_id = ANY(%(asset_ids)s::integer[]) ORDER BY s.asset_id, s.id;

-- name: newest_received
-- When the newest batch came in: the sequence of inputs is read from its end.
SELECT max(received_at) FROM readings WHERE arrival >= (SELECT next_arrival - 2000 FROM judge_position);

-- name: late_beyond
-- By rule, what came too late to be judged and lies beyond a plain limit. Late readings are few, and have their own index.
SELECT w.rule, w.signal, min(r.observed_at) AS since, max(r.observed_at) AS until, max(r.received_at) AS received_at,
       count(*) AS readings, CASE WHEN w.upper THEN max(r.value) ELSE min(r.value) END AS worst
FROM unnest(%(rules)s::text[], %(signals)s::text[], %(limits)s::double precision[], %(uppers)s::boolean[])
     AS w (rule, signal, raise_at, upper)
JOIN signals s ON s.asset_id = %(asset_id)s AND s.name = w.signal
JOIN readings r ON r.signal_id = s.id
WHERE r.late AND r.quality < 2 AND r.observed_at >= %(start)s AND r.observed_at < %(end)s
  AND CASE WHEN w.upper THEN r.value >= w.raise_at ELSE r.value <= w.raise_at END
GROUP BY w.rule, w.signal, w.upper ORDER BY since, w.rule;
