-- Who may ask: people with passwords and sessions, systems with keys. No secret is stored, only what proves one.

CREATE TABLE users (
    name          text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
    full_name     text NOT NULL DEFAULT '',
    -- Argon2id with its parameters and salt in it.
    password_hash text NOT NULL,
    -- The password was made by somebody else: it opens nothing but the page that changes it.
    must_change   boolean NOT NULL,
    roles         text[] NOT NULL CHECK (cardinality(roles) > 0 AND roles <@ ARRAY[
                  'viewer', 'requester', 'technician', 'planner', 'reliability_engineer', 'administrator']),
    -- Codes of the sites that they see; NULL for all.
    sites         text[] CHECK (cardinality(sites) > 0),
    technician_id integer REFERENCES technicians,
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL,
    signed_in_at  timestamptz
);

CREATE TABLE sessions (
    -- SHA-256 of what the browser's cookie holds.
    token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
    user_name    text NOT NULL REFERENCES users,
    began_at     timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL CHECK (ends_at > began_at)
);
CREATE INDEX sessions_of_a_user ON sessions (user_name);
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE api_keys (
    name         text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'),
    -- The part of the key that finds its row, and that people may see.
    prefix       text NOT NULL UNIQUE,
    -- SHA-256 of the whole key, whose 256 random bits need no slow hash.
    key_sha256   bytea NOT NULL CHECK (length(key_sha256) = 32),
    roles        text[] NOT NULL CHECK (cardinality(roles) > 0 AND roles <@ ARRAY[
                 'viewer', 'requester', 'technician', 'planner', 'reliability_engineer', 'administrator']),
    sites        text[] CHECK (cardinality(sites) > 0),
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

-- How often somebody has tried to sign in: counted here, so that all API processes together allow no more.
CREATE TABLE sign_in_attempts (
    -- SHA-256 of an address, a name, or both: what people type as a name may be their password.
    bucket   bytea PRIMARY KEY,
    began_at timestamptz NOT NULL,
    attempts integer NOT NULL
);
CREATE INDEX sign_in_attempts_by_age ON sign_in_attempts (began_at);

-- What was done to users and keys, and by whom. Nothing here changes or goes.
CREATE TABLE access_changes (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    what    text NOT NULL,
    subject text NOT NULL,
    detail  jsonb NOT NULL DEFAULT '{}'
);
CREATE FUNCTION refuse_change_of_access_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'access_changes is append-only';
END $$;
CREATE TRIGGER access_changes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON access_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_access_changes();
