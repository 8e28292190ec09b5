-- Who enters a count that is lower than the last one says why: the meter was exchanged, or has rolled over. Counts from before
-- this stay as they are: a lower one of them was counted as a rollover.
ALTER TABLE meter_entries
    ADD COLUMN rolled_over boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT meter_entries_begin_anew_for_one_reason CHECK (NOT (exchanged AND rolled_over));
