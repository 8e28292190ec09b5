-- People and means as a schedule needs them: skills with levels, certificates that expire, rotating shifts, absences,
-- contractors, what an hour costs, crews, vehicles, coordinates and ways.

-- The names of skills and certificates stay in their arrays; what else is known of each is an object by the same names.
CREATE FUNCTION levels_are_valid(levels jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_typeof(levels) = 'object' AND NOT EXISTS (
        SELECT FROM jsonb_each(levels) WHERE value NOT IN ('1', '2', '3', '4', '5'))
$$;
CREATE FUNCTION dates_are_valid(dates jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_typeof(dates) = 'object' AND NOT EXISTS (
        SELECT FROM jsonb_each(dates) WHERE jsonb_typeof(value) <> 'string' OR value #>> '{}' !~ '^\d{4}-[01]\d-[0-3]\d$')
$$;

ALTER TABLE locations
    ADD COLUMN latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    ADD COLUMN longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    ADD CONSTRAINT locations_coordinates_are_a_pair CHECK ((latitude IS NULL) = (longitude IS NULL)),
    ADD UNIQUE (id, site_id);
ALTER TABLE technicians ADD UNIQUE (id, site_id);
ALTER TABLE tools ADD COLUMN kind text NOT NULL DEFAULT 'tool' CHECK (kind IN ('tool', 'vehicle'));
ALTER TABLE job_plans ADD COLUMN needs_stop boolean NOT NULL DEFAULT false;

-- A rotation of so many days, counted from an anchor date and repeated for ever. Somebody who works it some days later has
-- an offset: three crews on one pattern of three weeks have 0, 7 and 14.
CREATE TABLE shift_patterns (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    anchor date NOT NULL,
    days smallint NOT NULL CHECK (days BETWEEN 1 AND 366),
    UNIQUE (site_id, code),
    UNIQUE (id, site_id)
);
-- One shift of it; day 0 is the anchor. Local times of the site: it may pass midnight, equal times are a whole day.
CREATE TABLE shifts (
    pattern_id integer NOT NULL,
    site_id integer NOT NULL,
    day smallint NOT NULL CHECK (day BETWEEN 0 AND 365),
    starts time NOT NULL,
    ends time NOT NULL,
    break_starts time,
    break_minutes smallint NOT NULL DEFAULT 0 CHECK (break_minutes BETWEEN 0 AND 480),
    PRIMARY KEY (pattern_id, day),
    CONSTRAINT shifts_breaks_have_a_time CHECK ((break_starts IS NULL) = (break_minutes = 0)),
    FOREIGN KEY (pattern_id, site_id) REFERENCES shift_patterns (id, site_id) ON DELETE CASCADE
);

ALTER TABLE technicians
    ADD COLUMN levels jsonb NOT NULL DEFAULT '{}' CHECK (levels_are_valid(levels)),
    ADD COLUMN valid_until jsonb NOT NULL DEFAULT '{}' CHECK (dates_are_valid(valid_until)),
    ADD COLUMN firm text CHECK (length(firm) BETWEEN 1 AND 200),
    ADD COLUMN contract_from date,
    ADD COLUMN contract_until date,
    ADD COLUMN pattern_id integer,
    ADD COLUMN pattern_offset smallint NOT NULL DEFAULT 0 CHECK (pattern_offset BETWEEN 0 AND 365),
    ADD COLUMN overtime_minutes smallint NOT NULL DEFAULT 0 CHECK (overtime_minutes BETWEEN 0 AND 720),
    ADD COLUMN depot_id integer,
    ADD COLUMN speed numeric(4, 2) NOT NULL DEFAULT 1 CHECK (speed BETWEEN 0.2 AND 5),
    ADD COLUMN language text CHECK (language ~ '^[a-z]{2,3}$'),
    ADD CONSTRAINT technicians_contract_ends_after_it_begins CHECK (contract_until >= contract_from),
    ADD FOREIGN KEY (pattern_id, site_id) REFERENCES shift_patterns (id, site_id),
    ADD FOREIGN KEY (depot_id, site_id) REFERENCES locations (id, site_id);

-- Levels and dates go with the skill or the certificate that they are of.
CREATE FUNCTION forget_what_is_lost() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.levels := (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(NEW.levels) WHERE key = ANY(NEW.skills));
    NEW.valid_until := (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(NEW.valid_until)
                        WHERE key = ANY(NEW.certificates));
    RETURN NEW;
END
$$;
CREATE TRIGGER levels_go_with_skills BEFORE INSERT OR UPDATE ON technicians
    FOR EACH ROW EXECUTE FUNCTION forget_what_is_lost();

-- What an hour of somebody costs, in a table of its own: not everybody who sees technicians may see it.
CREATE TABLE technician_rates (
    technician_id integer PRIMARY KEY,
    site_id integer NOT NULL,
    currency text NOT NULL,
    per_hour numeric(16, 4) NOT NULL CHECK (per_hour >= 0),
    overtime_per_hour numeric(16, 4) NOT NULL CHECK (overtime_per_hour >= 0),
    per_day numeric(16, 4) NOT NULL DEFAULT 0 CHECK (per_day >= 0),
    FOREIGN KEY (technician_id, site_id) REFERENCES technicians (id, site_id),
    FOREIGN KEY (site_id, currency) REFERENCES sites (id, currency)
);

-- When somebody is away. The kind is for everybody who plans, so none of them tells of an illness; the reason is private,
-- and in a table of its own, which no history copies and which can be erased.
CREATE TABLE absences (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    technician_id integer NOT NULL,
    site_id integer NOT NULL,
    kind text NOT NULL DEFAULT 'away' CHECK (kind IN ('away', 'leave', 'training', 'elsewhere')),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT absences_end_after_they_begin CHECK (ends_at > starts_at),
    FOREIGN KEY (technician_id, site_id) REFERENCES technicians (id, site_id)
);
CREATE UNIQUE INDEX absences_begin_once ON absences (technician_id, starts_at);
CREATE TABLE absence_reasons (
    absence_id integer PRIMARY KEY REFERENCES absences ON DELETE CASCADE,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000)
);

CREATE TABLE crews (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    UNIQUE (site_id, code),
    UNIQUE (id, site_id)
);
CREATE TABLE crew_members (
    crew_id integer NOT NULL,
    technician_id integer NOT NULL,
    site_id integer NOT NULL,
    PRIMARY KEY (crew_id, technician_id),
    FOREIGN KEY (crew_id, site_id) REFERENCES crews (id, site_id) ON DELETE CASCADE,
    FOREIGN KEY (technician_id, site_id) REFERENCES technicians (id, site_id)
);
CREATE INDEX crew_members_of_technician ON crew_members (technician_id);

-- The plant's own matrix of ways, where it has one; the other way round is a row of its own.
CREATE TABLE ways (
    site_id integer NOT NULL,
    from_id integer NOT NULL,
    to_id integer NOT NULL,
    minutes integer NOT NULL CHECK (minutes BETWEEN 0 AND 10000),
    km double precision CHECK (km BETWEEN 0 AND 100000),
    PRIMARY KEY (from_id, to_id),
    CHECK (from_id <> to_id),
    FOREIGN KEY (from_id, site_id) REFERENCES locations (id, site_id),
    FOREIGN KEY (to_id, site_id) REFERENCES locations (id, site_id)
);
CREATE INDEX ways_of_site ON ways (site_id);

-- How a site lets people work; one without a row has the defaults, which are those of directive 2003/88/EC.
CREATE TABLE work_rules (
    site_id integer PRIMARY KEY REFERENCES sites,
    rest_minutes integer NOT NULL DEFAULT 660 CHECK (rest_minutes BETWEEN 0 AND 1440),
    week_minutes integer DEFAULT 2880 CHECK (week_minutes BETWEEN 60 AND 10080),
    warn_days integer NOT NULL DEFAULT 30 CHECK (warn_days BETWEEN 0 AND 730),
    detour numeric(4, 2) NOT NULL DEFAULT 1.3 CHECK (detour BETWEEN 1 AND 5),
    walk_kmh numeric(5, 1) NOT NULL DEFAULT 5 CHECK (walk_kmh > 0),
    walk_km numeric(5, 1) NOT NULL DEFAULT 1 CHECK (walk_km >= 0),
    town_kmh numeric(5, 1) NOT NULL DEFAULT 30 CHECK (town_kmh > 0),
    town_km numeric(5, 1) NOT NULL DEFAULT 10 CHECK (town_km >= 0),
    road_kmh numeric(5, 1) NOT NULL DEFAULT 60 CHECK (road_kmh > 0),
    CONSTRAINT work_rules_classes_ascend CHECK (walk_km <= town_km)
);

-- What a component or a failure mode asks for at a site, where that is not what it asks for everywhere; skill NULL: nothing.
CREATE TABLE skill_rules (
    site_id integer NOT NULL REFERENCES sites,
    of text NOT NULL CHECK (of IN ('component', 'failure_mode')),
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 100),
    skill text CHECK (length(skill) BETWEEN 1 AND 200),
    level smallint NOT NULL DEFAULT 1 CHECK (level BETWEEN 1 AND 5),
    PRIMARY KEY (site_id, of, code)
);
-- The certificates that a skill asks for at a site; an empty list: none, although it does elsewhere.
CREATE TABLE skill_certificates (
    site_id integer NOT NULL REFERENCES sites,
    skill text NOT NULL CHECK (length(skill) BETWEEN 1 AND 200),
    certificates text[] NOT NULL,
    PRIMARY KEY (site_id, skill)
);

CREATE OR REPLACE FUNCTION as_logged(kind text, r jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE kind
        WHEN 'asset' THEN jsonb_set(r, '{parent}', coalesce(
            (SELECT to_jsonb(code) FROM assets WHERE id = (r ->> 'parent_id')::integer), 'null'))
        WHEN 'place' THEN jsonb_set(r, '{location}', coalesce(
            (SELECT to_jsonb(code) FROM locations WHERE id = (r ->> 'location_id')::integer), 'null'))
        WHEN 'location' THEN jsonb_set(r, '{parent}', coalesce(
            (SELECT to_jsonb(code) FROM locations WHERE id = (r ->> 'parent_id')::integer), 'null'))
        WHEN 'technician' THEN r || jsonb_build_object(
            'pattern', (SELECT code FROM shift_patterns WHERE id = (r ->> 'pattern_id')::integer),
            'depot', (SELECT code FROM locations WHERE id = (r ->> 'depot_id')::integer))
        ELSE r END
        - ARRAY['id', 'site_id', 'asset_id', 'signal_id', 'parent_id', 'location_id', 'last_number', 'actor', 'recorded_at',
                'changed_by', 'changed_at', 'made_by', 'made_at', 'pattern_id', 'depot_id']
$$;

-- Changes of what belongs to people, in the log that everybody may read; what an hour costs is of a kind that only those
-- who see costs may read. Reasons of absences are in no log.
CREATE FUNCTION log_change_of_people() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kind text := TG_ARGV[0];
    hidden text[] := ARRAY['id', 'site_id', 'technician_id', 'pattern_id', 'crew_id', 'from_id', 'to_id', 'recorded_at', 'recorded_by'];
    r jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
    was jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}' ELSE to_jsonb(OLD) - hidden END;
    becomes jsonb := CASE TG_OP WHEN 'DELETE' THEN '{}' ELSE to_jsonb(NEW) - hidden END;
    of_site text := (SELECT code FROM sites WHERE id = (r ->> 'site_id')::integer);
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO was FROM jsonb_each(was) AS o
            WHERE value IS DISTINCT FROM becomes -> o.key;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO becomes FROM jsonb_each(becomes) AS n WHERE was ? n.key;
        IF becomes = '{}' THEN RETURN NULL; END IF;
    END IF;
    PERFORM append_change(now(), coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:plant'), kind,
        concat_ws('/', of_site, (SELECT code FROM shift_patterns WHERE id = (r ->> 'pattern_id')::integer),
                  (SELECT code FROM crews WHERE id = (r ->> 'crew_id')::integer),
                  (SELECT code FROM technicians WHERE id = (r ->> 'technician_id')::integer),
                  (SELECT code FROM locations WHERE id = (r ->> 'from_id')::integer),
                  (SELECT code FROM locations WHERE id = (r ->> 'to_id')::integer),
                  r ->> 'of', r ->> 'code', CASE TG_TABLE_NAME WHEN 'skill_certificates' THEN r ->> 'skill'
                                            WHEN 'shifts' THEN 'day ' || (r ->> 'day') END),
        of_site, NULL, CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END,
        was, becomes, coalesce(current_setting('plantwright.why', true), ''));
    RETURN NULL;
END
$$;
CREATE TRIGGER shift_pattern_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON shift_patterns
    FOR EACH ROW EXECUTE FUNCTION log_change_of_people('shift pattern');
CREATE TRIGGER shift_changes_are_logged AFTER INSERT OR UPDATE ON shifts
    FOR EACH ROW EXECUTE FUNCTION log_change_of_people('shift pattern');
CREATE TRIGGER technician_rate_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON technician_rates
    FOR EACH ROW EXECUTE FUNCTION log_change_of_people('technician rate');
CREATE TRIGGER absence_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON absences
    FOR EACH ROW EXECUTE FUNCTION log_change_of_people('absence');
CREATE TRIGGER crew_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON crews
    FOR EACH ROW EXECUTE FUNCTION log_change_of_people('crew');
CREATE TRIGGER crew_member_changes_are_logged AFTER INSERT OR DELETE ON crew_members
    FOR EACH ROW EXECUTE FUNCTION log_change_of_people('crew');
CREATE TRIGGER way_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON ways
    FOR EACH ROW EXECUTE FUNCTION log_change_of_people('way');
CREATE TRIGGER work_rule_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON work_rules
    FOR EACH ROW EXECUTE FUNCTION log_change_of_people('work rule');
CREATE TRIGGER skill_rule_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON skill_rules
    FOR EACH ROW EXECUTE FUNCTION log_change_of_people('skill rule');
CREATE TRIGGER skill_certificate_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON skill_certificates
    FOR EACH ROW EXECUTE FUNCTION log_change_of_people('skill rule');
