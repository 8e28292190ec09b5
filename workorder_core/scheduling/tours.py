"""Tours: what one person does in one workday, with the ways between.

Neither work nor travel goes on during a break; both may be interrupted by one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from workorder_core.scheduling.problem import Job, Minute, Person, Problem, Span, Visit, Workday


def local(problem: Problem, minute: Minute) -> datetime:
    """Return the moment of a minute at the site."""
    return problem.at(minute).astimezone(ZoneInfo(problem.zone))


def date_number(problem: Problem, minute: Minute) -> int:
    """Return the number of the date on which a minute is; 0 is the date on which the problem starts."""
    return (local(problem, minute).date() - local(problem, 0).date()).days


def horizon(problem: Problem) -> Minute:
    """Return the minute after the last workday, overtime included: what is not done by then is not in the plan."""
    return max((day.latest for person in problem.people for day in person.workdays), default=0)


def merged(breaks: Iterable[Span]) -> tuple[Span, ...]:
    """Return breaks in order, those that touch or overlap as one."""
    found: list[Span] = []
    for each in sorted(breaks, key=lambda one: (one.starts, one.ends)):
        if found and each.starts <= found[-1].ends:
            found[-1] = Span(found[-1].starts, max(found[-1].ends, each.ends))
        elif each.starts < each.ends:
            found.append(each)
    return tuple(found)


def minutes_between(breaks: Sequence[Span], starts: Minute, ends: Minute) -> Minute:
    """Return the minutes from ``starts`` to ``ends`` without the breaks; negative where the end comes first."""
    if ends < starts:
        return ends - starts
    return ends - starts - sum(max(0, min(ends, each.ends) - max(starts, each.starts)) for each in breaks)


def over_at(breaks: Sequence[Span], starts: Minute, minutes: Minute) -> Minute:
    """Return when ``minutes`` of work or travel from ``starts`` on are over, at the earliest."""
    ends = starts + minutes
    for each in breaks:
        if minutes > 0 and each.ends > starts and each.starts < ends:
            ends += each.ends - max(each.starts, starts)
    return ends


def leave_at(breaks: Sequence[Span], ends: Minute, minutes: Minute) -> Minute:
    """Return when ``minutes`` of work or travel have to begin, at the latest, to be over at ``ends``."""
    starts = ends - minutes
    for each in reversed(breaks):
        if minutes > 0 and each.starts < ends and each.ends > starts:
            starts -= min(each.ends, ends) - each.starts
    return starts


def not_in_break(breaks: Sequence[Span], minute: Minute) -> Minute:
    """Return the minute itself, or the end of the break that it is in."""
    return next((each.ends for each in breaks if each.starts <= minute < each.ends), minute)


def work_minutes(job: Job, people: Iterable[Person]) -> Minute:
    """Return the whole minutes that a job takes these people, without breaks: a crew is as fast as its slowest."""
    return max(1, int(job.minutes * max((each.speed for each in people), default=1.0) + 1e-9))


def workday_of(person: Person, visit: Visit) -> Workday | None:
    """Return the workday in which a visit begins, overtime included, or else the one in which it ends.

    The later one where two overlap.
    """
    days = [day for day in person.workdays if day.starts <= visit.starts < day.latest]
    days = days or [day for day in person.workdays if day.starts < visit.ends <= day.latest]
    return max(days, key=lambda day: day.starts, default=None)


def breaks_of(people: Iterable[Person], visit: Visit) -> tuple[Span, ...]:
    """Return the breaks of everybody who is on a visit: they pause together."""
    days = [workday_of(each, visit) for each in people]
    return merged(each for day in days if day is not None for each in day.breaks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """One person's visits in one workday, in order, at least one."""

    person: Person
    workday: Workday
    visits: tuple[Visit, ...]
    leaves: Minute
    """When the person leaves ``start_place``: as late as the first visit allows, or when they have left."""
    returns: Minute
    """When the person is at ``end_place``."""
    minutes: Minute
    """From leaving to returning, without breaks: travel, work and waiting."""
    overtime: Minute
    """The part of ``minutes`` after the end of the shift."""
    travel: Minute
    km: float


