-- What plans have made and nobody has done yet is counted by the forecast and the metrics.
CREATE INDEX maintenance_occurrences_open ON maintenance_occurrences (due_at, order_id) WHERE status IN ('generated', 'merged');
