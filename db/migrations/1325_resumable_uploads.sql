-- A file of a device that arrives piece by piece, by the id that the device gave it. Once it is whole it is a file of its order with
-- the same id, or it says why it cannot be one.
CREATE TABLE sync_uploads (
    id uuid PRIMARY KEY,
    device_id uuid NOT NULL REFERENCES sync_devices,
    order_id uuid NOT NULL REFERENCES work_orders,
    site_id integer NOT NULL REFERENCES sites,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- Of the whole, in bytes, as the device sends it.
    size integer NOT NULL CHECK (size BETWEEN 1 AND 10000000),
    -- SHA-256 of the whole.
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    -- Bytes that are here without a gap.
    received integer NOT NULL DEFAULT 0,
    begun_at timestamptz NOT NULL,
    stored_at timestamptz,
    refused text CHECK (length(refused) BETWEEN 1 AND 2000),
    CONSTRAINT sync_uploads_no_more_than_the_whole CHECK (received BETWEEN 0 AND size),
    CONSTRAINT sync_uploads_stored_or_refused CHECK (stored_at IS NULL OR refused IS NULL),
    CONSTRAINT sync_uploads_whole_if_stored CHECK (stored_at IS NULL OR received = size)
);
CREATE INDEX sync_uploads_unfinished ON sync_uploads (device_id) WHERE stored_at IS NULL AND refused IS NULL;

-- The pieces of files that are not whole yet.
CREATE TABLE sync_upload_pieces (
    upload_id uuid NOT NULL REFERENCES sync_uploads ON DELETE CASCADE,
    begins_at integer NOT NULL CHECK (begins_at >= 0),
    content bytea NOT NULL CHECK (length(content) BETWEEN 1 AND 1000000),
    PRIMARY KEY (upload_id, begins_at)
);
