"""Counts of meters that people enter. The caller owns the transaction."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import sql
from workorder_core.planning.meter_entries import Count, check

_QUERIES = sql.load("planning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A meter of a plan: its asset, and its last known count, None before the first."""

    asset_id: int
    code: str
    name: str
    at: datetime | None
    count: float | None


def enter(
    conn: Connection,
    asset_id: int,
    signal: str,
    *,
    at: datetime,
    count: float,
    exchanged: bool = False,
    rolled_over: bool = False,
    actor: str,
    now: datetime,
    time_zone: str,
) -> bool:
    """Store a meter's count, or the first count of a new one; False if already stored. Plans evaluate it at once.

    Raises CountRefused if it does not fit the known counts; its times are of ``time_zone``, an IANA name.
    """
    asked: dict[str, Any] = {"asset_id": asset_id, "signal": signal, "at": at, "exchanged": exchanged}
    conn.execute(_QUERIES["lock_meter"], asked)
    zone = ZoneInfo(time_zone)
    entered = Count(at=at.astimezone(zone), count=count, exchanged=exchanged, rolled_over=rolled_over)
    check(entered, _neighbour(conn, "count_before", asked, zone), _neighbour(conn, "count_after", asked, zone), now=now)
    facts = asked | {"count": count, "rolled_over": rolled_over, "actor": actor, "now": now}
    with conn.cursor(row_factory=scalar_row) as cursor:
        new = cursor.execute(_QUERIES["add_meter_entry"], facts).fetchone() is not None
    conn.execute(_QUERIES["look_at_meters"], {"asset_id": asset_id, "at": now})
    return new


def of_plan(conn: Connection, plan_id: int, signal: str) -> list[Shown]:
    """Return the meters by which a plan goes, by their assets' codes; 200 at most."""
    with conn.cursor(row_factory=class_row(Shown)) as cursor:
        return cursor.execute(_QUERIES["meters_of_plan"], {"plan_id": plan_id, "signal": signal}).fetchall()


def _neighbour(conn: Connection, query: str, asked: dict[str, Any], zone: ZoneInfo) -> Count | None:
    with conn.cursor(row_factory=class_row(Count)) as cursor:
        found = cursor.execute(_QUERIES[query], asked).fetchone()
    return None if found is None else replace(found, at=found.at.astimezone(zone))
