"""Computes when a plan falls due next, and why then. Pure: the same function previews, forecasts and generates.

A *series* is a plan for one object: an asset, a location, a route. Its occurrences are numbered from 1 without gaps.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from workorder_core.digits import plain
from workorder_core.planning import recurrence
from workorder_core.planning.meters import MeterNow
from workorder_core.planning.plans import ByCalendar, ByMeter, MaintenancePlan, OnFreeDay, Package
from workorder_core.planning.site_time import SiteTime
from workorder_core.sentences import kept


class Cause(StrEnum):
    CALENDAR = "calendar"
    METER = "meter"
    CONDITION = "condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A plan's progress for one object.

    Parameters
    ----------
    begun_at
        Earlier dates are no occurrences.
    number
        Of the last occurrence; 0 before the first.
    covered
        The number of the last occurrence that became an order of its own: packages count from there.
    after
        The rule's local time of the last occurrence by calendar, before it was moved.
    shift_days
        By how many days completions, and meters that were due first, have moved the calendar.
    last_due
        When the last occurrence was due.
    meter_carry
        The use counted before ``MeterNow`` starts; negative after work that the meter did not cause.
    """

    begun_at: datetime
    number: int = 0
    covered: int = 0
    after: datetime | None = None
    shift_days: int = 0
    last_due: datetime | None = None
    meter_carry: float = 0.0

    @property
    def reached(self) -> datetime:
        """The next occurrence is later than this."""
        return self.begun_at if self.last_due is None else max(self.begun_at, self.last_due)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of the object.

    Parameters
    ----------
    condition_since
        When the present condition began; None: it is absent.
    """

    meter: MeterNow | None = None
    condition_since: datetime | None = None
    condition: str = ""


NOTHING_KNOWN = Facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An occurrence: when it is due, its trigger, and the sentences that explain it.

    Parameters
    ----------
    nominal
        The rule's local time of the calendar's candidate, whichever trigger is first; None if the calendar has none.
    unmoved
        The calendar's candidate after earlier moves, before non-working days are considered.
    """

    number: int
    at: datetime
    cause: Cause
    why: str
    nominal: datetime | None = None
    unmoved: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Dated:
    at: datetime
    nominal: datetime
    unmoved: datetime
    local: datetime
    why: str = ""


def next_due(
    plan: MaintenancePlan, series: Series, facts: Facts, site: SiteTime, *, explained: bool = True
) -> Due | None:
    """Return the next occurrence, by whichever of calendar, meter and condition comes first; None if none is known.

    One that is not ``explained`` has no sentence why: where dates are only counted, that is a third of the time.
    """
    dated = None if plan.calendar is None else next(dates(plan.calendar, series, site), None)
    found: list[tuple[datetime, Cause]] = []
    if dated is not None:
        found.append((dated.at, Cause.CALENDAR))
    if plan.meter is not None and (at := _by_meter(plan.meter, series, facts, site)) is not None:
        found.append((at, Cause.METER))
    since = facts.condition_since
    if plan.condition is not None and since is not None and since > series.reached:
        found.append((since, Cause.CONDITION))
    if not found:
        return None
    at, cause = min(found, key=lambda each: each[0])  # the calendar where two are equal
    return Due(
        number=series.number + 1,
        at=at,
        cause=cause,
        why=_why(plan, series, facts, site, cause, dated, others=len(found) > 1) if explained else "",
        nominal=None if dated is None else dated.nominal,
        unmoved=None if dated is None else dated.unmoved,
    )


