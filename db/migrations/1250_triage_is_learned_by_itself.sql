-- A version of triage is put in force, or none is: pages that show it follow the event.
CREATE FUNCTION event_of_triage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('triage.put_in_force', NEW.site_id, NULL, NULL, s.code, NEW.at,
                         jsonb_build_object('number', NEW.number, 'actor', NEW.actor, 'why', NEW.why))
    FROM sites s WHERE s.id = NEW.site_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER triage_in_force_makes_events AFTER INSERT ON triage_in_force
    FOR EACH ROW EXECUTE FUNCTION event_of_triage();
