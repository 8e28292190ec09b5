"""Scheduled jobs: assigning, escalating, retention.

Any number of processes may run them. Each run of a job locks it for its transaction and does nothing if another process
has the lock; what is done already is not done again.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from psycopg import Connection, InterfaceError, OperationalError
from psycopg_pool import ConnectionPool, PoolTimeout

from db import idempotency, jobs
from db.alarms import engine_alarms
from db.documents import budgets
from db.events import deliveries, engine_alarm_events
from db.inspections import audits, rounds
from db.inventory import levels, reserving
from db.notifying.ways import report_certificates
from db.oncall import looking_ahead, rotas
from db.orders import audit, work_orders
from db.people import assignments
from db.planning import generating, plans
from db.runs import runs
from db.telemetry import quarantine
from runtime.processes import heartbeat, nightly
from runtime.processes.clock import REPORT_FROM_S, Clock, describe_jump
from runtime.processes.timetable import Timetable
from workorder_core.alarms.engine_alarms import Code
from workorder_core.orders import escalation
from workorder_core.people.dispatching import BY_DEFAULT, Dispatched
from workorder_core.sentences import kept

ACTOR = "system:timetable"
ANSWERS_KEPT = timedelta(days=7)
LOOK_AT_CLOCK_S = 2.0
_DELETED_AT_ONCE = 20_000
Thing = TypeVar("Thing")
_log = structlog.get_logger("jobs")


def run(database_url: str, timetable: Timetable, stop: threading.Event) -> None:
    """Run the jobs until ``stop`` is set, then finish what has begun.

    While the database cannot be reached the jobs wait for it; any other error is logged with its job, which runs again
    at its next time.
    """
    with ConnectionPool(database_url, min_size=1, max_size=3, open=True, name="jobs") as pool:
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(3)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        clock = Clock()

        def every(seconds: float, work: Callable[[Connection], int], name: str) -> None:
            first = datetime.now(UTC) + timedelta(seconds=min(seconds, 1))
            trigger = Every(seconds=seconds, timezone=UTC)
            scheduler.add_job(_once, trigger, args=(pool, name, work), id=name, next_run_time=first)

        def unless_doubted(work: Callable[[Connection], int]) -> Callable[[Connection], int]:
            # It may have been due, or queued, before the jump was noticed.
            return lambda conn: 0 if clock.is_doubted() else work(conn)

        every(timetable.assign_every_s, lambda conn: assign_open(conn, timetable.dispatched), "assign")
        every(timetable.escalate_every_s, escalate_late, "escalate")
        every(timetable.budgets_every_s, keep_budgets, "budgets")
        every(timetable.plans_every_s, generate_planned, "maintenance plans")
        every(timetable.anchor_every_s, anchor_history, "anchor")
        every(timetable.engine_alarms_every_s, report_engine_alarms, "engine alarms")
        every(timetable.stock_every_s, keep_stock, "stock")
        every(timetable.rounds_every_s, miss_late_rounds, "rounds")
        for name, work in nightly.wanted(timetable.schedule_at, timetable.triage_at, ACTOR):
            every(timetable.schedules_every_s, work, name)
        every(timetable.disruptions_every_s, nightly.plan_anew, "disruptions")
        every(timetable.schedules_every_s, nightly.note_overruns, "overruns")
        every(timetable.rounds_every_s, report_overdue_findings, "findings of audits")
        every(timetable.gaps_every_s, look_for_gaps, "gaps of rotas")
        every(timetable.tidy_every_s, lambda conn: report_certificates(conn, now=datetime.now(UTC)), "certificates")
        if (outside := timetable.heartbeat) is not None:
            every(outside.every_s, lambda conn: heartbeat.beat(conn, outside), "heartbeat")
        for work, name in _dropping(timetable):
            seconds = timetable.tidy_every_s if work is forget_answers else timetable.retention_every_s
            every(seconds, unless_doubted(work), name)
        scheduler.start()
        try:
            while not stop.wait(LOOK_AT_CLOCK_S):
                if jump_s := clock.jumped_s(LOOK_AT_CLOCK_S):
                    _go_on_after(jump_s, scheduler, pool)
        finally:
            scheduler.shutdown(wait=True)


class Every(IntervalTrigger):  # type: ignore[misc]
    """Fires at an interval, and once for all missed times: the library would list 63 million after ten years."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return the time after a time that it fired at, or after now where that is over (wall clock)."""
        found: datetime | None = super().get_next_fire_time(previous_fire_time, now)
        return now + self.interval if previous_fire_time and found is not None and found < now else found


