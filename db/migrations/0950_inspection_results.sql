-- Answers of rounds are listed by their age; missed rounds are counted where a planner looks.
CREATE INDEX inspection_answers_by_age ON inspection_answers (at DESC, round_id DESC, position DESC, item DESC)
    WHERE verdict IS NOT NULL;
CREATE INDEX inspection_rounds_missed ON inspection_rounds (finished_at) WHERE status = 'missed';

-- For which due date it was said that a finding is overdue: once for each, however many processes look.
ALTER TABLE audit_findings ADD COLUMN overdue_told date;

-- An event of a round or an audit says which one it is, so that a message about it leads there.
CREATE OR REPLACE FUNCTION event_of_inspection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('round.' || NEW.what, r.site_id, NULL, r.order_id, r.number, NEW.at, jsonb_build_object(
        'round', r.id, 'number', r.number, 'title', r.title, 'status', r.status, 'actor', NEW.actor, 'why', NEW.why)
        || NEW.told)
    FROM inspection_rounds r WHERE r.id = NEW.round_id;
    PERFORM append_event('audit.' || NEW.what, a.site_id, NULL, NULL, a.number, NEW.at, jsonb_build_object(
        'audit', a.id, 'number', a.number, 'title', a.title, 'actor', NEW.actor, 'why', NEW.why) || NEW.told)
    FROM audits a WHERE a.id = NEW.audit_id;
    RETURN NULL;
END
$$;
