"""The history of orders: append-only, hash-chained. The caller owns the transaction."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from db import scope, sql, storable

_QUERIES = sql.load("history")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """Who did what to an order, and why. ``old`` and ``new`` have only the fields that changed."""

    seq: int
    at: datetime
    actor: str
    step: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    why: str


def append(
    conn: Connection,
    order_id: UUID,
    *,
    at: datetime,
    actor: str,
    step: str,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    why: str = "",
) -> None:
    """Append a row to an order's history; the order must be locked by this transaction. ``at`` is the wall clock."""
    row = {"order_id": order_id, "at": at, "actor": actor, "step": step, "why": why}
    conn.execute(
        _QUERIES["append"], row | {"old": storable.json(dict(old or {})), "new": storable.json(dict(new or {}))}
    )


def reported(conn: Connection, facts: Mapping[str, Any] | None) -> None:
    """Add facts to ``new`` of every row from here to the end of the transaction; None: no longer.

    For what a device reports afterwards: the row's own time is the server's, these say when it was by the device's.
    """
    said = "" if facts is None else json.dumps({"reported": dict(facts)})
    conn.execute(_QUERIES["reported"], {"facts": said})


def of_order(
    conn: Connection,
    order_id: UUID,
    within: Collection[str] | None = None,
    *,
    given_to: int | None = None,
    prices: bool = True,
) -> list[HistoryRow]:
    """Return an order's history, the oldest row first, without links to orders of other sites than those within, and
    for a contractor without links to orders that are not theirs.

    Without ``prices`` rows about part prices are left out, for those who may not see costs.
    """
    asked = {"order_id": order_id, "within": scope.codes(within), "given_to": given_to, "prices": prices}
    with conn.cursor(row_factory=class_row(HistoryRow)) as cursor:
        return cursor.execute(_QUERIES["of_order"], asked).fetchall()
