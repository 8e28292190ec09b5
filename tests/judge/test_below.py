"""Conditions that look at the assets that stand behind one: on the judge, on the database, and when they are loaded."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from db.documents import documents
from db.documents.documents import Kind
from db.plant import plant
from judge.judge import Judge
from rules import rulebook
from rules.rulebook import InvalidRulebook
from runtime.backtest.command import Wanted, judge_again
from runtime.pipeline import engine, pipeline
from tests.judge.sequences import Sequence
from tests.judge.test_alarm_flood import PLANT, START, a_message, orders, take_up

HEADER, A, B, C = "NTH/H-1", "NTH/A", "NTH/B", "NTH/C"
STARVED: dict[str, Any] = {
    "id": "starved", "asset_class": "header", "when": "below.pump.filter(p, p.flow < 5.0).size() >= 2",
    "max_gap": "5 min", "component": "supply", "failure_mode": "LOO", "severity": "malfunction",
}  # fmt: skip


def sequence(rule: dict[str, Any]) -> Sequence:
    story = Sequence(documents=False).event("rulebook", None, expression=[rule])
    story.event("asset", HEADER, **{"class": "header", "criticality": 3})
    for asset in (A, B, C):
        story.event("asset", asset, **{"class": "pump", "criticality": 3, "parent": HEADER})
        story.event("signal", asset, signal="flow", unit="m3/h")
    return story


def says(rule: dict[str, Any], *frames: tuple[float, str, dict[str, float]]) -> str:
    """``!`` where the header has an alarm after a frame, by a judge that is restored after each."""
    story = sequence(rule)
    judge = Judge()
    judge.decide(story.inputs)
    said = ""
    for minute, asset, values in frames:
        judge.decide([story.frame(minute, asset, **values).inputs[-1]])
        judge = Judge.restore(judge.dump(), judge.arrival)
        said += "!" if judge.standing.of(HEADER) else "."
    return said


def flow(minute: float, asset: str, value: float) -> tuple[float, str, dict[str, float]]:
    return minute, asset, {"flow": value}


LOW = (flow(0, A, 3), flow(1, B, 3))
CASES = {
    "two of them are low": (STARVED, [*LOW, flow(2, C, 9), flow(3, A, 9)], ".!!."),
    "one that is not heard any more is left out": (STARVED, [*LOW, flow(7, B, 3)], ".!."),
    "one whose clock is behind is heard all the same": (STARVED, [flow(2, A, 3), flow(0, B, 3)], ".!"),
    "it must last": (STARVED | {"for": "2 min"}, [*LOW, flow(2, C, 9), flow(3, C, 9)], "...!"),
    "all of none is not all": (STARVED | {"when": "below.pump.all(p, p.flow < 5.0)"}, [(0, HEADER, {"u": 1.0})], "."),
    "with a signal of its own": (
        STARVED | {"when": "valve > 50.0 && below.pump.exists(p, p.flow < 5.0)"},
        [flow(0, A, 3), (1, HEADER, {"valve": 80.0}), (2, HEADER, {"valve": 20.0}), (3, HEADER, {"valve": 90.0}),
         flow(4, A, 9)],
        ".!.!.",
    ),
    "it clears as it says": (
        STARVED | {"clear_when": "below.pump.all(p, p.flow > 8.0)"},
        [*LOW, flow(2, A, 6), flow(3, B, 9), flow(4, A, 9)], ".!!!.",
    ),
    "another class is not looked at": (
        STARVED | {"when": "below.fan.exists(f, f.flow < 5.0)"}, [*LOW], "..",
    ),
    "names that are no identifiers": (
        STARVED | {"when": """below["pump"].exists(p, p["flow"] < 5.0)"""}, [*LOW], "!!",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "frames", "said"), CASES.values(), ids=CASES.keys())
def test_a_condition_over_assets_below(rule, frames, said):
    assert says(rule, *frames) == said


def test_what_is_put_behind_another_is_not_looked_at_any_more():
    story = sequence(STARVED)
    judge = Judge()
    story.frame(0, A, flow=3.0).event("asset", A, **{"class": "pump", "criticality": 3}).frame(1, B, flow=3.0)
    judge.decide(story.inputs)
    assert judge.standing.of(HEADER) == []


WRONG = {
    "size(below.pump) > 2": "cannot be checked; write below.CLASS.exists",
    "below.pump.exists(p, true)": "names no signal of 'p'",
    "below.pump.exists(p, p.flow < 5.0) || below.fan.exists(p, p.speed < 5.0)": "give each class a name of its own",
    "below.exists(p, p.flow < 5.0)": "cannot be checked",
}


@pytest.mark.parametrize(("when", "says"), WRONG.items(), ids=WRONG.keys())
def test_a_wrong_condition_is_refused_with_the_mend(when, says):
    with pytest.raises(InvalidRulebook, match=says):
        rulebook.parse({"expression": [STARVED | {"when": when}]})


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        yield conn


OF_CABINET = STARVED | {"asset_class": "cabinet", "when": "below.pump.filter(p, p.s0 < 5.0).size() >= 2"}
MISFITS = {
    "below.pmp.exists(p, p.s0 < 5.0)": "there is no class 'pmp'; did you mean 'pump'",
    "below.fan.exists(f, f.vibration > 5.0)": "no 'fan' is downstream of a 'cabinet'; set its parent",
    "below.pump.exists(p, p.s99 < 5.0)": "no asset of the class 'pump' measures 's99'; did you mean",
}


@pytest.mark.parametrize(("when", "says"), MISFITS.items(), ids=MISFITS.keys())
def test_what_does_not_fit_the_plant_is_refused(conn, when, says):
    book = {"expression": [OF_CABINET | {"when": when}]}
    with pytest.raises(InvalidRulebook, match=says):
        documents.write(conn, Kind.RULEBOOK, book, actor="person:Ingrid Dahl", why="a try")


def test_on_the_plant_its_order_cites_what_was_measured_below(conn):
    documents.write(conn, Kind.RULEBOOK, {"expression": [OF_CABINET]}, actor="person:Ingrid Dahl", why="a header")
    conn.commit()
    judge = take_up(conn, {})
    pipeline.process(conn, [a_message(second, f"P-0{1 + second % 2}", s0=3.0) for second in range(4)], judge)
    assert [row[:2] for row in orders(conn)] == [("CAB-1", "LOO")]
    row: Any = conn.execute("SELECT summary, readings FROM evidence").fetchone()
    assert row[0].startswith("below.pump.filter(p, p.s0 < 5.0).size() >= 2: NTH/P-01:s0 3, NTH/P-02:s0 3")
    assert sorted(row[1]) == ["NTH/P-01:s0", "NTH/P-02:s0"]
    assert engine.restore(conn).dump() == judge.judge.dump()
    conn.rollback()
    again = judge_again(conn, Wanted(against="live"))
    assert again.difference is not None and again.difference.none
