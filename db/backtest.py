"""What a backtest reads: where a range lies in the sequence of inputs, and the orders that the plant really opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import sql

_QUERIES = sql.load("backtest")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOrder:
    """An order of the engine as it stands. ``source`` and ``summary`` are of its first evidence."""

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
    evidence: int


def places(conn: Connection, *, since: datetime, until: datetime) -> tuple[int, int] | None:
    """Return the first and last arrival of what was judged with ``since <= observed_at <= until``; None for nothing."""
    row: Any = conn.execute(_QUERIES["places"], {"since": since, "until": until}).fetchone()
    return None if row[0] is None else (int(row[0]), int(row[1]))


def known_assets(conn: Connection, assets: Sequence[str]) -> list[str]:
    """Return those of the assets (``<site>/<asset>``) that the plant has."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["known_assets"], {"assets": list(assets)}).fetchall()


def orders(
    conn: Connection, *, since: datetime, until: datetime, assets: Sequence[str] | None = None
) -> list[LiveOrder]:
    """Return the engine's orders with ``since <= opened_at <= until``, the oldest first."""
    asked = {"since": since, "until": until, "assets": None if assets is None else list(assets)}
    with conn.cursor(row_factory=class_row(LiveOrder)) as cursor:
        return cursor.execute(_QUERIES["orders"], asked).fetchall()
