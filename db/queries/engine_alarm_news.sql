-- name: news
-- The engine's alarms at the last check.
SELECT code, problem, action, since, raised, missing_since FROM engine_alarm_news;

-- name: save_news
-- An alarm of the engine as it is now.
INSERT INTO engine_alarm_news (code, problem, action, since, raised, missing_since)
VALUES (%(code)s, %(problem)s, %(action)s, %(since)s, %(raised)s, %(missing_since)s)
ON CONFLICT (code) DO UPDATE SET problem = excluded.problem, action = excluded.action, since = excluded.since,
    raised = excluded.raised, missing_since = excluded.missing_since;

-- name: forget_news
-- An alarm of the engine that is over.
DELETE FROM engine_alarm_news WHERE code <> ALL(%(codes)s);
