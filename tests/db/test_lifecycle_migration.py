"""Orders of a plant from before the whole lifecycle: their statuses, and a history that is chained and replayable."""

import shutil
from pathlib import Path

import psycopg

from db import schema
from db.orders import audit, work_orders
from workorder_core.orders import record
from workorder_core.words import Status

OLD = """
INSERT INTO sites (code, name) VALUES ('NTH', 'North');
INSERT INTO assets (site_id, code, name) VALUES (1, 'P-1', 'Pump');
INSERT INTO technicians (site_id, code, name) VALUES (1, 'holm', 'Holm');
INSERT INTO work_orders (id, site_id, number, asset_id, asset_path, component, failure_mode, type, origin, priority,
                         priority_reason, title, status, status_since, opened_at, recorded_at, assignee_id,
                         response_due, completion_due, close_finding, close_cause, close_remedy, close_note)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 1, 'NTH-' || n, 1, 'North / P-1', 'bearing' || n, 'OHE',
       'predictive', 'engine', 3, 'Medium.', 'Hot', s, now(), now(), now(), 1, now(), now(),
       CASE WHEN s = 'closed' THEN 'confirmed' END, 'wear', 'replace', ''
FROM unnest(ARRAY['assigned', 'open', 'closed', 'cancelled']) WITH ORDINALITY AS u (s, n);
INSERT INTO order_history (order_id, seq, at, actor, step, new)
SELECT id, 1, now(), 'system:engine', 'open', '{"status": "open"}' FROM work_orders;
INSERT INTO order_history (order_id, seq, at, actor, step, old, new)
SELECT id, 2, now(), 'person:x', 'assign', '{"status": "open"}', '{"status": "assigned"}' FROM work_orders;
INSERT INTO judge_events (kind, asset_id, payload, actor)
VALUES ('order_moved', 1, '{"status": "assigned"}', 'person:x');
"""


def test_the_orders_of_before_are_taken_over(empty_database, tmp_path, monkeypatch):
    every = Path(schema.__file__).parent / "migrations"
    before = tmp_path / "migrations"
    before.mkdir()
    for path in every.glob("*.sql"):
        if path.name < "0400":
            shutil.copy(path, before)
    monkeypatch.setattr(schema, "_MIGRATIONS", before)
    schema.migrate(empty_database)
    with psycopg.connect(empty_database) as conn:
        conn.execute(OLD.encode())
    monkeypatch.setattr(schema, "_MIGRATIONS", every)
    schema.migrate(empty_database)
    with psycopg.connect(empty_database) as conn:
        orders = [work_orders.get(conn, row[0]) for row in conn.execute("SELECT id FROM work_orders ORDER BY id")]
        assert [order.status for order in orders] == [
            Status.DISPATCHED, Status.OPEN, Status.CLOSED, Status.CANCELLED,
        ]  # fmt: skip
        assert audit.verify(conn).sound
        for order in orders:
            rows = [(row.old, row.new) for row in work_orders.history(conn, order.id)]
            assert record.replay(rows) == record.facts(order)
        told = conn.execute("SELECT payload ->> 'status' FROM judge_events WHERE kind = 'order_moved'").fetchall()
        assert told == [("dispatched",)]
