"""What cannot be true is stored as bad and no model sees it; a safety rule whose instrument shows it is not silent."""

import json
import random
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ingest.messages import Message
from models import kernel
from rules import rulebook
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from tests.parts import databases
from tests.runtime.pipeline.batches import START

US = int(START.timestamp()) * 1_000_000
TOO_HOT: dict[str, Any] = {
    "id": "too-hot", "asset_class": "unclassified", "signal": "temp", "raise_at": 90, "clear_below": 85,
    "component": "bearing", "failure_mode": "OHE", "severity": "safety",
}  # fmt: skip
TOO_COLD = {key: value for key, value in TOO_HOT.items() if key != "clear_below"} | {
    "id": "too-cold", "raise_at": -500, "clear_above": -400,
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        yield conn


@pytest.fixture
def conn(shared):
    with shared.transaction(force_rollback=True):
        yield shared


def a_message(minute: float, values: object, asset: str = "P-101") -> Message:
    at = START + timedelta(minutes=minute)
    document = {"ts": round(at.timestamp() * 1000), "values": values}
    return Message(f"plantwright/v1/NTH/{asset}", json.dumps(document).encode(), round(at.timestamp() * 1e6))


def say(conn: psycopg.Connection, low: float | None, high: float | None) -> None:
    """Make the asset and its signal known, with its plausible range."""
    conn.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'North')")
    conn.execute("INSERT INTO assets (site_id, code, name) SELECT id, 'P-101', 'P-101' FROM sites")
    conn.execute("INSERT INTO signals (asset_id, name) SELECT id, 'temp' FROM assets")
    conn.execute(
        "INSERT INTO signal_versions (signal_id, version, plausible_low, plausible_high) "
        "SELECT id, 1, %s, %s FROM signals",
        [low, high],
    )


def taken(conn: psycopg.Connection, messages: list[Message], *rules: dict[str, Any], size: int = 1000):
    """Bring messages through; return the orders, as (component, type)."""
    state = engine.start(conn, Settings(), rulebook=rulebook.parse({"threshold": [*rules]}), models={}, holder="test")
    for i in range(0, len(messages), size):
        pipeline.process(conn, messages[i : i + size], state)
    assert engine.restore(conn).dump() == state.judge.dump()
    conn.execute("DELETE FROM checkpoints")
    assert engine.restore(conn).dump() == state.judge.dump()
    found = conn.execute("SELECT component, type FROM work_orders ORDER BY number").fetchall()
    return [tuple(row) for row in found], state


def qualities(conn: psycopg.Connection) -> list[tuple[float, int]]:
    return conn.execute(
        "SELECT value, quality FROM readings r JOIN signals s ON s.id = r.signal_id WHERE s.name = 'temp' "
        "ORDER BY arrival"
    ).fetchall()


def steady(minutes: int, **odd: float) -> list[Message]:
    """A frame a minute, of which the third has the odd values."""
    return [
        a_message(minute, {"temp": 60.0 + 0.1 * (minute % 3), "flow": 5.0} | (odd if minute == 3 else {}))
        for minute in range(minutes)
    ]


@pytest.mark.parametrize("size", [1, 1000])
def test_outside_a_range_that_was_said_no_limit_judges_and_the_instrument_of_a_safety_rule_has_an_order(conn, size):
    say(conn, -50.0, 250.0)
    orders, state = taken(conn, steady(6, temp=65535.0), TOO_HOT, size=size)
    assert orders == [("instrument", "reactive")]
    assert qualities(conn)[3] == (65535.0, 4)
    assert [quality for _, quality in qualities(conn)].count(4) == 1
    assert "temp" not in state.judge.assets["NTH/P-101"].doubted
    told = [told for (told,) in conn.execute("SELECT summary FROM evidence ORDER BY seq").fetchall()]
    assert "65535" in told[0].replace(",", "").replace("6.554e+04", "65535") and "too-hot is blind" in told[0]


def test_without_a_safety_rule_nothing_is_opened(conn):
    say(conn, -50.0, 250.0)
    orders, _ = taken(conn, steady(6, temp=65535.0), TOO_HOT | {"severity": "malfunction"})
    assert orders == []


@pytest.mark.parametrize("value", [1e200, 1.7976931348623157e308, -3.4e38])
def test_beyond_anything_that_is_measured_limits_judge_and_the_instrument_has_an_order(conn, value):
    orders, _ = taken(conn, steady(6, temp=value), TOO_HOT, TOO_COLD)
    assert sorted(orders) == [("bearing", "emergency"), ("instrument", "reactive")]
    assert qualities(conn)[3] == (value, 4)
    kept = conn.execute("SELECT signs::text FROM evidence").fetchall()
    assert not any("NaN" in signs or "Infinity" in signs for (signs,) in kept)


def test_no_model_sees_what_cannot_be_true(conn):
    say(conn, -50.0, 250.0)
    _, state = taken(conn, steady(6, temp=300.0))
    monitor = state.judge.assets["NTH/P-101"].monitor
    assert monitor is not None
    levels = [
        monitor.detector._numbers[kernel.row_of_signal(monitor.detector._shape, slot) + kernel.LEVEL] for slot in (0, 1)
    ]
    assert sorted(map(round, levels)) == [5, 60]
    assert min(levels) > 4.0 and max(levels) < 61.0


