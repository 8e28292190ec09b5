"""The schedule of a week as people work on it: a problem with what is pinned, one visit moved, two plans compared.

Times are moments with a time zone where they come from a schedule, and minutes of the problem inside a plan.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from workorder_core.scheduling.problem import Job, Minute, Person, Plan, Problem, Visit
from workorder_core.scheduling.tours import breaks_of, over_at, work_minutes

DATES = 7
"""A schedule is of one week, from a Monday."""


class State(StrEnum):
    """What a schedule is to people."""

    DRAFT = "draft"
    """Proposed."""
    ACCEPTED = "accepted"
    """What planners agreed on and work on."""
    PUBLISHED = "published"
    """What people were told."""
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A visit of a schedule.

    Parameters
    ----------
    part
        1 for an order of one visit; an order longer than a shift has several.
    people
        The codes of those who go; the first one has the order.
    pinned_by
        Who set it by hand; None if a run may move it.
    told_at
        When the people were told of it as it is.
    """

    order: UUID
    part: int = 1
    people: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    pinned_by: str | None = None
    pinned_at: datetime | None = None
    told_at: datetime | None = None

    @property
    def job(self) -> str:
        """Return the id of its job in a problem."""
        return job_id(self.order, self.part)

    def is_as(self, other: "Planned") -> bool:
        """Return whether the same people do it at the same time."""
        return (self.people, self.starts_at, self.ends_at) == (other.people, other.starts_at, other.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What becomes of the jobs of one plan in another, by job id."""

    assigned: tuple[str, ...]
    moved: tuple[str, ...]
    dropped: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.assigned) + len(self.moved) + len(self.dropped)


def week_of(day: date) -> date:
    """Return the Monday of a date's week."""
    return day - timedelta(days=day.weekday())


def job_id(order: UUID | str, part: int = 1) -> str:
    """Return the id of a job: the order's, with ``/2`` for its second visit."""
    return str(order) if part == 1 else f"{order}/{part}"


def order_and_part(job: str) -> tuple[UUID, int]:
    """Return the order and the number of the visit that a job's id names."""
    order, _, part = job.partition("/")
    return UUID(order), int(part or 1)


def visit_in(problem: Problem, planned: Planned) -> Visit:
    """Return a visit of a schedule in the minutes of a problem."""
    return Visit(
        job=planned.job,
        people=planned.people,
        starts=minute_of(problem, planned.starts_at),
        ends=minute_of(problem, planned.ends_at),
    )


def minute_of(problem: Problem, at: datetime) -> Minute:
    """Return the minute of a problem in which a moment is."""
    return int((at - problem.starts_at) // timedelta(minutes=1))


def planned_of(problem: Problem, visit: Visit) -> Planned:
    """Return a visit of a plan as a schedule keeps it."""
    order, part = order_and_part(visit.job)
    starts, ends = problem.at(visit.starts), problem.at(visit.ends)
    return Planned(order=order, part=part, people=visit.people, starts_at=starts, ends_at=ends)


def plan_of(problem: Problem, planned: Iterable[Planned]) -> Plan:
    """Return a schedule as a plan of a problem: visits of what is not in the problem, such as finished work, are left
    out, and work that has begun without being scheduled is in it."""
    known = {job.id for job in problem.jobs}
    visits = {each.job: visit_in(problem, each) for each in planned if each.job in known}
    begun = {job.id: job.pinned for job in problem.jobs if job.begun and job.pinned is not None}
    return Plan(visits=tuple((begun | visits).values()))


def with_week(
    problem: Problem,
    *,
    planned: Sequence[Planned] = (),
    published: Sequence[Planned] = (),
    elsewhere: Collection[UUID] = (),
    frozen_until: datetime | None = None,
) -> Problem:
    """Return a problem that starts now with what its week says already.

    Parameters
    ----------
    planned
        The visits that planners work on: those that somebody pinned stay, unless their time has passed without work.
    published
        The visits that people were told. One whose time has begun counts as begun work, because nobody may have
        recorded that yet; one whose time is over without work is free again.
    elsewhere
        Orders that another week has: they are left out.
    frozen_until
        Before this, what people were told stays as it is; None: nothing is frozen.
    """
    pins = {each.job: visit_in(problem, each) for each in planned if each.pinned_by is not None}
    known = {each.job: visit_in(problem, each) for each in published}
    working = {each.job: visit_in(problem, each) for each in planned}

    def job_with(job: Job) -> Job:
        visit, was_published = working.get(job.id), known.get(job.id)
        under_way = was_published is not None and was_published.starts < 0 < was_published.ends
        if job.begun or (under_way and visit == was_published):
            return replace(job, begun=True, pinned=visit or was_published or job.pinned, published=was_published)
        pinned = pins.get(job.id)
        return replace(
            job,
            pinned=None if pinned is None or pinned.starts < 0 else pinned,
            published=None if was_published is None or was_published.starts < 0 else was_published,
        )

    jobs = tuple(job_with(job) for job in problem.jobs if order_and_part(job.id)[0] not in elsewhere)
    freeze = 0 if frozen_until is None else max(minute_of(problem, frozen_until), 0)
    return replace(problem, jobs=jobs, frozen_until=freeze)


def kept_out(problem: Problem, jobs: Collection[str], why: str) -> Problem:
    """Return a problem in which some jobs, by id, cannot be planned; work that has begun goes on."""
    found = (
        replace(each, blocked=each.blocked or why, pinned=None) if each.id in jobs and not each.begun else each
        for each in problem.jobs
    )
    return replace(problem, jobs=tuple(found))


def by_hand_since(old: Iterable[Planned], new: Iterable[Planned], since: datetime) -> tuple[Planned, ...]:
    """Return a proposal with what somebody pinned in the plan after its facts were read; what was pinned in the
    proposal itself still later stays."""
    found = {each.job: each for each in new}
    for each in old:
        proposed = found.get(each.job)
        at = None if proposed is None else proposed.pinned_at
        if each.pinned_at is not None and each.pinned_at > since and (at is None or at < each.pinned_at):
            found[each.job] = each
    return tuple(found.values())


def placed(problem: Problem, job: Job, people: Sequence[str], starts: Minute) -> Visit:
    """Return a visit of a job from a minute on: as long as these people need, and longer by the breaks that it meets.
    ``check`` says whether it may be so."""
    crew = [each for each in problem.people if each.code in people]
    visit = Visit(job=job.id, people=tuple(people), starts=starts, ends=starts + 1)
    return replace(visit, ends=over_at(breaks_of(crew, visit), starts, work_minutes(job, crew)))


def openings(problem: Problem, job: Job, crew: Sequence[Person], visits: Sequence[Visit]) -> list[tuple[int, Minute]]:
    """Return when a crew could begin a job on each of its dates: behind what it has there, with the way between.

    Each as the number of the date and the minute. ``check`` says whether it may be so.
    """
    place = {each.id: each.place for each in problem.jobs}
    codes = {each.code for each in crew}
    found = []
    for day in crew[0].workdays:
        ready = [max(job.not_before, day.starts, 0) + problem.way(day.start_place, job.place)]
        ready.extend(
            each.ends + problem.way(place[each.job], job.place)
            for each in visits
            if each.job in place and day.starts <= each.starts < day.latest and codes & set(each.people)
        )
        at = max(ready)
        at = next((pause.ends for pause in day.breaks if pause.starts <= at < pause.ends), at)
        at = next((max(at, each.starts) for each in job.windows if max(at, each.starts) < each.ends), at)
        if at < day.latest:
            found.append((day.day, at))
    return found


def changed(plan: Plan, job: str, visit: Visit | None) -> Plan:
    """Return a plan in which a job has another visit, or none."""
    rest = tuple(each for each in plan.visits if each.job != job)
    return Plan(visits=rest if visit is None else (*rest, visit))


def differences(before: Iterable[Planned], after: Iterable[Planned]) -> Differences:
    """Compare two schedules of a week, job by job."""
    old: Mapping[str, Planned] = {each.job: each for each in before}
    new: Mapping[str, Planned] = {each.job: each for each in after}
    return Differences(
        assigned=tuple(job for job in new if job not in old),
        moved=tuple(job for job, each in new.items() if job in old and not each.is_as(old[job])),
        dropped=tuple(job for job in old if job not in new),
    )


def merged(before: Sequence[Planned], after: Sequence[Planned], chosen: Collection[UUID]) -> tuple[Planned, ...]:
    """Return a schedule with the changes of the chosen orders only."""
    return (
        *(each for each in before if each.order not in chosen),
        *(each for each in after if each.order in chosen),
    )