def tour(problem: Problem, person: Person, workday: Workday, visits: Sequence[Visit], places: Sequence[str]) -> Tour:
    """Return the tour of visits that are sorted by their start; ``places`` says where each is."""
    breaks = merged(workday.breaks)
    stops = (workday.start_place, *places, workday.end_place)
    legs = list(pairwise(stops))
    leaves = workday.left_at
    if leaves is None:
        leaves = leave_at(breaks, visits[0].starts, problem.way(*legs[0]))
    returns = over_at(breaks, visits[-1].ends, problem.way(*legs[-1]))
    return Tour(
        person=person,
        workday=workday,
        visits=tuple(visits),
        leaves=leaves,
        returns=returns,
        minutes=max(0, minutes_between(breaks, leaves, returns)),
        overtime=max(0, minutes_between(breaks, max(leaves, workday.ends), returns)),
        travel=sum(problem.way(*leg) for leg in legs),
        km=sum(problem.km.get(leg, 0.0) for leg in legs),
    )


def tours(problem: Problem, visits: Iterable[Visit]) -> list[Tour]:
    """Return the tours of all people, by person and workday; a visit outside of a person's workdays is in none.

    Visits of jobs that the problem does not have are left out.
    """
    jobs = {job.id: job for job in problem.jobs}
    people = {person.code: person for person in problem.people}
    found: dict[tuple[str, int], list[Visit]] = {}
    days: dict[tuple[str, int], Workday] = {}
    for visit in visits:
        for code in dict.fromkeys(visit.people) if visit.job in jobs else ():
            day = workday_of(people[code], visit) if code in people else None
            if day is not None:
                found.setdefault((code, day.starts), []).append(visit)
                days[code, day.starts] = day
    result = []
    for code, starts in sorted(found):
        mine = sorted(found[code, starts], key=lambda each: (each.starts, each.ends, each.job))
        places = [jobs[each.job].place for each in mine]
        result.append(tour(problem, people[code], days[code, starts], mine, places))
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """The way of a person to a visit, in minutes."""

    job: str
    person: str
    here: str
    there: str
    minutes: Minute


def legs(problem: Problem, visits: Iterable[Visit]) -> list[Leg]:
    """Return the ways to visits in the tours of all people; that of a workday's first visit is from where it begins."""
    place = {job.id: job.place for job in problem.jobs}
    found = []
    for each in tours(problem, visits):
        here = each.workday.start_place
        for visit in each.visits:
            there = place[visit.job]
            minutes = problem.way(here, there)
            found.append(Leg(job=visit.job, person=each.person.code, here=here, there=there, minutes=minutes))
            here = there
    return found


def settled(problem: Problem) -> Mapping[str, Visit]:
    """Return the visits that a plan must not alter, by job: pinned ones, and what was published for the time before
    ``frozen_until``.

    A published visit is free again where it cannot be any more: the order is blocked, one of its people is not at
    work then, or a pinned visit of one of them is in its way.
    """
    found = {job.id: job.pinned for job in problem.jobs if job.pinned is not None}
    people = {person.code: person for person in problem.people}
    place = {job.id: job.place for job in problem.jobs}
    pinned = [(visit, place[job]) for job, visit in found.items()]
    for job in problem.jobs:
        visit = job.published
        if job.id in found or visit is None or visit.starts >= problem.frozen_until or job.blocked is not None:
            continue
        there = all(code in people and workday_of(people[code], visit) is not None for code in visit.people)
        if there and not any(_in_the_way(problem, visit, job.place, other, at) for other, at in pinned):
            found[job.id] = visit
    return found


def _in_the_way(problem: Problem, visit: Visit, place: str, other: Visit, at: str) -> bool:
    """Return whether somebody has to do both and cannot get from one to the other in time."""
    if not set(visit.people) & set(other.people):
        return False
    if visit.starts >= other.starts:
        return other.ends + problem.way(at, place) > visit.starts
    return visit.ends + problem.way(place, at) > other.starts
