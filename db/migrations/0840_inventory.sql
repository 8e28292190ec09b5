-- Items, stores and stock. The ledger stock_movements is the one truth: stock_bins, stock_levels and the quantities of
-- reservations are its sums, kept by its trigger, and nothing else may change them. Quantities are in the item's unit.

ALTER TABLE users DROP CONSTRAINT users_roles_check, ADD CONSTRAINT users_roles_check CHECK (cardinality(roles) > 0 AND roles <@
    ARRAY['viewer', 'requester', 'technician', 'storekeeper', 'planner', 'reliability_engineer', 'administrator']);
ALTER TABLE api_keys DROP CONSTRAINT api_keys_roles_check, ADD CONSTRAINT api_keys_roles_check CHECK (cardinality(roles) > 0 AND
    roles <@ ARRAY['viewer', 'requester', 'technician', 'storekeeper', 'planner', 'reliability_engineer', 'administrator']);

CREATE TABLE items (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    unit text NOT NULL DEFAULT 'pcs' CHECK (length(unit) BETWEEN 1 AND 20),
    item_class text NOT NULL DEFAULT '' CHECK (length(item_class) <= 100),
    supplier text NOT NULL DEFAULT '' CHECK (length(supplier) <= 200),
    lead_time_days integer CHECK (lead_time_days BETWEEN 0 AND 3650),
    price numeric(16, 4) CHECK (price >= 0),
    currency text,
    retired_at timestamptz,
    UNIQUE (site_id, code),
    UNIQUE (id, site_id),
    CONSTRAINT items_price_has_a_currency CHECK ((price IS NULL) = (currency IS NULL)),
    FOREIGN KEY (site_id, currency) REFERENCES sites (id, currency)
);

-- Other units in which an item is bought or issued: a box is 12 of its own unit.
CREATE TABLE item_units (
    item_id integer NOT NULL,
    site_id integer NOT NULL,
    unit text NOT NULL CHECK (length(unit) BETWEEN 1 AND 20),
    factor numeric(14, 6) NOT NULL CHECK (factor > 0),
    PRIMARY KEY (item_id, unit),
    FOREIGN KEY (item_id, site_id) REFERENCES items (id, site_id)
);

-- What a lot cost; an item's other lots cost what the item does.
CREATE TABLE item_lots (
    item_id integer NOT NULL,
    site_id integer NOT NULL,
    lot text NOT NULL CHECK (length(lot) BETWEEN 1 AND 64),
    unit_cost numeric(16, 4) NOT NULL CHECK (unit_cost >= 0),
    currency text NOT NULL,
    PRIMARY KEY (item_id, lot),
    FOREIGN KEY (item_id, site_id) REFERENCES items (id, site_id),
    FOREIGN KEY (site_id, currency) REFERENCES sites (id, currency)
);

CREATE TABLE stores (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    UNIQUE (site_id, code),
    UNIQUE (id, site_id)
);

CREATE TABLE bins (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL,
    store_id integer NOT NULL,
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    UNIQUE (store_id, code),
    UNIQUE (id, store_id),
    FOREIGN KEY (store_id, site_id) REFERENCES stores (id, site_id)
);

-- An item in a store: what there is, what orders have reserved of it, and when to buy. What is reserved is there: that two
-- orders cannot have the same part is this CHECK.
CREATE TABLE stock_levels (
    item_id integer NOT NULL,
    store_id integer NOT NULL,
    site_id integer NOT NULL,
    on_hand numeric(14, 3) NOT NULL DEFAULT 0,
    reserved numeric(14, 3) NOT NULL DEFAULT 0,
    -- Issued although the book had no more; a count settles it.
    shortage numeric(14, 3) NOT NULL DEFAULT 0,
    minimum numeric(14, 3) CHECK (minimum >= 0),
    reorder_point numeric(14, 3) CHECK (reorder_point >= 0),
    reorder_quantity numeric(14, 3) CHECK (reorder_quantity > 0),
    PRIMARY KEY (item_id, store_id),
    CONSTRAINT stock_levels_never_negative CHECK (on_hand >= 0 AND shortage >= 0),
    CONSTRAINT stock_levels_reserved_is_there CHECK (reserved BETWEEN 0 AND on_hand),
    CONSTRAINT stock_levels_minimum_below_reorder_point CHECK (minimum <= reorder_point),
    FOREIGN KEY (item_id, site_id) REFERENCES items (id, site_id),
    FOREIGN KEY (store_id, site_id) REFERENCES stores (id, site_id)
);
CREATE INDEX stock_levels_of_site ON stock_levels (site_id);

