"""The heartbeat to an address outside: sent while the engine is well, to a real HTTP receiver, and never otherwise."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import scalar_row

from db.alarms import engine_alarms, heartbeats
from db.events import events, receivers
from db.events.sealing import Sealer
from db.telemetry import engine_metrics
from db.telemetry.engine_metrics import EngineMetrics
from runtime.processes import heartbeat
from runtime.processes.heartbeat import Outside
from tests.runtime.delivery.servers import HttpReceiver

ROOT = Path(__file__).parents[3]
PATH = "a-long-secret-path"
TOKEN = "tk-outside"
PATIENCE_S = 120


@pytest.fixture
def http():
    with HttpReceiver().serving() as receiver:
        yield receiver


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        yield conn


def url(http):
    return f"http://127.0.0.1:{http.port}/{PATH}?key=in-the-query"


def judging(conn, **metrics):
    """Write metrics, as ingest does each second."""
    fence = conn.execute("SELECT fence FROM judge_position").fetchone()[0]
    engine_metrics.write(conn, fence, EngineMetrics(**{"lag_limit_s": 60.0} | metrics))
    conn.commit()


def beat(conn, http, every_s=0.01):
    time.sleep(every_s)
    heartbeat.beat(conn, Outside(url=url(http), token=TOKEN, every_s=every_s))
    found = heartbeats.newest(conn)
    conn.rollback()
    return found


def failed(conn):
    found = engine_alarms.standing(conn, now=datetime.now(UTC))
    conn.rollback()
    return [each for each in found if each.code == "heartbeat_failed"]


def test_it_is_sent_while_the_engine_is_well_and_shows_how_that_ended(conn, http):
    judging(conn)
    found = beat(conn, http)
    (got,) = http.got
    assert got.headers["authorization"] == f"Bearer {TOKEN}"
    assert json.loads(got.body)["every_s"] == 0.01
    assert (found.unwell, found.fault, found.status) == ("", None, 204)
    assert found.accepted_at == found.sent_at is not None

    http.answer, http.body = lambda _: 500, f"no {PATH} here".encode()
    later = beat(conn, http)
    assert (later.fault, later.status, later.accepted_at) == ("passing", 500, found.accepted_at)
    (alarm,) = failed(conn)
    assert f"http://127.0.0.1:{http.port}: answered 500" in alarm.problem
    for secret in (PATH, "in-the-query", TOKEN):
        assert secret not in alarm.problem + later.detail
    http.answer = lambda _: 200
    assert beat(conn, http).fault is None
    assert failed(conn) == []


def long_ago(conn, **changed):
    sets = ", ".join(f"{column} = now() - interval '{age}'" for column, age in changed.items())
    conn.execute(f"UPDATE deliveries SET {sets}")


def undecided(conn):
    conn.execute("UPDATE new_events SET recorded_at = now() - interval '3 minutes'")


def untried(conn):
    queue(conn)
    long_ago(conn, due_at="6 minutes", created_at="6 minutes")


def queue(conn):
    conn.execute(
        "INSERT INTO deliveries (receiver_id, event_id, why, due_at, created_at) "
        "SELECT r.id, e.id, '*', now(), now() FROM receivers r, events e WHERE r.name = 'erp'"
    )
    conn.execute("UPDATE receivers SET state_since = now() - interval '1 day'")


UNWELL = {
    "ingest has never run": (None, lambda _: None, "ingest has never run"),
    "ingest was stopped": ({"stopped": True}, lambda _: None, "ingest was stopped"),
    "judging lags": ({"lag_s": 100.0}, lambda _: None, "Judging lags"),
    "nobody decides about events": ({}, undecided, "events have waited for 3 minutes"),
    "nobody sends what is due": ({}, untried, "a message has been due for 6 minutes"),
}


@pytest.mark.parametrize(("metrics", "happens", "said"), UNWELL.values(), ids=UNWELL)
def test_it_is_not_sent_and_says_why_when(conn, http, metrics, happens, said):
    receivers.add_webhook(
        conn, "erp", "http://127.0.0.1:1/", wants=["*"], sites=None, sealer=Sealer(), actor="person:a",
        at=datetime.now(UTC),
    )  # fmt: skip
    events.append(conn, "test.written", "one", at=datetime.now(UTC), data={})
    if happens is not undecided:
        events.number(conn)
        conn.execute("UPDATE fan_out SET event_id = (SELECT max(id) FROM events)")
    happens(conn)
    conn.commit()
    if metrics is not None:
        judging(conn, **metrics)
    assert said in beat(conn, http).unwell
    assert http.got == []


def test_a_receiver_that_is_away_for_hours_is_no_fault_of_the_engine(conn, http):
    test_it_is_not_sent_and_says_why_when(conn, http, {}, untried, "a message has been due")
    judging(conn)
    conn.execute("UPDATE deliveries SET attempts = 4, due_at = now() + interval '2 hours'")
    conn.execute(
        "INSERT INTO delivery_attempts (receiver_id, event_id, at, took_ms, fault, detail) "
        "SELECT receiver_id, event_id, now() - interval '3 hours', 1, 'passing', 'no connection' FROM deliveries"
    )
    conn.commit()
    assert beat(conn, http).unwell == ""
    assert len(http.got) == 1


def test_two_processes_send_one_at_a_time(conn, http):
    judging(conn)
    for _ in range(3):
        heartbeat.beat(conn, Outside(url=url(http), every_s=60))
    assert len(http.got) == 1


def within(condition, what):
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.02)


@pytest.mark.slow
def test_beats_of_the_process_of_jobs_stop_when_the_engine_falls_silent_and_when_it_is_killed(database, conn, http):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")}
    settings = {"PLANTWRIGHT_DATABASE": database, "PLANTWRIGHT_HEARTBEAT_URL": url(http)}
    settings |= {"PLANTWRIGHT_HEARTBEAT_TOKEN": TOKEN, "PLANTWRIGHT_HEARTBEAT_EVERY_S": "1"}
    command = [sys.executable, "-m", "runtime.cli.main", "jobs"]
    judging(conn, lag_limit_s=5.0)
    jobs = subprocess.Popen(command, cwd=ROOT, env=kept | settings)
    over = threading.Event()

    def as_ingest() -> None:
        with psycopg.connect(database) as own:
            while not over.wait(0.5):
                judging(own, lag_limit_s=5.0)

    ingest = threading.Thread(target=as_ingest)
    ingest.start()
    try:
        within(lambda: len(http.got) >= 3, "beats while ingest reports")
        over.set()
        ingest.join()
        unwell = "SELECT unwell FROM heartbeat"
        within(lambda: "ingest was last heard of" in _value(database, unwell), "it is noticed that ingest is silent")
        before = len(http.got)
        time.sleep(2.5)
        assert len(http.got) == before, "no beat while ingest is silent"
        judging(conn)
        within(lambda: len(http.got) > before, "beats again")
        os.kill(jobs.pid, signal.SIGKILL)
        jobs.wait(60)
        before, judged = len(http.got), datetime.now(UTC)
        while datetime.now(UTC) - judged < timedelta(seconds=2.5):
            judging(conn)
            time.sleep(0.5)
        assert len(http.got) == before, "no beat of a process that is dead"
    finally:
        over.set()
        jobs.kill()
        jobs.wait(60)


def _value(database, query):
    with psycopg.connect(database, row_factory=scalar_row) as conn:
        return conn.execute(query).fetchone()
