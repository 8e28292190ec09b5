"""The timetable while somebody sets the clock of the machine."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from apscheduler.schedulers import base as schedulers

from db.alarms import engine_alarms
from runtime.processes import clock, jobs
from runtime.processes.timetable import Timetable
from tests.runtime.processes import kills
from workorder_core.alarms.engine_alarms import Code, EngineAlarm


@pytest.fixture
def conn(database):
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


class Set:
    """The wall clock as the program sees it, set back or forward; the monotonic one goes on."""

    def __init__(self, monkeypatch):
        self.by_s = 0.0
        outer = self

        class Shifted(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.now(tz) + timedelta(seconds=outer.by_s)

        monkeypatch.setattr(schedulers, "datetime", Shifted)
        monkeypatch.setattr(jobs, "datetime", Shifted)
        ahead = clock._ahead_s
        monkeypatch.setattr(clock, "_ahead_s", lambda: ahead() + self.by_s)


def jumped(conn) -> list[EngineAlarm]:
    found = engine_alarms.standing(conn, now=datetime.now(UTC))
    return [each for each in found if each.code == Code.CLOCK_JUMPED]


@pytest.mark.parametrize("by_s", [-7_200.0, 86_400.0])
def test_a_clock_that_is_set_stops_no_job_and_is_an_alarm(database, conn, monkeypatch, by_s):
    ran: list[float] = []
    wall = Set(monkeypatch)
    monkeypatch.setattr(jobs, "LOOK_AT_CLOCK_S", 0.2)

    def assign(*_: object) -> int:
        ran.append(wall.by_s)
        return 0

    monkeypatch.setattr(jobs, "assign_open", assign)
    stop = threading.Event()
    every = Timetable(assign_every_s=0.2, escalate_every_s=3600)
    runner = threading.Thread(target=jobs.run, args=(database, every, stop))
    runner.start()
    try:
        kills.within(lambda: ran, "a job runs")
        wall.by_s = by_s
        kills.within(lambda: ran.count(by_s) > 3, "it goes on")
        kills.within(lambda: jumped(conn), "it is an alarm")
    finally:
        stop.set()
        runner.join(60)
    [said] = jumped(conn)
    assert ("set back by 7,200 s" if by_s < 0 else "set forward by 86,400 s") in said.problem


def test_nothing_old_is_dropped_for_a_day_after_a_clock_was_set_years_ahead(database, monkeypatch):
    """A clock that is wrong for a minute would otherwise drop all that there is, for ever."""
    dropped: list[str] = []
    ran: list[float] = []
    wall = Set(monkeypatch)
    monkeypatch.setattr(jobs, "LOOK_AT_CLOCK_S", 0.2)

    def noted(into: list[Any], what: Callable[[], Any]) -> Callable[..., int]:
        def note(*_: object, **__: object) -> int:
            into.append(what())
            return 0

        return note

    monkeypatch.setattr(jobs, "assign_open", noted(ran, lambda: wall.by_s))
    drops = [name for name in vars(jobs) if name.startswith("drop_old_")] + ["forget_answers"]
    for name in drops:
        monkeypatch.setattr(jobs, name, noted(dropped, partial(str, name)))
    stop, day = threading.Event(), timedelta(days=1)
    every = Timetable(assign_every_s=0.2, retention=day, alarm_retention=day, quarantine_retention=day)
    runner = threading.Thread(target=jobs.run, args=(database, every, stop))
    runner.start()
    try:
        kills.within(lambda: set(dropped) == set(drops), "everything old is dropped")
        kills.within(lambda: ran, "a job runs")
        dropped.clear()
        wall.by_s = 10 * 365 * 86_400.0
        kills.within(lambda: ran.count(wall.by_s) > 5, "it goes on")
        assert dropped == []
        wall.by_s = 0.0
        kills.within(lambda: set(dropped) == set(drops), "everything old is dropped")
    finally:
        stop.set()
        runner.join(60)


def test_of_the_times_that_a_clock_set_years_ahead_leaves_out_one_is_made_up_for():
    every = jobs.Every(seconds=0.2, timezone=UTC)
    first = datetime(2026, 3, 2, tzinfo=UTC)
    late = first + timedelta(days=3_650)
    assert every.get_next_fire_time(first, first) == first + timedelta(seconds=0.2)
    assert every.get_next_fire_time(first, late) == late + timedelta(seconds=0.2)