def test_a_device_may_call_it_bad_itself_and_then_nothing_judges_it(conn):
    say(conn, -50.0, 250.0)
    bad = json.dumps({"ts": round(START.timestamp() * 1000), "values": {"temp": 9999}, "quality": "bad"}).encode()
    orders, _ = taken(conn, [Message("plantwright/v1/NTH/P-101", bad, US)], TOO_HOT)
    assert orders == []
    assert qualities(conn) == [(9999.0, 2)]


def test_a_range_that_is_said_while_it_runs_holds_from_the_next_batch(conn):
    say(conn, None, None)
    state = engine.start(conn, Settings(), rulebook=rulebook.parse({"threshold": [TOO_HOT]}), models={}, holder="test")
    pipeline.process(conn, [a_message(k, {"temp": 60.0}) for k in range(3)], state)
    conn.execute(
        "INSERT INTO signal_versions (signal_id, version, plausible_high) "
        "SELECT id, 2, 100 FROM signals WHERE name = 'temp'"
    )
    done = pipeline.process(conn, [a_message(4, {"temp": 150.0})], state)
    assert [each.step for each in done.done] == ["opened"]
    assert qualities(conn)[-1] == (150.0, 4)
    assert conn.execute("SELECT component FROM work_orders").fetchall() == [("instrument",)]


@pytest.mark.parametrize("value", [None, -127.0, 65535.0, 1e6, 3.4028235e38, 1.7976931348623157e308])
def test_one_impossible_reading_opens_nothing_and_the_fault_after_it_is_found(conn, value):
    """A day of frames a minute, one impossible reading, a day and a half, and then a fault of fifty deviations."""
    found = 2 * 1440 + 720
    messages = []
    for minute in range(found + 100):
        r = random.Random(minute)
        values = {"t1": 50 + r.gauss(0, 0.3) + 15 * (minute >= found), "vib": 1.5 + r.gauss(0, 0.05)}
        if minute == 1440 and value is not None:
            values["t1"] = value
        messages.append(a_message(minute, values))
    state = engine.start(conn, Settings(), rulebook=rulebook.EMPTY, models={}, holder="test")
    for i in range(0, found, 360):
        assert pipeline.process(conn, messages[i : i + 360], state).done == []
    done = pipeline.process(conn, messages[found:], state).done
    assert [each.step for each in done][:1] == ["opened"]
    health = state.judge.assets["NTH/P-101"].health
    assert health is not None and health.index < 50
    assert not conn.execute("SELECT 1 FROM evidence WHERE signs::text LIKE '%%NaN%%'").fetchall()
    assert engine.restore(conn).dump() == state.judge.dump()


def run_of(minutes: int, odd: dict[int, float], seed: int = 1) -> list[Message]:
    """A frame a minute, in which the odd values stand in for those of ``temp`` at their minutes."""
    r = random.Random(seed)
    return [
        a_message(k, {"temp": odd.get(k, 60 + r.gauss(0, 0.3)), "vib": 1.5 + r.gauss(0, 0.05)}) for k in range(minutes)
    ]


@pytest.mark.parametrize("size", [1, 37, 1000])
def test_far_out_from_what_was_seen_it_is_bad_and_no_model_sees_it_and_limits_judge_it(conn, size):
    odd = {600: 65535.0}
    orders, state = taken(conn, run_of(660, odd), TOO_HOT | {"severity": "malfunction"}, size=size)
    assert orders == [("bearing", "reactive")]
    assert [kept for kept in qualities(conn) if kept[1]] == [(65535.0, 4)]
    monitor = state.judge.assets["NTH/P-101"].monitor
    assert monitor is not None
    assert monitor.usual("temp") is None or monitor.usual("temp")[1] < 70.0


def test_where_a_safety_rule_reads_it_the_instrument_has_an_order_at_once(conn):
    orders, state = taken(conn, run_of(620, {600: -65535.0}), TOO_HOT)
    assert orders == [("instrument", "reactive")]
    assert state.judge.assets["NTH/P-101"].doubted == {}
    (told,) = conn.execute("SELECT summary FROM evidence ORDER BY seq LIMIT 1").fetchone()
    assert "far beyond anything seen of it" in told


@pytest.mark.parametrize("size", [1, 37, 1000])
def test_a_move_that_lasts_is_believed_from_its_third_value_on(conn, size):
    odd = {k: 1e6 + k for k in range(600, 700)}
    taken(conn, run_of(700, odd), size=size)
    assert [quality for _, quality in qualities(conn)][598:604] == [0, 0, 4, 4, 0, 0]
    assert [quality for _, quality in qualities(conn)].count(4) == 2


def test_a_range_that_was_said_goes_before_what_was_seen(conn):
    say(conn, -1e12, 1e12)
    taken(conn, run_of(620, {600: 1e9}))
    assert {quality for _, quality in qualities(conn)} == {0}


def test_a_restart_goes_on_from_what_was_seen(conn):
    messages = run_of(620, {600: 65535.0, 601: 65535.0})
    state = engine.start(conn, Settings(), rulebook=rulebook.EMPTY, models={}, holder="test")
    pipeline.process(conn, messages[:300], state)
    engine.save(conn, state)
    pipeline.process(conn, messages[300:601], state)
    again = engine.start(conn, Settings(), rulebook=rulebook.EMPTY, models={}, holder="another")
    assert again.judge.dump() == state.judge.dump()
    pipeline.process(conn, messages[601:], again)
    assert [quality for _, quality in qualities(conn)].count(4) == 2