CREATE TABLE stock_bins (
    item_id integer NOT NULL,
    store_id integer NOT NULL,
    site_id integer NOT NULL,
    bin_id integer NOT NULL,
    lot text NOT NULL DEFAULT '' CHECK (length(lot) <= 64),
    quantity numeric(14, 3) NOT NULL DEFAULT 0,
    shortage numeric(14, 3) NOT NULL DEFAULT 0,
    -- The movement that filled it last when it was empty: what came first is issued first.
    since bigint NOT NULL,
    PRIMARY KEY (item_id, bin_id, lot),
    CONSTRAINT stock_bins_never_negative CHECK (quantity >= 0 AND shortage >= 0),
    FOREIGN KEY (item_id, store_id) REFERENCES stock_levels (item_id, store_id),
    FOREIGN KEY (bin_id, store_id) REFERENCES bins (id, store_id)
);
CREATE INDEX stock_bins_of_bin ON stock_bins (bin_id);

-- A line of an order that comes from a store: the line says what the order needs, this what it has of it.
CREATE TABLE reservations (
    order_id uuid NOT NULL,
    line integer NOT NULL,
    site_id integer NOT NULL,
    item_id integer NOT NULL,
    store_id integer NOT NULL,
    reserved numeric(14, 3) NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    issued numeric(14, 3) NOT NULL DEFAULT 0 CHECK (issued >= 0),
    -- Who asked first is served first.
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, line),
    FOREIGN KEY (order_id, line) REFERENCES order_parts (order_id, line),
    FOREIGN KEY (item_id, store_id) REFERENCES stock_levels (item_id, store_id),
    FOREIGN KEY (item_id, site_id) REFERENCES items (id, site_id)
);
CREATE INDEX reservations_of_level ON reservations (item_id, store_id);

CREATE TABLE purchase_requests (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL,
    item_id integer NOT NULL,
    store_id integer NOT NULL,
    quantity numeric(14, 3) NOT NULL CHECK (quantity > 0),
    received numeric(14, 3) NOT NULL DEFAULT 0 CHECK (received >= 0),
    state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'ordered', 'received', 'cancelled')),
    supplier text NOT NULL DEFAULT '' CHECK (length(supplier) <= 200),
    reference text NOT NULL DEFAULT '' CHECK (length(reference) <= 200),
    expected_on date,
    why text NOT NULL DEFAULT '',
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL,
    state_since timestamptz NOT NULL,
    FOREIGN KEY (item_id, store_id) REFERENCES stock_levels (item_id, store_id),
    FOREIGN KEY (item_id, site_id) REFERENCES items (id, site_id)
);
-- Two storekeepers, or two runs of the timetable, cannot ask for the same part twice.
CREATE UNIQUE INDEX purchase_requests_one_open ON purchase_requests (item_id, store_id)
    WHERE state IN ('requested', 'ordered');
CREATE INDEX purchase_requests_of_site ON purchase_requests (site_id, id);

