-- A route's code hangs where the round begins.
ALTER TABLE scan_addresses
    ADD COLUMN route_id integer REFERENCES inspection_routes (id),
    DROP CONSTRAINT scan_addresses_check,
    ADD CONSTRAINT scan_addresses_check
        CHECK (num_nonnulls(asset_id, location_id, order_id, item_id, bin_id, route_id) = 1);
CREATE UNIQUE INDEX scan_addresses_one_of_a_route ON scan_addresses (route_id) WHERE revoked_at IS NULL;
CREATE TRIGGER routes_have_scan_addresses AFTER INSERT ON inspection_routes
    FOR EACH ROW EXECUTE FUNCTION give_scan_address('route_id');
