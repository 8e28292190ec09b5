-- part: every
    SELECT order_id, seq, at, actor, step, old, new, why, hash FROM order_history
    UNION ALL
    SELECT chain, seq, at, actor, concat_ws(' ', kind, site, what), old, new, why, hash FROM changes

-- part: heads
    SELECT order_id, seq, hash FROM history_heads
    UNION ALL
    SELECT chain, seq, hash FROM change_heads

-- name: broken
-- What is wrong with the chains of orders and of the log of changes: rows whose hash is not that of what they say after the row before them, numbers that are
-- missing, and ends that are not where the head says. One row per chain: the first thing that is wrong.
WITH every AS (
-- as in: every
), heads AS (
-- as in: heads
), rows AS (
    SELECT order_id, seq, hash,
           row_number() OVER of_order AS place,
           history_hash(coalesce(lag(hash) OVER of_order, ''::bytea), order_id, seq, at, actor, step, old, new, why) AS told
    FROM every
    WINDOW of_order AS (PARTITION BY order_id ORDER BY seq)
), wrong AS (
    SELECT order_id, seq,
           CASE WHEN seq <> place THEN 'a row before it is missing' ELSE 'the row was changed or put in' END AS problem
    FROM rows WHERE seq <> place OR hash <> told
    UNION ALL
    SELECT h.order_id, h.seq, 'rows after the head were put in, or the end was taken off'
    FROM heads h
    LEFT JOIN (SELECT order_id, max(seq) AS seq FROM every GROUP BY order_id) AS last USING (order_id)
    WHERE last.seq IS DISTINCT FROM h.seq
    UNION ALL
    SELECT h.order_id, h.seq, 'the last row is not the one that the head knows'
    FROM heads h JOIN every r ON r.order_id = h.order_id AND r.seq = h.seq WHERE r.hash <> h.hash
    UNION ALL
    SELECT chain, seq, 'the row is of another thing' FROM changes WHERE chain <> md5(kind || ' ' || subject)::uuid
    UNION ALL
    SELECT chain, min(seq), 'the thing has no head' FROM changes WHERE chain NOT IN (SELECT chain FROM change_heads)
    GROUP BY chain
    UNION ALL
    SELECT w.id, 0, 'the order has no history' FROM work_orders w
    WHERE NOT EXISTS (SELECT FROM history_heads h WHERE h.order_id = w.id)
    UNION ALL
    SELECT a.order_id, a.seq, 'an anchor knows another row here, or a row that is gone'
    FROM audit_anchored a LEFT JOIN every r ON r.order_id = a.order_id AND r.seq = a.seq
    WHERE r.hash IS DISTINCT FROM a.hash
)
SELECT DISTINCT ON (wrong.order_id) wrong.order_id,
       coalesce(w.number, (SELECT kind || ' ' || subject FROM changes WHERE chain = wrong.order_id LIMIT 1)) AS number,
       wrong.seq, wrong.problem
FROM wrong LEFT JOIN work_orders w ON w.id = wrong.order_id ORDER BY wrong.order_id, wrong.seq, wrong.problem;

-- name: counted
-- How much there was to look at.
SELECT count(*) AS rows, count(DISTINCT order_id) AS orders FROM (
-- as in: every
) AS every;

-- name: anchors
-- The anchors with the hash that each should have: over the anchor before, its time, and its heads.
SELECT id, at, hash,
       sha256(coalesce(lag(hash) OVER (ORDER BY id), ''::bytea)
              || convert_to(((extract(epoch FROM at) * 1000000)::bigint)::text, 'UTF8')
              || coalesce((SELECT sha256(string_agg(uuid_send(order_id) || int4send(seq) || e.hash, ''::bytea ORDER BY order_id))
                           FROM audit_anchored e WHERE e.anchor_id = a.id), ''::bytea)) AS told
FROM audit_anchors a ORDER BY id;

-- name: anchor
-- One more anchor over the heads that have moved since the last one; nothing where none has.
WITH of_orders AS (
    UPDATE history_heads SET anchored = seq WHERE seq > anchored RETURNING order_id, seq, hash
), of_changes AS (
    UPDATE change_heads SET anchored = seq WHERE seq > anchored RETURNING chain, seq, hash
), moved AS (
    SELECT * FROM of_orders UNION ALL SELECT chain, seq, hash FROM of_changes
), last AS (
    SELECT id, hash FROM audit_anchors ORDER BY id DESC LIMIT 1
), made AS (
    INSERT INTO audit_anchors (id, at, hash)
    SELECT coalesce((SELECT id FROM last), 0) + 1, %(at)s,
           sha256(coalesce((SELECT hash FROM last), ''::bytea)
                  || convert_to(((extract(epoch FROM %(at)s::timestamptz) * 1000000)::bigint)::text, 'UTF8')
                  || (SELECT sha256(string_agg(uuid_send(order_id) || int4send(seq) || hash, ''::bytea ORDER BY order_id))
                      FROM moved))
    WHERE EXISTS (SELECT FROM moved)
    RETURNING id
)
INSERT INTO audit_anchored (anchor_id, order_id, seq, hash)
SELECT made.id, order_id, moved.seq, moved.hash FROM moved, made;

-- name: of_sites
-- Which chains are of some sites.
SELECT w.id FROM work_orders w JOIN sites s ON s.id = w.site_id WHERE w.id = ANY(%(ids)s) AND s.code = ANY(%(within)s)
UNION
SELECT chain FROM changes WHERE chain = ANY(%(ids)s) AND site = ANY(%(within)s);
