"""What a plan costs, each term by its name, in the currency of the site."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise

from workorder_core.scheduling.problem import Job, Minute, Plan, Problem, Visit
from workorder_core.scheduling.tours import Tour, date_number, horizon, tours

SHIFTED = 60
"""A published visit that begins so many minutes earlier or later, or more, is another one to those who were told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The terms of a plan's cost; lower is better."""

    travel: float = 0.0
    """The kilometres."""
    wages: float = 0.0
    """Hours from leaving to returning within the shift."""
    overtime: float = 0.0
    contractors: float = 0.0
    """What a day costs on which a person is used at all."""
    lateness: float = 0.0
    failures: float = 0.0
    """The expected cost of failure until the work is done."""
    unscheduled: float = 0.0
    moved: float = 0.0
    """Changing what people were told."""
    unfairness: float = 0.0

    @property
    def total(self) -> float:
        """The sum of all terms."""
        return math.fsum(astuple(self))


def cost(problem: Problem, plan: Plan) -> Costs:
    """Return what a plan costs."""
    walked = tours(problem, plan.visits)
    planned = {visit.job: visit for visit in plan.visits}
    over = horizon(problem)
    late = failures = unscheduled = moved = 0.0
    for job in problem.jobs:
        visit = planned.get(job.id)
        ends = over if visit is None else visit.ends
        late += lateness(problem, job, ends)
        failures += waiting(job, ends)
        moved += moving(problem, job, visit)
        if visit is None:
            unscheduled += problem.weights.unscheduled_day.get(job.priority, 0.0) * problem.dates
    paid = [spent(problem, each) for each in walked]
    return Costs(
        travel=sum(each[0] for each in paid),
        wages=sum(each[1] for each in paid),
        overtime=sum(each[2] for each in paid),
        contractors=_days(walked),
        lateness=late,
        failures=failures,
        unscheduled=unscheduled,
        moved=moved,
        unfairness=_unfairness(problem, walked),
    )


def spent(problem: Problem, walked: Tour) -> tuple[float, float, float]:
    """Return what the kilometres, the hours of the shift and the overtime of a tour cost."""
    person = walked.person
    return (
        walked.km * problem.weights.travel_km,
        (walked.minutes - walked.overtime) / 60 * person.hour_costs,
        walked.overtime / 60 * person.overtime_hour_costs,
    )


def lateness(problem: Problem, job: Job, ends: Minute) -> float:
    """Return what it costs that a job is completed after its target."""
    if job.target is None or ends <= job.target:
        return 0.0
    return (ends - job.target) / 60 * problem.weights.lateness_hour.get(job.priority, 0.0)


def waiting(job: Job, ends: Minute) -> float:
    """Return the expected cost of failure where a job is completed at ``ends``."""
    points = job.waiting
    if not points:
        return 0.0
    if ends <= points[0][0]:
        return points[0][1]
    for (before, low), (after, high) in pairwise(points):
        if ends <= after:
            return low + (high - low) * (ends - before) / (after - before)
    return points[-1][1]


def leaving_out(problem: Problem, job: Job, over: Minute) -> float:
    """Return what it costs that a job is not in the plan, which is over at ``over``."""
    days = problem.weights.unscheduled_day.get(job.priority, 0.0) * problem.dates
    return days + lateness(problem, job, over) + waiting(job, over) + moving(problem, job, None)


def moving(problem: Problem, job: Job, visit: Visit | None) -> float:
    """Return what it costs that those who were told of a visit are now told otherwise."""
    published = job.published
    if published is None:
        return 0.0
    gone = set(published.people)
    if visit is not None and not shifted(problem, published, visit):
        gone -= set(visit.people)
    return len(gone) * moving_one(problem, published)


def moving_one(problem: Problem, published: Visit) -> float:
    """Return what it costs to tell one person otherwise."""
    weights = problem.weights
    first = date_number(problem, published.starts)
    return weights.moved_today if first <= 0 else weights.moved_tomorrow if first == 1 else weights.moved_later


def shifted(problem: Problem, before: Visit, visit: Visit) -> bool:
    """Return whether a visit begins so much earlier or later that it is another to those who were told."""
    if abs(before.starts - visit.starts) >= SHIFTED:
        return True
    return before.starts != visit.starts and date_number(problem, before.starts) != date_number(problem, visit.starts)


def _days(walked: Sequence[Tour]) -> float:
    """Return what the dates cost on which people are used; two workdays of one date cost once."""
    used = {(each.person.code, each.workday.day): each.person.day_costs for each in walked}
    return sum(used.values())


def _unfairness(problem: Problem, walked: Sequence[Tour]) -> float:
    worked = _minutes(walked)
    shifts = {
        person.code: sum(day.ends - day.starts for day in person.workdays)
        for person in problem.people
        if person.workdays and not person.contractor
    }
    whole, done = sum(shifts.values()), sum(worked.get(code, 0) for code in shifts)
    if not whole:
        return 0.0
    apart = sum(abs(worked.get(code, 0) - done * shift / whole) for code, shift in shifts.items())
    return apart / 60 * problem.weights.unfair_hour


def _minutes(walked: Sequence[Tour]) -> Mapping[str, Minute]:
    worked: dict[str, Minute] = {}
    for each in walked:
        worked[each.person.code] = worked.get(each.person.code, 0) + each.minutes
    return worked
