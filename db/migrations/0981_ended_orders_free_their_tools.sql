-- Nobody collects a tool for an order that is done or cancelled: what is booked for it is free again. What is out stays out.
CREATE FUNCTION free_tools_of_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tool_bookings SET state = 'cancelled', ended_at = NEW.status_since, ended_by = 'system:orders'
    WHERE order_id = NEW.id AND state = 'booked';
    RETURN NULL;
END
$$;
CREATE TRIGGER ended_orders_free_their_tools AFTER UPDATE OF status ON work_orders FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status AND NEW.status IN ('completed', 'closed', 'cancelled', 'cannot_complete'))
    EXECUTE FUNCTION free_tools_of_order();
