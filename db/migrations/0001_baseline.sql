-- The schema of the first release, whole. Every change from here on is a migration of its own beside this file.

CREATE TABLE sites (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    name text NOT NULL,
    time_zone text NOT NULL DEFAULT 'UTC',
    -- The last number given to a work order of this site; people say it aloud: NTH-1042.
    last_number integer NOT NULL DEFAULT 1000
);

-- Functional locations, ISA-95: site, area, work centre, work unit.
CREATE TABLE locations (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    parent_id integer REFERENCES locations,
    code text NOT NULL,
    name text NOT NULL,
    level text NOT NULL CHECK (level IN ('area', 'work_centre', 'work_unit')),
    UNIQUE (site_id, code)
);

-- Equipment. Archived, never deleted: orders and readings point at it for ever.
CREATE TABLE assets (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    name text NOT NULL,
    class text NOT NULL DEFAULT 'unclassified',
    criticality smallint NOT NULL DEFAULT 2 CHECK (criticality BETWEEN 1 AND 4),
    serial text,
    external_id text,
    external_source text,
    archived_at timestamptz,
    -- What an asset stands behind: the cabinet that feeds it, the skid that it is part of.
    parent_id integer REFERENCES assets,
    safety_critical boolean NOT NULL DEFAULT false,
    UNIQUE (site_id, code),
    CHECK (parent_id <> id)
);

-- What is installed where, and when: a pump is swapped, and both histories stay.
CREATE TABLE installations (
    asset_id integer NOT NULL REFERENCES assets,
    location_id integer NOT NULL REFERENCES locations,
    installed_at timestamptz NOT NULL,
    removed_at timestamptz,
    PRIMARY KEY (asset_id, installed_at),
    CHECK (removed_at > installed_at)
);
CREATE UNIQUE INDEX installations_one_place_at_a_time ON installations (asset_id) WHERE removed_at IS NULL;

CREATE TABLE signals (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES assets,
    name text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,127}$'),
    label text,
    UNIQUE (asset_id, name)
);

-- A change of quantity or unit is a new version; readings keep their meaning.
CREATE TABLE signal_versions (
    signal_id integer NOT NULL REFERENCES signals,
    version integer NOT NULL,
    quantity text,
    unit text NOT NULL DEFAULT '',
    valid_from timestamptz NOT NULL DEFAULT '-infinity'::timestamptz,
    states jsonb CHECK ((jsonb_typeof(states) = 'object') AND (states <> '{}'::jsonb)),
    counter boolean NOT NULL DEFAULT false,
    wraps_at double precision CHECK (wraps_at > (0)::double precision),
    plausible_low double precision,
    plausible_high double precision,
    PRIMARY KEY (signal_id, version),
    CONSTRAINT signal_versions_one_meaning CHECK ((NOT (counter AND (states IS NOT NULL))) AND (counter
        OR (wraps_at IS NULL))),
    CONSTRAINT signal_versions_plausible CHECK (plausible_low < plausible_high)
);

-- Other names that devices have used for a signal, and when.
CREATE TABLE signal_aliases (
    asset_id integer NOT NULL REFERENCES assets,
    alias text NOT NULL,
    signal_id integer NOT NULL REFERENCES signals,
    valid_from timestamptz NOT NULL DEFAULT '-infinity'::timestamptz,
    valid_to timestamptz NOT NULL DEFAULT 'infinity'::timestamptz,
    PRIMARY KEY (asset_id, alias, valid_from),
    CHECK (valid_to > valid_from)
);

-- Narrow, and never widened. With TimescaleDB a hypertable, without it a plain table with the same columns and queries.
CREATE TABLE readings (
    signal_id integer NOT NULL,
    observed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    -- The place of the reading's frame in the one sequence of inputs that the judge folds over.
    arrival bigint NOT NULL,
    value double precision NOT NULL,
    -- 0 good, 1 uncertain, 2 bad, 3 stale
    quality smallint NOT NULL DEFAULT 0,
    -- Decided once, when it arrived: older than the newest reading judged of its asset. Stored, never judged.
    late boolean NOT NULL,
    PRIMARY KEY (signal_id, observed_at)
);
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM create_hypertable('readings', 'observed_at', chunk_time_interval => INTERVAL '1 day',
                                  create_default_indexes => false);
    END IF;
END
$$;
-- Restoring the judge reads a tail of the sequence; rows lie nearly in this order, so that a block range index will do.
CREATE INDEX readings_by_arrival ON readings USING brin (arrival) WITH (pages_per_range='16', autosummarize='on');
-- What came late is looked for by people, on the page of an asset and of an order. It is little of all that is stored.
CREATE INDEX readings_late ON readings (signal_id, observed_at) WHERE late;

-- What could not be read, or was refused. Told apart by topic, content and reason: a redelivery is no new row.
CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    payload bytea NOT NULL CHECK (length(payload) <= 2097152),
    payload_bytes integer NOT NULL,
    payload_sha256 bytea NOT NULL,
    reason text NOT NULL,
    problem text NOT NULL,
    received_at timestamptz NOT NULL,
    last_received_at timestamptz NOT NULL,
    times bigint NOT NULL DEFAULT 1,
    -- Asked for by somebody; the engine, which alone writes readings, does it between two batches.
    retry_asked_at timestamptz,
    retry_asked_by text,
    tried_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    -- Of `times`, those with another payload, which is not kept.
    others bigint NOT NULL DEFAULT 0,
    UNIQUE (topic, payload_sha256, reason, problem)
);
CREATE INDEX quarantine_newest_first ON quarantine (last_received_at DESC, id DESC);
CREATE INDEX quarantine_to_be_tried ON quarantine (received_at, id) WHERE retry_asked_at IS NOT NULL;

-- One row: who judges this plant, and how far the sequence of inputs has come. Every batch updates it under its own
-- fencing number; a process that was thought dead finds another number here and cannot commit.
CREATE TABLE judge_position (
    only_row boolean DEFAULT true PRIMARY KEY CHECK (only_row),
    fence bigint NOT NULL DEFAULT 0,
    holder text,
    next_arrival bigint NOT NULL DEFAULT 1
);
INSERT INTO judge_position DEFAULT VALUES;

