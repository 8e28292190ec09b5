-- A link of two orders may lead to another site, and events are read by site: that an order was linked is an event, what
-- it was linked with and why is not. Who may see the other order reads it there.
CREATE OR REPLACE FUNCTION event_of_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    w work_orders;
    assignee text;
    happened text;
    of_link boolean := NEW.step IN ('link', 'unlink');
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
        'step', NEW.step, 'actor', NEW.actor, 'why', CASE WHEN of_link THEN '' ELSE NEW.why END,
        -- Of a new order, what it was opened as is above.
        'old', CASE WHEN of_link THEN '{}' ELSE NEW.old END,
        'new', CASE WHEN of_link OR NEW.step = 'open' THEN '{}' ELSE NEW.new END));
    RETURN NULL;
END
$$;
