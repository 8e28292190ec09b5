"""The timetable on a real database: each thing once, however many processes run it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from db.alarms import engine_alarms
from db.orders import work_orders
from db.people import assignments
from runtime.processes import jobs
from runtime.processes.timetable import Timetable
from tests import a_plant
from tests.a_plant import Seeded
from tests.runtime.processes import kills
from workorder_core.alarms.engine_alarms import Code
from workorder_core.orders import lifecycle
from workorder_core.orders.details import Reason
from workorder_core.orders.lifecycle import Step
from workorder_core.people.access import Role, Who
from workorder_core.people.dispatching import Dispatched
from workorder_core.words import Status

DAHL = Who("person:dahl", frozenset({Role.PLANNER}))


@pytest.fixture
def seeded(database) -> Seeded:
    with psycopg.connect(database) as conn:
        made = a_plant.build(conn, now=datetime.now(UTC), days=0.3)
        # Everybody is always on shift: what is found must not depend on when the tests run.
        conn.execute("UPDATE technicians SET shift_start = '00:00', shift_end = '00:00'")
        return made


@pytest.fixture
def conn(database, seeded):
    with psycopg.connect(database) as conn:
        yield conn


def steps(conn, order_id) -> list[tuple[str, str]]:
    return [(row.step, row.actor) for row in work_orders.history(conn, order_id)]


def test_open_orders_are_given_to_somebody_with_the_reason(conn, seeded):
    assert jobs.assign_open(conn) == 3
    for name in ("emergency", "predictive", "unspecific"):
        order = work_orders.get(conn, seeded.orders[name])
        assert order.status is Status.DISPATCHED
        assert order.assignment_note is not None
        assert steps(conn, order.id)[-1] == ("assign", "system:timetable")


def test_an_order_that_a_person_makes_is_left_to_people(conn, seeded):
    jobs.assign_open(conn)
    order = work_orders.get(conn, seeded.orders["by hand"])
    assert (order.status, order.assignee) == (Status.OPEN, None)


def test_what_is_given_out_is_a_setting_by_origin_and_type(conn, seeded):
    by_hand, emergency = seeded.orders["by hand"], seeded.orders["emergency"]
    assert jobs.assign_open(conn, [Dispatched.of("person:emergency"), Dispatched.of("engine:emergency")]) == 1
    assert work_orders.get(conn, emergency).status is Status.DISPATCHED
    assert jobs.assign_open(conn, [Dispatched.of("person:inspection")]) == 1
    assert work_orders.get(conn, by_hand).status is Status.DISPATCHED
    assert jobs.assign_open(conn, []) == 0


def test_an_order_that_makes_a_job_fail_keeps_no_other_waiting_and_is_an_alarm(conn, seeded, monkeypatch):
    failing, assign = seeded.orders["emergency"], assignments.assign_best

    def set_by_somebody(own: psycopg.Connection, order_id: UUID, **named: Any) -> Any:
        if order_id == failing:
            own.execute("SELECT 1 / 0")
        return assign(own, order_id, **named)

    monkeypatch.setattr(assignments, "assign_best", set_by_somebody)
    assert jobs.assign_open(conn) == 2
    assert work_orders.get(conn, failing).status is Status.OPEN
    told = {each.code: each.problem for each in engine_alarms.standing(conn, now=datetime.now(UTC))}
    assert f"assign, {failing}: DivisionByZero: division by zero" in told[Code.JOB_FAILED]
    monkeypatch.undo()
    assert jobs.assign_open(conn) == 1


def test_a_second_time_there_is_nothing_to_do(conn):
    jobs.assign_open(conn)
    assert jobs.assign_open(conn) == 0


def test_a_persons_choice_is_not_overridden(conn, seeded):
    at = datetime.now(UTC)
    assignments.assign_to(conn, seeded.orders["predictive"], "nowak", who=DAHL, at=at)
    conn.commit()
    jobs.assign_open(conn)
    assert work_orders.get(conn, seeded.orders["predictive"]).assignee == "nowak"


def test_an_order_that_a_person_took_back_is_left_to_people(conn, seeded):
    order_id, at = seeded.orders["predictive"], datetime.now(UTC)
    assignments.assign_to(conn, order_id, "nowak", who=DAHL, at=at)
    step = "wait for the spare part first"
    work_orders.change(
        conn,
        order_id,
        lambda order: lifecycle.apply_step(order, Step.UNASSIGN, Reason(step), at=at),
        actor="person:dahl",
        at=at,
        why=step,
    )
    conn.commit()
    jobs.assign_open(conn)
    order = work_orders.get(conn, order_id)
    assert (order.status, order.assignment_note) == (Status.OPEN, step)


def test_nobody_eligible_is_shown_on_the_order_and_told_once(conn, seeded):
    conn.execute("UPDATE technicians SET active = false")
    conn.commit()
    assert jobs.assign_open(conn) == 0
    jobs.assign_open(conn)
    order = work_orders.get(conn, seeded.orders["emergency"])
    assert order.status is Status.OPEN
    assert order.assignment_note is not None
    assert order.assignment_note.startswith("Nobody eligible: ")
    assert [step for step, _ in steps(conn, order.id)].count("nobody eligible") == 1
    assert order.version == 1, "a form that somebody fills in stays good"


def test_an_emergency_is_assigned_in_the_transaction_that_opens_it(conn, seeded):
    order, _ = assignments.assign_best(conn, seeded.orders["emergency"], actor="system:engine", at=datetime.now(UTC))
    assert order.status is Status.DISPATCHED
    conn.rollback()
    assert work_orders.get(conn, seeded.orders["emergency"]).status is Status.OPEN


def test_each_target_escalates_once(conn, seeded):
    conn.execute("UPDATE work_orders SET response_due = now() - interval '1 minute' WHERE status = 'open'")
    conn.commit()
    assert jobs.escalate_late(conn) == 4
    assert jobs.escalate_late(conn) == 0
    order = work_orders.get(conn, seeded.orders["emergency"])
    assert order.escalation == 1
    assert work_orders.history(conn, order.id)[-1].why == (
        "Escalated: the response target has run out and nobody is assigned."
    )
    conn.execute("UPDATE work_orders SET completion_due = now() WHERE status <> 'completed'")
    conn.commit()
    assert jobs.escalate_late(conn) == 5, "the one in progress, too"
    assert jobs.escalate_late(conn) == 0


def test_an_escalated_order_goes_before_others_of_its_priority(conn, seeded):
    conn.execute("UPDATE work_orders SET priority = 3")
    conn.execute("UPDATE work_orders SET response_due = now() WHERE id = %s", [seeded.orders["unspecific"]])
    conn.commit()
    jobs.escalate_late(conn)
    assert work_orders.page(conn, work_orders.Filters())[0].order.id == seeded.orders["unspecific"]


def test_two_at_once_do_each_thing_once(database, conn, seeded):
    conn.execute("UPDATE work_orders SET response_due = now() - interval '1 minute' WHERE status = 'open'")
    conn.commit()
    together = threading.Barrier(4)

    def run(_: int) -> None:
        with psycopg.connect(database) as own:
            together.wait()
            for _ in range(3):
                jobs.escalate_late(own)
                jobs.assign_open(own)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(run, range(4)))
    for name in ("emergency", "predictive", "unspecific"):
        taken = [step for step, _ in steps(conn, seeded.orders[name])]
        assert (taken.count("assign"), taken.count("escalate")) == (1, 1), name


def test_while_one_process_has_the_lock_another_does_nothing(database, conn):
    from db import jobs as db_jobs

    with psycopg.connect(database) as other:
        assert db_jobs.try_lock(other, "assign")
        assert jobs.assign_open(conn) == 0
        other.rollback()
    assert jobs.assign_open(conn) == 3


def test_the_timetable_runs_until_it_is_told_to_stop(database, conn, seeded):
    stop = threading.Event()
    every = Timetable(assign_every_s=0.1, escalate_every_s=0.1, retention_every_s=0.1, retention=timedelta(days=1))
    runner = threading.Thread(target=jobs.run, args=(database, every, stop))

    def dispatched() -> bool:
        conn.rollback()
        return work_orders.get(conn, seeded.orders["unspecific"]).status is Status.DISPATCHED

    runner.start()
    try:
        kills.within(dispatched, "the order is given to somebody")
    finally:
        stop.set()
        runner.join(90)
    assert not runner.is_alive()
    assert work_orders.get(conn, seeded.orders["unspecific"]).status is Status.DISPATCHED


def count(conn):
    return conn.execute("SELECT count(*) FROM readings").fetchone()[0]


@pytest.fixture
def measured(any_database):
    """Ten days of readings of one signal, one an hour, received as they were measured; arrivals 1 to 240."""
    with psycopg.connect(any_database) as conn:
        conn.execute(
            "INSERT INTO readings (signal_id, observed_at, received_at, arrival, value, late) "
            "SELECT 1, at, at, row_number() OVER (ORDER BY at), 1, false "
            "FROM generate_series(now() - interval '239 hours', now(), interval '1 hour') AS at"
        )
        conn.commit()
        yield conn


def checkpoint(conn, arrival: int, *, format_: int = 1) -> None:
    facts = [format_, arrival]
    conn.execute("INSERT INTO checkpoints (format, arrival, code_version) VALUES (%s, %s, '')", facts)
    conn.commit()


def test_retention_drops_what_came_long_ago(measured):
    checkpoint(measured, 240)
    assert jobs.drop_old_readings(measured, keep=timedelta(days=5)) > 0
    assert 120 <= count(measured) <= 120 + 25, "whole chunks of a day on TimescaleDB"
    newest_gone = measured.execute(
        "SELECT count(*) FROM readings WHERE received_at > now() - interval '5 days'"
    ).fetchone()
    assert newest_gone[0] in (119, 120), "and nothing else"


def test_retention_never_passes_what_the_oldest_checkpoint_needs(measured):
    checkpoint(measured, 30)
    checkpoint(measured, 240, format_=2)
    jobs.drop_old_readings(measured, keep=timedelta(days=1))
    oldest = measured.execute("SELECT min(arrival) FROM readings").fetchone()[0]
    assert oldest <= 31
    assert count(measured) >= 210


def test_without_a_checkpoint_nothing_is_dropped(measured):
    jobs.drop_old_readings(measured, keep=timedelta(days=1))
    assert count(measured) == 240


def test_what_was_replayed_yesterday_is_new_to_us(measured):
    measured.execute("UPDATE readings SET received_at = now()")
    checkpoint(measured, 240)
    jobs.drop_old_readings(measured, keep=timedelta(days=1))
    assert count(measured) == 240


DAY = timedelta(days=1)


def an_alarm(conn, asset_id, source, *, recorded, raised, cleared) -> None:
    """Times are days ago; ``cleared`` None: it stands."""
    conn.execute(
        """INSERT INTO alarms (asset_id, source, severity, summary, arrival, recorded_at, raised_at, cleared_at)
           VALUES (%s, %s, 1, 'x', 1, now() - %s, now() - %s, now() - %s::interval)""",
        [asset_id, source, recorded * DAY, raised * DAY, None if cleared is None else cleared * DAY],
    )


def a_move(conn, asset_id, ago: float) -> None:
    conn.execute(
        """INSERT INTO alarm_moves (asset_id, source, at, actor, move, old_state, new_state)
           VALUES (%s, 'rule:hot', now() - %s, 'person:a', 'acknowledge', 'unacknowledged', 'acknowledged')""",
        [asset_id, ago * DAY],
    )


def test_alarms_that_are_long_over_are_dropped_and_what_people_did_then(conn, seeded, monkeypatch):
    asset = seeded.assets["P-101"]
    an_alarm(conn, asset, "old", recorded=50, raised=50, cleared=40)
    an_alarm(conn, asset, "long", recorded=50, raised=50, cleared=20)
    an_alarm(conn, asset, "stands", recorded=50, raised=50, cleared=None)
    an_alarm(conn, asset, "replayed", recorded=1, raised=50, cleared=40)
    for ago in (50, 40, 29, 1):
        a_move(conn, asset, ago)
    conn.commit()
    monkeypatch.setattr(jobs, "_DELETED_AT_ONCE", 2)
    assert jobs.drop_old_alarms(conn, keep=30 * DAY) == 3
    assert {row[0] for row in conn.execute("SELECT source FROM alarms")} == {"long", "stands", "replayed"}
    assert conn.execute("SELECT count(*), min(at) > now() - interval '30 days' FROM alarm_moves").fetchone() == (
        2,
        True,
    )
    conn.commit()
    assert jobs.drop_old_alarms(conn, keep=30 * DAY) == 0


def test_nobody_else_deletes_what_people_did(conn, seeded):
    a_move(conn, seeded.assets["P-101"], 50)
    conn.commit()
    jobs.drop_old_alarms(conn, keep=100 * DAY)
    for statement in ("DELETE FROM alarm_moves", "UPDATE alarm_moves SET why = 'x'"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"), conn.transaction():
            conn.execute(statement)
    conn.execute("SELECT set_config('plantwright.retention', 'alarms', false)")
    with pytest.raises(psycopg.errors.RaiseException), conn.transaction():
        conn.execute("UPDATE alarm_moves SET why = 'x'")
