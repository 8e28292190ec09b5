"""Tools booked ahead: which times can be booked, and which booking a loan collects. No clock, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from workorder_core.inventory.errors import InvalidBooking
from workorder_core.sentences import say

LONGEST = timedelta(days=366)


class BookingState(StrEnum):
    """What has become of a time in which a tool is somebody's."""

    BOOKED = "booked"
    OUT = "out"
    RETURNED = "returned"
    CANCELLED = "cancelled"


OPEN = frozenset({BookingState.BOOKED, BookingState.OUT})
"""In these nobody else has the tool in that time."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking that nobody has collected yet."""

    id: int
    borrower: str
    order_id: UUID | None
    starts_at: datetime
    ends_at: datetime


def check(starts_at: datetime, ends_at: datetime, *, now: datetime) -> None:
    """Check that a time can be booked: it ends after it begins, is not over, and lasts a year at most.

    Raises InvalidBooking.
    """
    if ends_at <= starts_at:
        raise InvalidBooking(say("a booking must end after it begins: choose a later end"))
    if ends_at <= now:
        raise InvalidBooking(say("a booking must be for a time in the future: choose a later end"))
    if ends_at - starts_at > LONGEST:
        raise InvalidBooking(say("a booking lasts a year at most: choose an earlier end"))


def collects(
    bookings: Sequence[Booked], *, borrower: str, order_id: UUID | None, at: datetime, due_at: datetime
) -> int | None:
    """Return the booking that a loan from ``at`` to ``due_at`` collects; None: it is of nobody's booking.

    It is the first one in that time of the same borrower, or for the same order, whoever fetches the tool.
    """
    theirs = [
        each
        for each in bookings
        if each.starts_at < due_at
        and each.ends_at > at
        and (_name(each.borrower) == _name(borrower) or (order_id is not None and each.order_id == order_id))
    ]
    return min(theirs, key=lambda each: each.starts_at).id if theirs else None


def _name(borrower: str) -> str:
    return " ".join(borrower.casefold().split())
