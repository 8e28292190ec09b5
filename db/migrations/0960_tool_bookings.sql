-- Tools booked ahead. A row is a time in which a tool is somebody's: booked, or out on loan until it is due. What is booked
-- or out never overlaps: that a tool is neither promised twice nor lent into somebody else's booking is this one constraint.
CREATE TABLE tool_bookings (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL,
    tool_id integer NOT NULL,
    order_id uuid REFERENCES work_orders,
    borrower text NOT NULL CHECK (length(borrower) BETWEEN 1 AND 200),
    during tstzrange NOT NULL CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)),
    state text NOT NULL DEFAULT 'booked' CHECK (state IN ('booked', 'out', 'returned', 'cancelled')),
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 1000),
    booked_at timestamptz NOT NULL,
    booked_by text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT tool_bookings_one_at_a_time EXCLUDE USING gist (int4range(tool_id, tool_id, '[]') WITH &&, during WITH &&)
        WHERE (state IN ('booked', 'out')),
    CONSTRAINT tool_bookings_ended_by_somebody CHECK ((ended_at IS NULL) = (state IN ('booked', 'out'))
                                                      AND (ended_at IS NULL) = (ended_by IS NULL)),
    FOREIGN KEY (tool_id, site_id) REFERENCES tools (id, site_id)
);
CREATE INDEX tool_bookings_of_tool ON tool_bookings (tool_id, lower(during));
CREATE INDEX tool_bookings_of_order ON tool_bookings (order_id) WHERE order_id IS NOT NULL;

-- The booking that a loan collects, or the time that it fills by itself; recorded_at is when it was written down.
ALTER TABLE tool_loans
    ADD COLUMN booking_id integer UNIQUE REFERENCES tool_bookings,
    ADD COLUMN recorded_at timestamptz;

CREATE FUNCTION put_loan_in_calendar() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := greatest(lower(NEW.during), coalesce(NEW.recorded_at, lower(NEW.during)));
BEGIN
    IF NEW.booking_id IS NOT NULL THEN
        UPDATE tool_bookings SET state = 'out', borrower = NEW.borrower,
            during = CASE WHEN NEW.due_at > since THEN tstzrange(since, NEW.due_at) ELSE during END
        WHERE id = NEW.booking_id AND tool_id = NEW.tool_id AND state = 'booked';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'booking % of this tool is not open', NEW.booking_id USING ERRCODE = 'foreign_key_violation';
        END IF;
    ELSIF NEW.due_at > since AND upper_inf(NEW.during) THEN
        INSERT INTO tool_bookings (site_id, tool_id, order_id, borrower, during, state, booked_at, booked_by)
        VALUES (NEW.site_id, NEW.tool_id, NEW.order_id, NEW.borrower, tstzrange(since, NEW.due_at), 'out', since, NEW.lent_by)
        RETURNING id INTO NEW.booking_id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER loans_fill_the_calendar BEFORE INSERT ON tool_loans FOR EACH ROW EXECUTE FUNCTION put_loan_in_calendar();

CREATE FUNCTION free_calendar_of_loan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tool_bookings SET state = 'returned', ended_at = upper(NEW.during), ended_by = NEW.returned_to
    WHERE id = NEW.booking_id AND state = 'out';
    RETURN NULL;
END
$$;
CREATE TRIGGER returns_free_the_calendar AFTER UPDATE ON tool_loans FOR EACH ROW
    WHEN (upper_inf(OLD.during) AND NOT upper_inf(NEW.during)) EXECUTE FUNCTION free_calendar_of_loan();

-- What is lent now is in the calendar too.
WITH made AS (
    INSERT INTO tool_bookings (site_id, tool_id, order_id, borrower, during, state, booked_at, booked_by)
    SELECT site_id, tool_id, order_id, borrower, tstzrange(lower(during), due_at), 'out', lower(during), lent_by
    FROM tool_loans WHERE upper_inf(during)
    RETURNING id, tool_id
)
UPDATE tool_loans n SET booking_id = made.id FROM made WHERE made.tool_id = n.tool_id AND upper_inf(n.during);
