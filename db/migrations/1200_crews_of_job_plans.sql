-- How many people at once the work of a job plan takes; an order gets it from its plan.
ALTER TABLE job_plans ADD COLUMN crew smallint NOT NULL DEFAULT 1
    CONSTRAINT job_plans_crew_check CHECK (crew BETWEEN 1 AND 20);
