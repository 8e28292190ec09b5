"""What is done at night: weeks are planned, and anew after upsets; triage learns; old requests are erased."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time

from psycopg import Connection

from db import jobs
from db.requests import personal, requests
from db.scheduling import disruptions, queue
from db.triage import queue as learning


def wanted(
    schedule_at: time | None, triage_at: time | None, actor: str
) -> Iterator[tuple[str, Callable[[Connection], int]]]:
    """Yield the jobs that have a time of the night, each with its name; a site's clock counts."""
    if schedule_at is not None:
        yield "schedules", lambda conn: plan_weeks(conn, schedule_at, actor)
    if triage_at is not None:
        yield "triage", lambda conn: learn_triage(conn, triage_at, actor)


def plan_weeks(conn: Connection, every_night_at: time, actor: str, now: datetime | None = None) -> int:
    """Ask once a night for proposals of this week and the next at every site; return how many runs were queued."""
    with conn.transaction():
        if not jobs.try_lock(conn, "schedules"):
            return 0
        return queue.plan_due(conn, every_night_at, actor=actor, now=now or datetime.now(UTC))


def plan_anew(conn: Connection, now: datetime | None = None) -> int:
    """Ask for proposals of the weeks whose plans something has upset; return how many runs were queued."""
    with conn.transaction():
        return disruptions.plan_anew(conn, now=now or datetime.now(UTC))


def note_overruns(conn: Connection, now: datetime | None = None) -> int:
    """Note work that takes longer than its plan; return how many orders. What was settled long ago is forgotten."""
    with conn.transaction():
        if not jobs.try_lock(conn, "overruns"):
            return 0
        at = now or datetime.now(UTC)
        disruptions.forget(conn, now=at)
        return disruptions.note_overruns(conn, now=at)


def learn_triage(conn: Connection, every_night_at: time, actor: str, now: datetime | None = None) -> int:
    """Ask once a night for a new version at every site with enough new labels; return how many runs were queued."""
    with conn.transaction():
        if not jobs.try_lock(conn, "triage"):
            return 0
        return learning.learn_due(conn, every_night_at, actor=actor, now=now or datetime.now(UTC))


def erase_requests(conn: Connection, now: datetime | None = None) -> int:
    """Erase what is personal of requests that ended longer ago than their site keeps it; return how many."""
    at = now or datetime.now(UTC)
    with conn.transaction():
        if not jobs.try_lock(conn, "personal data of requests"):
            return 0
        outdated = personal.outdated(conn, now=at)
        for key in outdated:
            asked = requests.get(conn, key)
            personal.erase(conn, key, number=asked.number, site=asked.site_code, actor="system:timetable", at=at)
        return len(outdated)