def _dropping(timetable: Timetable) -> Iterator[tuple[Callable[[Connection], int], str]]:
    """Yield the jobs that drop what is old, each with its name."""
    yield forget_answers, "forget answers"
    yield lambda conn: drop_old_events(conn, timetable), "retention of events"
    yield lambda conn: drop_old_runs(conn, keep=timetable.runs_retention), "retention of runs"
    yield nightly.erase_requests, "personal data of requests"
    if (keep := timetable.retention) is not None:
        yield lambda conn: drop_old_readings(conn, keep=keep), "retention"
    if (alarms := timetable.alarm_retention) is not None:
        yield lambda conn: drop_old_alarms(conn, keep=alarms), "retention of alarms"
    if (refused := timetable.quarantine_retention) is not None:
        yield lambda conn: drop_old_refusals(conn, keep=refused), "quarantine"


def _go_on_after(jump_s: float, scheduler: BackgroundScheduler, pool: ConnectionPool) -> None:
    """Run every job now and continue from there: the schedule follows a clock that was set."""
    for job in scheduler.get_jobs():
        job.modify(next_run_time=datetime.now(UTC))
    if abs(jump_s) < REPORT_FROM_S:
        return
    _log.error("ALARM: system clock jumped, running all jobs now", by_s=round(jump_s, 1))
    try:
        with pool.connection() as conn:
            note = describe_jump(jump_s) + ("; nothing old is dropped for a day" if jump_s > 0 else "")
            engine_alarms.note_trouble(conn, Code.CLOCK_JUMPED, note)
    except (OperationalError, PoolTimeout) as error:
        _log.warning("clock jump could not be recorded for the board", error=str(error))


def one_by_one(conn: Connection, job: str, things: Iterable[Thing], work: Callable[[Thing], int]) -> int:
    """Do a job on each thing in a transaction of its own, under the job's lock; return the sum of what was done.

    One that fails is reported, and keeps none of the others waiting.
    """
    done = 0
    for thing in things:
        conn.rollback()
        try:
            with conn.transaction():
                if not jobs.try_lock(conn, job):
                    return done
                done += work(thing)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - what one of them has set must not stop the others
            _log.exception("job failed on one item, continuing with the next", job=job, item=str(thing))
            note_failed(conn, f"{job}, {thing}: {type(error).__name__}: {error}")
    return done


def note_failed(conn: Connection, said: str) -> None:
    """Record for the board that a job failed. Commits."""
    with conn.transaction():
        engine_alarms.note_trouble(conn, Code.JOB_FAILED, said.partition("\n")[0])


def assign_open(conn: Connection, dispatched: Iterable[Dispatched] = BY_DEFAULT) -> int:
    """Assign the unassigned open orders, emergencies first; return how many were assigned.

    Only orders of the kinds ``dispatched`` are assigned; the others wait for a planner. One transaction per order: an
    order is locked only for a moment, and never while waiting for another one.
    """

    def assign(order_id: UUID) -> int:
        order, proposed = assignments.assign_best(conn, order_id, actor=ACTOR, at=datetime.now(UTC))
        return order.assignee is not None and proposed.choice is not None

    return one_by_one(conn, "assign", work_orders.unassigned(conn, dispatched), assign)