-- The ledger: appended to, never changed. quantity, reserved and shortage are what each changes by.
CREATE TABLE stock_movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL,
    item_id integer NOT NULL,
    store_id integer NOT NULL,
    bin_id integer,
    lot text NOT NULL DEFAULT '' CHECK (length(lot) <= 64),
    kind text NOT NULL,
    quantity numeric(14, 3) NOT NULL DEFAULT 0,
    reserved numeric(14, 3) NOT NULL DEFAULT 0,
    shortage numeric(14, 3) NOT NULL DEFAULT 0,
    -- No foreign key, which would lock the order: the line of its reservation has one.
    order_id uuid,
    line integer,
    request_id integer REFERENCES purchase_requests,
    emergency boolean NOT NULL DEFAULT false,
    unit_cost numeric(16, 4) CHECK (unit_cost >= 0),
    currency text CHECK (currency ~ '^[A-Z]{3}$'),
    -- As somebody said it, where that was in another unit: 2 box.
    said text NOT NULL DEFAULT '' CHECK (length(said) <= 60),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    why text NOT NULL DEFAULT '' CHECK (length(why) <= 4000),
    CONSTRAINT stock_movements_cost_has_a_currency CHECK ((unit_cost IS NULL) = (currency IS NULL)),
    CONSTRAINT stock_movements_line_of_an_order CHECK ((order_id IS NULL) = (line IS NULL)),
    CONSTRAINT stock_movements_by_kind CHECK (CASE kind
        WHEN 'receive' THEN quantity > 0 AND reserved = 0 AND shortage = 0 AND order_id IS NULL AND bin_id IS NOT NULL
        WHEN 'issue' THEN quantity <= 0 AND shortage >= 0 AND quantity < shortage AND reserved BETWEEN quantity AND 0
            AND (shortage = 0 OR emergency) AND bin_id IS NOT NULL
        WHEN 'return' THEN quantity > 0 AND reserved = 0 AND shortage = 0 AND bin_id IS NOT NULL
        WHEN 'count' THEN reserved = 0 AND shortage <= 0 AND order_id IS NULL AND bin_id IS NOT NULL
        WHEN 'adjust' THEN quantity <> 0 AND reserved = 0 AND shortage = 0 AND order_id IS NULL AND bin_id IS NOT NULL
        WHEN 'transfer' THEN quantity <> 0 AND reserved = 0 AND shortage = 0 AND order_id IS NULL AND bin_id IS NOT NULL
        WHEN 'reserve' THEN quantity = 0 AND reserved > 0 AND shortage = 0 AND order_id IS NOT NULL AND bin_id IS NULL
        WHEN 'release' THEN quantity = 0 AND reserved < 0 AND shortage = 0 AND order_id IS NOT NULL AND bin_id IS NULL
        ELSE false END),
    FOREIGN KEY (item_id, store_id) REFERENCES stock_levels (item_id, store_id),
    FOREIGN KEY (item_id, site_id) REFERENCES items (id, site_id),
    FOREIGN KEY (bin_id, store_id) REFERENCES bins (id, store_id)
);
CREATE INDEX stock_movements_of_item ON stock_movements (item_id, id);
CREATE INDEX stock_movements_of_site ON stock_movements (site_id, id);
CREATE INDEX stock_movements_of_order ON stock_movements (order_id, id) WHERE order_id IS NOT NULL;

CREATE FUNCTION refuse_change_of_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger of stock is only appended to' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ledger();

CREATE FUNCTION apply_movement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stock_levels SET on_hand = on_hand + NEW.quantity, reserved = reserved + NEW.reserved,
                            shortage = shortage + NEW.shortage
    WHERE item_id = NEW.item_id AND store_id = NEW.store_id;
    IF NEW.bin_id IS NOT NULL THEN
        INSERT INTO stock_bins (item_id, store_id, site_id, bin_id, lot, since)
        VALUES (NEW.item_id, NEW.store_id, NEW.site_id, NEW.bin_id, NEW.lot, NEW.id) ON CONFLICT DO NOTHING;
        UPDATE stock_bins SET since = CASE WHEN quantity = 0 THEN NEW.id ELSE since END,
                              quantity = quantity + NEW.quantity, shortage = shortage + NEW.shortage
        WHERE item_id = NEW.item_id AND bin_id = NEW.bin_id AND lot = NEW.lot;
    END IF;
    IF NEW.order_id IS NOT NULL THEN
        UPDATE reservations SET reserved = reserved + NEW.reserved,
            issued = issued + CASE WHEN NEW.kind IN ('issue', 'return') THEN NEW.shortage - NEW.quantity ELSE 0 END
        WHERE order_id = NEW.order_id AND line = NEW.line AND item_id = NEW.item_id AND store_id = NEW.store_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'order % has no line % of this item and store', NEW.order_id, NEW.line
                USING ERRCODE = 'foreign_key_violation';
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_is_applied AFTER INSERT ON stock_movements FOR EACH ROW EXECUTE FUNCTION apply_movement();

