"""A week as planners and runs work on it: its facts read, a visit changed after a check, changes accepted, people told.

The caller owns the transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from psycopg import Connection

from db.errors import NotFound, StoreError
from db.plant import plant
from db.scheduling import order_facts, schedules, weights
from db.scheduling.problem import read_problem
from db.scheduling.schedules import Schedule, ScheduleFinal, TakenOut
from workorder_core.orders import statuses
from workorder_core.scheduling.checking import Broken, Rule, check, of_reserves
from workorder_core.scheduling.costing import cost
from workorder_core.scheduling.problem import Job, Plan, Problem, Visit
from workorder_core.scheduling.reserves import held, worse
from workorder_core.scheduling.weeks import (
    DATES,
    Differences,
    Planned,
    State,
    by_hand_since,
    changed,
    differences,
    job_id,
    kept_out,
    merged,
    minute_of,
    placed,
    plan_of,
    planned_of,
    with_week,
)
from workorder_core.sentences import joined, kept, say
from workorder_core.words import Status

FREEZE = timedelta(hours=12)
"""What people were told for the hours ahead is left as it is by every run."""
BY_HAND = kept("a planner took it out of the schedule")


class NotAllowedHere(StoreError):
    """A change would break rules; says each in a sentence."""

    def __init__(self, broken: Sequence[Broken]) -> None:
        super().__init__(joined([each.sentence for each in broken], " "))
        self.broken = tuple(broken)


class NotInWeek(StoreError):
    """The order cannot be in the schedule."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(say("{number} cannot be in this schedule: {why}", number=number, why=why))


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The facts of a site's week.

    Parameters
    ----------
    problem
        From now on, or from the week's beginning, with what is pinned and published in it.
    current
        Its schedules by state.
    taken_out
        What planners took out of it, by the job's id.
    """

    site_id: int
    from_date: date
    problem: Problem
    current: Mapping[State, Schedule]
    pins: frozenset[Planned]
    taken_out: TakenOut
    weights_version: int
    read_at: datetime

    @property
    def jobs(self) -> Mapping[str, Job]:
        return {each.id: each for each in self.problem.jobs}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a change of one visit would do: the rules that it breaks, and the costs before and after."""

    visit: Planned | None
    broken: tuple[Broken, ...]
    before: float
    after: float


def read(conn: Connection, site: str, from_date: date, *, now: datetime) -> Week:
    """Read the facts of a week; of a week that is over, as if it were its last minute."""
    place = plant.site_by_code(conn, site)
    begins = schedules.begin_of(from_date, place.time_zone)
    ends = schedules.begin_of(from_date + timedelta(days=DATES), place.time_zone)
    starts = min(max(now.replace(second=0, microsecond=0), begins), ends - timedelta(minutes=1))
    current = schedules.of_week(conn, place.id, from_date)
    pins, out = schedules.pinned(conn, current), schedules.taken_out(current)
    told = schedules.visits_of(conn, current.get(State.PUBLISHED))
    planned = {each.job: each for each in schedules.visits_of(conn, schedules.working(current))}
    planned |= {each.job: each for each in pins}
    of_costs = weights.of_site(conn, place.id)
    dates = DATES - (starts - begins).days
    problem = with_week(
        replace(read_problem(conn, place, starts, dates, weights=of_costs.weights), held_back=of_costs.held_back),
        planned=tuple(planned.values()),
        published=told,
        elsewhere=schedules.elsewhere(conn, place.id, from_date, now=now),
        frozen_until=now + FREEZE,
    )
    return Week(
        site_id=place.id,
        from_date=from_date,
        problem=kept_out(problem, out, BY_HAND),
        current=current,
        pins=pins,
        taken_out=out,
        weights_version=of_costs.version,
        read_at=now,
    )


def of_schedule(conn: Connection, schedule: Schedule, *, now: datetime) -> Week:
    """Read the facts of a schedule's week."""
    return read(conn, schedule.site, schedule.from_date, now=now)


def costs_of(problem: Problem, plan: Plan) -> dict[str, float]:
    """Return the terms of a plan's costs by name, and their total, in money to the cent."""
    found = cost(problem, plan)
    return {name: round(value, 2) for name, value in asdict(found).items()} | {"total": round(found.total, 2)}


