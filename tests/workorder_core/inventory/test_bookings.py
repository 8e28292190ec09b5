"""Which times of a tool can be booked, and which booking a loan collects."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from workorder_core.inventory import bookings
from workorder_core.inventory.bookings import Booked
from workorder_core.inventory.errors import InvalidBooking

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORDER = UUID(int=1)


@pytest.mark.parametrize(
    ("starts", "ends", "why"),
    [(2, 2, "end after it begins"), (3, 2, "end after it begins"), (-5, -1, "in the future"), (0, 9000, "a year")],
)
def test_a_booking_ends_after_it_begins_is_not_over_and_lasts_a_year_at_most(starts, ends, why):
    with pytest.raises(InvalidBooking, match=why):
        bookings.check(NOW + starts * HOUR, NOW + ends * HOUR, now=NOW)
    bookings.check(NOW - HOUR, NOW + HOUR, now=NOW)


def test_a_loan_collects_the_first_booking_of_its_borrower_or_of_its_order_in_its_time_and_no_other():
    mine = Booked(1, "Anna  Holm", None, NOW + HOUR, NOW + 3 * HOUR)
    later = Booked(2, "anna holm", None, NOW + 4 * HOUR, NOW + 5 * HOUR)
    ordered = Booked(3, "Jonas", ORDER, NOW + 2 * HOUR, NOW + 4 * HOUR)
    every = [later, ordered, mine]
    facts = {"at": NOW, "due_at": NOW + 8 * HOUR}
    assert bookings.collects(every, borrower="anna holm", order_id=None, **facts) == 1
    assert bookings.collects(every, borrower="somebody", order_id=ORDER, **facts) == 3
    assert bookings.collects(every, borrower="somebody", order_id=None, **facts) is None
    assert bookings.collects(every, borrower="Anna Holm", order_id=None, at=NOW, due_at=NOW + HOUR) is None
