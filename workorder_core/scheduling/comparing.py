"""Two plans side by side: what a new one alters, and when a new job would be cheapest."""

from dataclasses import dataclass

from workorder_core.scheduling.costing import Costs, cost
from workorder_core.scheduling.placing import Draft, Place
from workorder_core.scheduling.problem import Job, Plan, Problem, Visit

APART = 120
"""Suggested times are so many minutes apart at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One job that two plans treat differently."""

    job: str
    before: Visit | None
    after: Visit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What another plan alters."""

    assigned: tuple[Change, ...]
    """Jobs that are planned newly."""
    moved: tuple[Change, ...]
    """Jobs of other people, or at another time."""
    dropped: tuple[Change, ...]
    before: Costs
    after: Costs


def compare(problem: Problem, before: Plan, after: Plan) -> Differences:
    """Return what ``after`` alters of ``before``, in the order of the problem's jobs; both cost what they cost now."""
    old = {visit.job: visit for visit in before.visits}
    new = {visit.job: visit for visit in after.visits}
    changes = [Change(job=job.id, before=old.get(job.id), after=new.get(job.id)) for job in problem.jobs]
    return Differences(
        assigned=tuple(each for each in changes if each.before is None and each.after is not None),
        moved=tuple(each for each in changes if each.before and each.after and _moved(each.before, each.after)),
        dropped=tuple(each for each in changes if each.before is not None and each.after is None),
        before=cost(problem, before),
        after=cost(problem, after),
    )


def suggest(problem: Problem, plan: Plan, job: Job, *, count: int = 3) -> list[Place]:
    """Return the cheapest times for a job of the problem that is not planned yet, the cheapest first.

    Fewer than ``count`` where there are no more that lie ``APART``.
    """
    found: list[Place] = []
    for place in Draft(problem, plan.visits).places(job):
        if all(abs(place.visit.starts - other.visit.starts) >= APART for other in found):
            found.append(place)
        if len(found) == count:
            break
    return found


def _moved(before: Visit, after: Visit) -> bool:
    return before.starts != after.starts or sorted(before.people) != sorted(after.people)
