"""What people set and documents say is survived where it is used: the order is opened, the plant goes on."""

from typing import Any

import psycopg
import pytest

from db.alarms import engine_alarms
from db.orders import decisions, job_plans, work_orders
from db.plant import calendars, plant
from db.telemetry import judge as judge_db
from judge import inputs
from judge.following import UnknownEvent
from judge.judge import Judge
from runtime.pipeline import pipeline
from tests.runtime.pipeline.batches import PLANT, START, a_message, take_up
from workorder_core.alarms.engine_alarms import Code

FOUR_HOURS = '[{"weekdays": [3], "start": "08:00", "end": "12:00"}]'
SET = {
    "four hours a week": f"shifts = '{FOUR_HOURS}'",
    "a country that nobody knows": "country = 'XX'",
    "a part of a country that nobody knows": "country = 'DE', subdivision = 'XXXX'",
    "no shifts at all": "shifts = '[]'",
}


def opened(conn: psycopg.Connection) -> list[Any]:
    """Let a limit be passed, and return the orders, how they were explained, and their targets."""
    state = take_up(conn)
    pipeline.process(conn, [a_message(minute) for minute in range(3)], state)
    shaking = [a_message(minute, {"vibration": 9.0, "speed": 1_000.0}) for minute in range(5, 60, 5)]
    done = pipeline.process(conn, shaking, state).done
    assert "opened" in [each.step for each in done]
    rows = conn.execute("SELECT o.id, h.why FROM work_orders o JOIN order_history h ON h.order_id = o.id").fetchall()
    return [(work_orders.get(conn, order_id), why) for order_id, why in rows]


@pytest.mark.parametrize("said", SET)
def test_an_order_is_opened_whatever_the_calendar_says(database, said):
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        (site,) = conn.execute("SELECT id FROM sites").fetchone() or (0,)
        conn.execute(
            "INSERT INTO site_calendars (site_id, shifts, closed_on, works_on, changed_by, changed_at)"
            """VALUES (%s, '[{"weekdays": [1], "start": "00:00", "end": "00:00"}]', '{}', '{}', 'a', now())""",
            (site,),
        )
        conn.execute(f"UPDATE site_calendars SET {SET[said]}".encode())
        for priority in (2, 3, 4):
            conn.execute("INSERT INTO site_targets VALUES (%s, %s, 600, 5000000, true)", (site, priority))
        conn.commit()
        ((order, why),) = opened(conn)
        assert (order.completion_due is None) == (said != "no shifts at all")
        assert ("without a target (no_working_time)" in why) == (order.completion_due is None)
        assert calendars.of_site(conn, site, at=START) is not None


BROKEN = {
    "the job plan cannot be read": (job_plans, "fitting"),
    "the job plan does not fit": (decisions, "planned"),
    "the job plan cannot be copied": (job_plans, "copy_to"),
}


@pytest.mark.parametrize(("where", "name"), BROKEN.values(), ids=BROKEN)
def test_an_order_is_opened_whatever_its_job_plan_makes_fail(database, monkeypatch, where, name):
    def failing(*arguments: Any, **_named: Any) -> Any:
        if isinstance(arguments[0], psycopg.Connection):
            arguments[0].execute("SELECT 1 / 0")
        raise KeyError("what a person has set")

    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        if name != "fitting":
            monkeypatch.setattr(job_plans, "fitting", lambda *_: object())
        if name == "copy_to":
            monkeypatch.setattr(decisions, "planned", lambda order, _plan: order)
        monkeypatch.setattr(where, name, failing)
        ((order, _),) = opened(conn)
        assert order.plan is None


def test_an_event_that_fails_is_told_of_and_judging_goes_on(database):
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        (asset,) = conn.execute("SELECT id FROM assets").fetchone() or (0,)
        conn.commit()
        state = take_up(conn)
        judge_db.add(conn, "order_moved", {"status": "lost"}, "test", asset)
        judge_db.add(conn, "threshold", {"class": "pump"}, "test")
        conn.commit()
        assert pipeline.process(conn, [a_message(0)], state).stored == 1
        told = {each.code: each.problem for each in engine_alarms.standing(conn, now=_now(conn))}
        assert "'threshold': ValidationError: Object missing required field `version`" in told[Code.EVENT_FAILED]
        assert "2 times so far" in told[Code.EVENT_FAILED]
        state = take_up(conn)
        assert pipeline.process(conn, [a_message(1)], state).stored == 1


def _now(conn: psycopg.Connection) -> Any:
    return (conn.execute("SELECT now()").fetchone() or (None,))[0]


def test_an_event_of_other_code_still_stops_the_judge():
    with pytest.raises(UnknownEvent):
        Judge().decide([inputs.Event.of(1, "of_tomorrow", None, {})])
