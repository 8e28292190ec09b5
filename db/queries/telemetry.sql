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
-- When the newest batch came in: the sequence of inputs is looked at from its end.
SELECT max(received_at) FROM readings WHERE arrival >= (SELECT next_arrival - 2000 FROM judge_position);