def with_marks(conn: Connection, week: Week, visits: Iterable[Planned]) -> list[Planned]:
    """Return the visits of a proposal with who pinned them and when people were told of them, and with those of the
    week's finished work."""
    pinned = {each.job: each for each in week.pins}
    before = schedules.visits_of(conn, schedules.working(week.current))
    told = {each.job: each for each in schedules.visits_of(conn, week.current.get(State.PUBLISHED))}
    found = []
    for each in visits:
        by, was = pinned.get(each.job), told.get(each.job)
        marked = each if by is None else replace(each, pinned_by=by.pinned_by, pinned_at=by.pinned_at)
        found.append(marked if was is None or not each.is_as(was) else replace(marked, told_at=was.told_at))
    over = _over(conn, before)
    return found + [each for each in before if each.order in over and each.job not in week.jobs]


def pins_changed(conn: Connection, week: Week) -> bool:
    """Return whether somebody has pinned, released or taken out a visit of a week since it was read."""
    current = schedules.of_week(conn, week.site_id, week.from_date)
    return (schedules.pinned(conn, current), schedules.taken_out(current)) != (week.pins, week.taken_out)


def broken(conn: Connection, schedule: Schedule, week: Week) -> tuple[Broken, ...]:
    """Return the rules that a schedule breaks as the facts are now."""
    return check(week.problem, plan_of(week.problem, schedules.visits_of(conn, schedule)))


def try_visit(
    conn: Connection,
    schedule: Schedule,
    week: Week,
    order: UUID,
    part: int = 1,
    *,
    people: Sequence[str],
    starts_at: datetime | None,
) -> Tried:
    """Return what another visit of an order would break and cost; ``starts_at`` None takes it out.

    A rule that the schedule breaks already is not counted against the change. Raises NotFound, NotInWeek.
    """
    job = _job(conn, week, order, part)
    before = plan_of(week.problem, schedules.visits_of(conn, schedule))
    visit = None if starts_at is None else placed(week.problem, job, people, minute_of(week.problem, starts_at))
    after = changed(before, job.id, visit)
    problem = _free(week.problem, job, visit)
    already = {(each.rule, each.job, each.person) for each in check(week.problem, before) if each.job != job.id}
    found = [
        each
        for each in check(problem, after)
        if (each.rule, each.job, each.person) not in already and each.rule is not Rule.RESERVE
    ]
    found += of_reserves(problem, worse(held(week.problem, before), held(problem, after)))
    if visit is not None and visit.starts < 0:
        found.insert(0, Broken(rule=Rule.PAST, sentence=say("{number} would begin in the past.", number=job.number)))
    if job.begun:
        begun = say("Work on {number} has begun: its visit stays as it is.", number=job.number)
        found = [Broken(rule=Rule.SETTLED, sentence=begun, job=job.id)]
    return Tried(
        visit=None if visit is None else planned_of(week.problem, visit),
        broken=tuple(found),
        before=round(cost(week.problem, before).total, 2),
        after=round(cost(problem, after).total, 2),
    )


def move(
    conn: Connection,
    schedule_id: int,
    order: UUID,
    part: int = 1,
    *,
    people: Sequence[str],
    starts_at: datetime | None,
    actor: str,
    at: datetime,
    expected_version: int | None = None,
) -> Schedule:
    """Give an order another visit, pinned by who did it, or take it out of the week, and return the schedule.

    No run puts back what was taken out until it is released, or has a visit again by hand.
    Raises NotAllowedHere with the rules that it would break, ScheduleChanged, ScheduleFinal, NotFound, NotInWeek.
    """
    schedule = editable(conn, schedule_id, expected_version)
    week = of_schedule(conn, schedule, now=at)
    tried = try_visit(conn, schedule, week, order, part, people=people, starts_at=starts_at)
    if tried.broken:
        raise NotAllowedHere(tried.broken)
    mine = [each for each in schedules.visits_of(conn, schedule) if (each.order, each.part) == (order, part)]
    schedules.take_out(conn, schedule.id, mine)
    reasons = {name: why for name, why in schedule.reasons.items() if name != job_id(order, part)}
    if tried.visit is None:
        reasons[job_id(order, part)] = BY_HAND
        _unpin(conn, week, order, part, besides=schedule.id)
        out = {"by": actor, "at": at.isoformat()}
        schedules.set_taken_out(conn, schedule.id, {**schedule.taken_out, job_id(order, part): out})
    else:
        _put_back(conn, week, job_id(order, part))
        schedules.put(conn, schedule.id, [replace(tried.visit, pinned_by=actor, pinned_at=at)])
    return _noted(conn, schedule, week, reasons)


