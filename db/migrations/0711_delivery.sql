-- Who is told of events, what each is still to get, and every attempt to deliver it.

CREATE TABLE receivers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel text NOT NULL CHECK (channel IN ('webhook', 'email')),
    name text NOT NULL CHECK (name <> ''),
    -- A webhook's URL, or a person's e-mail address.
    address text NOT NULL,
    user_name text REFERENCES users(name),
    -- What webhooks are signed with; sealed where the settings have a secret for it, plain where they have none.
    secret bytea,
    secret_is_sealed boolean,
    -- Kinds of events of a webhook ("order.*"), choices of a person ("assigned").
    wants text[] NOT NULL,
    -- Of a webhook: codes of sites; NULL for all. People get what is of the sites that they see.
    sites text[] CHECK (cardinality(sites) > 0),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled')),
    state_since timestamptz NOT NULL,
    state_why text NOT NULL DEFAULT '',
    -- Messages that were refused for good, in a row.
    refused integer NOT NULL DEFAULT 0,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    -- What it was sent stays known for as long as attempts are kept.
    deleted_at timestamptz,
    CONSTRAINT receivers_webhooks_are_signed CHECK ((channel = 'webhook') = (secret IS NOT NULL)
        AND (secret IS NULL) = (secret_is_sealed IS NULL)),
    CONSTRAINT receivers_of_mail_are_people CHECK ((channel = 'email') = (user_name IS NOT NULL))
);
CREATE UNIQUE INDEX receivers_names ON receivers (channel, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX receivers_one_a_person ON receivers (user_name) WHERE user_name IS NOT NULL AND deleted_at IS NULL;

-- One row: up to which event it was decided who is told.
CREATE TABLE fan_out (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    event_id bigint NOT NULL DEFAULT 0
);
INSERT INTO fan_out DEFAULT VALUES;

-- What a receiver is told of an event: once, whoever decides it how often.
CREATE TABLE deliveries (
    receiver_id integer NOT NULL REFERENCES receivers,
    event_id bigint NOT NULL REFERENCES events ON DELETE CASCADE,
    why text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed', 'skipped')),
    -- Since it was last due afresh; those that failed by a fault of ours do not count.
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (receiver_id, event_id),
    CONSTRAINT deliveries_end CHECK ((state = 'pending') = (ended_at IS NULL))
);
-- The next message of each receiver is its pending one with the smallest event id.
CREATE INDEX deliveries_pending ON deliveries (receiver_id, event_id) WHERE state = 'pending';
CREATE INDEX deliveries_of_event ON deliveries (event_id);

CREATE TABLE delivery_attempts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receiver_id integer NOT NULL REFERENCES receivers,
    event_id bigint NOT NULL,
    at timestamptz NOT NULL,
    took_ms integer NOT NULL,
    -- NULL: the receiver has confirmed the message.
    fault text CHECK (fault IN ('passing', 'final', 'gone', 'own')),
    -- Of HTTP or SMTP; NULL: there was no answer.
    status integer,
    detail text NOT NULL
);
CREATE INDEX delivery_attempts_of_receiver ON delivery_attempts (receiver_id, id DESC);
CREATE INDEX delivery_attempts_by_age ON delivery_attempts (at);

-- The engine's alarms as they were last looked at: what of them is news, and what is over.
CREATE TABLE engine_alarm_news (
    code text PRIMARY KEY,
    problem text NOT NULL,
    action text NOT NULL,
    since timestamptz NOT NULL,
    raised boolean NOT NULL,
    missing_since timestamptz
);
