-- Files are of an order, an asset or a location: one table, and just one of the three. Those that are there are of orders.
ALTER TABLE attachments
    ALTER COLUMN order_id DROP NOT NULL,
    ADD COLUMN asset_id integer REFERENCES assets (id),
    ADD COLUMN location_id integer REFERENCES locations (id),
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN deleted_by text,
    ADD CONSTRAINT attachments_of_one CHECK (num_nonnulls(order_id, asset_id, location_id) = 1),
    ADD CONSTRAINT attachments_deleted_by_somebody CHECK ((deleted_at IS NULL) = (deleted_by IS NULL));
CREATE INDEX attachments_of_asset ON attachments (asset_id, at) WHERE asset_id IS NOT NULL;
CREATE INDEX attachments_of_location ON attachments (location_id, at) WHERE location_id IS NOT NULL;
-- A small picture of a picture; NULL where there is none: no picture, or stored before there were any.
ALTER TABLE attachment_contents ADD COLUMN thumbnail bytea;
