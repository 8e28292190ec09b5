"""Slots for an order, or for work that nobody has ordered yet: the cheapest times in the plans of this week and the
next. Nothing is stored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection

from db.errors import NotFound
from db.people import site_rules
from db.plant import plant
from db.plant.plant import Site
from db.scheduling import places, schedules, weeks
from db.scheduling.weeks import Week
from workorder_core.scheduling.explaining import explain
from workorder_core.scheduling.problem import Job, Need, Plan, Problem, Visit
from workorder_core.scheduling.slots import APART, COUNT, asked_for, cheapest, slots, without
from workorder_core.scheduling.weeks import job_id, plan_of, week_of
from workorder_core.sentences import say

WEEKS = 2
"""This week and the next one are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A time at which work fits into the plan of a week without anything else being moved.

    Parameters
    ----------
    from_date
        The Monday of its week.
    schedule_id
        The plan of that week; None where it has none yet.
    people
        The codes of technicians; the first one has the order.
    cost
        What it adds to the costs of the plan.
    """

    from_date: date
    schedule_id: int | None
    people: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The offers, the cheapest first; ``why`` says why there is none, and is empty where there is one."""

    offers: tuple[Offer, ...]
    why: str
    currency: str


def of_order(conn: Connection, site_id: int, order: UUID, *, now: datetime, count: int = COUNT) -> Offers:
    """Return the offers for an order that waits, beside the visit that it has: in its own week, or in either of them
    where it is in none. An order of several visits gets offers for its first."""

    def job_of(_: Site, week: Week) -> tuple[Problem, Job] | None:
        job = week.jobs.get(job_id(order))
        return None if job is None or job.begun else (week.problem, job)

    return _offers(conn, plant.site(conn, site_id), job_of, now=now, count=count)


def of_work(
    conn: Connection,
    site: str,
    *,
    minutes: int,
    skill: str | None = None,
    level: int = 1,
    location: str | None = None,
    priority: int = 3,
    now: datetime,
    count: int = COUNT,
) -> Offers:
    """Return the offers for work that nobody has ordered yet: so many minutes, of somebody with a skill at a level or
    above, at a location of the site. Raises NotFound."""
    needs = () if skill is None else (Need(skill, level),)

    def job_of(place: Site, week: Week) -> tuple[Problem, Job]:
        known = places.of_site(conn, place.id, place.code)
        if location is not None and location not in known.parents:
            raise NotFound("location", location)
        job = asked_for(known.of(location), minutes, needs=needs, priority=priority)
        problem = week.problem
        used = {job.place} | {each.place for each in problem.jobs}
        used |= {at for one in problem.people for day in one.workdays for at in (day.start_place, day.end_place)}
        travel, km = known.travel(sorted(used), site_rules.of_site(conn, place.id).speeds)
        return replace(problem, jobs=(*problem.jobs, job), travel=travel, km=km), job

    return _offers(conn, plant.site_by_code(conn, site), job_of, now=now, count=count)


def _offers(
    conn: Connection,
    site: Site,
    job_of: Callable[[Site, Week], tuple[Problem, Job] | None],
    *,
    now: datetime,
    count: int,
) -> Offers:
    monday = week_of(now.astimezone(ZoneInfo(site.time_zone)).date())
    found: list[Offer] = []
    why, currency = "", ""
    for number in range(WEEKS):
        week = weeks.read(conn, site.code, monday + timedelta(days=7 * number), now=now)
        currency = week.problem.currency
        asked = job_of(site, week)
        if asked is None:
            continue
        problem, job = asked
        plan = schedules.working(week.current)
        visits = plan_of(problem, schedules.visits_of(conn, plan)).visits
        here = slots(problem, visits, job, count=count)
        found += [
            Offer(
                from_date=week.from_date,
                schedule_id=None if plan is None else plan.id,
                people=each.visit.people,
                starts_at=problem.at(each.visit.starts),
                ends_at=problem.at(each.visit.ends),
                cost=each.cost,
            )
            for each in here
        ]
        why = why or ("" if here else _why(problem, visits, job))
    if found:
        best = cheapest(
            found, count, cost=lambda each: each.cost, at=lambda each: each.starts_at, apart=timedelta(minutes=APART)
        )
        return Offers(offers=tuple(best), why="", currency=currency)
    return Offers(offers=(), why=why or say("It does not wait to be scheduled."), currency=currency)


def _why(problem: Problem, visits: Sequence[Visit], job: Job) -> str:
    """Return why a job fits nowhere, or when it would if other visits moved."""
    free, rest = without(problem, visits, job)
    asked = next(each for each in free.jobs if each.id == job.id)
    return explain(free, Plan(visits=rest), asked).sentence
