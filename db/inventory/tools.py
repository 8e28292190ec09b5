"""Tools: lent for a time, due back, returned. The caller owns the transaction. An exclusion constraint ensures that a
tool has one borrower at a time.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import ExclusionViolation
from psycopg.rows import class_row, scalar_row

from db import scope, sql
from db.errors import AlreadyExists, NotFound
from db.inventory import bookings
from db.inventory.bookings import Booking
from workorder_core.inventory.bookings import BookingState
from workorder_core.inventory.errors import BookingEnded, InvalidBooking, ToolIsIn, ToolIsOut, ToolRetired
from workorder_core.people.access import Who
from workorder_core.sentences import say

_QUERIES = sql.load("inventory_tools")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool, with its present loan; ``loan`` None: it is not lent."""

    id: int
    site_id: int
    site: str
    time_zone: str
    code: str
    name: str
    kept_at: str
    retired_at: datetime | None
    loan: int | None
    borrower: str | None
    lent_at: datetime | None
    due_at: datetime | None
    order_id: UUID | None
    order_number: str | None

    def overdue(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at < now


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A loan of a tool; ``returned_at`` None: it is not returned yet."""

    id: int
    site: str
    time_zone: str
    tool_id: int
    tool: str
    name: str
    borrower: str
    order_id: UUID | None
    order_number: str | None
    lent_at: datetime
    due_at: datetime
    returned_at: datetime | None
    lent_by: str
    returned_to: str | None
    note: str


def page(
    conn: Connection,
    *,
    within: Collection[str] | None,
    site: str | None = None,
    lent: bool = False,
    retired: bool = False,
    order_id: UUID | None = None,
    after: tuple[datetime, str, str] | None = None,
    limit: int,
) -> list[Tool]:
    """Return tools, those that are due back first, then by site and code.

    ``after`` is due time, site and code; a tool that nobody has is due at the end of time.
    """
    after_due, after_site, after_code = after or (None, None, None)
    due: Any = "infinity" if after_due is not None and after_due.year == NEVER_YEAR else after_due
    asked: dict[str, Any] = {
        "within": scope.codes(within),
        "site": site,
        "lent": lent,
        "retired": retired,
        "order_id": order_id,
    }
    asked |= {"after_due": due, "after_site": after_site, "after_code": after_code, "limit": limit}
    with conn.cursor(row_factory=class_row(Tool)) as cursor:
        return cursor.execute(_QUERIES["tools"], asked).fetchall()


NEVER_YEAR = 9999
"""The year that stands for "not due" in a cursor."""


def get(conn: Connection, tool_id: int) -> Tool:
    """Return one tool. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Tool)) as cursor:
        found = cursor.execute(_QUERIES["tool"], {"id": tool_id}).fetchone()
    if found is None:
        raise NotFound("tool", tool_id)
    return found


def add(conn: Connection, site_id: int, site: str, code: str, name: str, kept_at: str) -> Tool:
    """Store a new tool. Raises AlreadyExists."""
    facts = {"site_id": site_id, "code": code, "name": name, "kept_at": kept_at}
    with conn.cursor(row_factory=scalar_row) as cursor:
        made = cursor.execute(_QUERIES["add"], facts).fetchone()
    if made is None:
        raise AlreadyExists("tool", f"{site}/{code}")
    return get(conn, made)


def save(conn: Connection, tool: Tool, *, name: str, kept_at: str, retired: bool, at: datetime) -> Tool:
    """Change a tool's facts. Raises ToolIsOut for retiring one that is lent."""
    bookings.lock_tool(conn, tool.id)
    if retired and (borrower := get(conn, tool.id).borrower) is not None:
        raise ToolIsOut(tool.code, borrower)
    facts = {"id": tool.id, "name": name, "kept_at": kept_at, "retired": retired, "at": at}
    conn.execute(_QUERIES["save"], facts)
    return get(conn, tool.id)


