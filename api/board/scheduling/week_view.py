"""What the page of a week shows: rows of people, cells of dates, visits in order with the ways between, load."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection

from db.people import site_rules, technicians
from db.scheduling import day_routes, order_facts, schedules, weeks
from db.scheduling.day_routes import DayRoutes
from db.scheduling.order_facts import OrderFacts
from db.scheduling.schedules import Schedule
from db.scheduling.unscheduled import Unscheduled, unscheduled
from db.scheduling.weeks import Week
from workorder_core.people.certificates import ending
from workorder_core.scheduling.problem import Job, Person
from workorder_core.scheduling.tours import minutes_between
from workorder_core.scheduling.weeks import Differences, Planned

FIRST_HOUR, LAST_HOUR = 6, 18
"""The hours that a day's scale has at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A visit as a block.

    Parameters
    ----------
    gap
        Minutes of travel before it; 0 where there is none.
    wrong
        The sentence of each rule that it breaks as the facts are now.
    change
        ``assigned`` or ``moved`` where it differs from what it is compared with; empty otherwise.
    left, wide
        Its place on the scale of a day, in percent.
    """

    planned: Planned
    order: OrderFacts
    on: date
    gap: int
    wrong: Sequence[str]
    change: str
    left: float = 0.0
    wide: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One person's date; ``capacity`` is in minutes, None for a date that is over."""

    day: date
    blocks: Sequence[Block]
    load: int
    capacity: int | None

    @property
    def share(self) -> int:
        """The load in percent of the capacity, at most 100."""
        return min(100, round(100 * self.load / self.capacity)) if self.capacity else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One person's week; ``wrong`` are sentences about their hours, ``ending`` about certificates near their end."""

    code: str
    name: str
    cells: Sequence[Cell]
    wrong: Sequence[str]
    ending: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The page of a week. ``other`` are sentences about no visit that is shown; ``routes`` are of a day that is opened,
    ``folded`` is how many of the days shown are over.
    """

    rows: Sequence[Row]
    days: Sequence[date]
    unscheduled: Sequence[Unscheduled]
    other: Sequence[str]
    visits: int
    changes: Differences
    compared_with: Schedule | None
    hours: Sequence[int] = field(default=())
    routes: DayRoutes | None = None
    folded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    zone: ZoneInfo
    week: Week
    orders: Mapping[UUID, OrderFacts]
    wrong: Mapping[str | None, Sequence[str]]
    changes: Differences


def view(conn: Connection, schedule: Schedule, week: Week, *, opened: date | None) -> View:
    """Return the page of a schedule; a date that is ``opened`` alone, with a scale of hours."""
    planned = schedules.visits_of(conn, schedule)
    changes, other = weeks.compared(conn, schedule)
    zone = ZoneInfo(schedule.time_zone)
    wrong: dict[str | None, list[str]] = defaultdict(list)
    of_people: dict[str, list[str]] = defaultdict(list)
    there = {each.job for each in planned}
    for each in weeks.broken(conn, schedule, week):
        if each.job in there:
            wrong[each.job].append(each.sentence)
        elif each.person is not None:
            of_people[each.person].append(each.sentence)
        else:
            wrong[None].append(each.sentence)
    facts = _Facts(
        zone=zone,
        week=week,
        orders=order_facts.orders(conn, {each.order for each in planned}),
        wrong=wrong,
        changes=changes,
    )
    days = [schedule.from_date + timedelta(days=n) for n in range(schedule.dates)] if opened is None else [opened]
    cells = _by_person_and_day(planned, zone)
    people = {each.code: each for each in week.problem.people}
    listed = technicians.listed(conn, schedule.site_id)
    names = {each.code: each.name for each in listed}
    today, warn_days = week.read_at.astimezone(zone).date(), site_rules.of_site(conn, schedule.site_id).warn_days
    ends = {each.code: ending(each, today, warn_days) for each in listed}
    shown = [code for code in names if code in people or any((code, day) in cells for day in days)]
    hours = _hours(planned, people.values(), week, days[0], zone) if opened is not None else ()
    rows = [
        Row(
            code=code,
            name=names[code],
            cells=[_cell(people.get(code), day, cells.get((code, day), ()), facts, hours) for day in days],
            wrong=of_people.get(code, ()),
            ending=ends[code],
        )
        for code in shown
    ]
    routes = None
    if opened is not None:
        mine = {code: cells[code, opened] for code in shown if (code, opened) in cells}
        routes = day_routes.of_day(conn, schedule, mine, facts.orders)
    return View(
        routes=routes,
        folded=sum(day < today for day in days) if opened is None and days[-1] >= today else 0,
        rows=rows,
        days=days,
        unscheduled=unscheduled(conn, schedule, week),
        other=wrong[None],
        visits=len(planned),
        changes=changes,
        compared_with=other,
        hours=hours,
    )


def _by_person_and_day(planned: Iterable[Planned], zone: ZoneInfo) -> Mapping[tuple[str, date], list[Planned]]:
    found: dict[tuple[str, date], list[Planned]] = defaultdict(list)
    for each in planned:
        for code in each.people:
            found[code, each.starts_at.astimezone(zone).date()].append(each)
    return found


def _cell(person: Person | None, day: date, planned: Sequence[Planned], facts: _Facts, hours: Sequence[int]) -> Cell:
    jobs = facts.week.jobs
    blocks = []
    before: Job | None = None
    for each in planned:
        job = jobs.get(each.job)
        gap = 0 if job is None or before is None else facts.week.problem.way(before.place, job.place)
        left, wide = _on_scale(each, day, hours, facts.zone)
        blocks.append(
            Block(
                planned=each,
                order=facts.orders[each.order],
                on=day,
                gap=gap,
                wrong=facts.wrong.get(each.job, ()),
                change="assigned"
                if each.job in facts.changes.assigned
                else "moved"
                if each.job in facts.changes.moved
                else "",
                left=left,
                wide=wide,
            )
        )
        before = job
    # Of a day under way only what is left of it counts, as its capacity does.
    since = facts.week.problem.starts_at
    ahead = (each.ends_at - max(each.starts_at, since) for each in planned if each.ends_at > since)
    load = sum(round(each / timedelta(minutes=1)) for each in ahead)
    load += sum(each.gap for each in blocks)
    return Cell(day=day, blocks=blocks, load=load, capacity=_capacity(person, day, facts))


def _capacity(person: Person | None, day: date, facts: _Facts) -> int | None:
    """Return the minutes that somebody works on a date, without breaks; None for a date that is over."""
    problem = facts.week.problem
    number = (day - problem.starts_at.astimezone(facts.zone).date()).days
    if number < 0:
        return None
    days = () if person is None else person.workdays
    return sum(minutes_between(each.breaks, each.starts, each.ends) for each in days if each.day == number)


def _hours(
    planned: Iterable[Planned], people: Iterable[Person], week: Week, day: date, zone: ZoneInfo
) -> Sequence[int]:
    """Return the hours that a date's scale has, from the first to the last that somebody works in."""
    problem = week.problem
    moments = [(each.starts_at, each.ends_at) for each in planned]
    moments += [(problem.at(one.starts), problem.at(one.latest)) for each in people for one in each.workdays]
    local = [(begin.astimezone(zone), end.astimezone(zone)) for begin, end in moments]
    mine = [(begin, end) for begin, end in local if begin.date() == day]
    first = min([FIRST_HOUR, *(begin.hour for begin, _ in mine)])
    last = max([LAST_HOUR, *(24 if end.date() > day else end.hour + (end.minute > 0) for _, end in mine)])
    return range(first, last)


def _on_scale(planned: Planned, day: date, hours: Sequence[int], zone: ZoneInfo) -> tuple[float, float]:
    if not hours:
        return 0.0, 0.0
    whole = len(hours)
    begin, end = _hour(planned.starts_at, day, zone), _hour(planned.ends_at, day, zone)
    left = max(begin - hours[0], 0.0)
    return round(100 * left / whole, 2), round(100 * max(min(end - hours[0], whole) - left, 0.2) / whole, 2)


def _hour(at: datetime, day: date, zone: ZoneInfo) -> float:
    local = at.astimezone(zone)
    return (local.date() - day).days * 24 + local.hour + local.minute / 60
