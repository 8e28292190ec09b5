"""When people work: their shifts as spans in UTC, from a rotation, the site's zone and absences. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from workorder_core.planning.site_time import SiteTime
from workorder_core.sentences import say

DAY = timedelta(days=1)
_MONDAY = date(2024, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A shift of a rotation, in local times of the site. It may pass midnight; equal times mean a whole day.

    Parameters
    ----------
    day
        The day of the rotation on which it begins, from 0.
    break_starts
        The first time at or after the shift's begin at which the clock shows it; ignored if that is after its end.
    """

    day: int
    starts: time
    ends: time
    break_starts: time | None = None
    break_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A rotation of ``days`` days that is repeated for ever, before its anchor too; the anchor is its day 0."""

    anchor: date
    days: int
    shifts: tuple[Shift, ...]

    def __post_init__(self) -> None:
        if any(not 0 <= each.day < self.days for each in self.shifts):
            raise ValueError(say("a shift is on none of the {days} days of its pattern", days=self.days))
        if len({each.day for each in self.shifts}) < len(self.shifts):
            raise ValueError(say("a pattern has two shifts that begin on one day"))

    def on(self, day: date) -> Shift | None:
        """Return the shift that begins on a date."""
        place = (day - self.anchor).days % self.days
        return next((each for each in self.shifts if each.day == place), None)


def weekly(starts: time, ends: time, weekdays: Collection[int]) -> Pattern:
    """Return the rotation of somebody with the same hours on some ISO weekdays, every week."""
    shifts = tuple(Shift(day=each - 1, starts=starts, ends=ends) for each in sorted(set(weekdays)))
    return Pattern(anchor=_MONDAY, days=7, shifts=shifts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """When somebody is away; ``ends`` None: until further notice."""

    starts: datetime
    ends: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Return whether the person is away at a moment."""
        return self.starts <= at and (self.ends is None or at < self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """One shift in UTC. ``date`` is the local day on which it begins; ``breaks`` have what is not worked within it."""

    date: date
    starts: datetime
    ends: datetime
    breaks: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The first and the last date on which shifts begin; None: no bound."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        """Return whether a date is within the contract."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def worked(
    pattern: Pattern,
    clock: SiteTime,
    *,
    since: date,
    dates: int,
    offset: int = 0,
    contract: Contract = Contract(),
    absences: Sequence[Absence] = (),
) -> list[Worked]:
    """Return the shifts that begin on ``dates`` local dates from ``since`` on, by their time.

    An absence at the begin or the end of a shift makes it shorter, one in the middle is a break, one over all of it
    leaves nothing. A shift that a change of the clocks falls into is an hour shorter or longer. A time that the clocks
    leave out is the first moment after it; one that they show twice is the first.

    Parameters
    ----------
    offset
        How many days later somebody works the pattern.
    clock
        Only its zone counts: a rotation goes on over holidays.
    """
    found = []
    for day in (since + number * DAY for number in range(dates)):
        shift = pattern.on(day - offset * DAY) if contract.holds(day) else None
        at = None if shift is None else _span(shift, day, clock)
        left = None if at is None else without(at, absences)
        if left is not None:
            found.append(left)
    return found


def _span(shift: Shift, day: date, clock: SiteTime) -> Worked | None:
    starts = clock.moment(datetime.combine(day, shift.starts))
    ends = clock.moment(datetime.combine(day + (DAY if shift.ends <= shift.starts else timedelta()), shift.ends))
    if ends <= starts:
        return None
    at = Worked(date=day, starts=starts, ends=ends)
    if shift.break_starts is None:
        return at
    on = day if shift.break_starts >= shift.starts else day + DAY
    begins = clock.moment(datetime.combine(on, shift.break_starts))
    over = min(begins + timedelta(minutes=shift.break_minutes), ends)
    return replace(at, breaks=((begins, over),)) if starts <= begins < over else at


def without(at: Worked, absences: Sequence[Absence]) -> Worked | None:
    """Return what absences leave of a shift; None if nothing is left to work."""
    starts, ends = at.starts, at.ends
    off = list(_within(at, absences))
    if not off:
        return at
    breaks = _merged((*off, *at.breaks))
    if breaks[0][0] <= starts:
        starts = breaks.pop(0)[1]
    if breaks and breaks[-1][1] >= ends:
        ends = breaks.pop()[0]
    return replace(at, starts=starts, ends=ends, breaks=tuple(breaks)) if starts < ends else None


def _within(at: Worked, absences: Sequence[Absence]) -> Iterator[tuple[datetime, datetime]]:
    for each in absences:
        begins, over = max(each.starts, at.starts), min(each.ends or at.ends, at.ends)
        if begins < over:
            yield begins.astimezone(UTC), over.astimezone(UTC)


def _merged(spans: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return spans by time, those that touch as one."""
    found: list[tuple[datetime, datetime]] = []
    for begins, over in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(over, found[-1][1]))
        else:
            found.append((begins, over))
    return found
