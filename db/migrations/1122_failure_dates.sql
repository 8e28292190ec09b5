-- By when the asset fails with a probability of 10, 50 and 90 %, by the finding of a fleet model.
ALTER TABLE evidence ADD COLUMN fails_early timestamptz;
ALTER TABLE evidence ADD COLUMN fails_likely timestamptz;
ALTER TABLE evidence ADD COLUMN fails_late timestamptz;
ALTER TABLE evidence ADD CONSTRAINT evidence_failure_dates
    CHECK (fails_early <= fails_likely AND fails_likely <= fails_late AND (fails_early IS NOT NULL OR num_nonnulls(fails_likely, fails_late) = 0));
