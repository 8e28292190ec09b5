"""What a backtest reads: the sequence numbers of a time range, and the orders that the plant really opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, scalar_row, tuple_row

from db import sql

_QUERIES = sql.load("backtest")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOrder:
    """An order of the engine in its present state. ``source``, ``summary`` and ``arrival`` are of its first
    evidence.
    """

    id: UUID
    asset: str
    component: str
    failure_mode: str
    type: str
    opened_at: datetime
    status: str
    duplicate_of: UUID | None
    close_finding: str | None
    opened_as: str
    source: str | None
    summary: str | None
    arrival: int | None
    evidence: int


def arrival_range(conn: Connection, *, since: datetime, until: datetime) -> tuple[int, int] | None:
    """Return the first and last sequence number judged with ``since <= observed_at <= until``; None if there is
    none.
    """
    row: Any = conn.execute(_QUERIES["arrival_range"], {"since": since, "until": until}).fetchone()
    return None if row[0] is None else (int(row[0]), int(row[1]))


def known_assets(conn: Connection, assets: Sequence[str]) -> list[str]:
    """Return which of the assets (``<site>/<asset>``) exist."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["known_assets"], {"assets": list(assets)}).fetchall()


def orders(
    conn: Connection, *, since: datetime, until: datetime, assets: Sequence[str] | None = None
) -> list[LiveOrder]:
    """Return the engine's orders with ``since <= opened_at <= until``, the oldest first."""
    asked = {"since": since, "until": until, "assets": None if assets is None else list(assets)}
    with conn.cursor(row_factory=class_row(LiveOrder)) as cursor:
        return cursor.execute(_QUERIES["orders"], asked).fetchall()


def readings(
    conn: Connection,
    asset_id: int,
    *,
    since: datetime,
    until: datetime,
    signals: Sequence[str] | None = None,
    every: timedelta | None = None,
) -> list[tuple[str, datetime, float]]:
    """Return (signal, time, value) with ``since <= time < until``, of good and uncertain quality; means over
    ``every``.
    """
    asked = {"asset_id": asset_id, "since": since, "until": until, "every": every}
    query = _QUERIES["readings" if every is None else "readings_by_step"]
    with conn.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, asked | {"signals": None if signals is None else list(signals)}).fetchall()


def asset_ids(conn: Connection) -> dict[str, int]:
    """Return every asset's id by ``<site>/<asset>``."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_QUERIES["assets"]).fetchall())


def above(conn: Connection) -> dict[str, list[str]]:
    """Return each asset (``<site>/<asset>``) with everything upstream: itself, then the nearest, the topmost last."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_QUERIES["above"]).fetchall())


def areas(conn: Connection) -> dict[str, str | None]:
    """Return the area, ``<site>/<location>``, that each asset (``<site>/<asset>``) is installed in."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_QUERIES["areas"]).fetchall())


def units(conn: Connection) -> dict[str, dict[str, str]]:
    """Return the units in which signals are stored, by asset and signal."""
    found: dict[str, dict[str, str]] = {}
    with conn.cursor(row_factory=tuple_row) as cursor:
        for asset, signal, unit in cursor.execute(_QUERIES["units"]):
            found.setdefault(asset, {})[signal] = unit
    return found


def table(
    conn: Connection, name: Literal["findings", "all_orders"], *, since: datetime, until: datetime,
    assets: Sequence[str] | None,
) -> tuple[list[str], list[tuple[Any, ...]]]:  # fmt: skip
    """Return the columns and rows of the findings kept as evidence, or of all work orders, in a range of event time."""
    asked = {"since": since, "until": until, "assets": None if assets is None else list(assets)}
    with conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_QUERIES[name], asked)
        return [column.name for column in cursor.description or ()], cursor.fetchall()
