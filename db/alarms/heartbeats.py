"""Whether the database takes changes, and the heartbeat that an address outside gets while the engine is well. The
caller owns the transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from db import sql, storable
from db.alarms import engine_alarms
from db.telemetry import engine_metrics
from workorder_core.alarms import heartbeat
from workorder_core.notifying.attempts import Outcome

_QUERIES = sql.load("heartbeats")
LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The newest heartbeat.

    Parameters
    ----------
    tried_at, unwell
        When one was last due, and why none was sent then; empty: it was sent.
    sent_at, fault, status, detail
        When one was last sent, and how that ended; fault None: it was accepted. None: never.
    accepted_at
        When the address last accepted one.
    """

    tried_at: datetime
    unwell: str
    sent_at: datetime | None
    fault: str | None
    status: int | None
    detail: str
    accepted_at: datetime | None


def check(conn: Connection, process: str, *, at: datetime) -> None:
    """Change the row of a kind of process: raises what psycopg raises where the database takes no changes."""
    conn.execute(_QUERIES["check"], {"process": process, "at": at})


def newest(conn: Connection) -> Heartbeat | None:
    """Return the newest heartbeat; None: none was ever due."""
    with conn.cursor(row_factory=class_row(Heartbeat)) as cursor:
        return cursor.execute(_QUERIES["newest"]).fetchone()


def unwell(conn: Connection, *, now: datetime) -> str:
    """Return why the engine is not well at ``now`` (wall clock), for all sites; empty: it is."""
    facts = engine_alarms.facts(conn, engine_metrics.read(conn), now=now)
    with conn.cursor(row_factory=tuple_row) as cursor:
        untried_s, mails_s = cursor.execute(_QUERIES["delivery"], {"now": now}).fetchone() or (0.0, 0.0)
    delivery = heartbeat.Delivery(undecided_s=facts.outbox.undecided_s, untried_s=untried_s, mails_s=mails_s)
    return heartbeat.unwell(facts, delivery, now=now) or ""


def begin(conn: Connection, unwell: str, *, at: datetime, apart: timedelta) -> bool:
    """Record that a heartbeat is to be sent now, or why it is not; return False if there was one within ``apart``."""
    asked = {"at": at, "unwell": storable.text(unwell)[:LONGEST], "before": at - apart}
    return conn.execute(_QUERIES["try"], asked).fetchone() is not None


def end(conn: Connection, outcome: Outcome, *, at: datetime) -> None:
    """Record how sending the heartbeat ended."""
    facts = {"at": at, "fault": outcome.fault, "status": outcome.status}
    conn.execute(_QUERIES["sent"], facts | {"detail": storable.text(outcome.detail)[:LONGEST]})
