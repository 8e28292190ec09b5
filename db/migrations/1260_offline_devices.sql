-- A technician's device, which works without a network: one person's store of operations on it.
CREATE TABLE sync_devices (
    id uuid PRIMARY KEY,
    -- As histories name them: person:anna.
    person text NOT NULL,
    name text NOT NULL DEFAULT '' CHECK (length(name) <= 100),
    app text NOT NULL CHECK (length(app) BETWEEN 1 AND 64),
    first_seen_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    -- The highest number without a gap before it.
    known_seq bigint NOT NULL DEFAULT 0 CHECK (known_seq >= 0),
    -- Numbers that the device no longer had when they were asked for: they never arrived.
    lost bigint NOT NULL DEFAULT 0 CHECK (lost >= 0),
    -- As the device reported at its last contact.
    unsent integer NOT NULL DEFAULT 0 CHECK (unsent >= 0),
    -- Seconds by which its clock is ahead.
    skew_s double precision NOT NULL DEFAULT 0,
    revoked_at timestamptz,
    revoked_by text,
    wiped_at timestamptz,
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)),
    CONSTRAINT sync_devices_wiped_if_revoked CHECK (wiped_at IS NULL OR revoked_at IS NOT NULL)
);
CREATE INDEX sync_devices_of_person ON sync_devices (person, id);

-- Every operation that arrived, once, with the verdict on it.
CREATE TABLE sync_operations (
    op_id uuid PRIMARY KEY,
    device_id uuid NOT NULL REFERENCES sync_devices,
    person text NOT NULL,
    -- NULL: the device has used the number for another operation before.
    seq bigint CHECK (seq >= 1),
    order_id uuid REFERENCES work_orders,
    -- Where it belongs: the order's site, else the person's. NULL: known to who sees every site.
    site_id integer REFERENCES sites,
    kind text NOT NULL CHECK (length(kind) <= 64),
    body jsonb NOT NULL,
    -- SHA-256 of the operation as it was sent: another one by the same id is recognised.
    fingerprint bytea NOT NULL,
    -- The device's clock.
    occurred_at timestamptz,
    skew_s double precision NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('applied', 'merged', 'conflict', 'kept', 'refused')),
    answer jsonb NOT NULL,
    decision text CHECK (decision IN ('taken_over', 'set_aside', 'resolved')),
    decided_by text,
    decided_at timestamptz,
    decided_why text NOT NULL DEFAULT '' CHECK (length(decided_why) <= 2000),
    UNIQUE (device_id, seq),
    CHECK ((decision IS NULL) = (decided_at IS NULL)),
    CHECK ((decision IS NULL) = (decided_by IS NULL)),
    CONSTRAINT sync_operations_decided_if_waiting CHECK (decision IS NULL OR verdict IN ('kept', 'conflict'))
);
CREATE INDEX sync_operations_of_order ON sync_operations (order_id, received_at) WHERE verdict IN ('kept', 'conflict');
CREATE INDEX sync_operations_waiting ON sync_operations (received_at, op_id) WHERE verdict IN ('kept', 'conflict') AND decision IS NULL;

-- What somebody sent stays as it was received; a decision is made once.
CREATE FUNCTION sync_operations_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.decision IS NOT NULL
       OR to_jsonb(NEW) - ARRAY['decision', 'decided_by', 'decided_at', 'decided_why']
          <> to_jsonb(OLD) - ARRAY['decision', 'decided_by', 'decided_at', 'decided_why'] THEN
        RAISE EXCEPTION 'operation % cannot be changed', OLD.op_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sync_operations_stay';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER sync_operations_stay BEFORE UPDATE OR DELETE ON sync_operations
    FOR EACH ROW EXECUTE FUNCTION sync_operations_stay();
