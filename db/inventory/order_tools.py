"""The tools that an order needs, with their bookings, and booking them. The caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from db.inventory import bookings, tools
from db.inventory.bookings import Booking
from db.plant import plant
from workorder_core.inventory import needed_tools
from workorder_core.inventory.errors import InvalidBooking, ToolIsBooked
from workorder_core.inventory.needed_tools import Registered
from workorder_core.orders.order import WorkOrder
from workorder_core.sentences import kept

MOST = 500
"""More tools of one site are not searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """A tool that an order needs, in the order's words.

    Parameters
    ----------
    tools
        Those of the register, any of which serves; none: the register has no such tool.
    booking
        The order's booking or loan of one of them; None: it is not booked.
    taken
        Whose the first of them is at the order's time, if none is free then.
    """

    words: str
    tools: Sequence[Registered]
    booking: Booking | None
    taken: Booking | None


def of_order(conn: Connection, order: WorkOrder, *, now: datetime) -> list[Needed]:
    """Return the tools that an order needs, and whether they are booked for it."""
    if not order.required_tools:
        return []
    site = plant.site(conn, order.site_id).code
    register = _register(conn, site)
    of_order = bookings.page(conn, within=[site], order_id=order.id, limit=MOST)
    found = []
    for words in needed_tools.one_of_each(order.required_tools):
        meant = needed_tools.meant(words, register)
        ids = {each.id for each in meant}
        booking = next((each for each in of_order if each.tool_id in ids), None)
        taken = None if booking is not None else _taken(conn, order, meant, now)
        found.append(Needed(words=words, tools=meant, booking=booking, taken=taken))
    return found


def book(conn: Connection, order: WorkOrder, *, actor: str, at: datetime) -> list[str]:
    """Book the tools that an order needs for its scheduled time; return a sentence for each that could not be booked.

    What is booked for it already stays, and so does a tool that the register does not have: it is only shown.
    """
    said = []
    for each in of_order(conn, order, now=at):
        if each.booking is not None or not each.tools:
            continue
        problem = _book_one(conn, order, each, actor, at)
        if problem is not None:
            said.append(kept("The tool {tool} is not booked: {problem}.", tool=each.words, problem=problem))
    return said


def _book_one(conn: Connection, order: WorkOrder, needed: Needed, actor: str, at: datetime) -> str | None:
    """Book the first of the tools that is free; return why none is."""
    starts, ends = _window(order, at)
    first: str | None = None
    for tool in needed.tools:
        bookings.lock_tool(conn, tool.id)
        try:
            bookings.book(
                conn, tool.id, order.number, starts_at=starts, ends_at=ends, actor=actor, at=at, order_id=order.id
            )
        except (ToolIsBooked, InvalidBooking) as refused:
            first = first or str(refused)
        else:
            return None
    return first


def _window(order: WorkOrder, now: datetime) -> tuple[datetime, datetime]:
    start = order.scheduled_start or order.requested_for or now
    starts, ends = needed_tools.window(start, order.scheduled_end, order.estimated_hours)
    return (starts, ends) if starts >= now else (now, now + (ends - starts))


def _taken(conn: Connection, order: WorkOrder, meant: Sequence[Registered], now: datetime) -> Booking | None:
    """Return what is in the way of the first tool, if something is of each of them."""
    found = [bookings.in_the_way(conn, tool.id, *_window(order, now)) for tool in meant]
    return found[0][0] if found and all(found) else None


def _register(conn: Connection, site: str) -> list[Registered]:
    return [
        Registered(each.id, each.code, each.name) for each in tools.page(conn, within=[site], site=site, limit=MOST)
    ]
