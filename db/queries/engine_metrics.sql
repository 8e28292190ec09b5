-- name: write
-- Only of the process that is the plant's writer.
INSERT INTO engine_figures (written_at, figures)
SELECT now(), %(figures)s FROM judge_position WHERE fence = %(fence)s
ON CONFLICT (only_row) DO UPDATE SET written_at = excluded.written_at, figures = excluded.figures;

-- name: read
-- What was written last, and how long ago by this server's clock.
SELECT figures, extract(epoch FROM now() - written_at)::double precision AS age_s FROM engine_figures;

-- name: skews
-- How far each asset's clock is from ours, by its newest reading: reception less measurement, the largest first.
SELECT si.code || '/' || a.code AS asset, newest.skew_s
FROM assets a JOIN sites si ON si.id = a.site_id
CROSS JOIN LATERAL (
    SELECT extract(epoch FROM r.received_at - r.observed_at)::double precision AS skew_s, r.observed_at
    FROM signals s CROSS JOIN LATERAL (
        SELECT observed_at, received_at FROM readings
        WHERE signal_id = s.id AND observed_at > now() - make_interval(days => 1) AND NOT late AND quality < 2
        ORDER BY observed_at DESC LIMIT 1) r
    WHERE s.asset_id = a.id ORDER BY r.observed_at DESC LIMIT 1) newest
ORDER BY abs(newest.skew_s) DESC, asset LIMIT %(limit)s;
