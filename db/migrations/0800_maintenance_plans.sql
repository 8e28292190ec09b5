-- Maintenance plans: work that recurs. A plan has versions; a *series* is a plan for one object (an asset, a location), and
-- its occurrences are rows, numbered from 1 without gaps: what falls due once is made once, whoever makes it.

CREATE TABLE maintenance_plans (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    -- The newest version, whose document is in force.
    version integer NOT NULL CHECK (version >= 1),
    title text NOT NULL,
    document jsonb NOT NULL,
    -- Of the document, for the joins: what it is for, and which. Of a route, the location of its order.
    object text NOT NULL CHECK (object IN ('asset', 'class', 'location', 'route')),
    object_code text NOT NULL,
    active boolean NOT NULL DEFAULT true,
    retired_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (site_id, code)
);

-- What a plan was, and who changed it, when and why. Never changed itself.
CREATE TABLE maintenance_plan_versions (
    plan_id integer NOT NULL REFERENCES maintenance_plans,
    version integer NOT NULL CHECK (version >= 1),
    document jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    why text NOT NULL DEFAULT '',
    PRIMARY KEY (plan_id, version)
);

CREATE FUNCTION maintenance_plan_versions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'version % of maintenance plan % cannot be changed', OLD.version, OLD.plan_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'maintenance_plan_versions_stay';
END
$$;
CREATE TRIGGER maintenance_plan_versions_stay BEFORE UPDATE OR DELETE ON maintenance_plan_versions
    FOR EACH ROW EXECUTE FUNCTION maintenance_plan_versions_stay();

CREATE TABLE maintenance_series (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id integer NOT NULL REFERENCES maintenance_plans,
    asset_id integer REFERENCES assets,
    location_id integer REFERENCES locations,
    -- Nothing that was due by then is an occurrence.
    begun_at timestamptz NOT NULL,
    number integer NOT NULL DEFAULT 0,
    covered integer NOT NULL DEFAULT 0,
    -- The rule's local time of the last occurrence by calendar, on the site's clock.
    after timestamp,
    shift_days integer NOT NULL DEFAULT 0,
    last_due timestamptz,
    meter_from timestamptz,
    meter_carry double precision NOT NULL DEFAULT 0,
    -- Since when the plan's condition has been there; NULL: it is not there.
    condition_since timestamptz,
    -- What is expected next, and from when a generator has to look at it; NULL: nothing can be foreseen.
    next_due timestamptz,
    next_why text NOT NULL DEFAULT '',
    call_at timestamptz,
    ended_at timestamptz,
    ended_why text NOT NULL DEFAULT '',
    CONSTRAINT maintenance_series_of_one CHECK (num_nonnulls(asset_id, location_id) = 1),
    CONSTRAINT maintenance_series_once UNIQUE NULLS NOT DISTINCT (plan_id, asset_id, location_id),
    CHECK (covered BETWEEN 0 AND number),
    CHECK ((ended_at IS NULL) OR (call_at IS NULL))
);
CREATE INDEX maintenance_series_to_look_at ON maintenance_series (call_at, id) WHERE call_at IS NOT NULL;
CREATE INDEX maintenance_series_of_asset ON maintenance_series (asset_id) WHERE asset_id IS NOT NULL;
CREATE INDEX maintenance_series_ahead ON maintenance_series (next_due, id) WHERE next_due IS NOT NULL;

