-- name: raise
-- An alarm. One of its source that nobody said was over is over with it.
WITH before AS (
    UPDATE alarms SET cleared_at = greatest(%(at)s, raised_at)
    WHERE asset_id = %(asset_id)s AND source = %(source)s AND cleared_at IS NULL
)
INSERT INTO alarms (asset_id, source, severity, summary, arrival, raised_at)
VALUES (%(asset_id)s, %(source)s, %(severity)s, %(summary)s, %(arrival)s, %(at)s);

-- name: clear
-- It is over.
UPDATE alarms SET cleared_at = greatest(%(at)s, raised_at)
WHERE asset_id = %(asset_id)s AND source = %(source)s AND cleared_at IS NULL;

-- name: suppress
-- Why an active alarm is suppressed; null if it is shown.
UPDATE alarms SET suppressed = %(suppressed)s WHERE asset_id = %(asset_id)s AND source = %(source)s AND cleared_at IS NULL;

-- name: page
-- Alarms, the newest first, of a site, an asset, a source, or only active ones.
SELECT al.id, s.code || '/' || a.code AS asset, al.asset_id, al.source, al.severity, al.summary, al.raised_at, al.cleared_at,
       al.suppressed
FROM alarms al JOIN assets a ON a.id = al.asset_id JOIN sites s ON s.id = a.site_id
WHERE (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(asset_id)s::integer IS NULL OR al.asset_id = %(asset_id)s)
  AND (%(source)s::text IS NULL OR al.source = %(source)s)
  AND (NOT %(standing)s::boolean OR al.cleared_at IS NULL)
  AND (%(after_id)s::bigint IS NULL OR (al.raised_at, al.id) < (%(after_raised)s::timestamptz, %(after_id)s))
ORDER BY al.raised_at DESC, al.id DESC LIMIT %(limit)s;

-- name: between
-- Alarms raised or active in a range, in order: the metrics are counted from them.
SELECT s.code || '/' || a.code AS asset, al.source, al.severity, al.raised_at, al.cleared_at, al.suppressed IS NOT NULL AS suppressed
FROM alarms al JOIN assets a ON a.id = al.asset_id JOIN sites s ON s.id = a.site_id
WHERE al.raised_at < %(until)s AND (al.raised_at >= %(since)s OR al.cleared_at IS NULL OR al.cleared_at > %(since)s)
  AND (%(site)s::text IS NULL OR s.code = %(site)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
ORDER BY al.raised_at, al.id;
