"""Slots: the cheapest times at which a job fits into a plan without anything else being moved."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from workorder_core.scheduling.placing import Draft
from workorder_core.scheduling.problem import Job, Minute, Need, Problem, Visit

Found = TypeVar("Found")
COUNT = 3
APART: Minute = 60
"""Two slots begin at least this many minutes apart: a few minutes more or less are no choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A time at which a job fits.

    Parameters
    ----------
    cost
        What it adds to the costs of the plan, in money: travel, hours, overtime, lateness and waiting of the job.
    """

    visit: Visit
    cost: float


class _Unmoved(Draft):
    """A draft in which every visit keeps its time."""

    def stays(self, visit: Visit) -> bool:  # noqa: ARG002
        return True


def slots(problem: Problem, visits: Iterable[Visit], job: Job, *, count: int = COUNT) -> list[Slot]:
    """Return the cheapest slots of a job of the problem, the cheapest first; none where it fits nowhere.

    If the plan passes ``check``, it does so with the job in any one of the slots as well. The visit that it has in the
    plan is left out, and a pin of it is not respected.
    """
    free, rest = without(problem, visits, job)
    draft = _Unmoved(free, rest)
    found = [Slot(visit=each.visit, cost=round(each.cost, 2)) for each in draft.places(draft.jobs[job.id])]
    return cheapest(found, count, cost=lambda each: each.cost, at=lambda each: each.visit.starts, apart=APART)


def without(problem: Problem, visits: Iterable[Visit], job: Job) -> tuple[Problem, tuple[Visit, ...]]:
    """Return a problem in which a job is free of its pin, and the plan without its visit."""
    free = replace(job, pinned=None)
    jobs = tuple(free if each.id == job.id else each for each in problem.jobs)
    return replace(problem, jobs=jobs), tuple(each for each in visits if each.job != job.id)


def asked_for(place: str, minutes: Minute, *, needs: Sequence[Need] = (), priority: int = 3) -> Job:
    """Return a job that nobody has ordered yet."""
    return Job(
        id="asked", order="asked", number="", title="", place=place, minutes=minutes, priority=priority,
        needs=tuple(needs),
    )  # fmt: skip


def cheapest(
    found: Iterable[Found], count: int, *, cost: Callable[[Found], float], at: Callable[[Found], Any], apart: Any
) -> list[Found]:
    """Return the cheapest, the first of those that cost the same, no two of which begin less than ``apart`` apart."""
    chosen: list[Found] = []
    for each in sorted(found, key=lambda one: (cost(one), at(one))):
        if len(chosen) < count and all(abs(at(each) - at(other)) >= apart for other in chosen):
            chosen.append(each)
    return chosen
