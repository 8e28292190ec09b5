-- How likely each asset is to fail within so many days, by the newest judgement of its class's fleet model. One row an
-- asset, event times; the judge can say it anew at any time, so nothing is lost with it.
CREATE FUNCTION never_falls(numbers double precision[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT coalesce(bool_and(before <= number), true) FROM (
    SELECT number, lag(number) OVER (ORDER BY position) AS before FROM unnest(numbers) WITH ORDINALITY AS n (number, position)
) AS pairs WHERE before IS NOT NULL $$;

CREATE TABLE survival_functions (
    asset_id integer PRIMARY KEY REFERENCES assets,
    -- the asset worked then, in its event time
    at timestamptz NOT NULL,
    days double precision[] NOT NULL,
    -- the probability of having failed within each of the days
    failed double precision[] NOT NULL,
    -- the version of the model that says so
    model_version text NOT NULL,
    CONSTRAINT survival_functions_points CHECK (cardinality(days) BETWEEN 1 AND 200 AND cardinality(failed) = cardinality(days)),
    CONSTRAINT survival_functions_days CHECK (days[1] > 0 AND never_falls(days)),
    CONSTRAINT survival_functions_probabilities CHECK (failed[1] >= 0 AND failed[cardinality(failed)] <= 1 AND never_falls(failed))
);
