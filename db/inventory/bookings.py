"""Tools booked ahead, and the calendar that bookings and loans share. The caller owns the transaction.

That no two of them overlap is an exclusion constraint of the schema.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.errors import ExclusionViolation
from psycopg.rows import kwargs_row, scalar_row

from db import scope, sql
from db.errors import NotFound
from db.orders import work_orders
from workorder_core.inventory import bookings
from workorder_core.inventory.bookings import Booked, BookingState
from workorder_core.inventory.errors import BookingEnded, ToolIsBooked
from workorder_core.people.access import Who

_QUERIES = sql.load("inventory_bookings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A time in which a tool is somebody's: booked, out on loan until it is due, or over."""

    id: int
    site: str
    time_zone: str
    tool_id: int
    tool: str
    name: str
    borrower: str
    order_id: UUID | None
    order_number: str | None
    starts_at: datetime
    ends_at: datetime
    state: BookingState
    note: str
    booked_at: datetime
    booked_by: str
    ended_at: datetime | None
    ended_by: str | None

    @property
    def as_booked(self) -> Booked:
        """The booking in the core's terms."""
        return Booked(self.id, self.borrower, self.order_id, self.starts_at, self.ends_at)


def page(
    conn: Connection,
    *,
    within: Collection[str] | None,
    site: str | None = None,
    tool_id: int | None = None,
    order_id: UUID | None = None,
    ended: bool = False,
    starts: datetime | None = None,
    ends: datetime | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int,
) -> list[Booking]:
    """Return the times in which tools are somebody's, the earliest first; with ``ended`` those that are over too."""
    after_at, after_id = after or (None, None)
    asked: dict[str, Any] = {"within": scope.codes(within), "site": site, "tool_id": tool_id, "order_id": order_id}
    asked |= {"ended": ended, "starts": starts, "ends": ends, "after_at": after_at, "after_id": after_id}
    with conn.cursor(row_factory=kwargs_row(_booking)) as cursor:
        return cursor.execute(_QUERIES["bookings"], asked | {"limit": limit}).fetchall()


def get(conn: Connection, booking_id: int) -> Booking:
    """Return one booking. Raises NotFound."""
    with conn.cursor(row_factory=kwargs_row(_booking)) as cursor:
        found = cursor.execute(_QUERIES["booking"], {"id": booking_id}).fetchone()
    if found is None:
        raise NotFound("booking of a tool", booking_id)
    return found


def lock_tool(conn: Connection, tool_id: int) -> None:
    """Let nobody else lend, book or retire a tool until the transaction ends."""
    conn.execute(_QUERIES["lock_tool"], {"tool_id": tool_id})


def book(
    conn: Connection, tool_id: int, borrower: str, *, starts_at: datetime, ends_at: datetime, actor: str, at: datetime,
    order_id: UUID | None = None, note: str = "",
) -> Booking:  # fmt: skip
    """Book a tool that is in use for somebody. Raises ToolIsBooked, InvalidBooking, NotFound."""
    bookings.check(starts_at, ends_at, now=at)
    facts: dict[str, Any] = {"tool_id": tool_id, "order_id": order_id, "borrower": borrower, "note": note, "at": at}
    facts |= {"starts_at": starts_at, "ends_at": ends_at, "actor": actor}
    try:
        with conn.transaction(), conn.cursor(row_factory=scalar_row) as cursor:
            made: int = cursor.execute(_QUERIES["book"], facts).fetchone() or 0
    except ExclusionViolation:
        raise is_booked(conn, tool_id, starts_at, ends_at) from None
    return get(conn, made)


def cancel(conn: Connection, booking_id: int, *, who: Who, at: datetime) -> Booking:
    """Free the time of a booking that nobody has collected. Raises BookingEnded, NotFound."""
    before = get(conn, booking_id)
    lock_tool(conn, before.tool_id)
    if conn.execute(_QUERIES["cancel"], {"id": booking_id, "actor": who.actor, "at": at}).fetchone() is None:
        raise BookingEnded(before.tool, get(conn, booking_id).state)
    return get(conn, booking_id)


def collected(
    conn: Connection, tool_id: int, *, borrower: str, order_id: UUID | None, at: datetime, due_at: datetime
) -> int | None:
    """Return the booking that a loan collects; None for none."""
    found = [each for each in in_the_way(conn, tool_id, at, due_at) if each.state is BookingState.BOOKED]
    return bookings.collects(
        [each.as_booked for each in found], borrower=borrower, order_id=order_id, at=at, due_at=due_at
    )


def in_the_way(conn: Connection, tool_id: int, starts_at: datetime, ends_at: datetime) -> list[Booking]:
    """Return what of a tool is booked or out in a time, the earliest first."""
    asked = {"tool_id": tool_id, "starts_at": starts_at, "ends_at": ends_at}
    with conn.cursor(row_factory=kwargs_row(_booking)) as cursor:
        return cursor.execute(_QUERIES["in_the_way"], asked).fetchall() if starts_at < ends_at else []


def is_booked(
    conn: Connection, tool_id: int, starts_at: datetime, ends_at: datetime, *, but: int | None = None
) -> ToolIsBooked:
    """Return the error that says whose a tool is in a time."""
    first = next(each for each in in_the_way(conn, tool_id, starts_at, ends_at) if each.id != but)
    zone = ZoneInfo(first.time_zone)
    return ToolIsBooked(first.tool, first.borrower, first.starts_at.astimezone(zone), first.ends_at.astimezone(zone))


def check_order(conn: Connection, order_id: UUID | None, site_id: int, who: Who) -> None:
    """Check that an order is of a tool's site. Raises NotFound."""
    if order_id is not None and work_orders.get(conn, order_id, who).site_id != site_id:
        raise NotFound("work order of the tool's site", order_id)


def _booking(state: str, **row: Any) -> Booking:
    return Booking(state=BookingState(state), **row)
