-- History is stored as late too, but nobody has to act on it: no rule opens an order for what lies in these places of the
-- sequence of inputs, also when the judge is rebuilt.
CREATE TABLE import_places (
    first bigint PRIMARY KEY,
    last  bigint NOT NULL CHECK (last >= first)
);
COMMENT ON TABLE import_places IS 'Stretches of the sequence of inputs that imported history has taken, both ends included.';
