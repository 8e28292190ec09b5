-- Which device may speak for which assets. By name: an asset that is bound may have sent nothing yet.
CREATE TABLE device_bindings (
    device   text NOT NULL CHECK (device ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    asset    text NOT NULL CHECK (asset ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
    actor    text NOT NULL,
    bound_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (device, asset)
);
