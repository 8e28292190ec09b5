-- On call: rotas by version, overrides of their turns, and the gaps ahead that were found.
CREATE TABLE on_call_rotas (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    version integer NOT NULL CHECK (version >= 1),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    document jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    UNIQUE (site_id, code)
);

-- What a rota was, from when on, by whom and why; without a document it is retired from then on. Never changed, so that
-- who was on call at any time in the past can still be said.
CREATE TABLE on_call_rota_versions (
    rota_id integer NOT NULL REFERENCES on_call_rotas,
    version integer NOT NULL CHECK (version >= 1),
    document jsonb,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    why text NOT NULL DEFAULT '',
    PRIMARY KEY (rota_id, version)
);

CREATE FUNCTION on_call_rota_versions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'version % of rota % cannot be changed', OLD.version, OLD.rota_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'on_call_rota_versions_stay';
END
$$;
CREATE TRIGGER on_call_rota_versions_stay BEFORE UPDATE OR DELETE ON on_call_rota_versions
    FOR EACH ROW EXECUTE FUNCTION on_call_rota_versions_stay();

-- Who has turns in the newest version: nobody who is no user.
CREATE TABLE on_call_rota_people (
    rota_id integer NOT NULL REFERENCES on_call_rotas,
    user_name text NOT NULL REFERENCES users (name),
    PRIMARY KEY (rota_id, user_name)
);
CREATE INDEX on_call_rota_people_by_user ON on_call_rota_people (user_name);

-- Somebody is on call in a layer instead of whose turn it is. Of two at the same time the one with the greater id counts.
-- Nothing rewrites the past: it begins when it was made at the earliest, and one that is cancelled has counted until then.
CREATE TABLE on_call_overrides (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rota_id integer NOT NULL REFERENCES on_call_rotas,
    layer text NOT NULL CHECK (length(layer) BETWEEN 1 AND 100),
    user_name text NOT NULL REFERENCES users (name),
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    why text NOT NULL DEFAULT '' CHECK (length(why) <= 2000),
    cancelled_at timestamptz,
    cancelled_by text,
    CONSTRAINT on_call_overrides_last CHECK (begins_at < ends_at),
    CONSTRAINT on_call_overrides_keep_the_past CHECK (begins_at >= made_at),
    CHECK ((cancelled_at IS NULL) = (cancelled_by IS NULL))
);
CREATE INDEX on_call_overrides_of_rota ON on_call_overrides (rota_id, ends_at);
CREATE INDEX on_call_overrides_by_user ON on_call_overrides (user_name);

-- The first gap ahead of each rota that has one.
CREATE TABLE on_call_gaps (
    rota_id integer PRIMARY KEY REFERENCES on_call_rotas,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    unreachable text[] NOT NULL DEFAULT '{}'::text[],
    CHECK (begins_at < ends_at)
);

-- Changes of rotas and overrides are events.
CREATE FUNCTION event_of_rota() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('rota.' || CASE WHEN NEW.document IS NULL THEN 'retired' WHEN NEW.version = 1 THEN 'added' ELSE 'changed' END,
                         r.site_id, NULL, NULL, s.code || '/' || r.code, NEW.made_at,
                         jsonb_build_object('rota', r.id, 'title', r.title, 'version', NEW.version, 'actor', NEW.made_by, 'why', NEW.why))
    FROM on_call_rotas r JOIN sites s ON s.id = r.site_id WHERE r.id = NEW.rota_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER on_call_rotas_make_events AFTER INSERT ON on_call_rota_versions FOR EACH ROW EXECUTE FUNCTION event_of_rota();

CREATE FUNCTION event_of_override() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('rota.' || CASE WHEN NEW.cancelled_at IS NULL THEN 'overridden' ELSE 'override_cancelled' END,
                         r.site_id, NULL, NULL, s.code || '/' || r.code, coalesce(NEW.cancelled_at, NEW.made_at),
                         jsonb_build_object('rota', r.id, 'title', r.title, 'override', NEW.id, 'layer', NEW.layer,
                                            'person', NEW.user_name, 'begins_at', NEW.begins_at, 'ends_at', NEW.ends_at,
                                            'actor', coalesce(NEW.cancelled_by, NEW.made_by), 'why', NEW.why))
    FROM on_call_rotas r JOIN sites s ON s.id = r.site_id WHERE r.id = NEW.rota_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER on_call_overrides_make_events AFTER INSERT OR UPDATE OF cancelled_at ON on_call_overrides
    FOR EACH ROW EXECUTE FUNCTION event_of_override();

-- A calendar may also be that of a rota.
ALTER TABLE calendar_feeds ADD COLUMN rota_id integer REFERENCES on_call_rotas;
ALTER TABLE calendar_feeds DROP CONSTRAINT calendar_feeds_check;
ALTER TABLE calendar_feeds ADD CONSTRAINT calendar_feeds_of_one CHECK (num_nonnulls(technician_id, site_id, asset_id, rota_id) = 1);