def keep_stock(conn: Connection) -> int:
    """Reserve the parts of orders that the engine planned, reserve free parts for waiting orders, and request more.
    Returns how many orders and levels were processed. One transaction each, so that none waits for another.
    """

    def reserve(order_id: UUID) -> int:
        reserving.reserve_planned(conn, order_id, at=datetime.now(UTC))
        return 1

    def settle(level: tuple[int, int]) -> int:
        levels.lock(conn, *level)
        levels.settle(conn, *level, at=datetime.now(UTC))
        return 1

    done = one_by_one(conn, "stock", reserving.unreserved(conn), reserve)
    return done + one_by_one(conn, "stock", levels.to_settle(conn), settle)


def miss_late_rounds(conn: Connection) -> int:
    """Mark the rounds as missed that nobody began before their latest time; return how many."""
    with conn.transaction():
        if not jobs.try_lock(conn, "rounds"):
            return 0
        return len(rounds.miss_late(conn, now=datetime.now(UTC), actor=ACTOR))


def report_overdue_findings(conn: Connection) -> int:
    """Say of findings of audits that they are overdue, once for each due date; return how many."""
    with conn.transaction():
        return audits.report_overdue(conn, now=datetime.now(UTC), actor=ACTOR)


def look_for_gaps(conn: Connection) -> int:
    """Look for gaps ahead of every rota; return how many rotas have one."""
    now, found = datetime.now(UTC), rotas.listed(conn)
    return one_by_one(conn, "gaps of rotas", found, lambda each: looking_ahead.look(conn, each.id, each.rota, now=now))


def escalate_late(conn: Connection) -> int:
    """Warn of near targets and escalate orders past one, each once; return how many."""
    now = datetime.now(UTC)
    near = work_orders.targets_near(conn, now=now)
    return one_by_one(conn, "escalate", near, lambda order_id: _tell_late(conn, order_id, now))


def _tell_late(conn: Connection, order_id: UUID, now: datetime) -> bool:
    order = work_orders.lock(conn, order_id)
    if (due := escalation.needed(order, now=now)) is not None:
        after, why = escalation.escalate(order, due), kept("Escalated: {reason}.", reason=due.reason)
    elif (near := escalation.warning(order, now=now)) is not None:
        after, why = escalation.warn(order, near), kept("Warned: {reason}.", reason=near.reason)
    else:
        return False
    work_orders.change(conn, order_id, lambda _: after, actor=ACTOR, at=now, why=why)
    return True


def generate_planned(conn: Connection, now: datetime | None = None) -> int:
    """Generate the work of maintenance plans due by ``now`` (wall clock); return how many occurrences were decided. Any
    number of processes share the work, a few series per transaction; each occurrence is decided once.
    """
    now = now or datetime.now(UTC)
    with conn.transaction():
        if jobs.try_lock(conn, "maintenance series"):
            plans.end_series(conn, at=now)
            plans.begin_series(conn, at=now)
            generating.wake(conn, now=now)
    decided = 0
    while True:
        with conn.transaction():
            looked = generating.generate(conn, now=now)
        for said in looked.failed:
            note_failed(conn, said)
        decided += looked.occurrences
        if not looked.series:
            return decided


def anchor_history(conn: Connection) -> int:
    """Tie the histories that have grown into an anchor; return how many."""
    with conn.transaction():
        if not jobs.try_lock(conn, "anchor"):
            return 0
        return audit.anchor(conn, at=datetime.now(UTC))


def forget_answers(conn: Connection) -> int:
    """Delete the stored responses of old Idempotency-Keys; return how many."""
    with conn.transaction():
        return idempotency.forget(conn, before=datetime.now(UTC) - ANSWERS_KEPT)


