-- What planners took out of a week, by the job's id, with who and when: no run puts it back until it is released.
ALTER TABLE schedules ADD COLUMN taken_out jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(taken_out) = 'object');
