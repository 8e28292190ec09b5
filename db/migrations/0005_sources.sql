-- What is remembered of those who send, so that a start or a broken transaction forgets nothing.

-- Messages without a time of their own: reception is their only clock, and they would be stored again at another time
-- when they come again unacknowledged. A broker has at most 65,535 messages in flight.
CREATE TABLE taken_messages (
    token  integer PRIMARY KEY,
    digest bytea NOT NULL
);
