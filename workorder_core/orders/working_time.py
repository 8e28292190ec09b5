"""Time that counts: the shifts of a site's week on its own clock, without its holidays. Pure; holidays are given."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workorder_core.sentences import say

_FARTHEST = timedelta(days=3 * 366)
"""How far ahead a calendar is followed; one without working hours in that time cannot be counted by."""


class NoWorkingTime(ValueError):
    """A calendar has too few working hours for a target to run out."""

    def __init__(self, what: str | None = None, span: timedelta | None = None) -> None:
        what = say("the target") if what is None else what
        if span is not None:
            what = say("{what} of {hours:g} working hours", what=what, hours=span.total_seconds() / 3600)
        super().__init__(
            say(
                "{what} does not run out in the next three years of the calendar; give it more hours of "
                "work, or the priority a shorter target, or one that counts round the clock",
                what=what,
            )
        )
        self.what, self.span = what, span


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Hours of work on the site's clock. One may pass midnight; equal times mean a whole day.

    Parameters
    ----------
    weekdays
        ISO weekdays on which it begins, 1 = Monday.
    """

    weekdays: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a site works. No shifts at all: round the clock, holidays too.

    Parameters
    ----------
    zone
        IANA name; a shift that a change of the clocks falls into is an hour shorter or longer.
    holidays
        Local days on which no shift begins.
    """

    zone: str = "UTC"
    shifts: tuple[Shift, ...] = ()
    holidays: frozenset[date] = frozenset()

    def after(self, start: datetime, span: timedelta) -> datetime:
        """Return when so much working time has passed since ``start``. Raises NoWorkingTime."""
        if not self.shifts:
            return start + span
        left = span
        for opens, closes in self._spans(start, start + _FARTHEST):
            here = closes - max(opens, start)
            if here >= left:
                return (max(opens, start) + left).astimezone(start.tzinfo)
            left -= here
        raise NoWorkingTime(span=span)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much working time lies between two times; nothing where the end is not after the start."""
        if not self.shifts:
            return max(end - start, timedelta(0))
        spans = self._spans(start, end)
        return sum((min(closes, end) - max(opens, start) for opens, closes in spans), timedelta(0))

    def _spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the working spans that touch a time span, in order and without overlaps, in UTC."""
        zone = ZoneInfo(self.zone)
        day = start.astimezone(zone).date() - timedelta(days=1)
        last = end.astimezone(zone).date()
        reached = start.astimezone(UTC)
        while day <= last:
            for opens, closes in sorted(self._of_day(day, zone)):
                begins = max(opens, reached)
                # A shift within the hour that a change of the clocks leaves out has no time at all.
                if begins < min(closes, end):
                    yield begins, closes
                    reached = closes
            day += timedelta(days=1)

    def _of_day(self, day: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        if day in self.holidays:
            return
        for shift in self.shifts:
            if day.isoweekday() in shift.weekdays:
                ends_on = day if shift.start < shift.end else day + timedelta(days=1)
                opens = datetime.combine(day, shift.start, zone).astimezone(UTC)
                yield opens, datetime.combine(ends_on, shift.end, zone).astimezone(UTC)


ROUND_THE_CLOCK = Calendar()
