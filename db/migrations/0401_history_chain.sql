-- History that shows when somebody has been at it. Each row carries SHA-256 over the hash of the row before it in its
-- order (nothing for the first) and the UTF-8 text of the JSON array
--   [order, seq, microseconds since 1970, actor, step, old, new, why]
-- as jsonb is written: keys by length and then by bytes, ", " between values and ": " after keys.
CREATE FUNCTION history_hash(before bytea, order_id uuid, seq integer, at timestamptz, actor text, step text,
                             was jsonb, becomes jsonb, why text)
RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(before || convert_to(jsonb_build_array(order_id, seq, (extract(epoch FROM at) * 1000000)::bigint,
                                                         actor, step, was, becomes, why)::text, 'UTF8'))
$$;

-- How far the chain of each order has come, so that a row taken off its end is missed.
CREATE TABLE history_heads (
    order_id uuid PRIMARY KEY REFERENCES work_orders,
    seq      integer NOT NULL,
    hash     bytea NOT NULL,
    -- The row that the newest anchor holds.
    anchored integer NOT NULL DEFAULT 0
);
CREATE INDEX history_heads_not_anchored ON history_heads (order_id) WHERE seq > anchored;

-- Anchors tie the chains of all orders into one: each hashes the anchor before it and the heads that had moved since.
-- Whoever notes an anchor's hash elsewhere can prove everything before it.
CREATE TABLE audit_anchors (
    id   integer PRIMARY KEY,
    at   timestamptz NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE audit_anchored (
    anchor_id integer NOT NULL REFERENCES audit_anchors,
    order_id  uuid NOT NULL,
    seq       integer NOT NULL,
    hash      bytea NOT NULL,
    PRIMARY KEY (anchor_id, order_id)
);

ALTER TABLE order_history ADD COLUMN hash bytea;
ALTER TABLE order_history DISABLE TRIGGER order_history_is_append_only;

-- Rows written until now hold only a part of what changed. A row that tells all of the order makes the rest replayable.
CREATE FUNCTION plain_time(t timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
        || CASE WHEN extract(microseconds FROM t)::bigint % 1000000 <> 0 THEN to_char(t AT TIME ZONE 'UTC', '.US') ELSE '' END
        || '+00:00'
$$;
INSERT INTO order_history (order_id, seq, at, actor, step, new, why)
SELECT w.id, (SELECT coalesce(max(seq), 0) + 1 FROM order_history h WHERE h.order_id = w.id), now(), 'system:migration', 'migrate',
       jsonb_strip_nulls(jsonb_build_object(
           'number', w.number, 'site_id', w.site_id, 'asset_id', w.asset_id, 'asset_path', w.asset_path,
           'component', w.component, 'failure_mode', w.failure_mode, 'type', w.type, 'origin', w.origin,
           'priority', w.priority, 'priority_reason', w.priority_reason, 'title', w.title, 'status', w.status,
           'opened_at', plain_time(w.opened_at), 'recorded_at', plain_time(w.recorded_at),
           'required_skill', w.required_skill, 'requested_by', w.requested_by,
           'assignee', (SELECT code FROM technicians t WHERE t.id = w.assignee_id), 'assignment_note', w.assignment_note,
           'response_due', plain_time(w.response_due), 'completion_due', plain_time(w.completion_due),
           'escalation', w.escalation, 'warned', w.warned, 'follows', w.follows, 'duplicate_of', w.duplicate_of,
           'done_by', w.done_by))
       || CASE WHEN w.close_finding IS NULL THEN '{}' ELSE jsonb_build_object('close_out', jsonb_build_object(
           'finding', w.close_finding, 'failure_mode', w.close_failure_mode, 'cause', coalesce(w.close_cause, ''),
           'remedy', coalesce(w.close_remedy, ''), 'note', coalesce(w.close_note, ''), 'mechanism', NULL,
           'downtime_minutes', NULL, 'readings', '[]'::jsonb)) END,
       'the order as it was when its history was chained'
FROM work_orders w;
DROP FUNCTION plain_time(timestamptz);

DO $$
DECLARE
    each record;
    before bytea := '';
    of_order uuid;
BEGIN
    FOR each IN SELECT * FROM order_history ORDER BY order_id, seq LOOP
        IF of_order IS DISTINCT FROM each.order_id THEN
            of_order := each.order_id;
            before := '';
        END IF;
        before := history_hash(before, each.order_id, each.seq, each.at, each.actor, each.step, each.old, each.new, each.why);
        UPDATE order_history SET hash = before WHERE order_id = each.order_id AND seq = each.seq;
    END LOOP;
END
$$;
INSERT INTO history_heads (order_id, seq, hash)
SELECT DISTINCT ON (order_id) order_id, seq, hash FROM order_history ORDER BY order_id, seq DESC;

ALTER TABLE order_history ENABLE TRIGGER order_history_is_append_only;
ALTER TABLE order_history ALTER COLUMN hash SET NOT NULL;
CREATE TRIGGER order_history_is_never_emptied BEFORE TRUNCATE ON order_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
