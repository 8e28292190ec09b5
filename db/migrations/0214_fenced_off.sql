-- Processes that judged this plant and were fenced off by another one; each was told so, ended, and says it here.
CREATE TABLE fenced_off (
    fence  bigint PRIMARY KEY,
    holder text NOT NULL,
    taken_by text,
    at     timestamptz NOT NULL DEFAULT now()
);
