-- name: texts
-- The texts that people wrote on a site's orders, with what is known of each, the oldest first; the newest so many.
SELECT * FROM (
    SELECT w.title AS text, w.recorded_at AS at, w.type, w.priority::text AS priority, a.code AS asset, w.component,
           coalesce(w.close_failure_mode, w.failure_mode) AS failure_mode, w.required_skill AS skill, w.plan, w.id
    FROM work_orders w LEFT JOIN assets a ON a.id = w.asset_id
    WHERE w.site_id = %(site_id)s AND w.origin = 'person' AND w.status <> 'cancelled'
    ORDER BY w.recorded_at DESC, w.id LIMIT %(limit)s
) AS newest ORDER BY at, id;

-- name: lock_site
-- One version at a time is added to a site, and one put in force.
SELECT FROM sites WHERE id = %(site_id)s FOR NO KEY UPDATE;

-- name: add_version
-- The next version of a site; it suggests nothing yet.
INSERT INTO triage_versions (site_id, number, texts, made_by, made_at, run_id)
SELECT %(site_id)s, coalesce(max(number), 0) + 1, %(texts)s, %(actor)s, %(at)s, %(run_id)s
FROM triage_versions WHERE site_id = %(site_id)s
RETURNING number;

-- name: add_model
-- The model of one field of a version.
INSERT INTO triage_models (site_id, number, field, facts, digest, content)
VALUES (%(site_id)s, %(number)s, %(field)s, %(facts)s, %(digest)s, %(content)s);

-- name: put_in_force
-- From now on this version suggests; null: none does.
INSERT INTO triage_in_force (site_id, seq, number, actor, at, why)
SELECT %(site_id)s, coalesce(max(seq), 0) + 1, %(number)s, %(actor)s, %(at)s, %(why)s
FROM triage_in_force WHERE site_id = %(site_id)s;

-- name: versions
-- The versions of a site, the newest first, each with its fields and whether it is in force.
SELECT v.number, v.texts, v.made_by, v.made_at, v.run_id,
       v.number = (SELECT f.number FROM triage_in_force f WHERE f.site_id = v.site_id ORDER BY f.seq DESC LIMIT 1) IS TRUE
       AS in_force,
       coalesce((SELECT jsonb_object_agg(m.field, m.facts) FROM triage_models m
                 WHERE m.site_id = v.site_id AND m.number = v.number), '{}') AS fields
FROM triage_versions v
WHERE v.site_id = %(site_id)s AND (%(number)s::integer IS NULL OR v.number = %(number)s)
  AND (%(before)s::bigint IS NULL OR v.number < %(before)s)
ORDER BY v.number DESC LIMIT %(limit)s;

-- name: moves
-- Which versions were put in force at a site, by whom and why, the newest first.
SELECT seq, number, actor, at, why FROM triage_in_force
WHERE site_id = %(site_id)s AND (%(before)s::bigint IS NULL OR seq < %(before)s) ORDER BY seq DESC LIMIT %(limit)s;

-- name: learning
-- The newest version of a site, the one in force, when a version was last asked for, and how many texts got labels since
-- then, until a moment: when the order was recorded, or when its close-out confirmed them.
WITH newest AS (
    SELECT number, texts, made_at FROM triage_versions WHERE site_id = %(site_id)s ORDER BY number DESC LIMIT 1
), asked AS (
    SELECT max(requested_at) AS at FROM runs WHERE site_id = %(site_id)s AND kind = 'triage'
), since AS (
    SELECT greatest((SELECT at FROM asked), (SELECT made_at FROM newest), '-infinity') AS at
)
SELECT (SELECT number FROM newest) AS newest, (SELECT texts FROM newest) AS learned_from,
       (SELECT f.number FROM triage_in_force f WHERE f.site_id = %(site_id)s ORDER BY f.seq DESC LIMIT 1) AS in_force,
       (SELECT at FROM asked) AS asked_at,
       (SELECT count(*) FROM work_orders w, since
        WHERE w.site_id = %(site_id)s AND w.origin = 'person' AND w.status <> 'cancelled'
          AND ((w.recorded_at > since.at AND w.recorded_at <= %(until)s)
               OR (w.close_finding IS NOT NULL AND w.status_since > since.at AND w.status_since <= %(until)s))) AS new;

