-- What was learned at a site from the texts of its orders, version by version.
CREATE TABLE triage_versions (
    site_id integer NOT NULL REFERENCES sites,
    number integer NOT NULL CHECK (number >= 1),
    texts integer NOT NULL CHECK (texts >= 0),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    run_id uuid REFERENCES runs ON DELETE SET NULL,
    PRIMARY KEY (site_id, number)
);
CREATE INDEX triage_versions_of_runs ON triage_versions (run_id) WHERE run_id IS NOT NULL;

-- The model of each field of a version: arrays of numbers, which execute nothing when they are read.
CREATE TABLE triage_models (
    site_id integer NOT NULL,
    number integer NOT NULL,
    field text NOT NULL CHECK (field IN ('type', 'priority', 'asset', 'component', 'failure_mode', 'skill', 'plan')),
    -- How its suggestions were in the past: texts, labels, share suggested, share right.
    facts jsonb NOT NULL CHECK (jsonb_typeof(facts) = 'object'),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    content bytea NOT NULL CHECK (length(content) <= 100000000),
    PRIMARY KEY (site_id, number, field),
    FOREIGN KEY (site_id, number) REFERENCES triage_versions
);

-- Which version suggests, and since when; the newest row counts, and one without a number means none.
CREATE TABLE triage_in_force (
    site_id integer NOT NULL REFERENCES sites,
    seq integer NOT NULL CHECK (seq >= 1),
    number integer,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    why text NOT NULL DEFAULT '',
    PRIMARY KEY (site_id, seq),
    FOREIGN KEY (site_id, number) REFERENCES triage_versions
);

-- What was suggested for an order, and what the person chose who made it.
CREATE TABLE triage_labels (
    order_id uuid NOT NULL REFERENCES work_orders,
    field text NOT NULL CHECK (field IN ('type', 'priority', 'asset', 'component', 'failure_mode', 'skill', 'plan')),
    suggested text NOT NULL,
    chosen text NOT NULL,
    source text NOT NULL CHECK (source IN ('danger', 'words', 'learned')),
    -- The version that suggested it; null where none was in force.
    number integer,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (order_id, field)
);

-- The words of orders, so that similar ones are found.
CREATE INDEX work_orders_words ON work_orders USING gin (to_tsvector('simple', title || ' ' || coalesce(close_note, '')));

-- The words that say danger at a site, besides those that the program knows, version by version.
CREATE TABLE danger_words (
    site_id integer NOT NULL REFERENCES sites,
    version integer NOT NULL CHECK (version >= 1),
    words text[] NOT NULL CHECK (cardinality(words) <= 500),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    why text NOT NULL DEFAULT '',
    PRIMARY KEY (site_id, version)
);
