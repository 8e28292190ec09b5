"""A wall clock that is set, and a time when nobody listened, are no fault of a machine and silence no limit."""

import time
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from db.telemetry import judge as judge_db
from ingest.messages import Message
from judge.asset.frames import Gathering
from judge.judge import Judge
from rules import rulebook
from runtime.pipeline import engine, pipeline
from runtime.pipeline.engine import Engine
from tests.judge.sequences import MINUTE, PUMP, SILENT_RULE, START, Sequence, judged, told
from tests.judge.test_own_clocks import HOT, KINDS
from tests.parts import databases
from tests.runtime.pipeline.batches import a_message, settings, us

DAY = 24 * 60


@pytest.fixture(scope="module")
def shared(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        yield conn


@pytest.fixture
def conn(shared):
    with shared.transaction(force_rollback=True):
        yield shared


def silent(*ticks: tuple[float, float]) -> list[float]:
    """Return at which ticks, each a wall minute and the minutes unheard before it, a pump that sent once is silent."""
    story = Sequence(documents=False).event("rulebook", None, stale=[SILENT_RULE])
    story.event("asset", PUMP, **{"class": "pump", "criticality": 2}).frame(0)
    found, before = [], 0
    for minute, unheard in ticks:
        at = (START + timedelta(minutes=minute)).isoformat()
        story.event("tick", None, at=at, **({"unheard_s": unheard * 60} if unheard else {}))
        opened = len(told(judged(story)[0]))
        if opened > before:
            found.append(minute)
        before = opened
    return found


MINUTES = [(float(minute), 0.0) for minute in range(1, 5)]
AFTER = {
    "nothing happens": ([*MINUTES, (5, 0), (6, 0), (7, 0)], [6]),
    "ingest or the broker was away for an hour": ([*MINUTES, (64, 59), (65, 0), (66, 0)], [65]),
    "the clock was set a day ahead": ([*MINUTES, (DAY + 5, DAY), (DAY + 6, 0), (DAY + 7, 0)], [DAY + 6]),
    "the clock was set an hour back": ([*MINUTES, (-55, -60), (-54, 0), (-53, 0)], [-54]),
    "the clock was set a day back and forth": ([*MINUTES, (5 - DAY, -DAY), (6, DAY), (7, 0)], [6]),
}


@pytest.mark.parametrize(("ticks", "found"), AFTER.values(), ids=AFTER)
def test_a_silence_is_what_somebody_has_listened_to(ticks, found):
    assert silent(*ticks) == found


def test_an_open_frame_waits_for_a_step_that_somebody_has_listened_to():
    gathering = Gathering(step_us=MINUTE)
    gathering.add(0, {"a": 1.0}, fit=True)
    second = MINUTE // 60
    assert not gathering.quiet(1_000 * second)
    assert not gathering.quiet(9_030 * second, 8_000 * second)
    assert gathering.quiet(9_060 * second)


ALL: dict[str, dict[str, Any]] = {"threshold": {"threshold": [HOT | {"for": "10 min"}]}} | KINDS


def stream(kind: str, begin: float) -> list[Message]:
    """Half an hour in order, and half an hour of what the rule is for."""
    found = []
    for minute in range(60):
        bad = minute >= 30
        values = {"temp": 95.0 + minute if bad else 60.0, "flow": 95.0, "flat": 5.0 if bad else float(minute)}
        if kind == "rate":
            values["temp"] = 60.0 + 20 * max(0, minute - 30)
        found.append(a_message(begin + minute, values))
    return found


def orders(conn: psycopg.Connection, messages: list[Message], state: Engine, size: int) -> int:
    for i in range(0, len(messages), size):
        pipeline.process(conn, messages[i : i + size], state)
    (found,) = conn.execute("SELECT count(*) FROM work_orders").fetchone() or (0,)
    return int(found)


def tick(conn: psycopg.Connection, minute: float) -> None:
    at = START + timedelta(minutes=minute)
    latest = at + timedelta(minutes=5)
    judge_db.add(conn, "tick", {"at": at.isoformat(), "latest": latest.isoformat()}, "system:engine")


@pytest.mark.parametrize("kind", ALL)
def test_after_a_clock_that_was_a_day_ahead_every_kind_of_rule_judges_again(conn, kind):
    rules = rulebook.parse(ALL[kind])
    state = engine.start(conn, settings(), rulebook=rules, models={}, holder="test")
    assert orders(conn, stream(kind, DAY)[:30], state, 7) == 0
    tick(conn, 0)
    assert orders(conn, stream(kind, 0), state, 7) == 1
    assert conn.execute("SELECT count(*) FROM readings WHERE late").fetchone() == (0,)
    assert engine.restore(conn).dump() == state.judge.dump()


def test_what_is_ahead_by_no_more_than_a_device_may_be_keeps_its_order(conn):
    state = engine.start(conn, settings(), rulebook=rulebook.parse(ALL["threshold"]), models={}, holder="test")
    orders(conn, stream("threshold", 0)[:30], state, 1000)
    before = state.judge.dump()
    tick(conn, 25)
    pipeline.process(conn, [], state)
    assert Judge.restore(state.judge.dump(), 0).assets.keys() and state.judge.dump() == before
    orders(conn, [a_message(28.5, {"temp": 60.0})], state, 1)
    assert conn.execute("SELECT count(*) FROM readings WHERE late").fetchone() == (1,)


def test_an_active_rule_stays_active_over_a_clock_that_is_set_back(conn):
    state = engine.start(conn, settings(), rulebook=rulebook.parse(ALL["threshold"]), models={}, holder="test")
    assert orders(conn, stream("threshold", DAY), state, 1000) == 1
    tick(conn, 0)
    assert orders(conn, stream("threshold", 0)[45:], state, 1000) == 1
    assert [each.is_active("rule:hot") for each in state.judge.assets.values()] == [True]
    orders(conn, [a_message(70, {"temp": 60.0})], state, 1)
    assert [each.is_active("rule:hot") for each in state.judge.assets.values()] == [False]


def test_the_engine_says_in_a_tick_how_long_nobody_listened_and_what_time_a_reading_can_have(conn):
    state = engine.start(conn, settings(), rulebook=rulebook.EMPTY, models={}, holder="test")

    def ticked() -> dict[str, Any]:
        state.tick_now()
        pipeline.process(conn, [], state)
        query = "SELECT payload FROM judge_events WHERE kind = 'tick' ORDER BY id DESC LIMIT 1"
        (payload,) = conn.execute(query).fetchone() or ({},)
        return dict(payload)

    first = ticked()
    latest = datetime.fromisoformat(first["latest"]) - datetime.fromisoformat(first["at"])
    assert (latest, first.keys()) == (timedelta(seconds=300), {"at", "latest"})
    assert ticked().keys() == {"at"}
    state.listening.ticked(time.time_ns() // 1000 - 3_600_000_000)
    assert ticked()["unheard_s"] == pytest.approx(3600, abs=300)
    state.follow_clock(-7_200.0)
    assert "latest" in ticked() and state.bounds.skew_us == 7_500_000_000
    state.follow_clock(7_200.0)
    assert "latest" not in ticked() and state.bounds.skew_us == 300_000_000


def test_who_starts_counts_what_the_process_before_has_listened(conn):
    state = engine.start(conn, settings(), rulebook=rulebook.EMPTY, models={}, holder="test")
    tick(conn, 0)
    pipeline.process(conn, [], state)
    again = engine.start(conn, settings(), rulebook=rulebook.EMPTY, models={}, holder="test")
    assert (again.listening.tick_us, again.listening.heard_s) == (us(START), 0.0)
    conn.execute("INSERT INTO engine_figures (written_at, figures) VALUES (%s, '{}')", (START + timedelta(seconds=40),))
    again = engine.start(conn, settings(), rulebook=rulebook.EMPTY, models={}, holder="test")
    assert again.listening.heard_s == pytest.approx(40, abs=1)


def test_a_device_whose_own_clock_goes_on_is_not_silent_because_ours_was_set_back(conn):
    rules = rulebook.parse(
        {"stale": [{"id": "silent", "asset_class": "unclassified", "signal": "*", "after": "10 min"}]}
    )
    state = engine.start(conn, settings(), rulebook=rules, models={}, holder="test")
    assert orders(conn, [a_message(DAY, {"temp": 60.0, "flow": 1.0})], state, 1) == 0
    tick(conn, 0)
    later = [a_message(DAY + 1, {"temp": 60.0}), a_message(DAY + 2, {"flow": 1.0}), a_message(DAY + 9, {"temp": 60.0})]
    assert orders(conn, later, state, 1) == 0
    assert orders(conn, [a_message(DAY + 13, {"temp": 60.0})], state, 1) == 1
    assert engine.restore(conn).dump() == state.judge.dump()
