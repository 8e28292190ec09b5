-- Instructions by which people solve a problem themselves: written by planners, for a site, a class of assets or one asset.
CREATE TABLE self_help (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    -- Empty: every class.
    asset_class text NOT NULL CHECK (length(asset_class) <= 100),
    asset_id integer REFERENCES assets,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    steps text NOT NULL CHECK (length(steps) BETWEEN 1 AND 4000),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    retired_at timestamptz,
    retired_by text,
    CONSTRAINT self_help_of_one CHECK (asset_class = '' OR asset_id IS NULL),
    CHECK ((retired_at IS NULL) = (retired_by IS NULL))
);
CREATE INDEX self_help_of_site ON self_help (site_id, id) WHERE retired_at IS NULL;

-- Which instructions somebody has tried, and whether they helped; sent by a planner they count as help, until the rating
-- says otherwise.
CREATE TABLE request_checks (
    request_id uuid NOT NULL REFERENCES requests,
    help_id integer NOT NULL REFERENCES self_help,
    helped boolean NOT NULL,
    PRIMARY KEY (request_id, help_id)
);
CREATE INDEX request_checks_of_help ON request_checks (help_id);
