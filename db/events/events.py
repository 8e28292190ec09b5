"""The event log of the plant: one list, with ids by which a reader can page without missing a late commit.

Triggers write an event in the transaction that it reports: a row of an order's history, evidence, an alarm's move, a
change of documents. ``append`` is for changes that no trigger sees. To follow the list:

1. LISTEN on ``CHANNEL``, or poll.
2. ``number(conn)`` in a transaction of its own: it gives ids to committed events.
3. ``after(conn, last_id)`` until a page comes back with fewer than ``limit``.

Ids rise in the order in which events can be read: once an id has been read, no smaller one appears. They have gaps. The
events of one order are in the order of its history. Events are kept for a stated time; ``bounds`` says from which id.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, scalar_row, tuple_row

from db import scope, sql, storable
from workorder_core.notifying.altered import altered

_QUERIES = sql.load("events")
CHANNEL = "events"
"""The channel that gets a NOTIFY without content when a transaction that wrote events has committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event.

    Parameters
    ----------
    id
        Its number in the list: for paging.
    uid
        The same wherever and however often the event is sent, so that receivers recognise repeats.
    kind
        Its subject and what happened: ``order.closed``.
    site, site_id
        None: it concerns the whole plant.
    subject
        The subject's name for people: ``NTH-1042``.
    at, recorded_at
        Wall clock: when it happened, and when it was written.
    """

    id: int
    uid: UUID
    kind: str
    site_id: int | None
    site: str | None
    asset_id: int | None
    order_id: UUID | None
    subject: str
    at: datetime
    recorded_at: datetime
    data: Mapping[str, Any]

    @property
    def altered(self) -> tuple[str, ...]:
        """The names of what it alters, which open pages follow."""
        return altered(self.kind, site=self.site, asset_id=self.asset_id, order_id=self.order_id, data=self.data)


def append(
    conn: Connection,
    kind: str,
    subject: str,
    *,
    at: datetime,
    site_id: int | None = None,
    asset_id: int | None = None,
    order_id: UUID | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write an event in the caller's transaction; it gets its id after the commit."""
    facts = {"kind": kind, "subject": storable.text(subject), "at": at, "site_id": site_id, "asset_id": asset_id}
    conn.execute(_QUERIES["append"], facts | {"order_id": order_id, "data": storable.json(dict(data or {}))})


def number(conn: Connection) -> int:
    """Give ids to the events that have committed; return how many. Commit soon: other readers wait for it."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute(_QUERIES["number"]).fetchone() or 0)


def after(
    conn: Connection,
    after: int,
    *,
    within: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    of: Collection[str] | None = None,
    given_to: int | None = None,
    limit: int = 500,
) -> list[Event]:
    """Return the numbered events after an id, in order; plant-wide ones only for those who see every site (None).

    ``of`` is their subject, the first half of a kind, such as ``order``; ``given_to`` the id of a technician, for the
    events of orders that they have or had.
    """
    asked: dict[str, Any] = {"after": after, "within": scope.codes(within)}
    asked["kinds"] = None if kinds is None else sorted(kinds)
    asked |= {"of": None if of is None else sorted(of), "given_to": given_to}
    with conn.cursor(row_factory=class_row(Event)) as cursor:
        return cursor.execute(_QUERIES["after"], asked | {"limit": limit}).fetchall()


def newest_first(
    conn: Connection,
    *,
    before: int | None = None,
    within: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    limit: int = 50,
) -> list[Event]:
    """Return the numbered events before an id, the newest first, scoped likewise."""
    asked = {"before": before, "within": scope.codes(within), "kinds": None if kinds is None else sorted(kinds)}
    with conn.cursor(row_factory=class_row(Event)) as cursor:
        return cursor.execute(_QUERIES["newest_first"], asked | {"limit": limit}).fetchall()


def get(conn: Connection, event_id: int) -> Event | None:
    """Return one event; None if it has been dropped."""
    with conn.cursor(row_factory=class_row(Event)) as cursor:
        return cursor.execute(_QUERIES["get"], {"id": event_id}).fetchone()


def bounds(conn: Connection) -> tuple[int, int] | None:
    """Return the oldest and the newest stored id; None if there are none."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        oldest, newest = cursor.execute(_QUERIES["bounds"]).fetchone() or (None, None)
    return None if oldest is None else (oldest, newest)
