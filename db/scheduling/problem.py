"""The scheduling problem of a site as the database has it: people with workdays, unfinished orders as jobs, means.

The caller owns the transaction; one with a snapshot (REPEATABLE READ) reads everything of one moment.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import ceil, floor
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from db import sql
from db.costs import costs
from db.inventory import order_lines
from db.people import site_rules
from db.plant.plant import Site
from db.scheduling import estimates, people, places
from db.scheduling import failing as of_assets
from db.scheduling.places import Places
from workorder_core.inventory.reserving import Waiting
from workorder_core.orders import planned_dates
from workorder_core.orders.statuses import BOOKED
from workorder_core.people.skills import SkillTables
from workorder_core.planning.site_time import SiteTime
from workorder_core.scheduling import failing
from workorder_core.scheduling.estimates import Key, Learned, learned
from workorder_core.scheduling.failing import Chance
from workorder_core.scheduling.problem import Job, Means, Minute, Need, Person, Problem, Span, Visit, Weights
from workorder_core.sentences import coded, joined, kept
from workorder_core.words import FailureMode, HoldReason, OrderType, Status

_QUERIES = sql.load("scheduling")
UNKNOWN_MINUTES = 60
"""How long work takes of which nothing like it has been done yet."""
LEAST_LEFT = 15
"""The least that is assumed to be left of work under way, in minutes."""
_MOST_MINUTES = 366 * 24 * 60
_LONGEST_VISIT = 12 * 60
"""How long a visit may be at a site where nobody works on the dates of the problem."""


Line = tuple[tuple[Minute, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the jobs are read from."""

    clock: SiteTime
    minute: Callable[[datetime], Minute]
    tables: SkillTables
    places: Places
    medians: Mapping[Key, Learned]
    stops: Mapping[int, tuple[Span, ...]]
    waiting: Mapping[UUID, Waiting]
    failing: Mapping[UUID, tuple[Line, str]]
    blockers: Mapping[UUID, list[tuple[UUID, str]]]
    tools: Mapping[str, str]
    booked: Mapping[UUID, frozenset[str]]


def read_problem(
    conn: Connection, site: Site, starts_at: datetime, dates: int, *, weights: Weights | None = None
) -> Problem:
    """Return the problem of a site from a moment on, for so many local dates; the first is the one of ``starts_at``.

    Travel is between the places of people and jobs. Waiting costs something where a failure of the asset has a price.
    """
    weights = weights or Weights()
    starts_at = starts_at.replace(second=0, microsecond=0)
    clock = SiteTime(zone=site.time_zone)
    since = clock.local(starts_at).date()
    until = clock.moment(datetime.combine(since + timedelta(days=dates), time()))

    def minute(at: datetime) -> Minute:
        return floor((at - starts_at) / timedelta(minutes=1))

    rules = site_rules.of_site(conn, site.id)
    known = places.of_site(conn, site.id, site.code)
    staff = people.read(conn, site.id, clock, rules, minute=minute, since=since, dates=dates, place=known.of)
    with conn.cursor(row_factory=dict_row) as cursor:
        orders = cursor.execute(_QUERIES["orders"], {"site_id": site.id}).fetchall()
    means, booked = _means(conn, site.id, minute, starts_at, until, {row["id"] for row in orders})
    facts = _Facts(
        clock=clock,
        minute=minute,
        tables=site_rules.skill_tables(conn, site.id),
        places=known,
        medians=estimates.of_site(conn, site.id),
        stops=_stops(conn, orders, minute, starts_at, until),
        waiting=order_lines.waiting(conn, [row["id"] for row in orders]),
        failing=_failing(of_assets.chances(conn, site.id, orders, starts_at, weights), minute(until)),
        blockers=_blockers(conn, orders),
        tools={name.casefold(): each.code for each in means for name in (each.name, each.code)},
        booked=booked,
    )
    jobs = _jobs(orders, facts, _longest(staff))
    used = {job.place for job in jobs}
    used |= {place for one in staff for day in one.workdays for place in (day.start_place, day.end_place)}
    travel, km = known.travel(sorted(used), rules.speeds)
    return Problem(
        starts_at=starts_at,
        zone=site.time_zone,
        dates=dates,
        currency=costs.currency_of(conn, site.id) or "",
        people=staff,
        jobs=jobs,
        means=means,
        travel=travel,
        km=km,
        weights=weights,
    )


def _longest(staff: Iterable[Person]) -> int:
    """Return the most minutes that somebody can work in one shift."""
    days = [
        day.ends - day.starts - sum(each.ends - each.starts for each in day.breaks)
        for one in staff
        for day in one.workdays
    ]
    return max(days, default=_LONGEST_VISIT)


