"""Delivery as the process ``plantwright jobs`` runs it; the engine's alarms as events; what retention leaves."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from db.events import deliveries, engine_alarm_events, events, receivers
from db.events.sealing import Sealer
from runtime.processes.jobs import drop_old_events
from runtime.processes.timetable import Timetable
from tests.runtime.delivery.conftest import KEY

ROOT = Path(__file__).parents[3]
PATIENCE_S = 120


def within(condition):
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.05)


def test_the_process_of_jobs_delivers_what_happens_and_ends_when_it_is_told_to(post, http):
    post.hook(http.url, "test.*")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")}
    environment = kept | {
        "PLANTWRIGHT_DATABASE": post.url,
        "PLANTWRIGHT_SECRETS_KEY": KEY,
        "PLANTWRIGHT_WEBHOOK_NETWORKS": json.dumps(["127.0.0.0/8"]),
    }
    process = subprocess.Popen([sys.executable, "-m", "runtime.cli.main", "jobs"], cwd=ROOT, env=environment)
    try:
        post.happen("one")
        within(lambda: len(http.accepted) == 1)
        post.happen("two", "three")
        within(lambda: len(http.accepted) == 3)
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    assert http.accepted == [str(each.uid) for each in events.after(post.conn, 0, kinds=["test.written"])]


def test_an_alarm_of_the_engine_is_an_event_once_when_it_is_raised_and_once_when_it_is_over(post):
    def look(seconds):
        with post.conn.transaction():
            engine_alarm_events.report(post.conn, now=post.now + timedelta(seconds=seconds))
            events.number(post.conn)
            found = events.after(post.conn, 0, kinds=["engine_alarm.raised", "engine_alarm.cleared"])
        return [(each.kind, each.data["code"]) for each in found]

    assert look(0) == []
    raised = look(31)
    assert ("engine_alarm.raised", "never_ran") in raised
    assert look(60) == raised
    receivers.add_webhook(
        post.conn, "erp", "http://erp", wants=["*"], sites=None, sealer=Sealer(), actor="person:a", at=post.now
    )
    post.conn.execute("UPDATE receivers SET state = 'disabled'")
    look(70)
    assert look(110) == [*raised, ("engine_alarm.raised", "receiver_disabled")]
    post.conn.execute("UPDATE receivers SET state = 'active'")
    look(120)
    assert look(430)[-1] == ("engine_alarm.cleared", "receiver_disabled")


def test_retention_drops_old_events_but_not_what_somebody_is_still_to_be_told_of(post, http):
    receiver, _ = post.hook(http.url)
    http.answer = lambda number: 204 if number == 0 else 500
    post.happen("delivered", "waits")
    post.settle()
    post.conn.execute("UPDATE events SET recorded_at = now() - interval '100 days'")
    post.conn.execute("UPDATE delivery_attempts SET at = now() - interval '100 days'")
    post.happen("new")
    post.settle()
    assert drop_old_events(post.conn, Timetable()) == 1
    assert [each.subject for each in events.after(post.conn, 0)] == ["waits", "new"]
    assert deliveries.attempts(post.conn, receiver) == []
    assert post.receiver(receiver).pending == 2


@pytest.mark.parametrize(("age", "said"), [("1 minute", False), ("20 minutes", True)])
def test_messages_that_wait_too_long_are_an_alarm_of_the_engine(post, http, age, said):
    from db.alarms import engine_alarms

    http.answer = lambda _: 500
    post.hook(http.url)
    post.happen("one")
    post.settle()
    post.conn.execute(f"UPDATE deliveries SET created_at = now() - interval '{age}'")
    codes = [each.code for each in engine_alarms.standing(post.conn, now=datetime.now(UTC))]
    assert ("outbox_old" in codes) is said


def test_events_whose_receivers_nobody_decides_are_an_alarm_of_the_engine(post):
    from db.alarms import engine_alarms

    post.happen("one")
    post.conn.execute("UPDATE new_events SET recorded_at = now() - interval '10 minutes'")
    assert not deliveries.backlog(post.conn).undecided_s, "nobody waits to be told"
    post.hook("http://erp.example.com")
    problems = {each.code.value: each.problem for each in engine_alarms.standing(post.conn, now=datetime.now(UTC))}
    assert "Nobody is being notified: events have waited for 10 minutes" in problems["outbox_old"]


def test_only_one_session_delivers_at_a_time(post):
    with psycopg.connect(post.url, autocommit=True) as one, psycopg.connect(post.url, autocommit=True) as other:
        assert deliveries.try_to_be_the_one(one)
        assert not deliveries.try_to_be_the_one(other)
        one.close()
        within(lambda: deliveries.try_to_be_the_one(other))
