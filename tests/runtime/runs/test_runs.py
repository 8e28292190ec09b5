"""Runs: real processes that are killed, cancelled, too hungry. Nothing is lost, nothing is done twice."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import CheckViolation

from db.runs import runs
from db.runs.runs import Run
from runtime.runs.worker import Limits, Worker
from tests.parts import databases
from tests.runtime.runs import a_child, a_worker, kinds
from workorder_core.runs.runs import MOST_CRASHES, State

PATIENCE_S = 120.0
LIMITS = Limits(at_once=3, memory_mb=400, lease_s=1.0, grace_s=1.0)


@pytest.fixture(scope="module")
def database(embedded_server: str, _template: str) -> Iterator[str]:
    kinds.known()
    with databases.fresh(embedded_server, _template) as url:
        with psycopg.connect(url) as conn:
            conn.execute("CREATE TABLE done_by_runs (run uuid)")
        yield url
    kinds.forgotten()


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


def ask(conn: psycopg.Connection, kind: str, **asked: object) -> UUID:
    return runs.add(conn, kind, kind, asked, site=None, actor="person:dahl", at=datetime.now(UTC)).id


def claim(conn: psycopg.Connection, worker: str, seconds: float) -> Run:
    run = runs.claim(conn, worker, timedelta(seconds=seconds))
    assert run is not None
    return run


@contextmanager
def working(database: str, limits: Limits = LIMITS) -> Iterator[None]:
    stop = threading.Event()
    worker = Worker(database, limits, dict(os.environ), a_worker.CHILD)
    thread = threading.Thread(target=worker.work, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)


def until(conn: psycopg.Connection, run_id: UUID, fits: Callable[[Run], bool]) -> Run:
    deadline = time.monotonic() + PATIENCE_S
    while not fits(run := runs.get(conn, run_id)):
        assert time.monotonic() < deadline, f"waited in vain: {run}"
        time.sleep(0.02)
    return run


def is_over(run: Run) -> bool:
    return run.state.is_final


def done(conn: psycopg.Connection, run_id: UUID) -> int:
    row = conn.execute("SELECT count(*) FROM done_by_runs WHERE run = %s", [run_id]).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="module")
def killed(database: str) -> dict[tuple[str, str], UUID]:
    """Runs of both sorts whose processes were killed at each point, when all of them are over."""
    with psycopg.connect(database, autocommit=True) as conn:
        asked = {("steps", point): ask(conn, "steps", die=point) for point in a_child.POINTS}
        asked |= {("unsafe", point): ask(conn, "unsafe", die=point) for point in a_child.POINTS[1::2]}
        with working(database):
            for each in asked.values():
                until(conn, each, is_over)
    return asked


@pytest.mark.parametrize("point", a_child.POINTS)
def test_a_run_whose_process_is_killed_is_done_once(conn, killed, point):
    run = runs.get(conn, killed["steps", point])
    assert run.state is State.SUCCEEDED
    assert done(conn, run.id) == 1
    again = point != "after the commit"
    assert (run.attempt, run.crashes, run.result) == (1 + again, int(again), {"attempt": 1 + again})
    assert any("SIGKILL; it is run again" in each.line for each in runs.log(conn, run.id)) is again


@pytest.mark.parametrize("point", a_child.POINTS[1::2])
def test_what_is_not_safe_again_is_not_run_again_and_says_so(conn, killed, point):
    run = runs.get(conn, killed["unsafe", point])
    assert (run.state, run.attempt) == (State.FAILED, 1)
    assert run.problem is not None
    assert "SIGKILL; it is not run again, because it may have done a part of its work" in run.problem
    assert done(conn, run.id) == 0


@pytest.mark.parametrize("point", a_worker.POINTS)
def test_a_run_whose_worker_is_killed_is_done_once_by_another(database, conn, point):
    run_id = ask(conn, "endless" if point == "while it runs" else "steps")
    environment = {**os.environ, "PLANTWRIGHT_DATABASE": database}
    command = [sys.executable, "-m", "tests.runtime.runs.a_worker", point]
    assert subprocess.run(command, env=environment, timeout=PATIENCE_S, check=False).returncode == -9
    with working(database):
        if point == "while it runs":
            until(conn, run_id, lambda run: run.attempt == 2 and run.doing == "going on")
            runs.cancel(conn, run_id, actor="person:dahl", at=datetime.now(UTC))
            assert until(conn, run_id, is_over).state is State.CANCELLED
            return
        run = until(conn, run_id, is_over)
    assert (run.state, done(conn, run_id)) == (State.SUCCEEDED, 1)
    if point == "after the claim":
        assert run.attempt == 2
        assert any("that had it has gone; it is run again" in each.line for each in runs.log(conn, run_id))


def test_a_run_that_kills_its_process_each_time_is_given_up(conn, database):
    run_id = ask(conn, "steps")
    for crash in range(1, MOST_CRASHES + 1):
        run = claim(conn, "somebody", -1)
        assert run.attempt == crash
        worker = Worker(database, LIMITS, dict(os.environ))
        worker._settle_abandoned(conn)
    run = runs.get(conn, run_id)
    assert run.state is State.FAILED
    assert run.problem is not None
    assert f"{MOST_CRASHES} times in all" in run.problem


def test_a_process_that_was_thought_dead_changes_nothing(conn, database):
    """Two workers believe that they have one run: only the newer one's writings count."""
    run_id = ask(conn, "steps")
    old = claim(conn, "old", -1)
    Worker(database, LIMITS, dict(os.environ))._settle_abandoned(conn)
    new = claim(conn, "new", 60)
    assert (old.id, new.id, new.attempt) == (run_id, run_id, 2)
    assert runs.report(conn, old, 0.9, "late") is None
    assert runs.renew(conn, old, timedelta(seconds=60)) is None
    assert not runs.succeed(conn, old, {})
    assert not runs.fail(conn, old, "late")
    assert runs.report(conn, new, 0.2, "on time") is False
    assert runs.succeed(conn, new, {"by": "new"})
    assert runs.get(conn, run_id).result == {"by": "new"}