def _jobs(orders: Iterable[Mapping[str, Any]], facts: _Facts, longest: int) -> tuple[Job, ...]:
    by_order: dict[UUID, list[Job]] = {}
    for row in orders:
        by_order[row["id"]] = _visits(_job(row, facts), longest)
    found = []
    for order_id, jobs in by_order.items():
        before = facts.blockers.get(order_id, [])
        last = tuple(by_order[each][-1].id for each, _ in before if each in by_order)
        missing = [number for each, number in before if each not in by_order]
        first = replace(jobs[0], after=(*jobs[0].after, *last))
        if missing and first.blocked is None:
            after = joined(map(coded, missing))
            first = replace(first, blocked=kept("it comes after {orders}, not approved here", orders=after))
        found += [first, *(replace(each, blocked=first.blocked) for each in jobs[1:])]
    return tuple(found)


def _visits(job: Job, longest: int) -> list[Job]:
    """Return a job as the visits that it takes: of equal length, one after the other."""
    if job.minutes <= longest or job.pinned is not None:
        return [job]
    count = ceil(job.minutes / longest)
    parts = [job.minutes * (part + 1) // count - job.minutes * part // count for part in range(count)]
    ids = [job.id, *(f"{job.id}/{number}" for number in range(2, count + 1))]
    return [
        replace(
            job,
            id=ids[part],
            minutes=minutes,
            after=() if part == 0 else (ids[part - 1],),
            published=job.published if part == 0 else None,
            waiting=job.waiting if part == count - 1 else (),
            waiting_by=job.waiting_by if part == count - 1 else "",
        )
        for part, minutes in enumerate(parts)
    ]


def _job(row: Mapping[str, Any], facts: _Facts) -> Job:
    order = str(row["id"])
    minutes, estimated = _minutes(row, facts)
    needs = _needs(row, facts.tables)
    blocked, not_before = _parts(row, facts)
    windows = facts.stops.get(row["asset_id"], ()) if row["needs_stop"] else ()
    if row["needs_stop"] and not windows and blocked is None:
        blocked = kept("it needs a planned stop of the asset, and there is none on these dates")
    given = row["assignee"] is not None and Status(row["status"]) not in (Status.OPEN, Status.PLANNED)
    waiting, by = facts.failing.get(row["id"], ((), ""))
    pinned = published = None
    if row["status"] == Status.IN_PROGRESS and row["assignee"] is not None:
        left = max(LEAST_LEFT, minutes + min(0, facts.minute(row["status_since"])))
        pinned, minutes = Visit(job=order, people=(row["assignee"],), starts=0, ends=left), left
    elif given and Status(row["status"]) in BOOKED:
        published = _published_visit(row, facts, minutes)
    return Job(
        id=order,
        order=order,
        number=row["number"],
        title=row["title"],
        place=facts.places.of(row["place"]),
        minutes=minutes,
        estimated=estimated,
        priority=row["priority"],
        needs=needs,
        certificates=_certificates(row, needs, facts.tables),
        crew=row["crew"],
        # Of a crew the one who has the order is joined by others.
        only=frozenset({row["assignee"]}) if given and published is None and row["crew"] == 1 else None,
        windows=windows,
        not_before=not_before,
        target=None if row["completion_due"] is None else facts.minute(row["completion_due"]),
        blocked=blocked,
        tools=_tools(row, facts),
        emergency=row["type"] == OrderType.EMERGENCY,
        begun=pinned is not None,
        pinned=pinned,
        published=published,
        waiting=waiting,
        waiting_by=by if waiting else "",
    )


def _minutes(row: Mapping[str, Any], facts: _Facts) -> tuple[int, bool]:
    """Return how long an order takes, and whether that is estimated."""
    hours = row["hours"]
    if hours:
        return max(1, min(_MOST_MINUTES, round(hours * 60))), False
    alike = learned(facts.medians, plan=row["plan"], asset_class=row["asset_class"], order_type=row["type"])
    return UNKNOWN_MINUTES if alike is None else max(1, min(_MOST_MINUTES, round(alike.hours * 60))), True


def _needs(row: Mapping[str, Any], tables: SkillTables) -> tuple[Need, ...]:
    asked = tables.asked(row["component"], FailureMode(row["failure_mode"]))
    skills = dict.fromkeys([row["required_skill"], *row["other_skills"]])
    return tuple(Need(each, asked.level if asked and asked.skill == each else 1) for each in skills if each)


def _certificates(row: Mapping[str, Any], needs: Iterable[Need], tables: SkillTables) -> frozenset[str]:
    return frozenset(row["required_certificates"]).union(*(tables.certificates_of(each.skill) for each in needs))


def _parts(row: Mapping[str, Any], facts: _Facts) -> tuple[str | None, Minute]:
    """Return why an order cannot be planned, and the minute at which its parts are there."""
    hold = None if row["hold_reason"] is None else HoldReason(row["hold_reason"])
    waits = facts.waiting.get(row["id"])
    if waits is not None and waits.expected_on is None:
        items = joined(map(coded, waits.items))
        return kept("it waits for parts without an expected date: {items}", items=items), 0
    if hold is not None and not (hold is HoldReason.PARTS and waits is not None):
        return kept("it is on hold for: {reason}", reason=coded(hold.value)), 0
    if waits is None or waits.expected_on is None:
        return None, 0
    return None, max(0, facts.minute(_day_after(waits.expected_on, facts.clock)))


def _day_after(day: date, clock: SiteTime) -> datetime:
    """Return the end of a day: what is expected on it has come by then."""
    return clock.moment(datetime.combine(day + timedelta(days=1), time()))


def _published_visit(row: Mapping[str, Any], facts: _Facts, minutes: int) -> Visit | None:
    planned = planned_dates.span(row["scheduled_start"], row["scheduled_end"], minutes / 60)
    if planned is None:
        return None
    starts, ends = map(facts.minute, planned)
    return Visit(job=str(row["id"]), people=(row["assignee"],), starts=starts, ends=ends) if ends > 0 else None


def _tools(row: Mapping[str, Any], facts: _Facts) -> frozenset[str]:
    """Return the tools of an order that are in the register, by code or name, and those that are booked for it."""
    named = {facts.tools[each.casefold()] for each in row["required_tools"] if each.casefold() in facts.tools}
    return frozenset(named | facts.booked.get(row["id"], frozenset()))


def _failing(chances: Mapping[UUID, Chance], until: Minute) -> dict[UUID, tuple[Line, str]]:
    """Return what waiting costs of the orders that keep an asset from failing, and where that comes from."""
    return {
        order: (failing.waiting(each.survival, each.cost, until), each.basis.value) for order, each in chances.items()
    }


def _stops(
    conn: Connection, orders: Iterable[Mapping[str, Any]], minute: Callable[[datetime], Minute], since: datetime,
    until: datetime,
) -> dict[int, tuple[Span, ...]]:  # fmt: skip
    assets = sorted({row["asset_id"] for row in orders if row["needs_stop"] and row["asset_id"] is not None})
    found: dict[int, list[Span]] = defaultdict(list)
    with conn.cursor(row_factory=tuple_row) as cursor:
        asked = {"assets": assets, "since": since, "until": until}
        for asset_id, starts, ends in cursor.execute(_QUERIES["stops"], asked):
            found[asset_id].append(Span(max(0, minute(starts)), minute(min(ends or until, until))))
    return {asset_id: tuple(spans) for asset_id, spans in found.items()}


def _blockers(conn: Connection, orders: Iterable[Mapping[str, Any]]) -> dict[UUID, list[tuple[UUID, str]]]:
    found: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    with conn.cursor(row_factory=tuple_row) as cursor:
        for order_id, blocker, number in cursor.execute(
            _QUERIES["blockers"], {"orders": [row["id"] for row in orders]}
        ):
            found[order_id].append((blocker, number))
    return found


def _means(
    conn: Connection, site_id: int, minute: Callable[[datetime], Minute], since: datetime, until: datetime,
    orders: set[UUID],
) -> tuple[tuple[Means, ...], dict[UUID, frozenset[str]]]:  # fmt: skip
    """Return tools and vehicles with when they are taken, and those that are booked for each order of the problem."""
    asked = {"site_id": site_id, "since": since, "until": until}
    taken: dict[int, list[Span]] = defaultdict(list)
    mine: dict[UUID, set[int]] = defaultdict(set)
    with conn.cursor(row_factory=tuple_row) as cursor:
        for tool_id, order_id, starts, ends in cursor.execute(_QUERIES["taken"], asked):
            if order_id in orders:
                mine[order_id].add(tool_id)
            else:
                taken[tool_id].append(Span(max(0, minute(starts)), minute(ends)))
        rows = cursor.execute(_QUERIES["means"], {"site_id": site_id}).fetchall()
    means = tuple(Means(code=code, name=name, taken=tuple(taken[each])) for each, code, name, _ in rows)
    codes = {each: code for each, code, _, _ in rows}
    return means, {order_id: frozenset(codes[each] for each in ids if each in codes) for order_id, ids in mine.items()}
