-- name: stored_values
-- Which of these readings are stored already, and with which value.
SELECT r.signal_id, (extract(epoch FROM r.observed_at) * 1000000)::bigint AS at_us, r.value
FROM unnest(%(signals)s::integer[], %(times)s::timestamptz[]) AS asked (signal_id, observed_at)
JOIN readings r USING (signal_id, observed_at);

-- name: newest
-- The newest event time stored of each of those signals, judged or not; a signal without readings has no row.
SELECT asked.signal_id, (extract(epoch FROM newest.observed_at) * 1000000)::bigint AS at_us
FROM unnest(%(signals)s::integer[]) AS asked (signal_id)
JOIN LATERAL (
    SELECT r.observed_at FROM readings r WHERE r.signal_id = asked.signal_id ORDER BY r.observed_at DESC LIMIT 1
) AS newest ON true;

-- name: copy_in
-- The batch in PostgreSQL's binary form: nothing in it is stored yet.
COPY readings (signal_id, observed_at, received_at, arrival, value, quality, late) FROM STDIN WITH (FORMAT binary);

-- name: judged_after
-- What the judge has to fold again after a checkpoint, packed into one value: a message for each row would cost more
-- than all else. Of some signals, or of all.
SELECT string_agg(packed, ''::bytea ORDER BY arrival, signal_id) FROM (
    SELECT arrival, signal_id,
           int8send(arrival) || int4send(signal_id) || timestamptz_send(observed_at) || float8send(value) || int2send(quality) AS packed
    FROM readings
    WHERE arrival > %(after)s AND arrival <= %(upto)s AND NOT late AND (quality < 2 OR quality = 4)
      -- Not by the primary key: the planner would read the whole history of those signals for every stretch.
      AND (%(signals)s::integer[] IS NULL OR signal_id + 0 = ANY(%(signals)s::integer[]))
) AS judged;

-- name: late_after
-- What came late after a checkpoint, for the rules that open orders for it; imported history is none of it. Packed as above.
SELECT string_agg(packed, ''::bytea ORDER BY arrival, signal_id) FROM (
    SELECT arrival, signal_id,
           int8send(arrival) || int4send(signal_id) || timestamptz_send(observed_at) || float8send(value) || int2send(quality) AS packed
    FROM readings r
    WHERE arrival > %(after)s AND arrival <= %(upto)s AND late AND quality < 2
      AND (%(signals)s::integer[] IS NULL OR signal_id + 0 = ANY(%(signals)s::integer[]))
      AND NOT EXISTS (SELECT FROM import_places i WHERE r.arrival BETWEEN i.first AND i.last)
) AS late;

-- name: signals
-- What signals are called, and whose they are.
SELECT s.id, si.code || '/' || a.code AS asset, s.name AS signal
FROM signals s JOIN assets a ON a.id = s.asset_id JOIN sites si ON si.id = a.site_id
WHERE %(assets)s::text[] IS NULL OR si.code || '/' || a.code = ANY(%(assets)s::text[]);

-- name: count_all
-- For the reports of demo and doctor.
SELECT count(*) AS readings, count(*) FILTER (WHERE late) AS late FROM readings;

-- name: newest_of_site
-- The newest event time stored of each asset of a site; NULL where it has sent nothing.
SELECT a.code, max(newest.observed_at) AS observed_at
FROM assets a JOIN sites si ON si.id = a.site_id
LEFT JOIN signals s ON s.asset_id = a.id
LEFT JOIN LATERAL (
    SELECT r.observed_at FROM readings r WHERE r.signal_id = s.id ORDER BY r.observed_at DESC LIMIT 1
) AS newest ON true
WHERE si.code = %(site)s GROUP BY a.code ORDER BY a.code;

-- name: mark_stale
-- The newest value of each of those signals, once more as stale: nobody measures it any more. Never judged.
INSERT INTO readings (signal_id, observed_at, received_at, arrival, value, quality, late)
SELECT s.id, greatest(%(at)s, newest.observed_at + INTERVAL '1 microsecond'), %(at)s, %(arrival)s, newest.value, 3, false
FROM signals s
JOIN LATERAL (
    SELECT observed_at, value, quality FROM readings WHERE signal_id = s.id ORDER BY observed_at DESC LIMIT 1
) AS newest ON newest.quality <> 3
WHERE s.id = ANY(%(signals)s::integer[])
ON CONFLICT (signal_id, observed_at) DO NOTHING;
