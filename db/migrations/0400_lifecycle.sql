-- The whole lifecycle: requests and approval before the work, planning, dates, and work that could not be done.
-- What was called assigned is dispatched.

ALTER TABLE work_orders DROP CONSTRAINT work_orders_status_check;
UPDATE work_orders SET status = 'dispatched' WHERE status = 'assigned';
UPDATE judge_events SET payload = jsonb_set(payload, '{status}', '"dispatched"')
    WHERE kind = 'order_moved' AND payload ->> 'status' = 'assigned';
ALTER TABLE work_orders ADD CONSTRAINT work_orders_status_check CHECK (status IN
    ('draft', 'awaiting_approval', 'open', 'planned', 'scheduled', 'dispatched', 'in_progress', 'on_hold', 'completed',
     'verified', 'closed', 'cancelled', 'cannot_complete'));

ALTER TABLE assets ADD COLUMN safety_critical boolean NOT NULL DEFAULT false;

ALTER TABLE work_orders
    ALTER COLUMN asset_id DROP NOT NULL,
    ADD COLUMN location_id integer REFERENCES locations,
    ADD COLUMN other_skills text[] NOT NULL DEFAULT '{}',
    ADD COLUMN required_certificates text[] NOT NULL DEFAULT '{}',
    ADD COLUMN required_tools text[] NOT NULL DEFAULT '{}',
    ADD COLUMN requested_by text,
    ADD COLUMN requested_for timestamptz,
    ADD COLUMN scheduled_start timestamptz,
    ADD COLUMN scheduled_end timestamptz CHECK (scheduled_end > scheduled_start),
    ADD COLUMN response_warn_at timestamptz,
    ADD COLUMN completion_warn_at timestamptz,
    -- How many targets have been warned of: 0, 1 (response), 2 (completion).
    ADD COLUMN warned smallint NOT NULL DEFAULT 0,
    ADD COLUMN hold_reason text CHECK (hold_reason IN ('parts', 'permit', 'access', 'other')),
    ADD COLUMN estimated_hours double precision CHECK (estimated_hours >= 0),
    ADD COLUMN actual_hours double precision CHECK (actual_hours >= 0),
    ADD COLUMN cost numeric(14, 2) CHECK (cost >= 0),
    ADD COLUMN currency text CHECK (currency ~ '^[A-Z]{3}$'),
    ADD COLUMN plan text,
    ADD COLUMN plan_version integer,
    ADD COLUMN done_by text,
    ADD COLUMN close_mechanism text,
    ADD COLUMN close_downtime_minutes integer CHECK (close_downtime_minutes >= 0),
    -- [{name, value, unit}], taken after the repair
    ADD COLUMN close_readings jsonb,
    ADD CONSTRAINT work_orders_are_somewhere CHECK (asset_id IS NOT NULL OR location_id IS NOT NULL),
    ADD CONSTRAINT work_orders_cost_has_a_currency CHECK ((cost IS NULL) = (currency IS NULL)),
    ADD CONSTRAINT work_orders_of_the_engine_are_about_assets
        CHECK (origin <> 'engine' OR (asset_id IS NOT NULL AND status NOT IN ('draft', 'awaiting_approval')));

UPDATE work_orders w SET done_by = h.actor
FROM (SELECT DISTINCT ON (order_id) order_id, actor FROM order_history WHERE step = 'complete' ORDER BY order_id, seq DESC) AS h
WHERE h.order_id = w.id AND w.close_finding IS NOT NULL;
UPDATE work_orders SET requested_by = h.actor
FROM order_history h WHERE h.order_id = id AND h.seq = 1 AND origin <> 'engine';

-- One unfinished order of the engine for a fault, as before; work that could not be done has ended.
DROP INDEX work_orders_one_unfinished_per_failure_mode;
DROP INDEX work_orders_unfinished;
CREATE UNIQUE INDEX work_orders_one_unfinished_per_failure_mode
    ON work_orders (asset_id, component, failure_mode)
    WHERE origin = 'engine' AND status NOT IN ('closed', 'cancelled', 'cannot_complete');

-- The lists: unfinished orders as people read them, the finished ones newest first. The expressions are the queries'.
CREATE INDEX work_orders_by_urgency ON work_orders (
    (status IN ('completed', 'verified')), priority, escalation DESC,
    (CASE WHEN status IN ('open', 'planned', 'scheduled', 'dispatched') THEN response_due ELSE completion_due END),
    recorded_at, id)
    WHERE status NOT IN ('closed', 'cancelled', 'cannot_complete');
CREATE INDEX work_orders_finished ON work_orders (status_since DESC, id)
    WHERE status IN ('closed', 'cancelled', 'cannot_complete');
CREATE INDEX work_orders_by_status ON work_orders (status, type, priority);
CREATE INDEX work_orders_waiting ON work_orders (priority, recorded_at, id) WHERE status = 'open' AND assignee_id IS NULL;
CREATE INDEX work_orders_of_technician ON work_orders (assignee_id, status) WHERE assignee_id IS NOT NULL;
CREATE INDEX work_orders_of_site ON work_orders (site_id, status);
CREATE INDEX work_orders_response ON work_orders (least(response_due, response_warn_at))
    WHERE status IN ('open', 'planned', 'scheduled', 'dispatched') AND escalation < 1;
CREATE INDEX work_orders_completion ON work_orders (least(completion_due, completion_warn_at))
    WHERE status IN ('open', 'planned', 'scheduled', 'dispatched', 'in_progress', 'on_hold') AND escalation < 2;