def pin(
    conn: Connection,
    schedule_id: int,
    order: UUID,
    part: int = 1,
    *,
    pinned: bool,
    actor: str,
    at: datetime,
    expected_version: int | None = None,
) -> Schedule:
    """Pin a visit so that no run moves it, or release it, and return the schedule. Raises NotFound.

    What was taken out is released so that the next run may propose it again.
    """
    schedule = editable(conn, schedule_id, expected_version)
    job = job_id(order, part)
    current = schedules.of_week(conn, schedule.site_id, schedule.from_date)
    if not pinned and job in schedules.taken_out(current):
        week = of_schedule(conn, schedule, now=at)
        _put_back(conn, week, job)
        return _noted(conn, schedule, week, {name: why for name, why in schedule.reasons.items() if name != job})
    of_order = [each for each in schedules.visits_of(conn, schedule) if (each.order, each.part) == (order, part)]
    if not of_order:
        raise NotFound("visit", job)
    by = {"pinned_by": actor, "pinned_at": at} if pinned else {"pinned_by": None, "pinned_at": None}
    if (of_order[0].pinned_by is not None) == pinned:
        return schedule
    schedules.put(conn, schedule.id, [replace(of_order[0], **by)])
    week = of_schedule(conn, schedule, now=at)
    if not pinned:
        _unpin(conn, week, order, part, besides=schedule.id)
    return _noted(conn, schedule, of_schedule(conn, schedule, now=at), schedule.reasons)


def accept(
    conn: Connection,
    schedule_id: int,
    *,
    only: Collection[UUID] | None = None,
    actor: str,
    at: datetime,
    expected_version: int | None = None,
) -> Schedule:
    """Make a proposal the plan that planners work on: all of it, or the changes of some orders only.

    Visits of orders that are finished, cancelled or in another week meanwhile stay out of it. Raises NotAllowedHere if
    the chosen changes do not go together, ScheduleChanged, ScheduleFinal.
    """
    schedule = schedules.lock(conn, schedule_id, expected_version=expected_version)
    if schedule.state is not State.DRAFT:
        raise ScheduleFinal(schedule.state, say("only a proposal can be accepted"))
    week = of_schedule(conn, schedule, now=at)
    before = schedules.working(week.current)
    old, new = schedules.visits_of(conn, before), schedules.visits_of(conn, schedule)
    new = by_hand_since(old, new, schedule.read_at)
    wanted = new if only is None else merged(old, new, only)
    known = {name for name in week.jobs if name not in week.taken_out or week.jobs[name].begun}
    over = _over(conn, old)
    visits = [each for each in wanted if each.job in known] + [each for each in old if each.order in over]
    visits = list({each.job: each for each in visits}.values())
    plan = plan_of(week.problem, visits)
    if only is not None:
        already = {each.rule for each in check(week.problem, plan_of(week.problem, old))}
        wrong = [each for each in check(week.problem, plan) if each.rule not in already]
        if wrong:
            raise NotAllowedHere(wrong)
    if before is not None and before.state is State.ACCEPTED:
        schedules.set_state(conn, before.id, State.SUPERSEDED, actor=actor, at=at)
    schedules.take_out(conn, schedule.id, new)
    schedules.put(conn, schedule.id, visits)
    schedules.set_taken_out(conn, schedule.id, week.taken_out)
    schedules.set_state(conn, schedule.id, State.ACCEPTED, actor=actor, at=at)
    there = {each.job for each in visits}
    reasons = {name: why for name, why in schedule.reasons.items() if name not in there}
    schedules.note_change(conn, schedule, costs=costs_of(week.problem, plan), reasons=reasons)
    return schedules.get(conn, schedule.id)


