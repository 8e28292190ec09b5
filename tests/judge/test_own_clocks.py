"""A reading is judged where it is newer than the last one of its own signal, whatever the clocks of the others say."""

import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ingest.messages import Message
from rules import rulebook
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from tests.parts import databases
from tests.runtime.pipeline.batches import START, a_message

US = int(START.timestamp()) * 1_000_000
INSTRUMENT = {"asset_class": "unclassified", "signal": "beat"}
HOT: dict[str, Any] = {
    "id": "hot", "asset_class": "unclassified", "signal": "temp", "raise_at": 90, "clear_below": 85,
    "component": "bearing", "failure_mode": "OHE", "severity": "malfunction",
}  # fmt: skip
RULES = rulebook.parse({"threshold": [HOT], "stale": [INSTRUMENT | {"id": "silent", "after": "10 min"}]})


@pytest.fixture(scope="module")
def shared(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        yield conn


@pytest.fixture
def conn(shared):
    with shared.transaction(force_rollback=True):
        yield shared


def taken(conn: psycopg.Connection, messages: list[Message], rules=RULES, size=1000, **facts: Any) -> list[str]:
    """Bring messages through the pipeline; return the orders' titles."""
    state = engine.start(conn, Settings(**facts), rulebook=rules, models={}, holder="test")
    for i in range(0, len(messages), size):
        pipeline.process(conn, messages[i : i + size], state)
    assert engine.restore(conn).dump() == state.judge.dump()
    return [title for (title,) in conn.execute("SELECT title FROM work_orders ORDER BY number").fetchall()]


def pairs(second: float, first: dict[str, float], behind: dict[str, float]) -> list[Message]:
    """Each minute a message, then one whose clock is behind."""
    found = []
    for minute in range(25):
        found += [a_message(minute, first), a_message(minute - second / 60, behind)]
    return found


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("second", [0.003, 2.0, 45.0])
def test_a_limit_sees_a_signal_whose_clock_is_behind_anothers(conn, second, size):
    assert len(taken(conn, pairs(second, {"flow": 100.0}, {"temp": 97.0}), size=size)) == 1
    assert conn.execute("SELECT count(*) FROM readings WHERE late").fetchone() == (0,)


@pytest.mark.parametrize("size", [1, 1000])
def test_a_signal_behind_another_ones_clock_is_not_silent(conn, size):
    assert taken(conn, pairs(2.0, {"flow": 100.0}, {"beat": 1.0}), size=size) == []


KINDS: dict[str, dict[str, Any]] = {
    "rate": {"rate": [HOT | {"raise_at": 50, "clear_below": 40, "over": "5 min"}]},
    "count": {
        "count": [
            {key: HOT[key] for key in ("id", "asset_class", "signal", "component", "failure_mode", "severity")}
            | {"above": 80, "rearm": 80, "times": 1, "within": "1 h"}
        ]
    },
    "stuck": {"stuck": [{"id": "stuck", "asset_class": "unclassified", "signal": "flat", "for": "10 min"}]},
    "expression": {
        "expression": [
            {key: HOT[key] for key in ("id", "asset_class", "component", "failure_mode", "severity")}
            | {"when": "temp > 90.0 && flow > 90.0"}
        ]
    },
    "derived": {
        "derived": [{"asset_class": "unclassified", "name": "sum", "value": "temp + flow"}],
        "threshold": [HOT | {"signal": "sum", "raise_at": 160, "clear_below": 100}],
    },
    "deviation": {"deviation": [HOT | {"from": "flow", "raise_at": 40, "clear_below": 30}]},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_rule_judges_by_the_signals_own_clock(conn, kind):
    messages = []
    for minute in range(25):
        steady = {"flow": 100.0 if kind != "deviation" else 40.0}
        messages += [a_message(minute, steady), a_message(minute - 0.05, {"temp": 60.0 + 2 * minute, "flat": 5.0})]
    assert len(taken(conn, messages, rulebook.parse(KINDS[kind]))) == 1


def test_an_operating_state_follows_a_signal_behind_anothers_clock(conn):
    state = {"asset_class": "unclassified", "signal": "speed", "running_above": 100, "stopped_below": 50}
    rules = rulebook.parse({"threshold": [HOT], "operating_state": [state]})
    stands = [a_message(-1, {"speed": 0.0}), *pairs(2.0, {"flow": 1.0, "temp": 97.0}, {"speed": 0.0})]
    assert taken(conn, stands, rules) == []
    runs = [a_message(30 + each, {"speed": 200.0}) for each in range(3)] + [a_message(33, {"temp": 97.0})]
    assert len(taken(conn, runs, rules)) == 1


def ms(minute: float) -> int:
    return round((START + timedelta(minutes=minute)).timestamp() * 1000)


NEWEST_FIRST = [(10 - minute, 97.0 if 2 <= minute <= 6 else 50.0) for minute in range(11)]
GATEWAY = {"thingsboard_site": "NTH"}
EACH = """
topic = "kep/{asset}"
site = "NTH"
each = "tags"
signal = "{.id}"
value = "v"

[time]
path = "t"
format = "ms"
"""


def received(topic: str, document: object) -> Message:
    return Message(topic, json.dumps(document).encode(), US + 3_600_000_000)


def test_a_message_that_has_the_newest_first_is_judged_oldest_first(conn):
    told = [{"ts": ms(minute), "values": {"temp": value}} for minute, value in NEWEST_FIRST]
    assert len(taken(conn, [received("plantwright/v1/NTH/P-101", told)])) == 1
    assert conn.execute("SELECT count(*) FROM readings WHERE late").fetchone() == (0,)


def test_a_gateways_message_that_has_the_newest_first_is_judged_oldest_first(conn):
    told = {"P-101": [{"ts": ms(minute), "values": {"temp": value}} for minute, value in NEWEST_FIRST]}
    assert len(taken(conn, [received("v1/gateway/telemetry", told)], **GATEWAY)) == 1


def test_the_tags_of_a_message_have_the_time_of_their_own_last_change(conn, tmp_path):
    (tmp_path / "kep.toml").write_text(EACH)
    tags = [{"id": "flow", "v": 1.0, "t": ms(10)}, *({"id": "temp", "v": v, "t": ms(at)} for at, v in NEWEST_FIRST)]
    message = received("kep/P-101", {"tags": tags})
    assert len(taken(conn, [message], mappings=[str(tmp_path / "kep.toml")])) == 1


def test_topics_of_a_namespace_that_each_have_a_time_of_their_own(conn):
    messages = []
    for minute in range(25):
        for name, value, at in (("flow", 100.0, ms(minute)), ("temp", 97.0, ms(minute) - 3)):
            document = {"timestamp_ms": at, "value": value}
            messages.append(received(f"umh/v1/acme/bergen/hall/line-1/_historian/{name}", document))
    assert len(taken(conn, messages, mappings=["umh"])) == 1


def test_the_model_leaves_out_what_lies_behind_its_newest_frame(conn):
    state = engine.start(conn, Settings(), rulebook=RULES, models={}, holder="test")
    pipeline.process(conn, pairs(2.0, {"flow": 100.0}, {"temp": 60.0}), state)
    judge = state.judge.assets["NTH/P-101"]
    assert judge.watermark_us == US + 24 * 60_000_000
    assert judge.newest == {"flow": US + 24 * 60_000_000, "temp": US + 24 * 60_000_000 - 2_000_000}
    assert judge.monitor is not None


def test_what_was_refused_moves_no_clock_however_the_stream_is_cut(conn):
    messages = [
        a_message(3, {"temp": 60.0}),
        Message(
            "plantwright/v1/NTH/P-101", json.dumps({"ts": ms(4), "values": {"flow": 1}, "quality": "bad"}).encode(), US
        ),
        a_message(4, {"flow": 2.0}),
        a_message(3.5, {"flow": 3.0}),
    ]

    def left(size: int) -> tuple[list[Any], bytes]:
        with conn.transaction(force_rollback=True):
            state = engine.start(conn, Settings(), rulebook=RULES, models={}, holder="test")
            for i in range(0, len(messages), size):
                pipeline.process(conn, messages[i : i + size], state)
            return conn.execute("SELECT value, late FROM readings ORDER BY arrival").fetchall(), state.judge.dump()

    assert left(1) == left(4)
