-- What was refused can be tried again once the cause is mended; so it is kept whole, as far as our own broker lets it in.
ALTER TABLE quarantine DROP CONSTRAINT quarantine_payload_check;
ALTER TABLE quarantine ADD CONSTRAINT quarantine_payload_check CHECK (length(payload) <= 2097152);
ALTER TABLE quarantine
    -- Asked for by somebody; the engine, which alone writes readings, does it between two batches.
    ADD COLUMN retry_asked_at timestamptz,
    ADD COLUMN retry_asked_by text,
    ADD COLUMN tried_at timestamptz,
    ADD COLUMN tries integer NOT NULL DEFAULT 0;
CREATE INDEX quarantine_to_be_tried ON quarantine (received_at, id) WHERE retry_asked_at IS NOT NULL;
