-- Of each kind of refusal (topic and reason) the first few payloads are kept. What comes beyond is counted in the kind's first row.
ALTER TABLE quarantine
    -- Of `times`, those with another payload, which is not kept.
    ADD COLUMN others integer NOT NULL DEFAULT 0,
    ALTER COLUMN times TYPE bigint;
ALTER TABLE quarantine ALTER COLUMN others TYPE bigint;

-- What earlier versions have kept beyond that.
WITH numbered AS (
    SELECT id, times, last_received_at, first_value(id) OVER kind AS first_id, row_number() OVER kind AS place
    FROM quarantine WINDOW kind AS (PARTITION BY topic, reason ORDER BY id)
), gone AS (
    DELETE FROM quarantine q USING numbered n WHERE q.id = n.id AND n.place > 5 RETURNING n.first_id, n.times, n.last_received_at
)
UPDATE quarantine q
SET times = q.times + g.times, others = g.times, last_received_at = greatest(q.last_received_at, g.last_received_at)
FROM (SELECT first_id, sum(times) AS times, max(last_received_at) AS last_received_at FROM gone GROUP BY first_id) AS g
WHERE q.id = g.first_id;
