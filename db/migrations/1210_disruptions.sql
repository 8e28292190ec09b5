-- What upsets a week's plan after it was made: somebody is away, an emergency comes, work takes longer, parts are missing.
-- Each is written in the transaction of its cause, and a re-planning is asked for soon afterwards.
CREATE TABLE schedule_disruptions (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    kind text NOT NULL CHECK (kind IN ('absence', 'emergency', 'overrun', 'parts')),
    technician_id integer REFERENCES technicians,
    order_id uuid REFERENCES work_orders,
    -- Which part of a plan it concerns; without an end, all that follows.
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    noticed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- When a re-planning was asked for, or found not to be needed.
    settled_at timestamptz,
    CHECK ((kind = 'absence') = (technician_id IS NOT NULL)),
    CHECK ((kind <> 'absence') = (order_id IS NOT NULL))
);
CREATE INDEX schedule_disruptions_to_settle ON schedule_disruptions (site_id) WHERE settled_at IS NULL;
CREATE INDEX schedule_disruptions_settled ON schedule_disruptions (settled_at);
-- That work takes longer than planned is noticed once for each visit.
CREATE UNIQUE INDEX schedule_disruptions_one_overrun ON schedule_disruptions (order_id, starts_at) WHERE kind = 'overrun';

CREATE FUNCTION absence_disrupts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO schedule_disruptions (site_id, kind, technician_id, starts_at, ends_at)
    VALUES (NEW.site_id, 'absence', NEW.technician_id, NEW.starts_at, NEW.ends_at);
    RETURN NULL;
END
$$;
CREATE TRIGGER absences_disrupt AFTER INSERT OR UPDATE OF starts_at, ends_at ON absences
    FOR EACH ROW EXECUTE FUNCTION absence_disrupts();

CREATE FUNCTION order_disrupts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO schedule_disruptions (site_id, kind, order_id, starts_at)
    VALUES (NEW.site_id, TG_ARGV[0], NEW.id, clock_timestamp());
    RETURN NULL;
END
$$;
CREATE TRIGGER new_emergencies_disrupt AFTER INSERT ON work_orders FOR EACH ROW
    WHEN (NEW.type = 'emergency' AND NEW.status IN ('open', 'planned', 'scheduled', 'dispatched'))
    EXECUTE FUNCTION order_disrupts('emergency');
CREATE TRIGGER emergencies_disrupt AFTER UPDATE OF type, status ON work_orders FOR EACH ROW
    WHEN (NEW.type = 'emergency' AND NEW.status IN ('open', 'planned', 'scheduled', 'dispatched')
          AND (OLD.type <> 'emergency' OR OLD.status IN ('draft', 'awaiting_approval')))
    EXECUTE FUNCTION order_disrupts('emergency');
CREATE TRIGGER missing_parts_disrupt AFTER UPDATE OF hold_reason ON work_orders FOR EACH ROW
    WHEN (NEW.hold_reason = 'parts' AND OLD.hold_reason IS DISTINCT FROM 'parts')
    EXECUTE FUNCTION order_disrupts('parts');

-- What a proposal was made because of, in sentences; empty for one that somebody or the night asked for.
ALTER TABLE schedules ADD COLUMN causes text[] NOT NULL DEFAULT '{}';
