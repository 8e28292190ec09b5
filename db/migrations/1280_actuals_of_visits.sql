-- What became of published visits, beside what was planned: estimates learn from it.

-- The way to each visit as it was planned, of whoever goes first; written when the schedule is published.
ALTER TABLE schedule_visits
    ADD COLUMN from_place text,
    ADD COLUMN place text,
    ADD COLUMN travel_minutes integer CHECK (travel_minutes BETWEEN 0 AND 100000),
    ADD CONSTRAINT schedule_visits_ways_are_whole CHECK ((place IS NULL) = (travel_minutes IS NULL));

CREATE TABLE visit_actuals (
    schedule_id integer NOT NULL REFERENCES schedules ON DELETE CASCADE,
    order_id uuid NOT NULL REFERENCES work_orders ON DELETE CASCADE,
    part smallint NOT NULL CHECK (part BETWEEN 1 AND 99),
    site_id integer NOT NULL REFERENCES sites,
    -- Who had the order when it was completed.
    technician_id integer REFERENCES technicians,
    from_place text,
    place text,
    planned_starts timestamptz NOT NULL,
    planned_ends timestamptz NOT NULL,
    planned_travel integer CHECK (planned_travel >= 0),
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    -- From started_at to ended_at without what the work was on hold, in minutes.
    worked double precision NOT NULL CHECK (worked >= 0),
    -- From the end of the same technician's work before to the start of this one, in minutes: where the plan had nothing
    -- else between the two than the way, so that it was the way.
    travelled double precision CHECK (travelled >= 0),
    PRIMARY KEY (schedule_id, order_id, part),
    CHECK (planned_starts < planned_ends),
    CHECK (started_at < ended_at)
);
CREATE INDEX visit_actuals_by_technician ON visit_actuals (technician_id, ended_at);
CREATE INDEX visit_actuals_of_order ON visit_actuals (order_id);
CREATE INDEX visit_actuals_of_ways ON visit_actuals (site_id, from_place, place) WHERE travelled IS NOT NULL;

-- Compare an order's visits with its history, in the transaction that completes it. Each stretch of work since the order
-- was last completed belongs to the visit that was planned to begin nearest to it; a visit without one was not made.
-- What a device reported counts by the device's clock, set right by how far that was off.
CREATE FUNCTION note_actuals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO visit_actuals (schedule_id, order_id, part, site_id, technician_id, from_place, place, planned_starts,
                               planned_ends, planned_travel, started_at, ended_at, worked, travelled)
    WITH planned AS (
        SELECT DISTINCT ON (v.part) v.*, c.site_id
        FROM schedule_visits v JOIN schedules c ON c.id = v.schedule_id
        WHERE v.order_id = NEW.order_id AND c.published_at IS NOT NULL
        ORDER BY v.part, c.published_at DESC, c.id DESC
    ), steps AS (
        SELECT h.seq, h.new ->> 'status' AS status,
               least(h.at, (h.new #>> '{reported,at}')::timestamptz
                           - (h.new #>> '{reported,skew_s}')::double precision * interval '1 second') AS at
        FROM order_history h
        WHERE h.order_id = NEW.order_id AND h.new ? 'status' AND h.seq > coalesce(
            (SELECT max(seq) FROM order_history WHERE order_id = NEW.order_id AND step = 'complete' AND seq < NEW.seq), 0)
    ), stretches AS (
        SELECT status, at AS starts, lead(at) OVER (ORDER BY seq) AS ends FROM steps
    ), made AS (
        SELECT p.part, min(s.starts) AS starts, max(s.ends) AS ends,
               sum(extract(epoch FROM s.ends - s.starts)) / 60 AS worked
        FROM stretches s
        CROSS JOIN LATERAL (
            SELECT part FROM planned ORDER BY abs(extract(epoch FROM starts_at - s.starts)), part LIMIT 1
        ) AS p
        WHERE s.status = 'in_progress' AND s.ends > s.starts
        GROUP BY p.part
    )
    SELECT p.schedule_id, p.order_id, p.part, p.site_id, w.assignee_id, p.from_place, p.place, p.starts_at, p.ends_at,
           p.travel_minutes, m.starts, m.ends, m.worked,
           (SELECT extract(epoch FROM m.starts - b.ended_at) / 60
            FROM (SELECT a.ended_at, a.place, a.planned_ends FROM visit_actuals a
                  WHERE a.technician_id = w.assignee_id AND a.order_id <> NEW.order_id AND a.ended_at <= m.starts
                  ORDER BY a.ended_at DESC LIMIT 1) AS b
            WHERE b.place = p.from_place AND b.ended_at > m.starts - interval '8 hours'
              AND p.starts_at - b.planned_ends
                  BETWEEN interval '0' AND (p.travel_minutes + 10) * interval '1 minute')
    FROM planned p JOIN made m ON m.part = p.part JOIN work_orders w ON w.id = p.order_id
    ON CONFLICT (schedule_id, order_id, part) DO UPDATE SET
        technician_id = excluded.technician_id, started_at = excluded.started_at, ended_at = excluded.ended_at,
        worked = excluded.worked, travelled = excluded.travelled;
    RETURN NULL;
END
$$;
CREATE TRIGGER completed_orders_are_compared AFTER INSERT ON order_history FOR EACH ROW
    WHEN (NEW.step = 'complete') EXECUTE FUNCTION note_actuals();
