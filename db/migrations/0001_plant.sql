-- The plant: where things are, what is installed there, and what it measures.

CREATE TABLE sites (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code      text NOT NULL UNIQUE CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    name      text NOT NULL,
    time_zone text NOT NULL DEFAULT 'UTC',
    -- The last number given to a work order of this site; people say it aloud: NTH-1042.
    last_number integer NOT NULL DEFAULT 1000
);

-- Functional locations, ISA-95: site, area, work centre, work unit.
CREATE TABLE locations (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id   integer NOT NULL REFERENCES sites,
    parent_id integer REFERENCES locations,
    code      text NOT NULL,
    name      text NOT NULL,
    level     text NOT NULL CHECK (level IN ('area', 'work_centre', 'work_unit')),
    UNIQUE (site_id, code)
);

-- Equipment. Archived, never deleted: orders and readings point at it for ever.
CREATE TABLE assets (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id     integer NOT NULL REFERENCES sites,
    code        text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    name        text NOT NULL,
    class       text NOT NULL DEFAULT 'unclassified',
    criticality smallint NOT NULL DEFAULT 2 CHECK (criticality BETWEEN 1 AND 4),
    serial      text,
    external_id text,
    external_source text,
    archived_at timestamptz,
    UNIQUE (site_id, code)
);

-- What is installed where, and when: a pump is swapped, and both histories stay.
CREATE TABLE installations (
    asset_id     integer NOT NULL REFERENCES assets,
    location_id  integer NOT NULL REFERENCES locations,
    installed_at timestamptz NOT NULL,
    removed_at   timestamptz CHECK (removed_at > installed_at),
    PRIMARY KEY (asset_id, installed_at)
);
CREATE UNIQUE INDEX installations_one_place_at_a_time ON installations (asset_id) WHERE removed_at IS NULL;

CREATE TABLE signals (
    id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES assets,
    name     text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,127}$'),
    label    text,
    UNIQUE (asset_id, name)
);

-- A change of quantity or unit is a new version; readings keep their meaning.
CREATE TABLE signal_versions (
    signal_id  integer NOT NULL REFERENCES signals,
    version    integer NOT NULL,
    quantity   text,
    unit       text NOT NULL DEFAULT '',
    valid_from timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (signal_id, version)
);

-- Other names that devices have used for a signal, and when.
CREATE TABLE signal_aliases (
    asset_id   integer NOT NULL REFERENCES assets,
    alias      text NOT NULL,
    signal_id  integer NOT NULL REFERENCES signals,
    valid_from timestamptz NOT NULL DEFAULT '-infinity',
    valid_to   timestamptz NOT NULL DEFAULT 'infinity' CHECK (valid_to > valid_from),
    PRIMARY KEY (asset_id, alias, valid_from)
);
