"""Planning weeks every night."""

from datetime import UTC, datetime, time

from psycopg import Connection

from db import jobs
from db.scheduling import queue


def plan_weeks(conn: Connection, every_night_at: time, actor: str, now: datetime | None = None) -> int:
    """Ask once a night for proposals of this week and the next at every site; return how many runs were queued."""
    with conn.transaction():
        if not jobs.try_lock(conn, "schedules"):
            return 0
        return queue.plan_due(conn, every_night_at, actor=actor, now=now or datetime.now(UTC))
