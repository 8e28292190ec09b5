"""Forecasts work that will fall due: hours by trade and week or month, before anything is generated. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from operator import itemgetter

from workorder_core.planning import recurrence
from workorder_core.planning.deciding import preview
from workorder_core.planning.due import NOTHING_KNOWN, Facts, Series
from workorder_core.planning.meters import MeterNow
from workorder_core.planning.plans import ByCalendar, MaintenancePlan, OnFreeDay
from workorder_core.planning.site_time import SiteTime


@dataclass(frozen=True, slots=True)
class Effort:
    """The trade and the duration of the work."""

    trade: str
    hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A series to forecast. ``efforts`` are by the package's name; ``""`` is the plan's own."""

    plan: MaintenancePlan
    series: Series
    site: SiteTime
    efforts: Mapping[str, Effort]
    facts: Facts = NOTHING_KNOWN


class Period(StrEnum):
    """What work is counted by."""

    WEEK = "week"
    MONTH = "month"

    def key(self, day: date) -> int:
        """Return the number of the period that a day is in; they follow each other without gaps."""
        return (day.toordinal() - 1) // 7 if self is Period.WEEK else day.year * 12 + day.month - 1

    def begins(self, key: int) -> date:
        """Return the first day of a period by its number."""
        return date.fromordinal(key * 7 + 1) if self is Period.WEEK else date(key // 12, key % 12 + 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Work that was made already and is not done: the site's day on which it is due, its trade and hours."""

    day: date
    trade: str
    hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The work of one trade in one week or month, by the site's calendar.

    Parameters
    ----------
    begins
        The first day of the week or month.
    count
        Pieces of work; ``made`` of them have their order already.
    """

    begins: date
    trade: str
    count: int
    made: int
    hours: float


def months_ahead(now: datetime, months: int) -> datetime:
    """Return the end of a forecast over so many months, of a twelfth of a year each."""
    return now + timedelta(days=round(months * 365.25 / 12))


def forecast(
    entries: Iterable[Entry], *, until: datetime, by: Period = Period.WEEK, made: Iterable[Made] = ()
) -> list[Load]:
    """Return what falls due up to a time by week or month and trade, in that order; conditions cannot be foreseen."""
    counts: dict[tuple[int, str], int] = defaultdict(int)
    hours: dict[tuple[int, str], float] = defaultdict(float)
    have_order: dict[tuple[int, str], int] = defaultdict(int)
    for each in made:
        key = (by.key(each.day), each.trade)
        counts[key] += 1
        have_order[key] += 1
        hours[key] += each.hours
    for effort, days in _by_effort(list(entries), until).items():
        for day, count in days.items():
            key = (by.key(day), effort.trade)
            counts[key] += count
            hours[key] += count * effort.hours
    return [
        Load(
            begins=by.begins(period),
            trade=trade,
            count=counts[period, trade],
            made=have_order[period, trade],
            hours=hours[period, trade],
        )
        for period, trade in sorted(counts)
    ]


def _by_effort(entries: Sequence[Entry], until: datetime) -> dict[Effort, Counter[date]]:
    """Return how often each effort falls due on each day. A sequence: no site's identity is used twice."""
    found: dict[Effort, Counter[date]] = defaultdict(Counter)
    moves: dict[tuple[int, OnFreeDay | None], Moves] = {}
    for entry in entries:
        of_number, calendar = _efforts(entry), entry.plan.calendar
        of_site = moves.setdefault((id(entry.site), None if calendar is None else calendar.on_free_day), {})
        due = days_due(entry, until=until, moves=of_site)
        if len(of_number) == 1:
            found[of_number[0]].update(map(itemgetter(1), due))
            continue
        for number, day in due:
            found[of_number[number % len(of_number)]][day] += 1
    return found


def _efforts(entry: Entry) -> list[Effort]:
    """Return the effort of each occurrence by its number, modulo the largest package's interval."""
    packages = entry.plan.packages
    if not packages:
        return [entry.efforts[""]]
    largest = [max(each.every for each in packages if number % each.every == 0) for number in range(packages[-1].every)]
    names = {each.every: each.name for each in packages}
    return [entry.efforts[names[every]] for every in largest]


Moves = dict[date, date | None]
"""A cache of the days to which a site's non-working days move work."""


def days_due(entry: Entry, *, until: datetime, moves: Moves | None = None) -> Iterator[tuple[int, date]]:
    """Yield the number and the site's day of each occurrence up to a time, as ``preview`` does.

    A calendar with one time a day is counted in days, with hardly a look at the clock, alone or beside a meter: that is
    what makes ten thousand plans quick.
    """
    plan, series, site = entry.plan, entry.series, entry.site
    calendar, moves = plan.calendar, {} if moves is None else moves
    by_condition = plan.condition is not None and entry.facts.condition_since is not None
    if by_condition or calendar is None or len(calendar.times()) > 1:
        for due in preview(plan, series, site, until=until, facts=entry.facts, most=10_000, explained=False):
            yield due.number, site.local(due.at).date()
        return
    if plan.meter is not None and entry.facts.meter is not None:
        yield from enumerate(_first_of_both(entry, calendar, entry.facts.meter, until, moves), series.number + 1)
        return
    at_time, number = calendar.times()[0], series.number
    reached, last = site.local(series.reached).date(), site.local(until).date()
    for day in dated_days(calendar, series, site, last, moves):
        if day <= reached and site.moment(datetime.combine(day, at_time)) <= series.reached:
            continue
        if day == last and site.moment(datetime.combine(day, at_time)) > until:
            return
        number += 1
        yield number, day


def _first_of_both(entry: Entry, calendar: ByCalendar, now: MeterNow, until: datetime, moves: Moves) -> Iterator[date]:
    """Yield the site's days on which a calendar with one time a day or a meter is due, whichever comes first.

    Whatever comes first uses up the calendar's next day, and what comes after is moved with it.
    """
    assert entry.plan.meter is not None
    every, site, at_time = entry.plan.meter.every, entry.site, calendar.times()[0]
    days = _nominal_days(calendar, entry.series, site)
    reached, carry, shift = entry.series.reached, entry.series.meter_carry, entry.series.shift_days
    reached_day = site.local(reached).date()
    while True:
        unmoved, dated = next(
            (
                (day, moved)
                for day, moved in _moved(calendar, days, shift, site, moves)
                if moved > reached_day or (moved == reached_day and _at(site, moved, at_time) > reached)
            ),
            (date.min, None),
        )
        at = now.reached_at(every, carry=carry)
        counted = None if at is None else max(site.local(at).date(), reached_day + _DAY)
        if dated is None and counted is None:
            return
        by_meter = counted is not None and (
            dated is None
            or counted < dated
            or (counted == dated and _at(site, counted, time()) < _at(site, dated, at_time))
        )
        day = counted if by_meter else dated
        assert day is not None
        reached = _at(site, day, time() if by_meter else at_time)
        if reached > until:
            return
        yield day
        reached_day = day
        if by_meter and dated is not None:
            shift += (day - unmoved).days
        carry = carry - every if by_meter else -now.count_at(reached)


def _at(site: SiteTime, day: date, at_time: time) -> datetime:
    return site.moment(datetime.combine(day, at_time))


def _nominal_days(calendar: ByCalendar, series: Series, site: SiteTime) -> Iterator[date]:
    """Yield the rule's days after the series' position, before they are moved."""
    starts, after, at_time = calendar.starts, series.after, calendar.times()[0]
    if after is None:
        begin = site.local(series.reached).date() - timedelta(days=abs(series.shift_days) + 366)
    else:
        begin = after.date() - _DAY
    for day in recurrence.days(recurrence.parse(calendar.rule), starts.date(), after=begin):
        nominal = datetime.combine(day, at_time)
        if nominal >= starts and (after is None or nominal > after):
            yield day


def _moved(
    calendar: ByCalendar, days: Iterator[date], shift_days: int, site: SiteTime, moves: Moves
) -> Iterator[tuple[date, date]]:
    """Yield days after the moves by earlier work, and after those by free days too; without those left out."""
    last, season, shift = recurrence.parse(calendar.rule).until, calendar.season, timedelta(days=shift_days)
    for day in days:
        unmoved = day + shift
        if last is not None and unmoved > last:
            return
        if season is not None and not season.has(unmoved):
            continue
        found = _of_free_day(calendar.on_free_day, unmoved, site, moves)
        if found is not None:
            yield unmoved, found


def dated_days(calendar: ByCalendar, series: Series, site: SiteTime, last: date, moves: Moves) -> Iterator[date]:
    """Yield the days of a calendar that has one time a day, after free days, each once, up to a day."""
    rule, starts = recurrence.parse(calendar.rule), calendar.starts
    keep, season, shift = calendar.on_free_day is OnFreeDay.KEEP, calendar.season, timedelta(days=series.shift_days)
    if series.after is None:
        after = site.local(series.reached).date() - timedelta(days=abs(series.shift_days) + 366)
    else:
        after = series.after.date()
    before, beyond = date.min, last + timedelta(days=0 if keep else _LONGEST_MOVE)
    beyond = beyond if rule.until is None else min(beyond, rule.until)
    first = starts.date() + timedelta(days=1) if calendar.times()[0] < starts.time() else starts.date()
    for day in recurrence.days(rule, starts.date(), after=after):
        found: date | None = day + shift if shift else day
        if found is None or found > beyond:
            return
        if day < first or (season is not None and not season.has(found)):
            continue
        if not keep:
            found = _of_free_day(calendar.on_free_day, found, site, moves)
        if found is None or found <= before:
            continue
        if found > last:
            if calendar.on_free_day is not OnFreeDay.PREVIOUS:
                return
            continue
        before = found
        yield found


_LONGEST_MOVE = 366
_DAY = timedelta(days=1)


def _of_free_day(on_free_day: OnFreeDay, day: date, site: SiteTime, moves: Moves) -> date | None:
    if on_free_day is OnFreeDay.KEEP:
        return day
    if day not in moves:
        moves[day] = _worked(on_free_day, day, site)
    return moves[day]


def _worked(on_free_day: OnFreeDay, day: date, site: SiteTime) -> date | None:
    if site.why_no_working_day(day) is None:
        return day
    if on_free_day is OnFreeDay.SKIP:
        return None
    return site.nearest_working_day(day, 1 if on_free_day is OnFreeDay.NEXT else -1)
