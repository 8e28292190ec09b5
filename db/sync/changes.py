"""What has changed for a technician since their device was here last. The caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row

from db import scope
from db.events import events
from db.sync.operations import QUERIES
from workorder_core.people.access import Who
from workorder_core.sync import cursors
from workorder_core.sync.cursors import Cursor

ORDERS_A_PAGE = 50
KEPT_AFTER_END = timedelta(days=14)
"""For how long an order that has ended stays on the device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """A page of what has changed.

    Parameters
    ----------
    reset
        It is part of a snapshot, which replaces everything on the device once it is complete.
    gone
        Orders that are no longer theirs.
    more
        Another page follows at once.
    """

    reset: bool
    orders: Sequence[UUID]
    gone: Sequence[UUID]
    next: Cursor
    more: bool


def since(conn: Connection, cursor: Cursor | None, *, who: Who, now: datetime, limit: int = ORDERS_A_PAGE) -> Changes:
    """Return a page of the orders of a technician that have changed after a cursor; None: all of them. Events must
    have been numbered just before.
    """
    bounds = events.bounds(conn)
    newest = 0 if bounds is None else bounds[1]
    asked = whose(conn, who, now) | {"limit": limit}
    if cursor is None or not cursors.fits(cursor, who, bounds):
        return _snapshot(conn, Cursor(event=newest, access=cursors.access_of(who)), asked)
    if cursor.after is not None:
        return _snapshot(conn, cursor, asked)
    asked |= {"since": cursor.event, "newest": newest}
    with conn.cursor(row_factory=scalar_row) as found:
        if found.execute(QUERIES["plan_changed"], asked).fetchone():
            return _snapshot(conn, replace(cursor, event=newest), asked)
    with conn.cursor(row_factory=dict_row) as found:
        rows = found.execute(QUERIES["changed"], asked).fetchall()
    more = len(rows) >= limit
    return Changes(
        reset=False,
        orders=[row["order_id"] for row in rows if row["mine"]],
        gone=[row["order_id"] for row in rows if not row["mine"]],
        next=replace(cursor, event=rows[-1]["event"] if more else newest),
        more=more,
    )


def _snapshot(conn: Connection, cursor: Cursor, asked: dict[str, Any]) -> Changes:
    """Return a page of all orders; what happens meanwhile comes after the last one, by the cursor's event."""
    with conn.cursor(row_factory=scalar_row) as found:
        ids = found.execute(QUERIES["mine"], asked | {"after": cursor.after}).fetchall()
    more = len(ids) == asked["limit"]
    return Changes(reset=True, orders=ids, gone=[], next=replace(cursor, after=ids[-1] if more else None), more=more)


def whose(conn: Connection, who: Who, now: datetime) -> dict[str, Any]:
    """Return the parameters of queries about the orders of who asks: the technician's id, how far back, which sites."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute(QUERIES["technician"], {"code": who.technician, "site": who.technician_site}).fetchone()
    return {"technician": found, "ended_after": now - KEPT_AFTER_END, "within": scope.codes(who.sites)}