def lend(
    conn: Connection, tool_id: int, borrower: str, *, due_at: datetime, who: Who, at: datetime,
    order_id: UUID | None = None, note: str = "", lent_at: datetime | None = None, booking_id: int | None = None,
) -> Tool:  # fmt: skip
    """Lend a tool to somebody until it is returned; ``lent_at`` is when they got it, if that was before ``at``.

    The loan collects ``booking_id``, else a booking of the borrower or of the order at that time. Raises ToolIsOut if
    somebody else has the tool, ToolIsBooked if the loan would last into somebody else's booking, ToolRetired,
    BookingEnded, InvalidBooking if it ends before it begins or has yet to begin, NotFound.
    """
    tool = _usable(conn, tool_id)
    if lent_at is not None and lent_at > at:
        raise InvalidBooking(say("it cannot have been lent at a time that is still to come"))
    if due_at <= (lent_at or at):
        raise InvalidBooking(say("it is due back after it is lent, not before"))
    bookings.check_order(conn, order_id, tool.site_id, who)
    if booking_id is None:
        booking_id = bookings.collected(conn, tool_id, borrower=borrower, order_id=order_id, at=at, due_at=due_at)
    else:
        booked = bookings.get(conn, booking_id)
        if booked.tool_id != tool_id:
            raise NotFound("booking of the tool", booking_id)
        if booked.state is not BookingState.BOOKED:
            raise BookingEnded(tool.code, booked.state)
        order_id = order_id or booked.order_id
    facts: dict[str, Any] = {"tool_id": tool_id, "order_id": order_id, "borrower": borrower, "due_at": due_at}
    facts |= {"lent_at": lent_at or at, "at": at, "actor": who.actor, "note": note, "booking_id": booking_id}
    try:
        with conn.transaction():
            conn.execute(_QUERIES["lend"], facts)
    except ExclusionViolation as refused:
        if refused.diag.constraint_name == "tool_bookings_one_at_a_time" and get(conn, tool_id).loan is None:
            raise bookings.is_booked(conn, tool_id, max(lent_at or at, at), due_at, but=booking_id) from None
        raise ToolIsOut(tool.code, get(conn, tool_id).borrower or "somebody") from None
    return get(conn, tool_id)


def book(
    conn: Connection, tool_id: int, borrower: str, *, starts_at: datetime, ends_at: datetime, who: Who, at: datetime,
    order_id: UUID | None = None, note: str = "",
) -> Booking:  # fmt: skip
    """Book a tool for somebody. Raises ToolIsBooked, ToolRetired, InvalidBooking, NotFound."""
    tool = _usable(conn, tool_id)
    bookings.check_order(conn, order_id, tool.site_id, who)
    return bookings.book(
        conn, tool_id, borrower, starts_at=starts_at, ends_at=ends_at, actor=who.actor, at=at, order_id=order_id,
        note=note,
    )  # fmt: skip


def _usable(conn: Connection, tool_id: int) -> Tool:
    """Return a tool that is in use, locked. Raises NotFound, ToolRetired."""
    bookings.lock_tool(conn, tool_id)
    tool = get(conn, tool_id)
    if tool.retired_at is not None:
        raise ToolRetired(tool.code)
    return tool


def give_back(conn: Connection, tool_id: int, *, who: Who, at: datetime, note: str = "") -> Tool:
    """Record a tool's return. Raises ToolIsIn if nobody has it."""
    bookings.lock_tool(conn, tool_id)
    tool = get(conn, tool_id)
    if (
        conn.execute(_QUERIES["give_back"], {"tool_id": tool_id, "actor": who.actor, "at": at, "note": note}).fetchone()
        is None
    ):
        raise ToolIsIn(tool.code)
    return get(conn, tool_id)


def loans(
    conn: Connection, *, within: Collection[str] | None, site: str | None = None, tool_id: int | None = None,
    after: int | None = None, limit: int,
) -> list[Loan]:  # fmt: skip
    """Return loans, the newest first."""
    asked = {"within": scope.codes(within), "site": site, "tool_id": tool_id, "after": after, "limit": limit}
    with conn.cursor(row_factory=class_row(Loan)) as cursor:
        return cursor.execute(_QUERIES["loans"], asked).fetchall()