def discard(conn: Connection, schedule_id: int, *, actor: str, at: datetime, expected_version: int | None) -> Schedule:
    """Give up a proposal, or a plan that is not published. Raises ScheduleFinal for another."""
    schedule = schedules.lock(conn, schedule_id, expected_version=expected_version)
    if schedule.state not in (State.DRAFT, State.ACCEPTED):
        raise ScheduleFinal(schedule.state, say("only a proposal or an unpublished plan can be discarded"))
    schedules.set_state(conn, schedule.id, State.SUPERSEDED, actor=actor, at=at)
    return schedules.get(conn, schedule.id)


def compared(conn: Connection, schedule: Schedule) -> tuple[Differences, Schedule | None]:
    """Compare a proposal with what planners work on, and that with what is published; no other schedule has changes."""
    if schedule.state in (State.PUBLISHED, State.SUPERSEDED):
        return differences((), ()), None
    current = schedules.of_week(conn, schedule.site_id, schedule.from_date)
    other = schedules.working(current) if schedule.state is State.DRAFT else current.get(State.PUBLISHED)
    return differences(schedules.visits_of(conn, other), schedules.visits_of(conn, schedule)), other


def editable(conn: Connection, schedule_id: int, expected_version: int | None) -> Schedule:
    """Lock a schedule that planners may change. Raises ScheduleFinal for one that is published or superseded."""
    schedule = schedules.lock(conn, schedule_id, expected_version=expected_version)
    if schedule.state is State.PUBLISHED:
        raise ScheduleFinal(schedule.state, say("change a copy of it, then publish that"))
    if schedule.state is State.SUPERSEDED:
        raise ScheduleFinal(schedule.state, say("look at the week again"))
    return schedule


def _job(conn: Connection, week: Week, order: UUID, part: int) -> Job:
    job = week.jobs.get(job_id(order, part))
    if job is not None:
        return job
    facts = order_facts.orders(conn, [order], site_id=week.site_id).get(order)
    if facts is None:
        raise NotFound("work order", order)
    raise NotInWeek(
        facts.number,
        say("another week has it") if facts.status in statuses.WAITING else say("it is not waiting to be done"),
    )


def _free(problem: Problem, job: Job, visit: Visit | None) -> Problem:
    """Return a problem in which one job is set by hand."""
    blocked = None if job.blocked == BY_HAND else job.blocked
    alone = replace(job, pinned=visit, blocked=blocked, published=job.published if visit is not None else None)
    return replace(problem, jobs=tuple(alone if each.id == job.id else each for each in problem.jobs))


def _unpin(conn: Connection, week: Week, order: UUID, part: int, *, besides: int) -> None:
    """Release a visit in the week's other schedules."""
    for schedule in week.current.values():
        those = [each for each in schedules.visits_of(conn, schedule) if (each.order, each.part) == (order, part)]
        if schedule.id != besides:
            schedules.put(conn, schedule.id, [replace(each, pinned_by=None, pinned_at=None) for each in those])


def _put_back(conn: Connection, week: Week, job: str) -> None:
    """Forget that a job was taken out of a week."""
    for schedule in week.current.values():
        if job in schedule.taken_out:
            rest = {name: each for name, each in schedule.taken_out.items() if name != job}
            schedules.set_taken_out(conn, schedule.id, rest)


def _noted(conn: Connection, schedule: Schedule, week: Week, reasons: Mapping[str, str]) -> Schedule:
    plan = plan_of(week.problem, schedules.visits_of(conn, schedule))
    schedules.note_change(conn, schedule, costs=costs_of(week.problem, plan), reasons=reasons)
    return schedules.get(conn, schedule.id)


def _over(conn: Connection, visits: Iterable[Planned]) -> frozenset[UUID]:
    """Return the orders whose work is done: their visits stay in the week as its history."""
    facts = order_facts.orders(conn, {each.order for each in visits})
    finished = (statuses.DONE | statuses.FINAL) - {Status.CANCELLED}
    return frozenset(order for order, each in facts.items() if each.status in finished)