-- Whatever is not said by the ledger's own trigger is refused: the stock is the sum of the ledger.
CREATE FUNCTION refuse_stock_without_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'stock is changed by a row of stock_movements only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER levels_follow_the_ledger BEFORE UPDATE ON stock_levels FOR EACH ROW
    WHEN ((OLD.on_hand, OLD.reserved, OLD.shortage) IS DISTINCT FROM (NEW.on_hand, NEW.reserved, NEW.shortage))
    EXECUTE FUNCTION refuse_stock_without_ledger();
CREATE TRIGGER levels_begin_empty BEFORE INSERT ON stock_levels FOR EACH ROW
    WHEN ((NEW.on_hand, NEW.reserved, NEW.shortage) IS DISTINCT FROM (0::numeric, 0::numeric, 0::numeric))
    EXECUTE FUNCTION refuse_stock_without_ledger();
CREATE TRIGGER bins_follow_the_ledger BEFORE INSERT OR UPDATE ON stock_bins FOR EACH ROW
    EXECUTE FUNCTION refuse_stock_without_ledger();
CREATE TRIGGER reservations_follow_the_ledger BEFORE UPDATE ON reservations FOR EACH ROW
    WHEN ((OLD.reserved, OLD.issued) IS DISTINCT FROM (NEW.reserved, NEW.issued))
    EXECUTE FUNCTION refuse_stock_without_ledger();
CREATE TRIGGER reservations_begin_empty BEFORE INSERT ON reservations FOR EACH ROW
    WHEN ((NEW.reserved, NEW.issued) IS DISTINCT FROM (0::numeric, 0::numeric))
    EXECUTE FUNCTION refuse_stock_without_ledger();

-- A line that goes has nothing reserved and nothing issued, and is of an order of the item's own site.
CREATE FUNCTION check_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.reserved <> 0 OR OLD.issued <> 0 THEN
            RAISE EXCEPTION 'a reservation goes only when nothing of it is reserved or issued'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.site_id IS DISTINCT FROM (SELECT site_id FROM work_orders WHERE id = NEW.order_id) THEN
        RAISE EXCEPTION 'an order takes parts of its own site only' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER reservations_are_of_their_site BEFORE INSERT OR DELETE ON reservations FOR EACH ROW
    EXECUTE FUNCTION check_reservation();

-- Work that is done, or will not be done, keeps no part from other work.
CREATE FUNCTION release_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stock_movements (site_id, item_id, store_id, kind, reserved, order_id, line, at, actor, why)
    SELECT site_id, item_id, store_id, 'release', -reserved, order_id, line, NEW.status_since, 'system:stock',
           'the order is ' || replace(NEW.status, '_', ' ')
    FROM reservations WHERE order_id = NEW.id AND reserved > 0 ORDER BY item_id, store_id, line;
    RETURN NULL;
END
$$;
CREATE TRIGGER ended_orders_release_parts AFTER UPDATE OF status ON work_orders FOR EACH ROW
    WHEN (NEW.status IN ('completed', 'verified', 'closed', 'cancelled', 'cannot_complete')
          AND OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION release_parts();

-- Which parts the assets of a class consist of.
CREATE TABLE bills_of_material (
    site_id integer NOT NULL,
    asset_class text NOT NULL CHECK (length(asset_class) BETWEEN 1 AND 100),
    item_id integer NOT NULL,
    quantity numeric(14, 3) NOT NULL CHECK (quantity > 0),
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 200),
    PRIMARY KEY (site_id, asset_class, item_id),
    FOREIGN KEY (item_id, site_id) REFERENCES items (id, site_id)
);
CREATE INDEX bills_of_material_of_item ON bills_of_material (item_id);

