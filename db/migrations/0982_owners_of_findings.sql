-- A finding is answered by a person of the plant: a user, a technician, or one who is both. "owner" is their name at that time,
-- or, of findings from before this, what somebody wrote; those stay as they are.
ALTER TABLE audit_findings
    ADD COLUMN owner_user text REFERENCES users (name) ON UPDATE CASCADE,
    ADD COLUMN owner_technician_id integer REFERENCES technicians (id);
CREATE INDEX audit_findings_of_user ON audit_findings (owner_user) WHERE owner_user IS NOT NULL AND state = 'open';
CREATE INDEX audit_findings_of_technician ON audit_findings (owner_technician_id)
    WHERE owner_technician_id IS NOT NULL AND state = 'open';
