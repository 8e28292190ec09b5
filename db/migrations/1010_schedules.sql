-- What a plan's costs weigh, the plant's own document, version by version.
CREATE TABLE scheduling_weights (
    site_id integer NOT NULL REFERENCES sites,
    version integer NOT NULL CHECK (version >= 1),
    document jsonb NOT NULL CHECK (jsonb_typeof(document) = 'object'),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    why text NOT NULL DEFAULT '',
    PRIMARY KEY (site_id, version)
);

-- The schedule of a week: a proposal (draft), what planners agreed on (accepted), what people were told (published).
CREATE TABLE schedules (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    from_date date NOT NULL,
    dates smallint NOT NULL CHECK (dates BETWEEN 1 AND 31),
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    state text NOT NULL CHECK (state IN ('draft', 'accepted', 'published', 'superseded')),
    state_since timestamptz NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    -- When the facts were read that it was made from.
    read_at timestamptz NOT NULL,
    run_id uuid REFERENCES runs ON DELETE SET NULL,
    based_on integer REFERENCES schedules,
    weights_version integer NOT NULL DEFAULT 0 CHECK (weights_version >= 0),
    seconds double precision CHECK (seconds >= 0),
    costs jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(costs) = 'object'),
    -- Why each job is not in it, by the job's id.
    reasons jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(reasons) = 'object'),
    accepted_by text,
    accepted_at timestamptz,
    published_by text,
    published_at timestamptz,
    CHECK ((accepted_by IS NULL) = (accepted_at IS NULL)),
    CHECK ((published_by IS NULL) = (published_at IS NULL)),
    CHECK (state <> 'accepted' OR accepted_at IS NOT NULL),
    CHECK (state <> 'published' OR published_at IS NOT NULL),
    -- One published schedule for each day of a site.
    CONSTRAINT schedules_one_published EXCLUDE USING gist
        (int4range(site_id, site_id, '[]') WITH &&, daterange(from_date, from_date + dates) WITH &&)
        WHERE (state = 'published')
);
-- One proposal for a week, and one plan that planners work on: of two runs at once, one is superseded.
CREATE UNIQUE INDEX schedules_one_of_each ON schedules (site_id, from_date, state) WHERE state IN ('draft', 'accepted');
CREATE INDEX schedules_by_week ON schedules (site_id, from_date DESC, id DESC);
CREATE INDEX schedules_of_runs ON schedules (run_id) WHERE run_id IS NOT NULL;

-- The problem that a schedule was made from, so that its making can be repeated.
CREATE TABLE schedule_inputs (
    schedule_id integer PRIMARY KEY REFERENCES schedules ON DELETE CASCADE,
    problem jsonb NOT NULL
);

CREATE TABLE schedule_visits (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schedule_id integer NOT NULL REFERENCES schedules ON DELETE CASCADE,
    order_id uuid NOT NULL REFERENCES work_orders,
    -- An order that is longer than a shift has several visits.
    part smallint NOT NULL DEFAULT 1 CHECK (part BETWEEN 1 AND 99),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    pinned_by text,
    pinned_at timestamptz,
    told_at timestamptz,
    UNIQUE (schedule_id, order_id, part),
    CHECK (starts_at < ends_at),
    CHECK ((pinned_by IS NULL) = (pinned_at IS NULL))
);
CREATE INDEX schedule_visits_of_orders ON schedule_visits (order_id);

-- Who goes. The first one has the order; the others help.
CREATE TABLE visit_people (
    visit_id integer NOT NULL REFERENCES schedule_visits ON DELETE CASCADE,
    position smallint NOT NULL CHECK (position >= 0),
    technician_id integer NOT NULL REFERENCES technicians,
    during tstzrange NOT NULL CHECK (NOT isempty(during)),
    published boolean NOT NULL DEFAULT false,
    PRIMARY KEY (visit_id, technician_id),
    UNIQUE (visit_id, position),
    -- Nobody is told to be in two places at once, whoever made the schedules.
    CONSTRAINT visit_people_in_one_place EXCLUDE USING gist
        (int4range(technician_id, technician_id, '[]') WITH &&, during WITH &&) WHERE (published)
);
CREATE INDEX visit_people_by_person ON visit_people (technician_id) WHERE published;

-- The rows of people say what their visit and its schedule say, also where those are changed later.
CREATE FUNCTION person_of_visit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT tstzrange(v.starts_at, v.ends_at), s.state = 'published' INTO NEW.during, NEW.published
    FROM schedule_visits v JOIN schedules s ON s.id = v.schedule_id WHERE v.id = NEW.visit_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER visit_people_follow BEFORE INSERT ON visit_people FOR EACH ROW EXECUTE FUNCTION person_of_visit();

CREATE FUNCTION people_of_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE visit_people p SET published = NEW.state = 'published'
    FROM schedule_visits v WHERE v.id = p.visit_id AND v.schedule_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER schedules_publish_people AFTER UPDATE OF state ON schedules FOR EACH ROW
    WHEN (NEW.state IS DISTINCT FROM OLD.state) EXECUTE FUNCTION people_of_schedule();

-- Whoever looks at a week hears of each change; who is in it hears when it is published.
CREATE FUNCTION event_of_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    happened text := CASE
        WHEN TG_OP = 'INSERT' THEN CASE NEW.state WHEN 'draft' THEN 'proposed' ELSE NEW.state END
        WHEN NEW.state IS DISTINCT FROM OLD.state THEN NEW.state
        ELSE 'changed' END;
    site text := (SELECT code FROM sites WHERE id = NEW.site_id);
    people jsonb := '[]';
BEGIN
    IF happened IN ('published', 'superseded') THEN
        SELECT coalesce(jsonb_agg(DISTINCT t.code), '[]') INTO people
        FROM schedule_visits v JOIN visit_people p ON p.visit_id = v.id JOIN technicians t ON t.id = p.technician_id
        WHERE v.schedule_id = NEW.id AND NEW.published_at IS NOT NULL;
    END IF;
    PERFORM append_event('schedule.' || happened, NEW.site_id, NULL, NULL, site || ' ' || NEW.from_date, clock_timestamp(),
        jsonb_build_object('schedule', NEW.id, 'from', NEW.from_date, 'dates', NEW.dates, 'state', NEW.state,
                           'version', NEW.version, 'technicians', people));
    RETURN NULL;
END
$$;
CREATE TRIGGER new_schedules_make_events AFTER INSERT ON schedules FOR EACH ROW EXECUTE FUNCTION event_of_schedule();
CREATE TRIGGER changed_schedules_make_events AFTER UPDATE OF version, state ON schedules FOR EACH ROW
    WHEN (NEW.version IS DISTINCT FROM OLD.version OR NEW.state IS DISTINCT FROM OLD.state)
    EXECUTE FUNCTION event_of_schedule();
