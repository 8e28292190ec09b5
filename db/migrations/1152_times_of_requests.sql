-- A requester may choose the time of the visit, where the site lets them; not without end.
ALTER TABLE portal_rules ADD COLUMN choose_times boolean NOT NULL DEFAULT true;
ALTER TABLE requests ADD COLUMN time_chosen_at timestamptz,
    ADD COLUMN times_chosen smallint NOT NULL DEFAULT 0 CHECK (times_chosen BETWEEN 0 AND 5),
    ADD CONSTRAINT requests_times_chosen CHECK ((times_chosen = 0) = (time_chosen_at IS NULL));
