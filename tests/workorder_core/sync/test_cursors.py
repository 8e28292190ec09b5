"""A device's position in what has changed."""

from uuid import uuid4

import pytest

from workorder_core.people.access import Who
from workorder_core.sync import cursors
from workorder_core.sync.cursors import Cursor

WHO = Who("person:holm", frozenset(), frozenset({"NTH"}), technician="holm", technician_site="NTH")
MINE = cursors.access_of(WHO)


@pytest.mark.parametrize("after", [None, uuid4()])
def test_a_cursor_is_read_as_it_was_written(after):
    cursor = Cursor(event=42, access=MINE, after=after)
    assert cursors.parse(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "42", "42..x", "x..0123456789ab", f"42.1.{MINE}", f"{'9' * 19}..{MINE}"])
def test_what_is_no_cursor_is_none(text):
    assert cursors.parse(text) is None


FITS = {
    "nothing happened": (10, MINE, (1, 10), True),
    "all since are there": (4, MINE, (5, 10), True),
    "some since were dropped": (3, MINE, (5, 10), False),
    "the server was restored": (11, MINE, (1, 10), False),
    "access has changed": (10, "0" * 12, (1, 10), False),
    "there never were any": (0, MINE, None, True),
    "there are none any more": (9, MINE, None, False),
    "too many": (0, MINE, (1, cursors.MOST_EVENTS + 1), False),
}


@pytest.mark.parametrize(("event", "access", "bounds", "fits"), FITS.values(), ids=FITS)
def test_a_device_begins_anew_where_what_it_missed_is_not_known(event, access, bounds, fits):
    assert cursors.fits(Cursor(event=event, access=access), WHO, bounds) is fits
