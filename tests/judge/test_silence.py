"""What people have shelved or taken out of service opens no orders, and that is the same in every run of the inputs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from db.alarms import alarm_points, alarms
from db.plant import plant
from db.telemetry import judge as judge_db
from runtime.backtest.command import Wanted, judge_again
from runtime.pipeline import engine, pipeline
from tests.judge.test_alarm_flood import PLANT, RULES, START, a_message, orders, take_up
from workorder_core.alarms.alarm_states import IllegalAlarmMove, MayNotBeShelved, State

HOUR = timedelta(hours=1)
WHY = {"why": "the probe is being moved", "actor": "person:Mette Lund"}


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        yield conn


def alarm(conn: psycopg.Connection, source: str = "rule:hot", asset: str = "P-01") -> tuple[int, str]:
    row: Any = conn.execute("SELECT id FROM assets WHERE code = %s", [asset]).fetchone()
    return row[0], source


def hot(*seconds: float, asset: str = "P-01", temp: float = 95.0, **more: float):
    return [a_message(second, asset, temp=temp, **more) for second in seconds]


def state(conn: psycopg.Connection, key: tuple[int, str]) -> State:
    found = alarm_points.get(conn, key).state
    conn.commit()
    return found


def faithful(conn: psycopg.Connection, judge: engine.Engine) -> bool:
    """Whether a judge that begins from nothing comes to the same state, and a backtest to the same orders."""
    same = engine.restore(conn).dump() == judge.judge.dump()
    conn.execute("DELETE FROM checkpoints")
    same &= engine.restore(conn).dump() == judge.judge.dump()
    conn.rollback()
    again = judge_again(conn, Wanted(against="live"))
    return same and again.difference is not None and again.difference.none


def test_a_shelved_alarm_opens_no_order_until_its_end_by_event_time(conn):
    judge = take_up(conn)
    key = alarm(conn)
    alarm_points.shelve(conn, key, until=START + HOUR, at=START, **WHY)
    conn.commit()
    pipeline.process(conn, [*hot(0, 600, 3599), *hot(10, asset="P-02")], judge)
    assert [row[0] for row in orders(conn)] == ["P-02"]
    assert state(conn, key) is State.SHELVED
    assert [each.suppressed for each in alarms.page(conn, asset_id=key[0])] == ["shelved"]
    pipeline.process(conn, hot(3600), judge)
    assert [row[0] for row in orders(conn)] == ["P-01", "P-02"]
    assert state(conn, key) is State.UNACKNOWLEDGED
    assert [each.suppressed for each in alarms.page(conn, asset_id=key[0])] == [None]
    told = [(each.actor, each.move, each.new_state, each.why) for each in alarm_points.moves(conn, asset_id=key[0])]
    assert told[::-1] == [
        ("person:Mette Lund", "shelve", "shelved", "the probe is being moved"),
        ("system:engine", "unshelve", "unacknowledged", "its time is over"),
    ]
    assert faithful(conn, judge)


def test_a_shelf_ends_by_a_tick_where_the_asset_is_silent(conn):
    judge = take_up(conn)
    key = alarm(conn)
    pipeline.process(conn, hot(0), judge)
    alarm_points.shelve(conn, key, until=START + HOUR, at=START, **WHY)
    judge_db.add(conn, "tick", {"at": (START + HOUR - timedelta(seconds=1)).isoformat()}, "system:engine")
    conn.commit()
    pipeline.process(conn, [], judge)
    assert state(conn, key) is State.SHELVED
    judge_db.add(conn, "tick", {"at": (START + HOUR).isoformat()}, "system:engine")
    conn.commit()
    pipeline.process(conn, [], judge)
    assert state(conn, key) is State.UNACKNOWLEDGED, "its condition was there when it was shelved"
    assert faithful(conn, judge)


def test_what_is_shelved_and_over_comes_back_as_normal(conn):
    judge = take_up(conn)
    key = alarm(conn)
    pipeline.process(conn, hot(0), judge)
    alarm_points.shelve(conn, key, until=START + HOUR, at=START, **WHY)
    conn.commit()
    pipeline.process(conn, hot(60, temp=50.0), judge)
    assert state(conn, key) is State.SHELVED
    alarm_points.unshelve(conn, key, actor="person:Mette Lund", at=START)
    conn.commit()
    assert state(conn, key) is State.NORMAL
    pipeline.process(conn, hot(120), judge)
    assert state(conn, key) is State.UNACKNOWLEDGED
    assert faithful(conn, judge)


def test_a_safety_alarm_is_not_shelved_and_no_event_silences_it(conn):
    judge = take_up(conn)
    key = alarm(conn, "rule:gas")
    with pytest.raises(MayNotBeShelved, match="rule:gas of NTH/P-01"):
        alarm_points.shelve(conn, key, until=START + HOUR, at=START, **WHY)
    conn.rollback()
    payload = {"source": "rule:gas", "move": "shelve", "until": (START + HOUR).isoformat()}
    judge_db.add(conn, "alarm", payload, "person:somebody", key[0])
    conn.commit()
    pipeline.process(conn, [a_message(0, "P-01", gas=40.0)], judge)
    assert [row[:3] for row in orders(conn)] == [("P-01", "ELP", "emergency")]


def test_out_of_service_holds_a_safety_alarm_for_its_time(conn):
    judge = take_up(conn)
    key = alarm(conn, "rule:gas")
    alarm_points.take_out(conn, key, until=START + HOUR, at=START, **WHY)
    conn.commit()
    pipeline.process(conn, [a_message(0, "P-01", gas=40.0)], judge)
    assert orders(conn) == []
    assert state(conn, key) is State.OUT_OF_SERVICE
    pipeline.process(conn, [a_message(3600, "P-01", gas=40.0)], judge)
    assert [row[:3] for row in orders(conn)] == [("P-01", "ELP", "emergency")]
    assert faithful(conn, judge)


def test_a_cause_that_is_shelved_explains_nothing(conn):
    judge = take_up(conn)
    alarm_points.shelve(conn, alarm(conn, "rule:power", "CAB-1"), until=START + HOUR, at=START, **WHY)
    conn.commit()
    pipeline.process(conn, [a_message(0, "CAB-1", voltage=0.0), a_message(1, "P-01", s0=5.0)], judge)
    assert [row[:2] for row in orders(conn)] == [("P-01", "LOO")], "nobody else would tell of it"


def test_what_a_cause_explains_is_suppressed_by_design_and_told_when_the_cause_is_over(conn):
    judge = take_up(conn)
    key = alarm(conn, "rule:low-s0")
    pipeline.process(conn, [a_message(0, "CAB-1", voltage=0.0), a_message(1, "P-01", s0=5.0)], judge)
    assert state(conn, key) is State.SUPPRESSED
    assert [each.suppressed for each in alarms.page(conn, asset_id=key[0])] == ["cause"]
    back = [a_message(60, "CAB-1", voltage=230.0), a_message(61, "P-01", s0=5.0), a_message(130, "P-01", s0=5.0)]
    pipeline.process(conn, back, judge)
    assert state(conn, key) is State.UNACKNOWLEDGED
    assert [each.suppressed for each in alarms.page(conn, asset_id=key[0])] == [None]


def test_a_latching_alarm_stays_until_somebody_resets_it(conn):
    limits = [each | ({"latching": True} if each["id"] == "hot" else {}) for each in RULES["threshold"]]
    judge = take_up(conn, {"threshold": limits})
    key = alarm(conn)
    pipeline.process(conn, [*hot(0), *hot(60, temp=50.0)], judge)
    assert state(conn, key) is State.LATCHED
    alarm_points.reset(conn, key, actor="person:Mette Lund", at=datetime.now(UTC))
    conn.commit()
    assert state(conn, key) is State.NORMAL


def test_two_people_who_acknowledge_at_once_are_told_apart(conn, database):
    judge = take_up(conn)
    key = alarm(conn)
    pipeline.process(conn, hot(0), judge)
    alarm_points.acknowledge(conn, [key], actor="person:Mette Lund", at=START)
    conn.commit()
    with psycopg.connect(database) as other, pytest.raises(IllegalAlarmMove, match="is acknowledged"):
        alarm_points.acknowledge(other, [key], actor="person:Ingrid Dahl", at=START)


def test_the_history_of_alarms_cannot_be_changed(conn):
    pipeline.process(conn, hot(0), take_up(conn))
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        conn.execute("UPDATE alarm_moves SET actor = 'nobody'")
