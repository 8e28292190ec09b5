-- What a code on a label or a print leads to: an asset, a functional location or an order. The token is random, and no secret:
-- whoever scans it signs in before anything is shown. One that was revoked leads nowhere, and stays known.
CREATE TABLE scan_addresses (
    token text PRIMARY KEY CHECK (token ~ '^[A-Za-z0-9_-]{16,64}$'),
    asset_id integer REFERENCES assets,
    location_id integer REFERENCES locations,
    order_id uuid REFERENCES work_orders,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    revoked_at timestamptz,
    revoked_by text,
    CHECK (num_nonnulls(asset_id, location_id, order_id) = 1),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);

-- Each thing has one address at a time, whoever prints it.
CREATE UNIQUE INDEX scan_addresses_one_of_an_asset ON scan_addresses (asset_id) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX scan_addresses_one_of_a_location ON scan_addresses (location_id) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX scan_addresses_one_of_an_order ON scan_addresses (order_id) WHERE revoked_at IS NULL;
