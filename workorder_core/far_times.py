"""The times accepted from people and systems: a year between 1970 and 2200."""

from datetime import UTC, date, datetime

from workorder_core.sentences import say

FIRST_YEAR, LAST_YEAR = 1970, 2200
_FIRST = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
_END = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)


class FarTime(ValueError):
    """A time so far away that it is a mistake, or a placeholder for "never"."""

    def __init__(self) -> None:
        super().__init__(
            say(
                "give a year between {first_year} and {last_year}; leave out an end that is not known",
                first_year=FIRST_YEAR,
                last_year=LAST_YEAR,
            )
        )


def near(at: datetime) -> datetime:
    """Return a time with its zone in UTC. Raises FarTime.

    The year is checked first: close to the ends of the calendar, changing the zone would overflow.
    """
    if not FIRST_YEAR - 1 <= at.year <= LAST_YEAR + 1 or not _FIRST <= at < _END:
        raise FarTime
    return at.astimezone(UTC)


def is_near(at: datetime) -> bool:
    """Return whether a time is of an accepted year."""
    return _FIRST <= at < _END


def near_day(day: date) -> date:
    """Return a day of the calendar. Raises FarTime."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise FarTime
    return day
