"""What people measure is stored and judged like a device's readings, once, whatever is killed between."""

from datetime import timedelta

import psycopg
import pytest

from db.plant import devices, plant
from db.telemetry import entered, quarantine, readings
from db.telemetry import judge as judge_db
from runtime.pipeline import engine, pipeline, splitting
from runtime.pipeline import entered as by_people
from tests.runtime.pipeline.batches import PLANT, START, a_message, take_up

SOMEBODY = "person:nadia"


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        yield conn


def enter(conn, value: float, *, minute: float, unit: str = "degC", signal: str = "temp") -> None:
    asset = plant.asset_by_key(conn, "NTH", "P-101", now=START)
    at = START + timedelta(minutes=minute)
    entered.add(conn, asset.id, signal, value, unit=unit, observed_at=at, actor=SOMEBODY)
    conn.commit()


def read(conn, state):
    state.next_entered_look = 0
    return by_people.read_waiting(conn, state)


def orders(conn):
    found = conn.execute("SELECT type, component FROM work_orders ORDER BY number").fetchall()
    conn.rollback()
    return found


def test_a_signal_of_any_name_that_a_device_can_send_can_be_measured(conn):
    state, name = take_up(conn), "Bearing temp/DE: 1" + "x" * 110
    enter(conn, 5.0, minute=1, signal=name, unit="")
    processed = read(conn, state)
    assert (processed.stored, processed.refused) == (1, [])
    assert left(conn) == 0


def left(conn) -> int:
    found = len(entered.waiting(conn))
    conn.rollback()
    return found


def test_a_value_that_somebody_measured_opens_the_order_that_a_device_would(conn):
    state = take_up(conn)
    pipeline.process(conn, [a_message(0)], state)
    enter(conn, 95.0, minute=1)
    before = state.judge.arrival
    processed = read(conn, state)
    assert (processed.stored, processed.late, [each.step for each in processed.done]) == (1, 0, ["opened"])
    assert orders(conn) == [("emergency", "bearing")]
    assert state.judge.arrival > before
    assert judge_db.holder_now(conn)[2] == state.judge.arrival + 1
    conn.rollback()
    assert left(conn) == 0
    assert read(conn, state) is None


def test_it_is_in_the_signals_unit_however_it_was_measured_and_older_than_the_newest_it_is_late(conn):
    state = take_up(conn)
    enter(conn, 203.0, minute=1, unit="degF")
    assert [each.step for each in read(conn, state).done] == ["opened"]
    enter(conn, 99.0, minute=0)
    assert (read(conn, state).late, readings.count(conn)) == (1, (2, 1))


def test_it_is_judged_once_by_an_engine_that_is_killed_after_the_commit_and_before_it_is_forgotten(conn, monkeypatch):
    state = take_up(conn)
    enter(conn, 95.0, minute=1)
    with monkeypatch.context() as killed:
        killed.setattr(entered, "done", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        state.next_entered_look = 0
        with pytest.raises(KeyboardInterrupt):
            by_people.read_waiting(conn, state)
    assert left(conn) == 1
    again = take_up(conn)
    processed = read(conn, again)
    assert (processed.stored, processed.repeated, processed.done) == (0, 1, [])
    assert (left(conn), readings.count(conn), len(orders(conn))) == (0, (1, 0), 1)
    conn.rollback()


def test_a_judge_that_is_rebuilt_has_judged_it_in_the_same_place(conn):
    state = take_up(conn)
    for minute, value in ((1, 85.0), (2, 95.0), (3, 70.0)):
        enter(conn, value, minute=minute)
        read(conn, state)
        pipeline.process(conn, [a_message(minute + 0.5)], state)
    ran = {part.name: part.state for part in state.judge.parts()}
    engine.rebuild(conn, state)
    assert {part.name: part.state for part in state.judge.parts()} == ran


def test_a_person_may_measure_what_is_bound_to_a_device_and_what_has_no_unit_in_common_is_in_quarantine(conn):
    devices.bind(conn, "d1", ["NTH/P-101"], actor="person:ola", at=START)
    conn.commit()
    state = take_up(conn)
    enter(conn, 61.0, minute=1)
    assert read(conn, state).stored == 1
    enter(conn, 3.0, minute=2, unit="bar")
    enter(conn, 62.0, minute=3)
    assert [str(each.reason) for each in read(conn, state).refused] == ["wrong_unit"]
    assert ([each.reason for each in quarantine.page(conn)], left(conn)) == (["wrong_unit"], 0)
    assert splitting.process(conn, [a_message(4)], state).refused != []
