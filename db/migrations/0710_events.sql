-- What has happened on the plant, for everybody who follows it: streams, webhooks, e-mail. An event is written in the
-- transaction of what it reports, so that neither is ever without the other.
--
-- A number drawn inside that transaction would not do for readers: a smaller one can commit after a greater one has been
-- read. Hence two tables. Whoever reads calls number_events() first: under one lock it moves what has committed from
-- new_events to events, so that an id, once seen, is greater than every id that was there before, and no later event gets
-- a smaller one. Transactions that are still open delay nothing but their own events.

CREATE TABLE new_events (
    written bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uid uuid NOT NULL DEFAULT gen_random_uuid(),
    -- <what it is of>.<what happened>: order.closed, alarm.raised
    kind text NOT NULL CHECK (kind ~ '^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$'),
    -- NULL: it concerns the whole plant.
    site_id integer,
    asset_id integer,
    order_id uuid,
    -- What people call it: NTH-1042, NTH/P-101, deniz.
    subject text NOT NULL,
    -- Wall clock of what happened.
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    data jsonb NOT NULL DEFAULT '{}'::jsonb
);

CREATE SEQUENCE event_ids AS bigint;

-- No foreign keys: an event says what was so when it happened, and retention removes it.
CREATE TABLE events (
    id bigint PRIMARY KEY,
    -- The same wherever the event is sent, and however often.
    uid uuid NOT NULL UNIQUE,
    kind text NOT NULL,
    site_id integer,
    asset_id integer,
    order_id uuid,
    subject text NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    data jsonb NOT NULL
);
CREATE INDEX events_by_age ON events (recorded_at);
CREATE INDEX events_of_order ON events (order_id, id) WHERE order_id IS NOT NULL;
ALTER SEQUENCE event_ids OWNED BY events.id;

-- Number what has committed, in the order in which it was written; return how many. The lock lasts to the end of the
-- transaction, so call it in a short one.
CREATE FUNCTION number_events() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    numbered bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM new_events) THEN RETURN 0; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('plantwright events', 0));
    -- A statement of its own: it sees what committed while the lock was waited for.
    WITH taken AS (DELETE FROM new_events RETURNING *)
    INSERT INTO events (id, uid, kind, site_id, asset_id, order_id, subject, at, recorded_at, data)
    SELECT nextval('event_ids'), uid, kind, site_id, asset_id, order_id, subject, at, recorded_at, data
    FROM (SELECT * FROM taken ORDER BY written) AS in_order;
    GET DIAGNOSTICS numbered = ROW_COUNT;
    RETURN numbered;
END
$$;

-- The one definition of how an event is written.
CREATE FUNCTION append_event(of_kind text, of_site integer, of_asset integer, of_order uuid, of_subject text,
                             happened_at timestamptz, told jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO new_events (kind, site_id, asset_id, order_id, subject, at, data)
    VALUES (of_kind, of_site, of_asset, of_order, of_subject, happened_at, told)
$$;

-- Who listens on the channel events hears of it once the transaction has committed.
CREATE FUNCTION notify_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('events', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER new_events_are_announced AFTER INSERT ON new_events FOR EACH STATEMENT EXECUTE FUNCTION notify_of_events();

-- Everything that changes an order writes a row of its history.
CREATE FUNCTION event_of_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    w work_orders;
    assignee text;
    happened text;
BEGIN
    SELECT * INTO w FROM work_orders WHERE id = NEW.order_id;
    SELECT code INTO assignee FROM technicians WHERE id = w.assignee_id;
    happened := CASE
        WHEN NEW.step = 'open' THEN 'opened'
        WHEN NEW.step = 'warn' THEN 'warned'
        WHEN NEW.step = 'escalate' THEN 'escalated'
        WHEN NEW.new ? 'assignee' AND NEW.new ->> 'assignee' IS NOT NULL THEN 'assigned'
        WHEN NEW.new ? 'status' THEN w.status
        WHEN NEW.new ? 'assignee' THEN 'unassigned'
        ELSE 'changed' END;
    PERFORM append_event('order.' || happened, w.site_id, w.asset_id, w.id, w.number, NEW.at, jsonb_build_object(
        'number', w.number, 'title', w.title, 'type', w.type, 'priority', w.priority, 'status', w.status,
        'asset', w.asset_path, 'component', w.component, 'failure_mode', w.failure_mode, 'assignee', assignee,
        'escalation', w.escalation, 'response_due', w.response_due, 'completion_due', w.completion_due,
        'step', NEW.step, 'actor', NEW.actor, 'why', NEW.why,
        -- Of a new order, what it was opened as is above.
        'old', NEW.old, 'new', CASE WHEN NEW.step = 'open' THEN '{}' ELSE NEW.new END));
    RETURN NULL;
END
$$;
CREATE TRIGGER order_history_makes_events AFTER INSERT ON order_history FOR EACH ROW EXECUTE FUNCTION event_of_order();

-- A finding that led to something is evidence of an order.
CREATE FUNCTION event_of_finding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('finding.recorded', w.site_id, w.asset_id, w.id, w.number, now(), jsonb_build_object(
        'number', w.number, 'asset', w.asset_path, 'source', NEW.source, 'version', NEW.version,
        'component', NEW.component, 'failure_mode', NEW.failure_mode, 'severity', NEW.severity, 'since', NEW.since,
        'event_at', NEW.at, 'summary', NEW.summary))
    FROM work_orders w WHERE w.id = NEW.order_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER evidence_makes_events AFTER INSERT ON evidence FOR EACH ROW EXECUTE FUNCTION event_of_finding();

-- Every move of an alarm, the engine's and people's, is a row of alarm_moves.
CREATE FUNCTION event_of_alarm() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    happened text := CASE NEW.move
        WHEN 'raise' THEN 'raised' WHEN 'clear' THEN 'cleared' WHEN 'suppress' THEN 'suppressed'
        WHEN 'release' THEN 'released' WHEN 'acknowledge' THEN 'acknowledged' WHEN 'shelve' THEN 'shelved'
        WHEN 'unshelve' THEN 'unshelved' WHEN 'take_out_of_service' THEN 'taken_out_of_service'
        WHEN 'return_to_service' THEN 'returned_to_service' ELSE NEW.move END;
BEGIN
    PERFORM append_event('alarm.' || happened, a.site_id, a.id, NULL, s.code || '/' || a.code, NEW.at,
        jsonb_build_object(
            'asset', s.code || '/' || a.code, 'source', NEW.source, 'old_state', NEW.old_state,
            'state', NEW.new_state, 'severity', p.severity, 'summary', p.summary, 'event_at', NEW.event_at,
            'until', NEW.until, 'actor', NEW.actor, 'why', NEW.why))
    FROM assets a JOIN sites s ON s.id = a.site_id
    LEFT JOIN alarm_points p ON p.asset_id = a.id AND p.source = NEW.source
    WHERE a.id = NEW.asset_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER alarm_moves_make_events AFTER INSERT ON alarm_moves FOR EACH ROW EXECUTE FUNCTION event_of_alarm();

-- The rulebook, the model documents and rules in shadow are in the log of changes, in the order of all changes.
CREATE FUNCTION event_of_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event(NEW.kind || '.' || NEW.what, NULL, NULL, NULL, NEW.subject, NEW.at, jsonb_build_object(
        'actor', NEW.actor, 'why', NEW.why, 'old', NEW.old, 'new', NEW.new));
    RETURN NULL;
END
$$;
CREATE TRIGGER document_changes_make_events AFTER INSERT ON changes
    FOR EACH ROW WHEN (NEW.kind IN ('document', 'rule')) EXECUTE FUNCTION event_of_document();
