"""The alarms that were raised on the plant: written with the batch that raised them, listed and counted."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from db import scope, sql
from db.alarms import alarm_points
from workorder_core.alarms.alarm_states import Move
from workorder_core.alarms.alarms import Alarm, Change
from workorder_core.words import Severity

_QUERIES = sql.load("alarms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One alarm of a list; event times."""

    id: int
    asset: str
    asset_id: int
    source: str
    severity: int
    summary: str
    raised_at: datetime
    cleared_at: datetime | None
    suppressed: str | None


def write(conn: Connection, changes: Sequence[Change], asset_id: Callable[[str], int], *, at: datetime) -> None:
    """Store raised, ended and suppressed alarms, in the caller's transaction."""
    for change in changes:
        facts = {"asset_id": asset_id(change.asset), "source": change.source, "at": change.at}
        if change.finding is not None:
            finding = change.finding
            more = {"severity": int(finding.severity), "summary": finding.summary, "arrival": finding.arrival}
            conn.execute(_QUERIES["raise"], facts | more)
        elif change.move is Move.CLEAR:
            conn.execute(_QUERIES["clear"], facts)
        elif change.move in (Move.SUPPRESS, Move.RELEASE):
            held = None if change.suppressed is None else change.suppressed.value
            conn.execute(_QUERIES["suppress"], facts | {"suppressed": held})
    alarm_points.follow(conn, changes, asset_id, at=at)


def page(
    conn: Connection,
    *,
    site: str | None = None,
    within: Collection[str] | None = None,
    asset_id: int | None = None,
    source: str | None = None,
    standing: bool = False,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[Row]:
    """Return alarms, the newest first; ``after`` is when the last one of a page was raised, and its id."""
    asked: dict[str, Any] = {"site": site, "asset_id": asset_id, "source": source, "standing": standing}
    asked |= dict(zip(("after_raised", "after_id"), after or (None, None), strict=True))
    with conn.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(_QUERIES["page"], asked | {"limit": limit, "within": scope.codes(within)}).fetchall()


def between(
    conn: Connection,
    since: datetime,
    until: datetime,
    site: str | None = None,
    within: Collection[str] | None = None,
) -> list[Alarm]:
    """Return the alarms that were raised or active in a range, in order."""
    asked = {"since": since, "until": until, "site": site, "within": scope.codes(within)}
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["between"], asked).fetchall()
    return [Alarm(**row | {"severity": Severity(row["severity"])}) for row in rows]