-- name: models_in_force
-- The models that suggest at a site, without their content.
SELECT m.field, m.number, m.digest FROM triage_models m
WHERE m.site_id = %(site_id)s
  AND m.number = (SELECT f.number FROM triage_in_force f WHERE f.site_id = %(site_id)s ORDER BY f.seq DESC LIMIT 1)
ORDER BY m.field;

-- name: content
-- The content of one model.
SELECT content FROM triage_models WHERE site_id = %(site_id)s AND number = %(number)s AND field = %(field)s;

-- name: add_label
-- What was suggested for a field of an order, and what was chosen.
INSERT INTO triage_labels (order_id, field, suggested, chosen, source, number, actor, at)
VALUES (%(order_id)s, %(field)s, %(suggested)s, %(chosen)s, %(source)s, %(number)s, %(actor)s, %(at)s)
ON CONFLICT DO NOTHING;

-- name: assets
-- The assets of a site, by which a text can name one.
SELECT code, name FROM assets WHERE site_id = %(site_id)s AND archived_at IS NULL ORDER BY code LIMIT 5000;

-- part: alike
-- Orders with some of the words, at a site that the reader sees; those with most of them and the newest first.
FROM work_orders w JOIN sites s ON s.id = w.site_id LEFT JOIN assets a ON a.id = w.asset_id
WHERE to_tsvector('simple', w.title || ' ' || coalesce(w.close_note, '')) @@ to_tsquery('simple', %(words)s)
  AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(site_id)s::integer IS NULL OR w.site_id = %(site_id)s)
  AND (%(asset_id)s::integer IS NULL OR w.asset_id = %(asset_id)s)
  AND (%(but)s::uuid IS NULL OR w.id <> %(but)s)
  AND (NOT %(open)s::boolean OR w.status NOT IN (:final))
  AND (NOT %(done)s::boolean OR w.status IN (:done) OR w.status = 'closed')
ORDER BY ts_rank(to_tsvector('simple', w.title || ' ' || coalesce(w.close_note, '')), to_tsquery('simple', %(words)s)) DESC,
         w.recorded_at DESC, w.id
LIMIT %(limit)s

-- name: orders
-- Orders with some of the words, with what came of them. Fixed the first time: finished, not sent back, and no order follows it.
SELECT w.id, w.number, w.title, w.status, w.asset_id, a.code AS asset, a.class AS asset_class, w.component,
       w.failure_mode, w.recorded_at, w.close_finding AS finding, w.close_cause AS cause, w.close_remedy AS remedy,
       w.close_note AS note, w.actual_hours AS hours,
       ARRAY(SELECT p.part FROM order_parts p WHERE p.order_id = w.id AND p.used > 0 ORDER BY p.line) AS parts,
       (w.status IN (:done) OR w.status = 'closed') AND w.close_finding <> 'nothing_found'
       AND NOT EXISTS (SELECT FROM order_history h WHERE h.order_id = w.id AND h.step = 'rework')
       AND NOT EXISTS (SELECT FROM work_orders f WHERE f.follows = w.id) AS fixed
-- as in: alike
;

-- name: comments
-- What people wrote about some orders.
SELECT c.order_id, c.text FROM order_comments c WHERE c.order_id = ANY(%(orders)s::uuid[]) ORDER BY c.order_id, c.seq;

-- name: text_files
-- The newest text files of assets and locations, at the sites that the reader sees.
SELECT f.id, f.name, coalesce(a.code, l.code) AS owner, a.id AS asset_id, l.id AS location_id
FROM attachments f LEFT JOIN assets a ON a.id = f.asset_id LEFT JOIN locations l ON l.id = f.location_id
JOIN sites s ON s.id = coalesce(a.site_id, l.site_id)
WHERE f.kind = 'text/plain' AND f.deleted_at IS NULL AND (%(within)s::text[] IS NULL OR s.code = ANY(%(within)s))
  AND (%(site_id)s::integer IS NULL OR s.id = %(site_id)s)
ORDER BY f.at DESC, f.id LIMIT %(limit)s;

-- name: danger_words
-- The newest version of a site's own words.
SELECT version, words, made_by, made_at, why FROM danger_words WHERE site_id = %(site_id)s
ORDER BY version DESC LIMIT 1;

-- name: add_danger_words
-- The next version of a site's own words.
INSERT INTO danger_words (site_id, version, words, made_by, made_at, why)
SELECT %(site_id)s, coalesce(max(version), 0) + 1, %(words)s, %(actor)s, %(at)s, %(why)s
FROM danger_words WHERE site_id = %(site_id)s;
