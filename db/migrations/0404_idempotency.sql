-- What was answered to a request that creates something, so that sending it again gives the same answer.
CREATE TABLE idempotent_answers (
    actor   text NOT NULL,
    key     text NOT NULL,
    request bytea NOT NULL,
    status  smallint NOT NULL,
    headers jsonb NOT NULL,
    body    text NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotent_answers_by_age ON idempotent_answers (at);