CREATE TABLE tools (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    kept_at text NOT NULL DEFAULT '' CHECK (length(kept_at) <= 200),
    retired_at timestamptz,
    UNIQUE (site_id, code),
    UNIQUE (id, site_id)
);

-- A tool is lent until it is brought back; due_at is when that should be. It cannot be in two places at one time, however
-- late a loan is written down. A range of one integer needs no extension for =.
CREATE TABLE tool_loans (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL,
    tool_id integer NOT NULL,
    order_id uuid REFERENCES work_orders,
    borrower text NOT NULL CHECK (length(borrower) BETWEEN 1 AND 200),
    during tstzrange NOT NULL CHECK (NOT isempty(during) AND NOT lower_inf(during)),
    due_at timestamptz NOT NULL,
    lent_by text NOT NULL,
    returned_to text,
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 1000),
    CONSTRAINT tool_loans_due_after_it_is_lent CHECK (due_at > lower(during)),
    CONSTRAINT tool_loans_returned_to_somebody CHECK (upper_inf(during) = (returned_to IS NULL)),
    CONSTRAINT tool_loans_in_one_place EXCLUDE USING gist (int4range(tool_id, tool_id, '[]') WITH &&, during WITH &&),
    FOREIGN KEY (tool_id, site_id) REFERENCES tools (id, site_id)
);
CREATE INDEX tool_loans_of_tool ON tool_loans (tool_id, id);
CREATE INDEX tool_loans_of_order ON tool_loans (order_id) WHERE order_id IS NOT NULL;

-- A code on a bin or on an item leads to its page.
ALTER TABLE scan_addresses
    ADD COLUMN item_id integer REFERENCES items,
    ADD COLUMN bin_id integer REFERENCES bins,
    DROP CONSTRAINT scan_addresses_check,
    ADD CONSTRAINT scan_addresses_check CHECK (num_nonnulls(asset_id, location_id, order_id, item_id, bin_id) = 1);
CREATE UNIQUE INDEX scan_addresses_one_of_an_item ON scan_addresses (item_id) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX scan_addresses_one_of_a_bin ON scan_addresses (bin_id) WHERE revoked_at IS NULL;

CREATE TRIGGER items_have_scan_addresses AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION give_scan_address('item_id');
CREATE TRIGGER bins_have_scan_addresses AFTER INSERT ON bins FOR EACH ROW EXECUTE FUNCTION give_scan_address('bin_id');

-- What people change of items, stores, rules, requests and tools is in the log of changes; prices by themselves, because
-- not everybody may read them. The second argument names columns that are not told, the third the only ones that are.
CREATE FUNCTION log_change_of_parts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kind text := TG_ARGV[0];
    hidden text[] := string_to_array(TG_ARGV[1], ',') || ARRAY['id', 'site_id', 'item_id', 'store_id', 'requested_at',
        'state_since', 'requested_by'];
    just text[] := nullif(string_to_array(coalesce(TG_ARGV[2], ''), ','), '{}');
    r jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
    was jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}' ELSE to_jsonb(OLD) - hidden END;
    becomes jsonb := CASE TG_OP WHEN 'DELETE' THEN '{}' ELSE to_jsonb(NEW) - hidden END;
    of_site text := (SELECT code FROM sites WHERE id = (r ->> 'site_id')::integer);
BEGIN
    IF just IS NOT NULL THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO was FROM jsonb_each(was) WHERE key = ANY(just);
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO becomes FROM jsonb_each(becomes) WHERE key = ANY(just);
        IF jsonb_strip_nulls(was) = '{}' AND jsonb_strip_nulls(becomes) = '{}' THEN RETURN NULL; END IF;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO was FROM jsonb_each(was) AS o
            WHERE value IS DISTINCT FROM becomes -> o.key;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO becomes FROM jsonb_each(becomes) AS n WHERE was ? n.key;
        IF becomes = '{}' THEN RETURN NULL; END IF;
    END IF;
    PERFORM append_change(now(), coalesce(nullif(current_setting('plantwright.actor', true), ''), 'system:stock'), kind,
        concat_ws('/', of_site, r ->> 'asset_class', (SELECT code FROM items WHERE id = (r ->> 'item_id')::integer),
                  (SELECT code FROM stores WHERE id = (r ->> 'store_id')::integer), r ->> 'code', CASE TG_TABLE_NAME WHEN 'item_units' THEN r ->> 'unit' END),
        of_site, NULL, CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END,
        was, becomes, coalesce(current_setting('plantwright.why', true), ''));
    RETURN NULL;