CREATE TABLE maintenance_occurrences (
    series_id integer NOT NULL REFERENCES maintenance_series,
    number integer NOT NULL CHECK (number >= 1),
    plan_id integer NOT NULL,
    plan_version integer NOT NULL,
    due_at timestamptz NOT NULL,
    cause text NOT NULL CHECK (cause IN ('calendar', 'meter', 'condition')),
    status text NOT NULL CHECK (status IN ('generated', 'skipped', 'merged', 'completed', 'missed')),
    -- The package whose work it is, and those that it covers.
    package text,
    packages text[] NOT NULL DEFAULT '{}'::text[],
    why text NOT NULL,
    order_id uuid REFERENCES work_orders,
    decided_at timestamptz NOT NULL,
    completed_at timestamptz,
    -- How the completion deviates from the due date, for the planner; empty where it does not.
    note text NOT NULL DEFAULT '',
    -- Whether the completion has moved what comes next.
    applied boolean NOT NULL DEFAULT false,
    -- A due date cannot come twice either.
    PRIMARY KEY (series_id, number),
    CONSTRAINT maintenance_occurrences_due_once UNIQUE (series_id, due_at),
    FOREIGN KEY (plan_id, plan_version) REFERENCES maintenance_plan_versions (plan_id, version),
    CHECK (status IN ('skipped', 'missed') OR order_id IS NOT NULL),
    CHECK ((status = 'completed') = (completed_at IS NOT NULL))
);
CREATE INDEX maintenance_occurrences_of_order ON maintenance_occurrences (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX maintenance_occurrences_by_due ON maintenance_occurrences (due_at, series_id);
CREATE INDEX maintenance_occurrences_of_plan ON maintenance_occurrences (plan_id, due_at DESC, series_id);
CREATE INDEX maintenance_occurrences_to_apply ON maintenance_occurrences (series_id) WHERE status = 'completed' AND NOT applied;

-- None is left out: each occurrence is the one after the last.
CREATE FUNCTION maintenance_occurrences_have_no_gap() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last integer;
BEGIN
    SELECT coalesce(max(number), 0) INTO last FROM maintenance_occurrences WHERE series_id = NEW.series_id;
    IF NEW.number <> last + 1 THEN
        RAISE EXCEPTION 'occurrence % of series % cannot follow %', NEW.number, NEW.series_id, last
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'maintenance_occurrences_have_no_gap';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER maintenance_occurrences_have_no_gap BEFORE INSERT ON maintenance_occurrences
    FOR EACH ROW EXECUTE FUNCTION maintenance_occurrences_have_no_gap();

-- Series that a generator has to look at again at once. A table of its own, so that who completes an order never waits
-- for a generator that has locked the series and waits for the order.
CREATE TABLE maintenance_wakes (
    series_id integer PRIMARY KEY REFERENCES maintenance_series
);

-- What becomes of an order becomes of its occurrences.
CREATE FUNCTION maintenance_follows_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status IN ('completed', 'verified', 'closed') THEN
        UPDATE maintenance_occurrences SET status = 'completed', completed_at = NEW.status_since
        WHERE order_id = NEW.id AND status IN ('generated', 'merged');
    ELSIF NEW.status IN ('cancelled', 'cannot_complete') THEN
        UPDATE maintenance_occurrences SET status = 'skipped', completed_at = NULL,
            note = 'Its order ' || NEW.number || CASE NEW.status WHEN 'cancelled' THEN ' was cancelled.' ELSE ' could not be done.' END
        WHERE order_id = NEW.id AND status IN ('generated', 'merged', 'completed');
    ELSIF OLD.status IN ('completed', 'verified', 'closed', 'cancelled', 'cannot_complete') THEN
        UPDATE maintenance_occurrences SET status = 'generated', completed_at = NULL, note = ''
        WHERE order_id = NEW.id AND status IN ('completed', 'skipped');
    ELSE
        RETURN NULL;
    END IF;
    INSERT INTO maintenance_wakes (series_id) SELECT series_id FROM maintenance_occurrences WHERE order_id = NEW.id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER maintenance_follows_orders AFTER UPDATE OF status ON work_orders
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND NEW.origin = 'schedule')
    EXECUTE FUNCTION maintenance_follows_orders();

-- Counts of meters that people enter, and meters that were exchanged: a new one begins with its count.
CREATE TABLE meter_entries (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES assets,
    signal text NOT NULL CHECK (length(signal) BETWEEN 1 AND 200),
    at timestamptz NOT NULL,
    count double precision NOT NULL CHECK (count >= 0 AND count < 'Infinity'),
    exchanged boolean NOT NULL DEFAULT false,
    entered_by text NOT NULL,
    entered_at timestamptz NOT NULL,
    CONSTRAINT meter_entries_once UNIQUE (asset_id, signal, at, exchanged)
);

-- Changes of plans and what becomes of occurrences are events.
CREATE FUNCTION event_of_maintenance_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('maintenance_plan.' || CASE NEW.version WHEN 1 THEN 'added' ELSE 'changed' END, p.site_id, NULL, NULL,
                         s.code || '/' || p.code, NEW.made_at,
                         jsonb_build_object('title', p.title, 'version', NEW.version, 'actor', NEW.made_by, 'why', NEW.why))
    FROM maintenance_plans p JOIN sites s ON s.id = p.site_id WHERE p.id = NEW.plan_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER maintenance_plans_make_events AFTER INSERT ON maintenance_plan_versions
    FOR EACH ROW EXECUTE FUNCTION event_of_maintenance_plan();

CREATE FUNCTION event_of_occurrence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('maintenance.' || NEW.status, p.site_id, r.asset_id, NEW.order_id, s.code || '/' || p.code, NEW.decided_at,
                         jsonb_build_object('title', p.title, 'number', NEW.number, 'due_at', NEW.due_at, 'why', NEW.why))
    FROM maintenance_series r JOIN maintenance_plans p ON p.id = r.plan_id JOIN sites s ON s.id = p.site_id
    WHERE r.id = NEW.series_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER occurrences_make_events AFTER INSERT ON maintenance_occurrences
    FOR EACH ROW WHEN (NEW.status IN ('skipped', 'merged', 'missed')) EXECUTE FUNCTION event_of_occurrence();