def test_one_run_is_claimed_by_one_worker(conn, database):
    run_id = ask(conn, "steps")
    with psycopg.connect(database) as first, psycopg.connect(database) as second:
        assert claim(first, "first", 60).id == run_id
        assert runs.claim(second, "second", timedelta(seconds=60)) is None
        first.commit()
        second.commit()
        assert runs.claim(second, "second", timedelta(seconds=60)) is None
    runs.end_cancelled(conn, runs.get(conn, run_id))


def test_the_most_urgent_run_is_first_then_the_one_that_waits_longest(conn):
    at = datetime.now(UTC)
    asked = {
        name: runs.add(
            conn, "steps", name, {}, site=None, actor="person:dahl", at=at + timedelta(seconds=after), priority=priority
        )
        for name, after, priority in (("later", 2, 5), ("earlier", 1, 5), ("last", 0, 9), ("first", 3, 1))
    }
    claimed = [claim(conn, "somebody", 60) for _ in asked]
    assert [run.title for run in claimed] == ["first", "earlier", "later", "last"]
    for run in claimed:
        runs.end_cancelled(conn, run)


def test_a_run_is_cancelled_by_its_own_will_or_by_force(database, conn):
    willing, deaf, waiting = ask(conn, "endless"), ask(conn, "deaf"), ask(conn, "endless")
    with working(database, Limits(at_once=2, memory_mb=400, lease_s=1.0, grace_s=1.0)):
        for each in (willing, deaf):
            until(conn, each, lambda run: run.progress > 0)
        for each in (waiting, willing, deaf):
            runs.cancel(conn, each, actor="person:dahl", at=datetime.now(UTC))
        ended = [until(conn, each, is_over) for each in (willing, deaf, waiting)]
    assert [run.state for run in ended] == [State.CANCELLED] * 3
    assert {run.cancel_asked_by for run in ended} == {"person:dahl"}
    assert ended[2].attempt == 0
    until(conn, deaf, lambda run: any("was ended" in each.line for each in runs.log(conn, run.id)))
    with pytest.raises(runs.RunFinished, match="cancelled already"):
        runs.cancel(conn, deaf, actor="person:dahl", at=datetime.now(UTC))


def test_a_run_that_needs_too_much_memory_or_cannot_be_done_fails_with_a_sentence(database, conn):
    greedy, unexpected = ask(conn, "greedy"), ask(conn, "unlucky")
    asked = ask(conn, "unlucky", problem="there is no asset X")
    with working(database):
        problems = [str(until(conn, each, is_over).problem) for each in (greedy, asked, unexpected)]
    assert problems[0].startswith("the greedy needed more than the 400 MB of memory that a run may have;")
    assert problems[1] == "there is no asset X"
    assert problems[2].startswith("plantwright failed at this (ZeroDivisionError: nobody expected that)")


def test_a_worker_that_is_stopped_gives_its_run_back(database, conn):
    run_id = ask(conn, "endless")
    with working(database):
        until(conn, run_id, lambda run: run.progress > 0)
    run = runs.get(conn, run_id)
    assert (run.state, run.crashes, run.attempt) == (State.QUEUED, 0, 1)
    runs.cancel(conn, run_id, actor="person:dahl", at=datetime.now(UTC))


def test_how_a_run_has_ended_is_never_changed(conn):
    run_id = ask(conn, "steps")
    runs.cancel(conn, run_id, actor="person:dahl", at=datetime.now(UTC))
    with pytest.raises(CheckViolation, match="has ended already"):
        conn.execute("UPDATE runs SET state = 'queued', ended_at = NULL WHERE id = %s", [run_id])


def test_runs_are_forgotten_after_a_time_with_all_that_they_have(conn):
    run_id = ask(conn, "steps")
    run = claim(conn, "somebody", 60)
    runs.note(conn, run, "a line")
    runs.succeed(conn, run, {}, [runs.MadeFile(name="a.txt", media_type="text/plain", size=1, content=b"x")])
    assert runs.drop(conn, before=datetime.now(UTC) - timedelta(days=1)) == 0
    assert runs.get(conn, run_id).state is State.SUCCEEDED
    assert runs.drop(conn, before=datetime.now(UTC) + timedelta(days=1)) > 0
    assert runs.log(conn, run_id) == []
    assert runs.files(conn, run_id) == []
