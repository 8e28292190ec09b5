"""What an order book makes of an order that is taken up from the database is what it had made of its findings."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from db.orders import decisions, work_orders
from rules import rulebook
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from tests.parts import databases
from tests.runtime.pipeline.batches import START, a_message
from workorder_core.orders import lifecycle
from workorder_core.orders.details import Reason
from workorder_core.orders.lifecycle import Step
from workorder_core.words import Status

OFF: dict[str, Any] = {
    "id": "off", "asset_class": "unclassified", "component": "bearing", "failure_mode": "OHE",
    "severity": "malfunction",
    "when": "hot > 90.0 || " + " || ".join(f"cold{n} > 90.0" for n in range(10)),
}  # fmt: skip


@pytest.fixture(scope="module")
def conn(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        yield conn


def test_a_reopened_order_knows_the_signals_that_were_out_of_their_usual_range(conn):
    """A sign that carries less than a tenth of a finding, but lies out of its usual range, ties it to others."""
    state = engine.start(conn, Settings(), rulebook=rulebook.parse({"expression": [OFF]}), models={}, holder="test")
    values = {"hot": 97.0} | {f"cold{n}": 1.0 for n in range(10)}
    (done,) = pipeline.process(conn, [a_message(0, values)], state).done
    conn.execute(
        """UPDATE evidence SET signs = jsonb_build_array(
               jsonb_build_object('signal', 'main', 'value', 5, 'usual_low', 1, 'usual_high', 9, 'share', 0.93),
               jsonb_build_object('signal', 'high', 'value', 9, 'usual_low', 1, 'usual_high', 2, 'share', 0.03),
               jsonb_build_object('signal', 'low', 'value', 0, 'usual_low', 1, 'usual_high', null, 'share', 0.03),
               jsonb_build_object('signal', 'fine', 'value', 1, 'usual_low', 0, 'usual_high', 2, 'share', 0.01))"""
    )
    (entry,) = decisions.unfinished(conn)
    assert (entry.signals, entry.evidence) == ({"main", "high", "low"}, 1)
    steps = (
        lambda order: replace(order, status=Status.CLOSED),
        lambda order: lifecycle.apply_step(order, Step.REOPEN, Reason("x"), at=START),
    )
    for step in steps:
        work_orders.change(conn, done.order_id, step, actor="user:a", at=START)
    (told,) = conn.execute("SELECT payload -> 'entry' FROM judge_events WHERE payload ? 'entry'").fetchone()
    assert (set(told["signals"]), told["evidence"]) == (set(entry.signals), 1)
