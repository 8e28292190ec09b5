-- What can be scanned has its address from the moment it is made, so that printing a label only reads. Voiding one makes another.
-- A token is 128 random bits but for the six that say so, as of every random UUID.
CREATE FUNCTION new_scan_token() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT rtrim(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/', '-_'), '=')
$$;

INSERT INTO scan_addresses (token, asset_id, created_at, created_by)
SELECT new_scan_token(), id, now(), 'system:plantwright' FROM assets ON CONFLICT DO NOTHING;
INSERT INTO scan_addresses (token, location_id, created_at, created_by)
SELECT new_scan_token(), id, now(), 'system:plantwright' FROM locations ON CONFLICT DO NOTHING;
INSERT INTO scan_addresses (token, order_id, created_at, created_by)
SELECT new_scan_token(), id, now(), 'system:plantwright' FROM work_orders ON CONFLICT DO NOTHING;

CREATE FUNCTION give_scan_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO scan_addresses (token, %I, created_at, created_by) VALUES (new_scan_token(), $1.id, now(), $2)', TG_ARGV[0])
    USING NEW, 'system:plantwright';
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_have_scan_addresses AFTER INSERT ON assets FOR EACH ROW EXECUTE FUNCTION give_scan_address('asset_id');
CREATE TRIGGER locations_have_scan_addresses AFTER INSERT ON locations
    FOR EACH ROW EXECUTE FUNCTION give_scan_address('location_id');
CREATE TRIGGER orders_have_scan_addresses AFTER INSERT ON work_orders
    FOR EACH ROW EXECUTE FUNCTION give_scan_address('order_id');
