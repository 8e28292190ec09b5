-- What becomes of long work is an event: who waits for it hears it, and no page has to ask every other second.
CREATE FUNCTION event_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event(
        'run.' || CASE NEW.state WHEN 'running' THEN 'started' ELSE NEW.state END,
        NEW.site_id, NULL, NULL, NEW.title, clock_timestamp(),
        jsonb_build_object('run', NEW.id, 'run_kind', NEW.kind, 'title', NEW.title, 'state', NEW.state,
                           'requested_by', NEW.requested_by, 'problem', NEW.problem));
    RETURN NULL;
END
$$;
CREATE TRIGGER new_runs_make_events AFTER INSERT ON runs FOR EACH ROW EXECUTE FUNCTION event_of_run();
-- That somebody wants it cancelled is shown beside the state.
CREATE TRIGGER changed_runs_make_events AFTER UPDATE OF state, cancel_asked_at ON runs FOR EACH ROW
    WHEN (NEW.state IS DISTINCT FROM OLD.state OR NEW.cancel_asked_at IS DISTINCT FROM OLD.cancel_asked_at)
    EXECUTE FUNCTION event_of_run();
