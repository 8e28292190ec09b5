-- What is remembered of those who send, so that a start or a broken transaction forgets nothing.

-- Messages without a time of their own: reception is their only clock, and they would be stored again at another time
-- when they come again unacknowledged. A broker has at most 65,535 messages in flight.
CREATE TABLE taken_messages (
    token  integer PRIMARY KEY,
    digest bytea NOT NULL
);

-- Sparkplug's edge nodes: how far their sequence of messages has come, and whether their births still hold.
CREATE TABLE sparkplug_nodes (
    group_id text NOT NULL,
    node_id  text NOT NULL,
    bd_seq   bigint,
    seq      smallint,
    -- No message was lost since the birth: aliases mean what it says.
    trusted  boolean NOT NULL,
    PRIMARY KEY (group_id, node_id)
);

-- The newest birth certificate of each node (device_id is empty) and device, as it came: names, aliases, data types.
CREATE TABLE sparkplug_births (
    group_id  text NOT NULL,
    node_id   text NOT NULL,
    device_id text NOT NULL,
    payload   bytea NOT NULL,
    alive     boolean NOT NULL,
    -- Since when its node was born again without it; epoch microseconds.
    awaited_us bigint,
    PRIMARY KEY (group_id, node_id, device_id),
    FOREIGN KEY (group_id, node_id) REFERENCES sparkplug_nodes
);

-- How far a recorded file has been taken in, written with its rows: an import that was stopped goes on from there.
CREATE TABLE imports (
    -- SHA-256 of the file and of what its rows were made to mean.
    digest      bytea PRIMARY KEY,
    file        text NOT NULL,
    rows_done   bigint NOT NULL DEFAULT 0,
    stored      bigint NOT NULL DEFAULT 0,
    refused     bigint NOT NULL DEFAULT 0,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