def keep_budgets(conn: Connection) -> int:
    """Move rules over their alarm budget to shadow, if their owners allowed it; return how many.

    A safety rule is never moved. One that may not move is reported in the log, the API and the board.
    """
    with conn.transaction():
        if not jobs.try_lock(conn, "budgets"):
            return 0
        return len(budgets.keep(conn, actor=ACTOR, now=datetime.now(UTC)))


def drop_old_readings(conn: Connection, *, keep: timedelta) -> int:
    """Drop readings that arrived longer ago than ``keep`` and that no checkpoint of the judge needs.

    Returns the chunks dropped on TimescaleDB, the rows deleted elsewhere. Evidence has its own copies.
    """
    before = datetime.now(UTC) - keep
    gone = 0
    while True:
        with conn.transaction():
            if not jobs.try_lock(conn, "retention"):
                return gone
            if jobs.has_chunks(conn):
                return jobs.drop_old_chunks(conn, before=before)
            deleted = jobs.delete_some(conn, before=before, most=_DELETED_AT_ONCE)
        gone += deleted
        if deleted < _DELETED_AT_ONCE:
            return gone


def drop_old_alarms(conn: Connection, *, keep: timedelta) -> int:
    """Drop alarms that ended longer ago than ``keep``, and moves made before; return how many.

    Active alarms stay, and so does the present state of each alarm.
    """
    before = datetime.now(UTC) - keep
    gone = 0
    while True:
        with conn.transaction():
            if not jobs.try_lock(conn, "retention of alarms"):
                return gone
            deleted = jobs.delete_some_alarms(conn, before=before, most=_DELETED_AT_ONCE)
        gone += deleted
        if not deleted:
            return gone


def report_engine_alarms(conn: Connection) -> int:
    """Write events for the engine's alarms that were raised or ended; return how many."""
    with conn.transaction():
        if not jobs.try_lock(conn, "engine alarms"):
            return 0
        return engine_alarm_events.report(conn, now=datetime.now(UTC))


def drop_old_events(conn: Connection, timetable: Timetable) -> int:
    """Drop events and delivery attempts past their retention; return how many events.

    Events that still wait for a delivery stay.
    """
    now, gone = datetime.now(UTC), 0
    while True:
        with conn.transaction():
            if not jobs.try_lock(conn, "retention of events"):
                return gone
            tried = deliveries.drop_attempts(conn, before=now - timetable.attempt_retention, most=_DELETED_AT_ONCE)
            dropped = deliveries.drop_events(conn, before=now - timetable.event_retention, most=_DELETED_AT_ONCE)
        gone += dropped
        if max(tried, dropped) < _DELETED_AT_ONCE:
            return gone


def drop_old_refusals(conn: Connection, *, keep: timedelta) -> int:
    """Drop refused messages that have not occurred for longer than ``keep``; return how many messages were dropped."""
    with conn.transaction():
        if not jobs.try_lock(conn, "quarantine"):
            return 0
        return quarantine.drop(conn, before=datetime.now(UTC) - keep)


def drop_old_runs(conn: Connection, *, keep: timedelta) -> int:
    """Drop runs that ended longer ago than ``keep``, with their logs and files; return how many."""
    with conn.transaction():
        if not jobs.try_lock(conn, "retention of runs"):
            return 0
        return runs.drop(conn, before=datetime.now(UTC) - keep)


def _once(pool: ConnectionPool, name: str, work: Callable[[Connection], int]) -> None:
    """Run a job once on a connection of its own; if the database is unavailable, skip it until its next time."""
    try:
        with pool.connection() as conn:
            if done := work(conn):
                _log.info("job done", job=name, count=done)
    except OperationalError as error:
        _log.warning("database unavailable, job skipped until its next run", job=name, error=str(error))
    except Exception as error:  # noqa: BLE001 - it runs again
        _log.exception("job failed, running again at its next time", job=name)
        with suppress(OperationalError, PoolTimeout), pool.connection() as conn:
            note_failed(conn, f"{name}: {type(error).__name__}: {error}")
