-- Finds the event, and with it the deliveries, of a message that asks somebody.
CREATE INDEX events_of_ask ON events ((data->>'message')) WHERE kind = 'escalation.asked';

-- Finds the latest escalation about an order or alarm.
CREATE INDEX escalations_of_cause ON escalations (cause_key, id);