END
$$;
CREATE TRIGGER item_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON items
    FOR EACH ROW EXECUTE FUNCTION log_change_of_parts('item', 'price,currency');
CREATE TRIGGER item_prices_are_logged AFTER INSERT OR UPDATE OF price ON items
    FOR EACH ROW EXECUTE FUNCTION log_change_of_parts('item price', '', 'price,currency');
CREATE TRIGGER item_unit_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON item_units
    FOR EACH ROW EXECUTE FUNCTION log_change_of_parts('item', '');
CREATE TRIGGER store_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON stores
    FOR EACH ROW EXECUTE FUNCTION log_change_of_parts('store', '');
CREATE TRIGGER bin_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON bins
    FOR EACH ROW EXECUTE FUNCTION log_change_of_parts('store', '');
CREATE TRIGGER reorder_rule_changes_are_logged AFTER UPDATE OF minimum, reorder_point, reorder_quantity ON stock_levels
    FOR EACH ROW EXECUTE FUNCTION log_change_of_parts('reorder rule', 'on_hand,reserved,shortage');
CREATE TRIGGER bill_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON bills_of_material
    FOR EACH ROW EXECUTE FUNCTION log_change_of_parts('bill of material', '');
CREATE TRIGGER tool_changes_are_logged AFTER INSERT OR DELETE OR UPDATE ON tools
    FOR EACH ROW EXECUTE FUNCTION log_change_of_parts('tool', '');
CREATE TRIGGER purchase_request_changes_are_logged AFTER INSERT OR UPDATE ON purchase_requests
    FOR EACH ROW EXECUTE FUNCTION log_change_of_parts('purchase request', '');

CREATE FUNCTION event_of_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event(CASE WHEN NEW.shortage > OLD.shortage THEN 'stock.short' ELSE 'stock.low' END, NEW.site_id, NULL, NULL,
        s.code || '/' || i.code, clock_timestamp(), jsonb_build_object(
            'item', i.code, 'name', i.name, 'unit', i.unit, 'store', t.code, 'on_hand', NEW.on_hand,
            'reserved', NEW.reserved, 'reorder_point', NEW.reorder_point, 'shortage', NEW.shortage))
    FROM items i JOIN sites s ON s.id = i.site_id, stores t WHERE i.id = NEW.item_id AND t.id = NEW.store_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER low_stock_makes_events AFTER UPDATE OF on_hand, reserved, shortage ON stock_levels FOR EACH ROW
    WHEN (NEW.shortage > OLD.shortage OR (NEW.on_hand - NEW.reserved < NEW.reorder_point
          AND OLD.on_hand - OLD.reserved >= OLD.reorder_point))
    EXECUTE FUNCTION event_of_stock();

CREATE FUNCTION event_of_purchase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM append_event('purchase.' || NEW.state, NEW.site_id, NULL, NULL, s.code || '/' || i.code, NEW.state_since,
        jsonb_build_object(
            'request', NEW.id, 'item', i.code, 'name', i.name, 'unit', i.unit, 'store', t.code, 'quantity', NEW.quantity,
            'received', NEW.received, 'supplier', NEW.supplier, 'reference', NEW.reference,
            'expected_on', NEW.expected_on, 'why', NEW.why))
    FROM items i JOIN sites s ON s.id = i.site_id, stores t WHERE i.id = NEW.item_id AND t.id = NEW.store_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER new_purchases_make_events AFTER INSERT ON purchase_requests FOR EACH ROW EXECUTE FUNCTION event_of_purchase();
CREATE TRIGGER purchases_make_events AFTER UPDATE ON purchase_requests FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION event_of_purchase();
