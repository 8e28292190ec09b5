"""Rules over their alarm budget go to the shadow by themselves where their owners allowed it; a safety rule never."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from db.documents import budgets, documents, rules_in_shadow
from db.documents.budgets import SafetyRule
from db.documents.documents import Kind
from db.plant import plant
from db.telemetry import judge as judge_db
from rules import rulebook
from rules.rulebook import InvalidRulebook
from runtime.backtest.command import Wanted, judge_again
from runtime.pipeline import engine, pipeline
from runtime.processes import jobs
from tests.judge.test_alarm_flood import PLANT, START, a_message, orders, take_up

NOW = START + timedelta(days=1)
HOT: dict[str, Any] = {
    "id": "hot", "asset_class": "pump", "signal": "temp", "raise_at": 90, "clear_below": 80, "component": "bearing",
    "failure_mode": "OHE", "severity": "malfunction", "budget": {"alarms_per_week": 3, "may_go_to_shadow": True},
}  # fmt: skip
GAS = HOT | {"id": "gas", "signal": "gas", "raise_at": 20, "clear_below": 10, "severity": "safety",
             "failure_mode": "ELP", "component": "seal", "budget": {"alarms_per_week": 0}}  # fmt: skip
RULES = {"threshold": [HOT, GAS]}


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        yield conn


def often(asset: str = "P-01", begin: float = 0, times: int = 4, **more: float):
    return [
        a_message(begin + 600 * number, asset, temp=95.0 if number % 2 == 0 else 60.0, **more)
        for number in range(2 * times)
    ]


def kept(conn: psycopg.Connection, now: datetime = NOW) -> list[str]:
    gone = budgets.keep(conn, actor="system:timetable", now=now)
    conn.commit()
    return gone


def test_a_rule_that_comes_too_often_goes_to_the_shadow_and_says_so(conn):
    judge = take_up(conn, RULES)
    pipeline.process(conn, often(times=3), judge)
    assert kept(conn) == []
    pipeline.process(conn, often(begin=20_000, times=1), judge)
    assert kept(conn) == ["hot"]
    assert kept(conn) == [], "once"
    assert [row[:2] for row in orders(conn)] == [("P-01", "OHE")]
    note = conn.execute("SELECT actor, why FROM order_history WHERE step = 'note'").fetchall()
    assert note == [
        (
            "system:timetable",
            "rule hot judges in shadow from now on: over its alarm budget: 4 alarms in a week, its budget is 3",
        )
    ]
    pipeline.process(conn, often("P-02"), judge)
    assert [row[0] for row in orders(conn)] == ["P-01"], "it opens no orders"
    [now, _] = budgets.of(conn, rulebook.parse(RULES).rules, now=NOW)
    assert (now.spent.alarms, now.spent.would_be) == (4, 4), "its alarms are counted"
    assert now.in_shadow is not None and now.in_shadow.begun_by == "system:timetable"
    assert engine.restore(conn).dump() == judge.judge.dump()
    conn.execute("DELETE FROM checkpoints")
    assert engine.restore(conn).dump() == judge.judge.dump()
    conn.rollback()
    again = judge_again(conn, Wanted(against="live"))
    assert again.difference is not None and again.difference.none


def test_it_opens_orders_again_when_somebody_wants_it_and_is_counted_anew(conn):
    judge = take_up(conn, RULES)
    pipeline.process(conn, often(), judge)
    assert kept(conn) == ["hot"]
    rules_in_shadow.end(conn, "hot", actor="person:Ingrid Dahl", why="the probe was loose", at=NOW)
    conn.commit()
    pipeline.process(conn, often("P-02", times=1), judge)
    assert [row[0] for row in orders(conn)] == ["P-01", "P-02"]
    assert kept(conn, NOW + timedelta(hours=1)) == []


def test_a_rule_that_is_written_otherwise_opens_orders_again(conn):
    judge = take_up(conn, RULES)
    pipeline.process(conn, often(), judge)
    assert kept(conn) == ["hot"]
    documents.write(conn, Kind.RULEBOOK, RULES, actor="person:Ingrid Dahl", why="the same")
    conn.commit()
    pipeline.process(conn, often("P-02", times=1), judge)
    assert [row[0] for row in orders(conn)] == ["P-01"]
    other = {"threshold": [HOT | {"raise_at": 94}, GAS]}
    documents.write(conn, Kind.RULEBOOK, other, actor="person:Ingrid Dahl", why="a better limit")
    conn.commit()
    pipeline.process(conn, often("P-03", times=1), judge)
    assert [row[0] for row in orders(conn)] == ["P-01", "P-03"]
    assert rules_in_shadow.now_there(conn) == {}


def test_a_rule_that_is_wrong_too_often_goes_too(conn):
    wrong = HOT | {"budget": {"precision": 0.6, "close_outs": 2, "may_go_to_shadow": True}}
    judge = take_up(conn, {"threshold": [wrong]})
    pipeline.process(conn, [a_message(0, f"P-0{number}", temp=95.0) for number in (1, 2, 3)], judge)
    for asset, found in (("P-01", "confirmed"), ("P-02", "nothing_found")):
        conn.execute(
            """UPDATE work_orders SET status = 'closed', close_finding = %s, status_since = %s
               WHERE asset_id = (SELECT id FROM assets WHERE code = %s)""",
            (found, NOW, asset),
        )
    assert kept(conn, NOW + timedelta(hours=1)) == ["hot"]
    assert rules_in_shadow.now_there(conn)["hot"].why == (
        "over its alarm budget: 1 of 2 close-outs found something (50%), its budget is 60%"
    )


def test_a_safety_rule_never_goes(conn):
    judge = take_up(conn, RULES)
    pipeline.process(conn, [a_message(0, "P-01", gas=40.0)], judge)
    assert kept(conn) == []
    [_, gas] = budgets.of(conn, rulebook.parse(RULES).rules, now=NOW)
    assert gas.over == "1 alarms in a week, its budget is 0", "but it is told"
    with pytest.raises(SafetyRule):
        budgets.to_shadow(conn, "gas", actor="person:Ingrid Dahl", why="too often", at=NOW)
    judge_db.add(conn, "rule_shadow", {"rule": "gas", "shadow": True}, "person:somebody")
    conn.commit()
    pipeline.process(conn, [a_message(0, "P-02", gas=40.0)], judge)
    assert [row[0] for row in orders(conn)] == ["P-01", "P-02"], "whatever an event says"


def test_the_job_looks_at_the_rules_in_force(conn):
    pipeline.process(conn, often(), take_up(conn, RULES))
    late = datetime.now(UTC) - START
    conn.execute("UPDATE alarms SET raised_at = raised_at + %s - interval '1 day'", [late])
    conn.commit()
    assert jobs.keep_budgets(conn) == 1
    assert list(rules_in_shadow.now_there(conn)) == ["hot"]


WRONG = {
    "nothing limited": ({"may_go_to_shadow": True}, "limits nothing"),
    "no part": ({"precision": 60}, "such as 0.6"),
    "a slip of the pen": ({"alarms_per_weak": 3}, "'alarms_per_weak' is not a known key"),
    "no table": (3, "must be a table"),
}


@pytest.mark.parametrize(("written", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_budget_is_refused_with_the_mend(written, says):
    with pytest.raises(InvalidRulebook, match=says):
        rulebook.parse({"threshold": [HOT | {"budget": written}]})


def test_a_safety_rule_may_not_be_allowed_to_go():
    with pytest.raises(InvalidRulebook, match="a safety rule never goes to the shadow"):
        rulebook.parse({"threshold": [GAS | {"budget": HOT["budget"]}]})
