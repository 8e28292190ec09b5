-- Calendars that people follow with their own programs. Of the secret address its SHA-256 is kept, and its beginning, by which
-- people know it again. It opens one calendar, as long as its owner may see what is in it.
CREATE TABLE calendar_feeds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    prefix text NOT NULL CHECK (length(prefix) BETWEEN 4 AND 8),
    owner text NOT NULL REFERENCES users (name),
    technician_id integer REFERENCES technicians,
    site_id integer REFERENCES sites,
    asset_id integer REFERENCES assets,
    created_at timestamptz NOT NULL,
    last_read_at timestamptz,
    revoked_at timestamptz,
    CHECK (num_nonnulls(technician_id, site_id, asset_id) = 1)
);

CREATE INDEX calendar_feeds_by_owner ON calendar_feeds (owner, id);
