-- Which sessions we have had at which broker: one that is gone when we come back has taken what waited in it along.
CREATE TABLE broker_sessions (
    broker    text NOT NULL,
    client_id text NOT NULL,
    used_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (broker, client_id)
);

-- What the engine signs the messages with that it measures its own lag by. One row: a plant has one engine.
CREATE TABLE pulse_key (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    key uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO pulse_key DEFAULT VALUES;
