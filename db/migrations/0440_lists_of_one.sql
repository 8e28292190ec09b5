-- The lists of one technician and of one asset, in the order in which they are read, so that a page costs a page.
CREATE INDEX work_orders_of_technician_by_urgency ON work_orders (
    assignee_id, (status IN ('completed', 'verified')), priority, escalation DESC,
    (CASE WHEN status IN ('open', 'planned', 'scheduled', 'dispatched') THEN response_due ELSE completion_due END),
    recorded_at, id)
    WHERE status NOT IN ('closed', 'cancelled', 'cannot_complete');
CREATE INDEX work_orders_of_asset_by_urgency ON work_orders (
    asset_id, (status IN ('completed', 'verified')), priority, escalation DESC,
    (CASE WHEN status IN ('open', 'planned', 'scheduled', 'dispatched') THEN response_due ELSE completion_due END),
    recorded_at, id)
    WHERE status NOT IN ('closed', 'cancelled', 'cannot_complete');
CREATE INDEX work_orders_of_asset_finished ON work_orders (asset_id, status_since DESC, id)
    WHERE status IN ('closed', 'cancelled', 'cannot_complete');
