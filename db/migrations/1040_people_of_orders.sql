-- Who an order is given to, or was: the assignee, and everybody on a published visit of it. A contractor sees just these
-- orders, so the fact outlives the assignment that made it.
CREATE TABLE order_people (
    technician_id integer NOT NULL REFERENCES technicians,
    order_id uuid NOT NULL REFERENCES work_orders ON DELETE CASCADE,
    PRIMARY KEY (technician_id, order_id)
);
CREATE INDEX order_people_of_order ON order_people (order_id);

CREATE FUNCTION note_assignee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO order_people (technician_id, order_id) VALUES (NEW.assignee_id, NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER assignees_are_noted AFTER INSERT OR UPDATE OF assignee_id ON work_orders FOR EACH ROW
    WHEN (NEW.assignee_id IS NOT NULL) EXECUTE FUNCTION note_assignee();

CREATE FUNCTION note_person_of_visit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO order_people (technician_id, order_id)
    SELECT NEW.technician_id, v.order_id FROM schedule_visits v WHERE v.id = NEW.visit_id ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER people_of_visits_are_noted AFTER INSERT OR UPDATE OF published ON visit_people FOR EACH ROW
    WHEN (NEW.published) EXECUTE FUNCTION note_person_of_visit();

INSERT INTO order_people (technician_id, order_id)
SELECT assignee_id, id FROM work_orders WHERE assignee_id IS NOT NULL
UNION
SELECT t.id, w.id
FROM order_history h
JOIN work_orders w ON w.id = h.order_id
JOIN technicians t ON t.site_id = w.site_id AND t.code IN (h.old ->> 'assignee', h.new ->> 'assignee')
UNION
SELECT p.technician_id, v.order_id
FROM visit_people p JOIN schedule_visits v ON v.id = p.visit_id JOIN schedules s ON s.id = v.schedule_id
WHERE s.published_at IS NOT NULL;

-- Whoever becomes a contractor, or ceases to be one, sees something else from the next moment on.
CREATE TRIGGER changed_firms_are_announced AFTER UPDATE OF firm ON technicians FOR EACH ROW
    WHEN (NEW.firm IS DISTINCT FROM OLD.firm) EXECUTE FUNCTION announce_access();
