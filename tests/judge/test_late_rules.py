"""What came late opens an order where its rule says so: one for each excursion, of the past, however it is cut."""

import json
from typing import Any

import psycopg
import pytest

from ingest.messages import Message
from judge.judge import Judge
from rules import rulebook
from rules.rulebook import InvalidRulebook
from runtime.backtest import running, stored
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from tests.parts import databases
from tests.runtime.pipeline.batches import START, a_message

HOT: dict[str, Any] = {
    "id": "hot", "asset_class": "unclassified", "signal": "temp", "raise_at": 90, "clear_below": 85,
    "component": "bearing", "failure_mode": "OHE", "severity": "malfunction", "late": "order",
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        yield conn


@pytest.fixture
def conn(shared):
    with shared.transaction(force_rollback=True):
        yield shared


def backlog(excursions: dict[int, float], *, since: int = -120, until: int = 0) -> list[Message]:
    """A live reading, then what was buffered before it, a message a minute, oldest first."""
    live = [a_message(minute, {"temp": 60.0, "flow": 5.0}) for minute in range(3)]
    return live + [a_message(minute, {"temp": excursions.get(minute, 60.0)}) for minute in range(since, until)]


def taken(conn: psycopg.Connection, messages: list[Message], *, size: int = 1000, restart: bool = False, **rule: Any):
    rules = rulebook.parse({"threshold": [{**HOT, **rule}]})
    state = engine.start(conn, Settings(), rulebook=rules, models={}, holder="test")
    for i in range(0, len(messages), size):
        pipeline.process(conn, messages[i : i + size], state)
        if restart:
            state = engine.start(conn, Settings(), rulebook=rules, models={}, holder="test")
    assert engine.restore(conn).dump() == state.judge.dump()
    conn.execute("DELETE FROM checkpoints")
    assert engine.restore(conn).dump() == state.judge.dump()
    return orders(conn)


def orders(conn: psycopg.Connection) -> list[tuple[Any, ...]]:
    return conn.execute(
        "SELECT w.id, w.component, w.opened_at, e.summary FROM work_orders w JOIN evidence e ON e.order_id = w.id "
        "ORDER BY w.number, e.seq"
    ).fetchall()


LONG = dict.fromkeys(range(-60, -30), 97.0)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_excursion_opens_one_order_of_its_own_time_that_says_how_late_it_came(conn, size):
    [(_, component, opened_at, told)] = taken(conn, backlog(LONG), size=size)
    assert component == "bearing"
    assert (opened_at - START).total_seconds() == -60 * 60
    assert "97" in told and "It came late, 62 min behind" in told


def test_every_cut_and_restart_comes_to_the_same_order(conn):
    found = []
    for size, restart in ((1, False), (5, True), (1000, False)):
        with conn.transaction(force_rollback=True):
            found.append(taken(conn, backlog(LONG), size=size, restart=restart))
    assert found[0] == found[1] == found[2] != []


def test_by_default_it_is_noted_only(conn):
    assert taken(conn, backlog(LONG), late="note") == []
    assert conn.execute("SELECT count(*) FROM readings WHERE late").fetchone() == (120,)


def test_it_has_to_last_as_long_as_the_rule_says(conn):
    lasts: dict[str, Any] = {"for": "2 min"}
    with conn.transaction(force_rollback=True):
        assert taken(conn, backlog({-60: 97.0, -58: 97.0}), **lasts) == []
    [(_, _, opened_at, _)] = taken(conn, backlog(LONG), **lasts)
    assert (opened_at - START).total_seconds() == -58 * 60


def test_a_second_excursion_joins_the_order_that_is_open(conn):
    found = taken(conn, backlog(LONG | dict.fromkeys(range(-20, -10), 99.0)))
    assert len({order_id for order_id, *_ in found}) == 1


def test_it_raises_no_alarm_and_a_live_order_of_the_fault_stays_the_one(conn):
    live = [a_message(minute, {"temp": 97.0}) for minute in range(3)]
    found = taken(conn, live + backlog(LONG)[3:])
    assert len({order_id for order_id, *_ in found}) == 1
    assert conn.execute("SELECT count(*) FROM alarms").fetchone() == (1,)


def test_what_cannot_be_true_or_is_bad_opens_nothing(conn):
    assert taken(conn, backlog({-50: 1e300}), clear_below=85) == []
    at = round(START.timestamp() * 1000) - 3_600_500
    bad = json.dumps({"ts": at, "values": {"temp": 97}, "quality": "bad"}).encode()
    assert taken(conn, [Message("plantwright/v1/NTH/P-101", bad, at * 1000)]) == []


def test_imported_history_opens_nothing_not_even_when_the_judge_is_rebuilt(conn):
    state = engine.start(
        conn, Settings(), rulebook=rulebook.parse({"threshold": [HOT]}), models={}, holder="test"
    )  # fmt: skip
    pipeline.process(conn, backlog({}), state)
    first, last = conn.execute("SELECT min(arrival), max(arrival) FROM readings WHERE late").fetchone() or (0, 0)
    conn.execute("UPDATE readings SET value = 97 WHERE late")
    conn.execute("INSERT INTO import_places (first, last) VALUES (%s, %s)", [first, last])
    for history, opened in ((True, 0), (False, 1)):
        if not history:
            conn.execute("DELETE FROM import_places")
        judge = Judge()
        engine.fold(conn, judge, upto=last)
        assert len(judge.book.all()) == opened


def test_a_backtest_opens_the_same_order(conn):
    live = taken(conn, [*backlog(LONG), a_message(5, {"temp": 60.0})])
    where = stored.arrival_range(conn, stored.Range())
    assert [order.id for order in running.run(stored.inputs(conn, where)).orders] == [live[0][0]]


@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("rate", {"over": "5 min"}, "only a threshold can judge late readings"),
        ("deviation", {"from": "flow"}, "only a threshold can judge late readings"),
        ("threshold", {"late": "alarm"}, "late: 'alarm' is not known; use one of note, order"),
        ("threshold", {"states": ["running"]}, 'add "unknown" to states'),
    ],
)
def test_where_it_makes_no_sense_it_is_refused_and_the_reason_said(kind, more, told):
    with pytest.raises(InvalidRulebook) as refused:
        rulebook.parse({kind: [HOT | more]})
    assert told in str(refused.value)


def test_a_derived_signal_is_refused_for_it_does_not_come_late():
    derived = {"asset_class": "unclassified", "name": "temp", "value": "a + b"}
    with pytest.raises(InvalidRulebook) as refused:
        rulebook.parse({"threshold": [HOT], "derived": [derived]})
    assert "late" in str(refused.value)
