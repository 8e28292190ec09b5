-- Whether the database takes changes, as each kind of process finds by changing its row; and the heartbeat that an
-- address outside gets while the engine is well.

CREATE TABLE database_checks (
    process text PRIMARY KEY CHECK (process <> ''),
    at timestamptz NOT NULL
);

CREATE TABLE heartbeat (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- When it was last to be sent, and why it was not; empty: it was sent.
    tried_at timestamptz NOT NULL,
    unwell text NOT NULL DEFAULT '',
    -- When it was last sent, and how that ended; null: never.
    sent_at timestamptz,
    fault text CHECK (fault IN ('passing', 'final', 'gone', 'own')),
    status integer,
    detail text NOT NULL DEFAULT '',
    -- When the address last accepted one.
    accepted_at timestamptz
);
