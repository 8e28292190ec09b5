-- People are asked about a request that says danger, before it becomes an emergency order: whoever acknowledges confirms
-- it, and the escalation is then the order's too.
ALTER TABLE escalations DROP CONSTRAINT escalations_cause_check;
ALTER TABLE escalations ADD CONSTRAINT escalations_cause_check CHECK (cause IN ('order', 'alarm', 'engine', 'request'));
ALTER TABLE escalations DROP CONSTRAINT escalations_of_order;
ALTER TABLE escalations ADD CONSTRAINT escalations_of_order
    CHECK (CASE cause WHEN 'order' THEN order_id IS NOT NULL WHEN 'request' THEN true ELSE order_id IS NULL END);