-- Everything but readings that changes a decision: documents, steps of people, downtime, ticks. Written with no number;
-- the pipeline numbers it when it takes it, so that its place among the readings is the place where it was judged.
CREATE TABLE judge_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    arrival bigint UNIQUE,
    kind text NOT NULL,
    asset_id integer REFERENCES assets,
    payload jsonb NOT NULL DEFAULT '{}'::jsonb,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    -- What was changed on purpose says why: a rulebook, the model documents, a run in shadow.
    why text
);
CREATE INDEX judge_events_documents ON judge_events (kind, id) WHERE kind IN ('rulebook', 'models', 'shadow');
CREATE INDEX judge_events_waiting ON judge_events (id) WHERE arrival IS NULL;

CREATE TABLE planned_downtimes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES assets,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    reason text NOT NULL,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    cancelled_at timestamptz,
    CHECK (ends_at > starts_at)
);

CREATE TABLE technicians (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    code text NOT NULL,
    name text NOT NULL,
    skills text[] NOT NULL DEFAULT '{}'::text[],
    certificates text[] NOT NULL DEFAULT '{}'::text[],
    -- Local time of the site. A shift may pass midnight. ISO weekdays on which it begins, 1 = Monday.
    shift_start time without time zone NOT NULL DEFAULT '07:00:00'::time without time zone,
    shift_end time without time zone NOT NULL DEFAULT '15:00:00'::time without time zone,
    weekdays smallint[] NOT NULL DEFAULT '{1,2,3,4,5}'::smallint[],
    active boolean NOT NULL DEFAULT true,
    UNIQUE (site_id, code)
);

CREATE TABLE work_orders (
    id uuid PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    number text NOT NULL UNIQUE,
    asset_id integer REFERENCES assets,
    -- Where the asset was when the order was opened: 'North pumping station / Hall A / P-102'.
    asset_path text NOT NULL,
    component text NOT NULL,
    failure_mode text NOT NULL,
    type text NOT NULL CHECK (type IN ('preventive', 'proactive', 'predictive', 'reactive', 'emergency',
        'inspection')),
    origin text NOT NULL CHECK (origin IN ('engine', 'person', 'schedule')),
    priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 4),
    priority_reason text NOT NULL,
    title text NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'awaiting_approval', 'open', 'planned', 'scheduled',
        'dispatched', 'in_progress', 'on_hold', 'completed', 'verified', 'closed', 'cancelled', 'cannot_complete')),
    status_since timestamptz NOT NULL,
    -- Event time of the asset; recorded_at is the wall clock.
    opened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    required_skill text,
    assignee_id integer REFERENCES technicians,
    assignment_note text,
    response_due timestamptz,
    completion_due timestamptz,
    -- How often a target has run out: 0, 1 (response), 2 (completion).
    escalation smallint NOT NULL DEFAULT 0,
    follows uuid REFERENCES work_orders,
    duplicate_of uuid REFERENCES work_orders,
    close_finding text CHECK (close_finding IN ('confirmed', 'nothing_found', 'other_cause')),
    close_failure_mode text,
    close_cause text,
    close_remedy text,
    close_note text,
    version integer NOT NULL DEFAULT 1,
    location_id integer REFERENCES locations,
    other_skills text[] NOT NULL DEFAULT '{}'::text[],
    required_certificates text[] NOT NULL DEFAULT '{}'::text[],
    required_tools text[] NOT NULL DEFAULT '{}'::text[],
    requested_by text,
    requested_for timestamptz,
    scheduled_start timestamptz,
    scheduled_end timestamptz,
    response_warn_at timestamptz,
    completion_warn_at timestamptz,
    -- How many targets have been warned of: 0, 1 (response), 2 (completion).
    warned smallint NOT NULL DEFAULT 0,
    hold_reason text CHECK (hold_reason IN ('parts', 'permit', 'access', 'other')),
    estimated_hours double precision CHECK (estimated_hours >= (0)::double precision),
    actual_hours double precision CHECK (actual_hours >= (0)::double precision),
    cost numeric(14,2) CHECK (cost >= (0)::numeric),
    currency text CHECK (currency ~ '^[A-Z]{3}$'),
    plan text,
    plan_version integer,
    done_by text,
    close_mechanism text,
    close_downtime_minutes integer CHECK (close_downtime_minutes >= 0),
    -- [{name, value, unit}], taken after the repair
    close_readings jsonb,
    CONSTRAINT work_orders_are_somewhere CHECK ((asset_id IS NOT NULL) OR (location_id IS NOT NULL)),
    CHECK (scheduled_end > scheduled_start),
    CONSTRAINT work_orders_cost_has_a_currency CHECK ((cost IS NULL) = (currency IS NULL)),
    CONSTRAINT work_orders_of_the_engine_are_about_assets CHECK ((origin <> 'engine') OR ((asset_id IS NOT NULL)
        AND status NOT IN ('draft', 'awaiting_approval')))
);
CREATE INDEX work_orders_by_status ON work_orders (status, type, priority);
-- The lists: unfinished orders as people read them, the finished ones newest first. The expressions are the queries'.
CREATE INDEX work_orders_by_urgency ON work_orders ((status IN ('completed', 'verified')), priority,
    escalation DESC, (
CASE
    WHEN status IN ('open', 'planned', 'scheduled',
    'dispatched') THEN response_due
    ELSE completion_due
END), recorded_at, id) WHERE status NOT IN ('closed',
    'cancelled', 'cannot_complete');
CREATE INDEX work_orders_completion ON work_orders (LEAST(completion_due, completion_warn_at))
    WHERE status IN ('open', 'planned', 'scheduled', 'dispatched', 'in_progress', 'on_hold') AND (escalation < 2);
