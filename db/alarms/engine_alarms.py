"""The engine's own alarms, derived from what the database has."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from db import scope, sql, storable
from db.escalating import escalations
from db.events import deliveries
from db.oncall import looking_ahead
from db.planning import outlook
from db.telemetry import engine_metrics
from db.telemetry.engine_metrics import MetricsReport
from db.telemetry.judge import NotTheWriter
from ingest.messages import Reason
from workorder_core.alarms import engine_alarms
from workorder_core.alarms.engine_alarms import (
    LOOKS_BACK,
    RECORDED,
    SHOWN_FOR,
    Code,
    EngineAlarm,
    Facts,
    Outbox,
    Trouble,
)

_QUERIES = sql.load("engine_alarms")


def standing(conn: Connection, *, now: datetime, within: Collection[str] | None = None) -> list[EngineAlarm]:
    """Return the active alarms; the quarantine counts for the sites within only."""
    return engine_alarms.standing(facts(conn, engine_metrics.read(conn), within, now=now), now=now)


def facts(
    conn: Connection, report: MetricsReport | None, within: Collection[str] | None = None, *, now: datetime
) -> Facts:
    """Return the facts that decide on alarms as of ``now`` (wall clock), from what the engine last reported."""
    most = Facts(state=None).refused_most
    asked = {"most": most, "back": LOOKS_BACK, "within": scope.codes(within)}
    failed = {"back": SHOWN_FOR, "within": scope.codes(within), "reason": Reason.UNREADABLE.value}
    with conn.cursor(row_factory=tuple_row) as cursor:
        fenced_off: Any = cursor.execute(_QUERIES["fenced_off"]).fetchone()
        refused: Any = cursor.execute(_QUERIES["refused"], asked).fetchone()
        unreadable: Any = cursor.execute(_QUERIES["unreadable"], failed).fetchone()
        noted = cursor.execute(_QUERIES["troubles"]).fetchall()
    waits = deliveries.backlog(conn)
    known = Facts(
        state=None,
        fenced_off=fenced_off,
        refused=refused[0],
        unreadable=(int(unreadable[0]), unreadable[1]),
        troubles={Code(kind): Trouble(said, times, at) for kind, said, times, at in noted if kind in RECORDED},
        outbox=Outbox(
            pending=waits.pending, oldest_s=waits.oldest_s, undecided_s=waits.undecided_s, disabled=waits.disabled
        ),
        plans=outlook.behind(conn, now=now),
        gaps=looking_ahead.first_gaps(conn, now=now, within=within),
        unanswered=[each.subject for each in escalations.unanswered(conn, within)],
    )
    if report is None:
        return known
    return replace(
        known,
        state=report.state,
        age_s=report.age_s,
        lag_s=report.lag_s,
        lag_limit_s=report.metrics.lag_limit_s,
        checkpoint_failed=report.metrics.checkpoint_failed,
        quarantine_full=report.metrics.quarantine_full,
    )


def note_trouble(conn: Connection, code: Code, said: str, *, times: int = 1) -> None:
    """Record that one of ``RECORDED`` occurred, so many times. Does not commit."""
    conn.execute(_QUERIES["note_trouble"], {"kind": code.value, "said": storable.text(said)[:500], "times": times})


def end_trouble(conn: Connection, code: Code) -> None:
    """Record that one of ``RECORDED`` is over. Does not commit."""
    conn.execute(_QUERIES["end_trouble"], {"kind": code.value})


def note_fenced_off(conn: Connection, error: NotTheWriter, holder: str) -> None:
    """Record that a process was fenced off, so that the board shows it."""
    conn.execute(_QUERIES["note_fenced_off"], {"fence": error.fence, "holder": holder, "taken_by": error.holder})
