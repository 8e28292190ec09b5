-- Requests of people who are signed in, and of programs: their own name, as history records it. NULL: somebody without an
-- account made it in the portal, or it was erased.
ALTER TABLE requests ADD COLUMN made_by text;
CREATE INDEX requests_of_maker ON requests (made_by, recorded_at DESC, id DESC) WHERE made_by IS NOT NULL;
