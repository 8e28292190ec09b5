CREATE TABLE technicians (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id      integer NOT NULL REFERENCES sites,
    code         text NOT NULL,
    name         text NOT NULL,
    skills       text[] NOT NULL DEFAULT '{}',
    certificates text[] NOT NULL DEFAULT '{}',
    -- Local time of the site. A shift may pass midnight. ISO weekdays on which it begins, 1 = Monday.
    shift_start  time NOT NULL DEFAULT '07:00',
    shift_end    time NOT NULL DEFAULT '15:00',
    weekdays     smallint[] NOT NULL DEFAULT '{1,2,3,4,5}',
    active       boolean NOT NULL DEFAULT true,
    UNIQUE (site_id, code)
);

CREATE TABLE work_orders (
    id            uuid PRIMARY KEY,
    site_id       integer NOT NULL REFERENCES sites,
    number        text NOT NULL UNIQUE,
    asset_id      integer NOT NULL REFERENCES assets,
    -- Where the asset was when the order was opened: 'North pumping station / Hall A / P-102'.
    asset_path    text NOT NULL,
    component     text NOT NULL,
    failure_mode  text NOT NULL,
    type          text NOT NULL CHECK (type IN
                  ('preventive', 'proactive', 'predictive', 'reactive', 'emergency', 'inspection')),
    origin        text NOT NULL CHECK (origin IN ('engine', 'person', 'schedule')),
    priority      smallint NOT NULL CHECK (priority BETWEEN 1 AND 4),
    priority_reason text NOT NULL,
    title         text NOT NULL,
    status        text NOT NULL CHECK (status IN
                  ('open', 'assigned', 'in_progress', 'on_hold', 'completed', 'verified', 'closed', 'cancelled')),
    status_since  timestamptz NOT NULL,
    -- Event time of the asset; recorded_at is the wall clock.
    opened_at     timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL,
    required_skill text,
    assignee_id   integer REFERENCES technicians,
    assignment_note text,
    response_due  timestamptz,
    completion_due timestamptz,
    -- How often a target has run out: 0, 1 (response), 2 (completion).
    escalation    smallint NOT NULL DEFAULT 0,
    follows       uuid REFERENCES work_orders,
    duplicate_of  uuid REFERENCES work_orders,
    close_finding text CHECK (close_finding IN ('confirmed', 'nothing_found', 'other_cause')),
    close_failure_mode text,
    close_cause   text,
    close_remedy  text,
    close_note    text,
    version       integer NOT NULL DEFAULT 1
);

-- The promise that a fault is never worked on twice at once is kept here, not in Python.
CREATE UNIQUE INDEX work_orders_one_unfinished_per_failure_mode
    ON work_orders (asset_id, component, failure_mode)
    WHERE origin = 'engine' AND status NOT IN ('closed', 'cancelled');
CREATE INDEX work_orders_unfinished ON work_orders (site_id, priority, recorded_at)
    WHERE status NOT IN ('closed', 'cancelled');
CREATE INDEX work_orders_of_asset ON work_orders (asset_id, opened_at DESC);

-- Why the order exists. The readings cited are copied, so that the chart outlives their retention.
CREATE TABLE evidence (
    order_id  uuid NOT NULL REFERENCES work_orders,
    seq       integer NOT NULL,
    arrival   bigint NOT NULL,
    source    text NOT NULL,
    version   text NOT NULL,
    component text NOT NULL,
    failure_mode text NOT NULL,
    severity  smallint NOT NULL CHECK (severity BETWEEN 1 AND 3),
    since     timestamptz NOT NULL,
    at        timestamptz NOT NULL,
    score     double precision,
    limit_at  double precision,
    -- [{signal, value, unit, usual_low, usual_high, share}], the largest share first
    signs     jsonb NOT NULL,
    summary   text NOT NULL,
    -- {signal: [[epoch seconds, value], …]}: thinned to at most some hundred points a signal
    readings  jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (order_id, seq)
);

-- Append-only: who did what when, and why.
CREATE TABLE order_history (
    order_id uuid NOT NULL REFERENCES work_orders,
    seq      integer NOT NULL,
    at       timestamptz NOT NULL,
    -- person:<name>, key:<name> or system:<part>
    actor    text NOT NULL,
    step     text NOT NULL,
    old      jsonb NOT NULL DEFAULT '{}',
    new      jsonb NOT NULL DEFAULT '{}',
    why      text NOT NULL DEFAULT '',
    PRIMARY KEY (order_id, seq)
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of a work order is append-only';
END
$$;
CREATE TRIGGER order_history_is_append_only BEFORE UPDATE OR DELETE ON order_history
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
