"""What if: changes to a problem that tell what more people or hours would be worth, in money and in orders.

Nothing here is of the plant's plan: a changed problem is planned beside it and compared.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from workorder_core.scheduling.costing import Costs
from workorder_core.scheduling.problem import Job, Minute, Person, Problem, Workday

MORE = "+"
"""After a person's code, with a number: one more person like that one."""


class NothingChanged(ValueError):
    """The change would leave the problem as it is: nobody of those who were named works there."""


def with_more(problem: Problem, code: str, count: int) -> Problem:
    """Return a problem with so many more people like one. Raises NothingChanged.

    They have the same skills, certificates, shifts and rates, and come without a way behind them.
    """
    like = next((one for one in problem.people if one.code == code), None)
    if like is None or not like.workdays:
        raise NothingChanged(code)
    days = tuple(replace(day, left_at=None) for day in like.workdays)
    more = tuple(
        replace(like, code=f"{code}{MORE}{number}", name=f"{like.name} +{number}", workdays=days)
        for number in range(1, count + 1)
    )
    codes = frozenset(one.code for one in more)
    jobs = tuple(
        replace(job, only=job.only | codes) if job.only is not None and code in job.only and not job.begun else job
        for job in problem.jobs
    )
    return replace(problem, people=(*problem.people, *more), jobs=jobs)


def with_shift(problem: Problem, codes: Collection[str], day: int, starts: Minute, ends: Minute) -> Problem:
    """Return a problem in which some people work one shift more on one of its dates, all of it overtime.

    Who works then already has no second shift. Raises NothingChanged.
    """
    people = tuple(_with_shift(one, day, starts, ends) if one.code in codes else one for one in problem.people)
    if people == problem.people or ends <= max(starts, 0) or not 0 <= day < problem.dates:
        raise NothingChanged(", ".join(sorted(codes)))
    return replace(problem, people=people)


def _with_shift(person: Person, day: int, starts: Minute, ends: Minute) -> Person:
    if any(starts < each.latest and each.starts < ends for each in person.workdays):
        return person
    at = person.workdays[0].start_place if person.workdays else None
    if at is None:
        return person
    begins = max(starts, 0)
    more = Workday(day=day, starts=begins, ends=begins, latest=ends, start_place=at, end_place=at)
    return replace(person, workdays=tuple(sorted((*person.workdays, more), key=lambda each: each.starts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a change is worth.

    Parameters
    ----------
    terms
        Money by the name of each term of the costs, before and after.
    value
        How much cheaper the plan would be, what the people cost included; negative where it would be dearer.
    gained, lost
        The numbers of the orders that only the changed plan has, and of those that only the other has.
    """

    terms: Mapping[str, tuple[float, float]]
    before: float
    after: float
    gained: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def value(self) -> float:
        return round(self.before - self.after, 2)


def worth(
    jobs: Iterable[Job], before: Costs, after: Costs, *, left_before: Sequence[str], left_after: Sequence[str]
) -> Worth:
    """Compare two plans by their costs and by the jobs that each leaves out."""
    was, becomes = asdict(before), asdict(after)
    number = {job.id: job.number for job in jobs}
    terms = {name: (round(was[name], 2), round(becomes[name], 2)) for name in was if was[name] or becomes[name]}
    old, new = set(left_before), set(left_after)
    return Worth(
        terms=terms,
        before=round(before.total, 2),
        after=round(after.total, 2),
        gained=tuple(sorted({number[each] for each in old - new})),
        lost=tuple(sorted({number[each] for each in new - old})),
    )
