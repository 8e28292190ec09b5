-- What came late is looked for by people, on the page of an asset and of an order. It is little of all that is stored.
CREATE INDEX readings_late ON readings (signal_id, observed_at) WHERE late;