def advance(plan: MaintenancePlan, series: Series, due: Due, facts: Facts, site: SiteTime) -> Series:
    """Return the series after an occurrence. Whichever trigger came first restarts all intervals."""
    series = replace(series, number=due.number, last_due=due.at)
    if due.nominal is not None and due.unmoved is not None:
        moved = 0 if due.cause is Cause.CALENDAR else (site.local(due.at).date() - due.unmoved.date()).days
        series = replace(series, after=due.nominal, shift_days=series.shift_days + moved)
    if plan.meter is None:
        return series
    if due.cause is Cause.METER:
        return replace(series, meter_carry=series.meter_carry - plan.meter.every)
    return replace(series, meter_carry=0.0 if facts.meter is None else -facts.meter.count_at(due.at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The effect of a completion: the series, and the sentence for the planner, empty within the tolerances."""

    series: Series
    note: str


def complete(
    plan: MaintenancePlan,
    series: Series,
    *,
    number: int,
    due_at: datetime,
    completed_at: datetime,
    site: SiteTime,
    meter: MeterNow | None = None,
) -> Completion:
    """Move the next occurrence after a completion, by the shift factor. The deviation is counted in days of the site's
    calendar. Within the tolerances nothing moves; beyond them the whole deviation counts, times the factor, rounded
    towards zero. Occurrences that were generated already do not move: the completion of one before the last moves
    nothing.
    """
    off = (site.local(completed_at).date() - site.local(due_at).date()).days
    if -plan.early_days <= off <= plan.late_days:
        return Completion(series=series, note="")
    tolerance = plan.late_days if off > 0 else plan.early_days
    facts = {"days": _days(off), "limit": _days(tolerance)}
    note = (
        kept("Completed {days} late, beyond the tolerance of {limit}", **facts)
        if off > 0
        else kept("Completed {days} early, beyond the tolerance of {limit}", **facts)
    )
    if number != series.number:
        return Completion(
            series=series, note=kept("{note}; the next occurrence had been made already, so nothing moves.", note=note)
        )
    moved = int(plan.shift_factor * Decimal(off))
    if plan.meter is not None and plan.shift_factor and meter is not None:
        series = _meter_after(plan, series, meter)
    if not moved:
        return Completion(series=series, note=kept("{note}; what comes next is not moved.", note=note))
    if plan.calendar is not None:
        series = replace(series, shift_days=series.shift_days + moved)
    return Completion(
        series=series, note=kept("{note}: what comes next moves by {days}.", note=note, days=_days(moved, signed=True))
    )


def _meter_after(plan: MaintenancePlan, series: Series, meter: MeterNow) -> Series:
    assert plan.meter is not None
    off = meter.used + series.meter_carry
    if -plan.meter.early <= off <= plan.meter.late:
        return series
    return replace(series, meter_carry=series.meter_carry - float(plan.shift_factor) * off)


def packages_due(packages: tuple[Package, ...], series: Series, number: int) -> tuple[Package, ...]:
    """Return the packages that an occurrence covers, the largest last: that one is its work. A package is due if a
    multiple of its interval lies after the last occurrence that became work: the next one makes up for skipped or
    merged ones.
    """
    return tuple(each for each in packages if number // each.every > series.covered // each.every)


def dates(calendar: ByCalendar, series: Series, site: SiteTime) -> Iterator[_Dated]:
    """Yield the calendar's dates later than the series' position; two at one moment are one."""
    rule, starts = recurrence.parse(calendar.rule), calendar.starts
    times, reached = calendar.times(), series.reached
    # Some times of that day may be done and others not: begin with the day itself.
    after = None if series.after is None else series.after.date() - timedelta(days=1)
    if after is None:
        after = site.local(reached).date() - timedelta(days=abs(series.shift_days) + 366)
    for day in recurrence.days(rule, starts.date(), after=after):
        moved = day + timedelta(days=series.shift_days)
        if rule.until is not None and moved > rule.until:
            return
        if calendar.season is not None and not calendar.season.has(moved):
            continue
        for at_time in times:
            nominal = datetime.combine(day, at_time)
            if nominal < starts or (series.after is not None and nominal <= series.after):
                continue
            found = _dated(calendar, nominal, series.shift_days, site)
            if found is not None and found.at > reached:
                reached = found.at
                yield found


def _dated(calendar: ByCalendar, nominal: datetime, shift_days: int, site: SiteTime) -> _Dated | None:
    unmoved = nominal + timedelta(days=shift_days)
    day: date | None = unmoved.date()
    if calendar.on_free_day is not OnFreeDay.KEEP:
        day = _worked(calendar.on_free_day, unmoved.date(), site)
    if day is None:
        return None
    local = datetime.combine(day, unmoved.time())
    return _Dated(site.moment(local), nominal, unmoved, local)


def _worked(on_free_day: OnFreeDay, day: date, site: SiteTime) -> date | None:
    if on_free_day is OnFreeDay.SKIP:
        return day if site.why_no_working_day(day) is None else None
    return site.nearest_working_day(day, 1 if on_free_day is OnFreeDay.NEXT else -1)


def _by_meter(meter: ByMeter, series: Series, facts: Facts, site: SiteTime) -> datetime | None:
    """Return the beginning of the day on which the meter reaches its interval, or is expected to; at most one a day."""
    if facts.meter is None:
        return None
    at = facts.meter.reached_at(meter.every, carry=series.meter_carry)
    if at is None:
        return None
    day = max(site.local(at).date(), site.local(series.reached).date() + timedelta(days=1))
    return site.moment(datetime.combine(day, time()))


def _why(
    plan: MaintenancePlan,
    series: Series,
    facts: Facts,
    site: SiteTime,
    cause: Cause,
    dated: _Dated | None,
    *,
    others: bool,
) -> str:
    first = " " + kept("It comes first of the plan's triggers.") if others else ""
    if cause is Cause.CALENDAR:
        assert plan.calendar is not None and dated is not None
        return why_date(plan.calendar, dated, series.shift_days, site) + first
    if cause is Cause.CONDITION:
        return (facts.condition or kept("The condition of the plan is there")) + "." + first
    assert plan.meter is not None and facts.meter is not None
    return _why_count(plan.meter, series, facts.meter, site) + first


def why_date(calendar: ByCalendar, dated: _Dated, shift_days: int, site: SiteTime) -> str:
    """Explain a date by the calendar: the rule, and everything that has moved it."""
    rule = recurrence.parse(calendar.rule)
    words = recurrence.said(rule, calendar.starts.date())
    parts = [f"{words[0].upper()}{words[1:]}: {_day(dated.nominal.date())}"]
    wanted = max(rule.month_days or (calendar.starts.day,)) if rule.freq in ("MONTHLY", "YEARLY") else 0
    if not rule.by_library and wanted > dated.nominal.day and (dated.nominal + timedelta(days=1)).day == 1:
        facts = {"month": f"{dated.nominal:%B}", "year": dated.nominal.year}
        lacks = (
            kept("{month} {year} has no 31st, so it is its last day", **facts)
            if wanted == 31
            else kept("{month} {year} has no {count}th, so it is its last day", count=wanted, **facts)
        )
        parts.append(lacks)
    if shift_days:
        parts.append(kept("moved by {days} because of how earlier work was done", days=_days(shift_days, signed=True)))
    if dated.local.date() != dated.unmoved.date():
        why = site.why_no_working_day(dated.unmoved.date())
        days = {"free": _day(dated.unmoved.date()), "why": why, "worked": _day(dated.local.date())}
        parts.append(
            kept("{free} is no working day ({why}), so it is the next one: {worked}", **days)
            if calendar.on_free_day is OnFreeDay.NEXT
            else kept("{free} is no working day ({why}), so it is the last one: {worked}", **days)
        )
    shown = site.local(dated.at)
    if shown != dated.local:
        parts.append(
            kept(
                "{local} does not exist that day (summer time begins), so it is {shown}",
                local=f"{dated.local:%H:%M}",
                shown=f"{shown:%H:%M}",
            )
        )
    return "; ".join(parts) + "."


def _why_count(meter: ByMeter, series: Series, now: MeterNow, site: SiteTime) -> str:
    spent = now.used + series.meter_carry
    unit = f" {meter.unit}" if meter.unit else ""
    head = kept(
        "Every {interval} of {signal}: {spent} used by {day}",
        interval=f"{plain(meter.every)}{unit}",
        signal=meter.signal,
        spent=f"{_roughly(spent)}{unit}",
        day=_day(site.local(now.at).date()),
    )
    if spent >= meter.every or now.per_day is None:
        return f"{head}."
    return kept(
        "{head}, about {value} a day of late, so it is expected then.",
        head=head,
        value=f"{_roughly(now.per_day)}{unit}",
    )


def _roughly(number: float) -> str:
    """Return a number whole from a hundred on, else with three digits: nobody counts tenths of an hour of thousands."""
    return plain(round(number)) if abs(number) >= 100 else f"{number:.3g}"


def _days(count: int, *, signed: bool = False) -> str:
    number = f"{count:+d}" if signed else str(abs(count))
    return kept("{count} day", count=number) if abs(count) == 1 else kept("{count} days", count=number)


def _day(day: date) -> str:
    return kept("{weekday} {day} {month} {year}", weekday=f"{day:%a}", day=day.day, month=f"{day:%b}", year=day.year)