CREATE INDEX work_orders_duplicates ON work_orders (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX work_orders_finished ON work_orders (status_since DESC, id) WHERE status IN ('closed', 'cancelled',
    'cannot_complete');
CREATE INDEX work_orders_following ON work_orders (follows) WHERE follows IS NOT NULL;
CREATE INDEX work_orders_of_asset ON work_orders (asset_id, opened_at DESC);
CREATE INDEX work_orders_of_asset_by_urgency ON work_orders (asset_id, (status IN ('completed', 'verified')),
    priority, escalation DESC, (
CASE
    WHEN status IN ('open', 'planned', 'scheduled',
    'dispatched') THEN response_due
    ELSE completion_due
END), recorded_at, id) WHERE status NOT IN ('closed',
    'cancelled', 'cannot_complete');
CREATE INDEX work_orders_of_asset_finished ON work_orders (asset_id, status_since DESC, id)
    WHERE status IN ('closed', 'cancelled', 'cannot_complete');
CREATE INDEX work_orders_of_site ON work_orders (site_id, status);
CREATE INDEX work_orders_of_technician ON work_orders (assignee_id, status) WHERE assignee_id IS NOT NULL;
-- The lists of one technician and of one asset, in the order in which they are read, so that a page costs a page.
CREATE INDEX work_orders_of_technician_by_urgency ON work_orders (assignee_id, (status IN ('completed',
    'verified')), priority, escalation DESC, (
CASE
    WHEN status IN ('open', 'planned', 'scheduled',
    'dispatched') THEN response_due
    ELSE completion_due
END), recorded_at, id) WHERE status NOT IN ('closed',
    'cancelled', 'cannot_complete');
-- The promise that a fault is never worked on twice at once is kept here, not in Python.
CREATE UNIQUE INDEX work_orders_one_unfinished_per_failure_mode ON work_orders (asset_id, component, failure_mode)
    WHERE (origin = 'engine') AND status NOT IN ('closed', 'cancelled', 'cannot_complete');
CREATE INDEX work_orders_response ON work_orders (LEAST(response_due, response_warn_at)) WHERE status IN ('open',
    'planned', 'scheduled', 'dispatched') AND (escalation < 1);
CREATE INDEX work_orders_waiting ON work_orders (priority, recorded_at, id) WHERE (status = 'open')
    AND (assignee_id IS NULL);

-- Why the order exists. The readings cited are copied, so that the chart outlives their retention.
CREATE TABLE evidence (
    order_id uuid NOT NULL REFERENCES work_orders,
    seq integer NOT NULL,
    arrival bigint NOT NULL,
    source text NOT NULL,
    version text NOT NULL,
    component text NOT NULL,
    failure_mode text NOT NULL,
    severity smallint NOT NULL CHECK (severity BETWEEN 1 AND 3),
    since timestamptz NOT NULL,
    at timestamptz NOT NULL,
    score double precision,
    limit_at double precision,
    -- [{signal, value, unit, usual_low, usual_high, share}], the largest share first
    signs jsonb NOT NULL,
    summary text NOT NULL,
    -- {signal: [[epoch seconds, value], …]}: thinned to at most some hundred points a signal
    readings jsonb NOT NULL DEFAULT '{}'::jsonb,
    PRIMARY KEY (order_id, seq)
);

-- Append-only: who did what when, and why.
CREATE TABLE order_history (
    order_id uuid NOT NULL REFERENCES work_orders,
    seq integer NOT NULL,
    at timestamptz NOT NULL,
    -- person:<name>, key:<name> or system:<part>
    actor text NOT NULL,
    step text NOT NULL,
    old jsonb NOT NULL DEFAULT '{}'::jsonb,
    new jsonb NOT NULL DEFAULT '{}'::jsonb,
    why text NOT NULL DEFAULT '',
    hash bytea NOT NULL,
    PRIMARY KEY (order_id, seq)
);

-- Messages without a time of their own: reception is their only clock, and they would be stored again at another time
-- when they come again unacknowledged. A broker has at most 65,535 messages in flight.
CREATE TABLE taken_messages (
    token integer PRIMARY KEY,
    digest bytea NOT NULL
);

-- Sparkplug's edge nodes: how far their sequence of messages has come, and whether their births still hold.
CREATE TABLE sparkplug_nodes (
    group_id text NOT NULL,
    node_id text NOT NULL,
    bd_seq bigint,
    seq smallint,
    -- No message was lost since the birth: aliases mean what it says.
    trusted boolean NOT NULL,
    PRIMARY KEY (group_id, node_id)
);

-- The newest birth certificate of each node (device_id is empty) and device, as it came: names, aliases, data types.
CREATE TABLE sparkplug_births (
    group_id text NOT NULL,
    node_id text NOT NULL,
    device_id text NOT NULL,
    payload bytea NOT NULL,
    alive boolean NOT NULL,
    -- Since when its node was born again without it; epoch microseconds.
    awaited_us bigint,
    PRIMARY KEY (group_id, node_id, device_id),
    CONSTRAINT sparkplug_births_group_id_node_id_fkey FOREIGN KEY (group_id, node_id)
        REFERENCES sparkplug_nodes(group_id, node_id)
);

-- How far a recorded file has been taken in, written with its rows: an import that was stopped goes on from there.
CREATE TABLE imports (
    -- SHA-256 of the file and of what its rows were made to mean.
    digest bytea PRIMARY KEY,
    file text NOT NULL,
    rows_done bigint NOT NULL DEFAULT 0,
    stored bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);

-- Documents that judge beside those in force, and open no orders: what they would have opened is in shadow_orders.
CREATE TABLE shadow_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    -- Null: what is in force judges in the shadow too.
    rulebook jsonb,
    models jsonb,
    begun_by text NOT NULL,
    begun_why text NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now(),
    outcome text CHECK (outcome IN ('promoted', 'dropped')),
    ended_by text,
    ended_why text,
    ended_at timestamptz,
    CHECK ((rulebook IS NOT NULL) OR (models IS NOT NULL)),
    CONSTRAINT shadow_runs_check1 CHECK ((outcome IS NULL) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX shadow_runs_one_at_a_time ON shadow_runs ((true)) WHERE ended_at IS NULL;

CREATE TABLE shadow_orders (
    run_id bigint NOT NULL REFERENCES shadow_runs,
    id uuid NOT NULL,
    asset_id integer NOT NULL REFERENCES assets,
    component text NOT NULL,
    failure_mode text NOT NULL,
    type text NOT NULL,
    opened_as text NOT NULL,
    opened_at timestamptz NOT NULL,
    why text NOT NULL,
    evidence integer NOT NULL DEFAULT 1,
    duplicate_of uuid,
    PRIMARY KEY (run_id, id)
);

-- Every alarm that was raised, and when it was over: what the figures of ISA-18.2 are counted from. Event times.
CREATE TABLE alarms (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES assets,
    source text NOT NULL,
    severity smallint NOT NULL CHECK (severity BETWEEN 1 AND 3),
    summary text NOT NULL,
    arrival bigint NOT NULL,
    raised_at timestamptz NOT NULL,
    cleared_at timestamptz,
    -- Why nobody was told of an alarm: it was shelved, out of service, explained by a cause, collected by a flood, or its
    -- rule was over its budget. Null: people were told.
    suppressed text CHECK (suppressed IN ('shelved', 'out_of_service', 'cause', 'waits', 'flood', 'budget')),
    -- Alarms that are long over, and the moves of long ago, are dropped where the settings say so; by nobody else.
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX alarms_by_source ON alarms (source, raised_at);
CREATE INDEX alarms_by_time ON alarms (raised_at DESC, id DESC);
CREATE INDEX alarms_over ON alarms (cleared_at) WHERE cleared_at IS NOT NULL;
CREATE INDEX alarms_standing ON alarms (asset_id, source) WHERE cleared_at IS NULL;

-- One row for each alarm (a source on an asset) that was ever raised or moved: how it stands after ISA-18.2. The law is
-- workorder_core.alarm_states. Times are the wall clock's, but raised_at.
CREATE TABLE alarm_points (
    asset_id integer NOT NULL REFERENCES assets,
    source text NOT NULL,
    state text NOT NULL DEFAULT 'normal' CHECK (state IN ('normal', 'unacknowledged', 'acknowledged',
        'returned_unacknowledged', 'latched', 'shelved', 'suppressed_by_design', 'out_of_service')),
    active boolean NOT NULL DEFAULT false,
    latching boolean NOT NULL DEFAULT false,
    severity smallint NOT NULL DEFAULT 1 CHECK (severity BETWEEN 1 AND 3),
    acknowledged boolean NOT NULL DEFAULT false,
    since timestamptz,
    until timestamptz,
    actor text NOT NULL DEFAULT '',
    why text NOT NULL DEFAULT '',
    summary text NOT NULL DEFAULT '',
    raised_at timestamptz,
    PRIMARY KEY (asset_id, source)
);
CREATE INDEX alarm_points_not_normal ON alarm_points (state, severity) WHERE state <> 'normal';

-- Append-only: every move of every alarm, who made it, when and why. event_at is the asset's event time, for the engine's.
CREATE TABLE alarm_moves (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES assets,
    source text NOT NULL,
    at timestamptz NOT NULL,
    event_at timestamptz,
    actor text NOT NULL,
    move text NOT NULL,
    old_state text NOT NULL,
    new_state text NOT NULL,
    until timestamptz,
    why text NOT NULL DEFAULT ''
);
CREATE INDEX alarm_moves_of_alarm ON alarm_moves (asset_id, source, id DESC);

-- Rules that judge in shadow by themselves, while the rest of the rulebook goes on: because they are over their alarm
-- budget, or because somebody wants it. Each beginning and end is also an event in the sequence of inputs.
CREATE TABLE rules_in_shadow (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule text NOT NULL,
    begun_at timestamptz NOT NULL,
    begun_by text NOT NULL,
    why text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    ended_why text,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX rules_in_shadow_once ON rules_in_shadow (rule) WHERE ended_at IS NULL;

-- One row: what the process that judges counts and measures, written by it every second, for those who ask another process.
CREATE TABLE engine_figures (
    only_row boolean DEFAULT true PRIMARY KEY CHECK (only_row),
    written_at timestamptz NOT NULL,
    figures jsonb NOT NULL
);
ALTER TABLE engine_figures SET (fillfactor=10);

-- Which device may speak for which assets. By name: an asset that is bound may have sent nothing yet.
CREATE TABLE device_bindings (
    device text NOT NULL CHECK (device ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    asset text NOT NULL CHECK (asset ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    actor text NOT NULL,
    bound_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (device, asset)
);

-- Processes that judged this plant and were fenced off by another one; each was told so, ended, and says it here.
CREATE TABLE fenced_off (
    fence bigint PRIMARY KEY,
    holder text NOT NULL,
    taken_by text,
    at timestamptz NOT NULL DEFAULT now()
);

-- How well each asset is by its model's newest look, and where that is heading. One row an asset, event times; the judge can
-- tell it anew at any time, so nothing is lost with it.
CREATE TABLE asset_health (
    asset_id integer PRIMARY KEY REFERENCES assets,
    at timestamptz NOT NULL,
    -- 0 to 100 %: the room that the worst signal has left to its limit
    index double precision NOT NULL CHECK ((index >= (0)::double precision) AND (index <= (100)::double precision)),
    signal text NOT NULL,
    value double precision NOT NULL,
    limit_at double precision NOT NULL,
    limit_known boolean NOT NULL,
    -- % a day, with the bounds of its 90 % interval
    change double precision,
    change_low double precision,
    change_high double precision,
    likely_at timestamptz,
    earliest_at timestamptz,
    latest_at timestamptz
);

-- How far the chain of each order has come, so that a row taken off its end is missed.
CREATE TABLE history_heads (
    order_id uuid PRIMARY KEY REFERENCES work_orders,
    seq integer NOT NULL,
    hash bytea NOT NULL,
    -- The row that the newest anchor holds.
    anchored integer NOT NULL DEFAULT 0
);
CREATE INDEX history_heads_not_anchored ON history_heads (order_id) WHERE seq > anchored;

-- Anchors tie the chains of all orders into one: each hashes the anchor before it and the heads that had moved since.
-- Whoever notes an anchor's hash elsewhere can prove everything before it.
CREATE TABLE audit_anchors (
    id integer PRIMARY KEY,
    at timestamptz NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE audit_anchored (
    anchor_id integer NOT NULL REFERENCES audit_anchors,
    order_id uuid NOT NULL,
    seq integer NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (anchor_id, order_id)
);

-- Templates of work. A version never changes; the newest version of a code that is not retired is in force.
CREATE TABLE job_plans (
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    version integer NOT NULL,
    title text NOT NULL,
    -- What it is for; none: for any.
    asset_class text,
    failure_mode text,
    -- [{kind, instruction, mandatory, unit, low, high}], in the order in which they are done
    steps jsonb NOT NULL,
    -- [{part, quantity, unit}]
    parts jsonb NOT NULL DEFAULT '[]'::jsonb,
    skills text[] NOT NULL DEFAULT '{}'::text[],
    certificates text[] NOT NULL DEFAULT '{}'::text[],
    tools text[] NOT NULL DEFAULT '{}'::text[],
    estimated_hours double precision CHECK (estimated_hours >= (0)::double precision),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    retired_at timestamptz,
    site_id integer REFERENCES sites,
    CONSTRAINT job_plans_versions UNIQUE NULLS NOT DISTINCT (site_id, code, version)
);

-- What a file is, and, in a table of its own so that no list ever reads it, what is in it.
CREATE TABLE attachments (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES work_orders,
    name text NOT NULL,
    kind text NOT NULL,
    size integer NOT NULL CHECK (size BETWEEN 1 AND 20000000),
    sha256 bytea NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL
);
CREATE INDEX attachments_of_order ON attachments (order_id, at);

CREATE TABLE order_steps (
    order_id uuid NOT NULL REFERENCES work_orders,
    seq integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('instruction', 'permit', 'measurement', 'photo', 'signature')),
    instruction text NOT NULL,
    mandatory boolean NOT NULL,
    unit text NOT NULL DEFAULT '',
    low double precision,
    high double precision,
    done_at timestamptz,
    done_by text,
    value double precision,
    note text NOT NULL DEFAULT '',
    attachment_id uuid REFERENCES attachments,
    PRIMARY KEY (order_id, seq)
);

CREATE TABLE order_parts (
    order_id uuid NOT NULL REFERENCES work_orders,
    line integer NOT NULL,
    part text NOT NULL,
    unit text NOT NULL DEFAULT 'pcs',
    needed double precision NOT NULL CHECK (needed >= (0)::double precision),
    used double precision CHECK (used >= (0)::double precision),
    PRIMARY KEY (order_id, line)
);

CREATE TABLE order_comments (
    order_id uuid NOT NULL REFERENCES work_orders,
    seq integer NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (order_id, seq)
);

CREATE TABLE attachment_contents (
    attachment_id uuid PRIMARY KEY REFERENCES attachments,
    content bytea NOT NULL
);
ALTER TABLE attachment_contents ALTER COLUMN content SET STORAGE EXTERNAL;

-- "from is <kind> to": duplicate of, follow-up of, split from, child of; from blocks to.
CREATE TABLE order_links (
    from_id uuid NOT NULL REFERENCES work_orders,
    kind text NOT NULL CHECK (kind IN ('duplicate_of', 'blocks', 'follow_up_of', 'split_from', 'child_of')),
    to_id uuid NOT NULL REFERENCES work_orders,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    PRIMARY KEY (from_id, kind, to_id),
    CHECK (to_id <> from_id)
);
CREATE INDEX order_links_to ON order_links (to_id);

-- When a site works, and what it has promised. A site without a calendar works round the clock.
CREATE TABLE site_calendars (
    site_id integer PRIMARY KEY REFERENCES sites,
    -- Public holidays of a country and a part of it, by the codes of ISO 3166; none: no public holidays.
    country text,
    subdivision text,
    -- [{weekdays: [1], start: "06:00", end: "14:00"}] on the site's clock
    shifts jsonb NOT NULL,
    -- The site's own days off, and public holidays on which it works.
    closed_on date[] NOT NULL DEFAULT '{}'::date[],
    works_on date[] NOT NULL DEFAULT '{}'::date[],
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
);

CREATE TABLE site_targets (
    site_id integer NOT NULL REFERENCES sites,
    priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 4),
    response_minutes integer NOT NULL CHECK (response_minutes > 0),
    completion_minutes integer NOT NULL,
    -- Whether only working hours count.
    working boolean NOT NULL,
    PRIMARY KEY (site_id, priority),
    CHECK (completion_minutes >= response_minutes)
);

-- What was answered to a request that creates something, so that sending it again gives the same answer.
CREATE TABLE idempotent_answers (
    actor text NOT NULL,
    key text NOT NULL,
    request bytea NOT NULL,
    status smallint NOT NULL,
    headers jsonb NOT NULL,
    body text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotent_answers_by_age ON idempotent_answers (at);

CREATE TABLE users (
    name text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
    full_name text NOT NULL DEFAULT '',
    -- Argon2id with its parameters and salt in it.
    password_hash text NOT NULL,
    -- The password was made by somebody else: it opens nothing but the page that changes it.
    must_change boolean NOT NULL,
    roles text[] NOT NULL CHECK ((cardinality(roles) > 0) AND (roles <@ ARRAY['viewer', 'requester', 'technician',
        'planner', 'reliability_engineer', 'administrator'])),
    -- Codes of the sites that they see; NULL for all.
    sites text[] CHECK (cardinality(sites) > 0),
    technician_id integer REFERENCES technicians,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL,
    signed_in_at timestamptz
);

CREATE TABLE sessions (
    -- SHA-256 of what the browser's cookie holds.
    token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
    user_name text NOT NULL REFERENCES users(name),
    began_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    CHECK (ends_at > began_at)
);
CREATE INDEX sessions_by_end ON sessions (ends_at);
CREATE INDEX sessions_of_a_user ON sessions (user_name);

CREATE TABLE api_keys (
    name text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'),
    -- The part of the key that finds its row, and that people may see.
    prefix text NOT NULL UNIQUE,
    -- SHA-256 of the whole key, whose 256 random bits need no slow hash.
    key_sha256 bytea NOT NULL CHECK (length(key_sha256) = 32),
    roles text[] NOT NULL CHECK ((cardinality(roles) > 0) AND (roles <@ ARRAY['viewer', 'requester', 'technician',
        'planner', 'reliability_engineer', 'administrator'])),
    sites text[] CHECK (cardinality(sites) > 0),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz
);

-- How often somebody has tried to sign in: counted here, so that all API processes together allow no more.
CREATE TABLE sign_in_attempts (
    -- SHA-256 of an address, a name, or both: what people type as a name may be their password.
    bucket bytea PRIMARY KEY,
    began_at timestamptz NOT NULL,
    attempts integer NOT NULL
);
CREATE INDEX sign_in_attempts_by_age ON sign_in_attempts (began_at);

-- What went wrong in the engine itself, one row a kind: when it was last so, how often, and what was said of it.
CREATE TABLE engine_troubles (
    kind text PRIMARY KEY,
    said text NOT NULL,
    times bigint NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL DEFAULT now(),
    at timestamptz NOT NULL DEFAULT now()
);

-- Which foreign name has which code: a site (no asset), an asset (no signal) or a signal. Whoever came first keeps it,
-- so that two different names never become one asset or signal, whenever the engine is started again.
CREATE TABLE foreign_names (
    site text NOT NULL,
    asset text NOT NULL,
    signal text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (site, asset, signal)
);

-- One row for each format of state: how far the newest checkpoint of the code that writes it has come.
CREATE TABLE checkpoints (
    format integer PRIMARY KEY,
    arrival bigint NOT NULL,
    code_version text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE checkpoint_parts (
    format integer NOT NULL REFERENCES checkpoints(format) ON DELETE CASCADE,
    -- The judge in force, or the one on trial beside it.
    judge text NOT NULL CHECK (judge IN ('live', 'shadow')),
    kind text NOT NULL,
    -- <site>/<asset>, empty for what is of the whole plant.
    asset text NOT NULL DEFAULT '',
    state bytea NOT NULL CHECK (length(state) <= 268435456),
    PRIMARY KEY (format, judge, kind, asset)
);
ALTER TABLE checkpoint_parts ALTER COLUMN state SET STORAGE EXTERNAL;

-- Which sessions we have had at which broker: one that is gone when we come back has taken what waited in it along.
CREATE TABLE broker_sessions (
    broker text NOT NULL,
    client_id text NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (broker, client_id)
);

-- What the engine signs the messages with that it measures its own lag by. One row: a plant has one engine.
CREATE TABLE pulse_key (
    one boolean DEFAULT true PRIMARY KEY CHECK (one),
    key uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO pulse_key DEFAULT VALUES;

-- Browsers from which somebody has signed in: a stranger's wrong guesses do not slow their owner down there.
CREATE TABLE known_devices (
    token_sha256 bytea NOT NULL,
    user_name text NOT NULL REFERENCES users(name) ON DELETE CASCADE,
    used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_name, token_sha256)
);

-- Who changed what decisions depend on: one log for the plant, its people and who may do what. Triggers write it in the
-- change's own transaction, so that nobody can change such a thing past it. It is chained as the orders' history is: each
-- row carries history_hash over the row before it of the same thing, with "<kind> <site> <what>" as the step.
CREATE TABLE changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The thing's own chain: the MD5 of "<kind> <subject>", as a UUID.
    chain uuid NOT NULL,
    seq integer NOT NULL,
    at timestamptz NOT NULL,
    -- person:<name>, key:<name> or system:<part>
    actor text NOT NULL,
    kind text NOT NULL,
    -- What people call it: NTH/P-101, NTH/yilmaz, deniz.
    subject text NOT NULL,
    -- The site that it is of; NULL: it concerns the whole plant.
    site text,
    asset_id integer,
    what text NOT NULL,
    -- Just the fields that changed.
    old jsonb NOT NULL,
    new jsonb NOT NULL,
    why text NOT NULL,
    hash bytea NOT NULL,
    UNIQUE (chain, seq)
);
-- Whether work on an asset was safety-critical at some time since the order was recorded.
CREATE INDEX changes_from_safety_critical ON changes (asset_id, at) WHERE (kind = 'asset')
    AND (old @> '{"safety_critical": true}'::jsonb);
CREATE INDEX changes_of_asset ON changes (asset_id, id DESC) WHERE asset_id IS NOT NULL;
CREATE INDEX changes_of_kind ON changes (kind, subject, id DESC);
CREATE INDEX changes_of_site ON changes (site, id DESC);

-- How far each chain has come, and the row that the newest anchor has.
CREATE TABLE change_heads (
    chain uuid PRIMARY KEY,
    seq integer NOT NULL,
    hash bytea NOT NULL,
    anchored integer NOT NULL DEFAULT 0
);
CREATE INDEX change_heads_not_anchored ON change_heads (chain) WHERE seq > anchored;

-- Changes of safety facts, which one person proposes and another one confirms. What they are about is an asset, or a job
-- plan of a site or of the plant.
CREATE TABLE safety_proposals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id integer REFERENCES assets,
    site_id integer REFERENCES sites,
    plan text,
    -- What it was when this was proposed; confirmed is only what is so still.
    was jsonb NOT NULL,
    change jsonb NOT NULL,
    why text NOT NULL CHECK (why <> ''),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    verdict text CHECK (verdict IN ('confirmed', 'rejected')),
    CONSTRAINT safety_proposals_are_about_one_thing CHECK ((asset_id IS NULL) <> (plan IS NULL)),
    CONSTRAINT safety_proposals_are_decided_whole CHECK (num_nonnulls(verdict, decided_by,
        decided_at) = ANY (ARRAY[0, 3])),
    CONSTRAINT safety_proposals_take_two CHECK ((verdict <> 'confirmed') OR (decided_by <> proposed_by))
);
CREATE UNIQUE INDEX safety_proposals_one_waiting_of_a_plan ON safety_proposals (site_id, plan) NULLS NOT DISTINCT
    WHERE (verdict IS NULL) AND (plan IS NOT NULL);
CREATE UNIQUE INDEX safety_proposals_one_waiting_of_an_asset ON safety_proposals (asset_id) WHERE (verdict IS NULL)
    AND (asset_id IS NOT NULL);

-- History is stored as late too, but nobody has to act on it: no rule opens an order for what lies in these places of the
-- sequence of inputs, also when the judge is rebuilt.
CREATE TABLE import_places (
    first bigint PRIMARY KEY,
    last bigint NOT NULL,
    CHECK (last >= first)
);
COMMENT ON TABLE import_places IS 'Stretches of the sequence of inputs that imported history has taken, both ends included.';

-- Who changes an asset through the API or the board is told with the change; a plant file's changes are the system's.
CREATE FUNCTION tell_judge_of_asset()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    VALUES ('asset', NEW.id, asset_as_judged(NEW.id),
            coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:plant'));
    RETURN NULL;
END
$$;

CREATE FUNCTION tell_judge_of_signal()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    SELECT 'signal', s.asset_id,
           jsonb_build_object('signal', s.name, 'unit', NEW.unit)
               || CASE WHEN NEW.states IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('states', NEW.states) END
               || CASE WHEN NEW.counter THEN jsonb_build_object('counter', jsonb_build_object('wraps_at', NEW.wraps_at))
                       ELSE '{}'::jsonb END
               || CASE WHEN NEW.plausible_low IS NULL AND NEW.plausible_high IS NULL THEN '{}'::jsonb
                       ELSE jsonb_build_object('plausible', jsonb_build_array(NEW.plausible_low, NEW.plausible_high)) END,
           coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:plant')
    FROM signals s WHERE s.id = NEW.signal_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION refuse_change()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'the history of a work order is append-only';
END
$$;

-- The judge knows in which area (ISA-95) an asset is installed: alarms flood an area and its operator, not an asset.
CREATE FUNCTION area_of(asset integer)
RETURNS text
LANGUAGE sql
STABLE
AS $$
    WITH RECURSIVE places AS (
        SELECT l.id, l.parent_id, l.code, l.level FROM installations i JOIN locations l ON l.id = i.location_id
        WHERE i.asset_id = asset AND i.removed_at IS NULL
        UNION ALL
        SELECT l.id, l.parent_id, l.code, l.level FROM locations l JOIN places p ON l.id = p.parent_id
    )
    SELECT s.code || '/' || p.code FROM places p JOIN assets a ON a.id = asset JOIN sites s ON s.id = a.site_id
    WHERE p.level = 'area' LIMIT 1
$$;

CREATE FUNCTION asset_as_judged(asset integer)
RETURNS jsonb
LANGUAGE sql
STABLE
AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'class', a.class, 'criticality', a.criticality, 'area', area_of(a.id), 'parent', s.code || '/' || p.code))
    FROM assets a LEFT JOIN assets p ON p.id = a.parent_id LEFT JOIN sites s ON s.id = p.site_id WHERE a.id = asset
$$;

CREATE FUNCTION tell_judge_of_place()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO judge_events (kind, asset_id, payload, actor)
    VALUES ('asset', NEW.asset_id, asset_as_judged(NEW.asset_id), 'system:plant');
    RETURN NULL;
END
$$;

CREATE FUNCTION refuse_change_of_alarm_moves()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('plantwright.retention', true) = 'alarms' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the moves of alarms are append-only';
END
$$;

-- History that shows when somebody has been at it. Each row carries SHA-256 over the hash of the row before it in its
-- order (nothing for the first) and the UTF-8 text of the JSON array
--   [order, seq, microseconds since 1970, actor, step, old, new, why]
-- as jsonb is written: keys by length and then by bytes, ", " between values and ": " after keys.
CREATE FUNCTION history_hash(before bytea, order_id uuid, seq integer, at timestamp with time zone, actor text, step text, was jsonb, becomes jsonb, why text)
RETURNS bytea
LANGUAGE sql
STABLE PARALLEL SAFE
AS $$
    SELECT sha256(before || convert_to(jsonb_build_array(order_id, seq, (extract(epoch FROM at) * 1000000)::bigint,
                                                         actor, step, was, becomes, why)::text, 'UTF8'))
$$;

CREATE FUNCTION append_change(made_at timestamp with time zone, made_by text, of_kind text, of_subject text, of_site text, of_asset integer, did text, was jsonb, becomes jsonb, because text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    of_chain uuid := md5(of_kind || ' ' || of_subject)::uuid;
    head change_heads;
    next_hash bytea;
BEGIN
    INSERT INTO change_heads AS h (chain, seq, hash) VALUES (of_chain, 0, '')
    ON CONFLICT (chain) DO UPDATE SET seq = h.seq RETURNING * INTO head;
    next_hash := history_hash(head.hash, of_chain, head.seq + 1, made_at, made_by, concat_ws(' ', of_kind, of_site, did),
                              was, becomes, because);
    INSERT INTO changes (chain, seq, at, actor, kind, subject, site, asset_id, what, old, new, why, hash)
    VALUES (of_chain, head.seq + 1, made_at, made_by, of_kind, of_subject, of_site, of_asset, did, was, becomes, because,
            next_hash);
    UPDATE change_heads SET seq = head.seq + 1, hash = next_hash WHERE chain = of_chain;
END
$$;

CREATE FUNCTION refuse_change_of_changes()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'the log of changes is append-only';
END
$$;

-- A row as people read it: codes instead of ids, without what is said beside it.
CREATE FUNCTION as_logged(kind text, r jsonb)
RETURNS jsonb
LANGUAGE sql
STABLE
AS $$
    SELECT CASE kind
        WHEN 'asset' THEN jsonb_set(r, '{parent}', coalesce(
            (SELECT to_jsonb(code) FROM assets WHERE id = (r ->> 'parent_id')::integer), 'null'))
        WHEN 'place' THEN jsonb_set(r, '{location}', coalesce(
            (SELECT to_jsonb(code) FROM locations WHERE id = (r ->> 'location_id')::integer), 'null'))
        WHEN 'location' THEN jsonb_set(r, '{parent}', coalesce(
            (SELECT to_jsonb(code) FROM locations WHERE id = (r ->> 'parent_id')::integer), 'null'))
        ELSE r END
        - ARRAY['id', 'site_id', 'asset_id', 'signal_id', 'parent_id', 'location_id', 'last_number', 'actor', 'recorded_at',
                'changed_by', 'changed_at', 'made_by', 'made_at']
$$;

-- Write what a statement changed of a row. TG_ARGV: the kind. What a message or a plant file makes known for the first
-- time is no change: the first reading, or the file, tells of it.
CREATE FUNCTION log_change()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    kind text := TG_ARGV[0];
    r jsonb;
    was jsonb := '{}';
    becomes jsonb := '{}';
    of_asset integer;
    of_site text;
    called text;
    made_by text;
    did text := CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END;
BEGIN
    IF TG_OP = 'DELETE' THEN r := to_jsonb(OLD); ELSE r := to_jsonb(NEW); END IF;
    made_by := coalesce(nullif(current_setting('plantwright.actor', true), ''), r ->> 'actor', r ->> 'changed_by',
                        r ->> 'made_by', 'system:plant');
    IF TG_OP <> 'INSERT' THEN was := as_logged(kind, to_jsonb(OLD)); END IF;
    IF TG_OP <> 'DELETE' THEN becomes := as_logged(kind, to_jsonb(NEW)); END IF;
    -- A new version of a thing tells how it differs from the one before.
    IF TG_TABLE_NAME = 'signal_versions' THEN
        SELECT as_logged(kind, to_jsonb(v)) INTO was FROM signal_versions v
        WHERE v.signal_id = NEW.signal_id AND v.version = NEW.version - 1;
    ELSIF TG_TABLE_NAME = 'job_plans' AND TG_OP = 'INSERT' THEN
        SELECT as_logged(kind, to_jsonb(p)) INTO was FROM job_plans p
        WHERE p.code = NEW.code AND (to_jsonb(p) ->> 'site_id') IS NOT DISTINCT FROM (r ->> 'site_id')
          AND p.version = NEW.version - 1;
    END IF;
    IF TG_OP = 'INSERT' AND was <> '{}' THEN did := 'changed'; END IF;
    was := coalesce(was, '{}');
    IF made_by LIKE 'system:%' AND (did = 'added' OR was @> '{"unit": "", "states": null, "counter": false}') THEN
        RETURN NULL;
    END IF;
    IF did = 'changed' THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO was FROM jsonb_each(was) AS o
            WHERE value IS DISTINCT FROM becomes -> o.key;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO becomes FROM jsonb_each(becomes) AS n
            WHERE was ? n.key;
        IF becomes = '{}' THEN RETURN NULL; END IF;
    END IF;

    of_asset := CASE kind WHEN 'asset' THEN (r ->> 'id')::integer
                     WHEN 'signal' THEN coalesce((r ->> 'asset_id')::integer,
                                                 (SELECT s.asset_id FROM signals s WHERE s.id = (r ->> 'signal_id')::integer))
                     ELSE (r ->> 'asset_id')::integer END;
    IF of_asset IS NOT NULL THEN
        SELECT s.code, s.code || '/' || a.code INTO of_site, called
        FROM assets a JOIN sites s ON s.id = a.site_id WHERE a.id = of_asset;
    ELSE
        SELECT code, code INTO of_site, called FROM sites
        WHERE id = CASE kind WHEN 'site' THEN (r ->> 'id')::integer ELSE (r ->> 'site_id')::integer END;
    END IF;
    called := CASE kind
        WHEN 'signal' THEN called || '/' || coalesce(r ->> 'name', (SELECT name FROM signals WHERE id = (r ->> 'signal_id')::integer))
        WHEN 'downtime' THEN called || ' downtime ' || (r ->> 'id')
        WHEN 'technician' THEN called || '/' || (r ->> 'code')
        WHEN 'location' THEN called || '/' || (r ->> 'code')
        WHEN 'target' THEN called || ' priority ' || (r ->> 'priority')
        WHEN 'job plan' THEN concat_ws('/', called, r ->> 'code')
        ELSE called END;
    PERFORM append_change(now(), made_by, kind, called, of_site, of_asset, did, was, becomes,
                          coalesce(nullif(current_setting('plantwright.why', true), ''), r ->> 'reason', ''));
    RETURN NULL;
END
$$;

-- Not the number of its last order.
CREATE TRIGGER site_changes_are_logged AFTER UPDATE OF code, name,
    time_zone ON sites FOR EACH ROW EXECUTE FUNCTION log_change('site');
CREATE TRIGGER site_deletions_are_logged AFTER INSERT
    OR DELETE ON sites FOR EACH ROW EXECUTE FUNCTION log_change('site');
CREATE TRIGGER location_changes_are_logged AFTER INSERT OR DELETE
    OR UPDATE ON locations FOR EACH ROW EXECUTE FUNCTION log_change('location');
CREATE TRIGGER asset_changes_are_logged AFTER INSERT OR DELETE
    OR UPDATE ON assets FOR EACH ROW EXECUTE FUNCTION log_change('asset');
CREATE TRIGGER asset_changes_tell_the_judge AFTER UPDATE ON assets FOR EACH ROW WHEN ((((old.class IS DISTINCT FROM new.class)
    OR (old.criticality IS DISTINCT FROM new.criticality))
    OR (old.parent_id IS DISTINCT FROM new.parent_id))) EXECUTE FUNCTION tell_judge_of_asset();
CREATE TRIGGER assets_tell_the_judge AFTER INSERT ON assets FOR EACH ROW EXECUTE FUNCTION tell_judge_of_asset();
CREATE TRIGGER installations_tell_the_judge AFTER INSERT
    OR UPDATE ON installations FOR EACH ROW EXECUTE FUNCTION tell_judge_of_place();
CREATE TRIGGER place_changes_are_logged AFTER INSERT OR DELETE
    OR UPDATE ON installations FOR EACH ROW EXECUTE FUNCTION log_change('place');
CREATE TRIGGER signal_changes_are_logged AFTER INSERT OR DELETE
    OR UPDATE ON signals FOR EACH ROW EXECUTE FUNCTION log_change('signal');
CREATE TRIGGER signal_version_changes_are_logged AFTER INSERT OR DELETE
    OR UPDATE ON signal_versions FOR EACH ROW EXECUTE FUNCTION log_change('signal');
CREATE TRIGGER signal_versions_tell_the_judge AFTER INSERT ON signal_versions FOR EACH ROW EXECUTE FUNCTION tell_judge_of_signal();
CREATE TRIGGER downtime_changes_are_logged AFTER INSERT OR DELETE
    OR UPDATE ON planned_downtimes FOR EACH ROW EXECUTE FUNCTION log_change('downtime');
CREATE TRIGGER technician_changes_are_logged AFTER INSERT OR DELETE
    OR UPDATE ON technicians FOR EACH ROW EXECUTE FUNCTION log_change('technician');
CREATE TRIGGER order_history_is_append_only BEFORE DELETE
    OR UPDATE ON order_history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_history_is_never_emptied BEFORE TRUNCATE ON order_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER alarm_moves_are_append_only BEFORE DELETE
    OR UPDATE ON alarm_moves FOR EACH ROW EXECUTE FUNCTION refuse_change_of_alarm_moves();
CREATE TRIGGER job_plan_changes_are_logged AFTER INSERT OR DELETE
    OR UPDATE ON job_plans FOR EACH ROW EXECUTE FUNCTION log_change('job plan');
CREATE TRIGGER calendar_changes_are_logged AFTER INSERT OR DELETE
    OR UPDATE ON site_calendars FOR EACH ROW EXECUTE FUNCTION log_change('calendar');
CREATE TRIGGER target_changes_are_logged AFTER INSERT OR DELETE
    OR UPDATE ON site_targets FOR EACH ROW EXECUTE FUNCTION log_change('target');
CREATE TRIGGER changes_are_append_only BEFORE DELETE OR UPDATE
    OR TRUNCATE ON changes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_changes();

