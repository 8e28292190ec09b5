-- A lot can have a day after which it is not issued any more, with or without a price of its own.
ALTER TABLE item_lots
    ALTER COLUMN unit_cost DROP NOT NULL,
    ALTER COLUMN currency DROP NOT NULL,
    ADD COLUMN expires_on date,
    ADD CONSTRAINT item_lots_cost_has_a_currency CHECK ((unit_cost IS NULL) = (currency IS NULL));

-- An item that is not used any more is reserved for nobody: who retires it waits for who reserves it, and the other way round.
CREATE FUNCTION check_item_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'items' THEN
        IF EXISTS (SELECT FROM reservations WHERE item_id = NEW.id AND reserved > 0) THEN
            RAISE EXCEPTION 'item % is reserved for orders', NEW.code USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF EXISTS (SELECT FROM items WHERE id = NEW.item_id AND retired_at IS NOT NULL) THEN
        RAISE EXCEPTION 'item % is not used any more', NEW.item_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER retired_items_are_not_reserved AFTER UPDATE OF retired_at ON items FOR EACH ROW
    WHEN (OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL) EXECUTE FUNCTION check_item_in_use();
CREATE TRIGGER reservations_are_of_items_in_use BEFORE INSERT ON reservations FOR EACH ROW EXECUTE FUNCTION check_item_in_use();

-- An order that gets its parts, or loses them again, is an event: lists of orders say which wait for parts.
CREATE FUNCTION event_of_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted numeric(14, 3) := (SELECT needed FROM order_parts WHERE order_id = NEW.order_id AND line = NEW.line);
    had boolean := OLD.reserved + OLD.issued >= wanted;
    has boolean := NEW.reserved + NEW.issued >= wanted;
BEGIN
    IF has IS DISTINCT FROM had THEN
        PERFORM append_event(CASE WHEN has THEN 'stock.served' ELSE 'stock.lacking' END, NEW.site_id, w.asset_id, NEW.order_id,
            w.number, clock_timestamp(), jsonb_build_object(
                'order', w.number, 'item', i.code, 'name', i.name, 'unit', i.unit, 'needed', wanted,
                'reserved', NEW.reserved, 'issued', NEW.issued))
        FROM work_orders w, items i WHERE w.id = NEW.order_id AND i.id = NEW.item_id
          AND w.status NOT IN ('completed', 'verified', 'closed', 'cancelled', 'cannot_complete');
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER reservations_make_events AFTER UPDATE OF reserved, issued ON reservations FOR EACH ROW
    EXECUTE FUNCTION event_of_reservation();
