"""A plan by insertion: the most urgent order first, each behind what its people have on a day already."""

from collections.abc import Callable, Sequence
from itertools import combinations, islice

from workorder_core.scheduling.checking import Broken, able, check
from workorder_core.scheduling.problem import Job, Minute, Person, Plan, Problem, Visit
from workorder_core.scheduling.tours import settled
from workorder_core.scheduling.weeks import openings, placed
from workorder_core.sentences import kept

_MOST_CREWS = 20


def insert(problem: Problem, on_progress: Callable[[float], None] = lambda _share: None) -> tuple[Plan, dict[str, str]]:
    """Return a plan that passes ``check``, and why each job that is not in it is not, by job id."""
    visits = list(settled(problem).values())
    there = {visit.job for visit in visits}
    reasons: dict[str, str] = {}
    waiting = sorted(
        (job for job in problem.jobs if job.id not in there and not job.begun),
        key=lambda job: (job.priority, job.target is None, job.target or 0, job.number),
    )
    for done, job in enumerate(waiting):
        on_progress(done / len(waiting))
        found = _place_for(problem, job, visits)
        if isinstance(found, Visit):
            visits.append(found)
        else:
            reasons[job.id] = found
    return Plan(visits=tuple(visits)), reasons


def _place_for(problem: Problem, job: Job, visits: list[Visit]) -> Visit | str:
    if job.blocked is not None:
        return job.blocked
    people = [each for each in problem.people if able(job, each) is None]
    if len(people) < job.crew:
        why = next((found.sentence for each in problem.people if (found := able(job, each))), None)
        return why or kept("nobody can do it")
    already = {(each.rule, each.job, each.person) for each in check(problem, Plan(visits=tuple(visits)))}
    first: Broken | None = None
    for at, crew in _starts(problem, job, people, visits):
        visit = placed(problem, job, [each.code for each in crew], at)
        wrong = [
            each
            for each in check(problem, Plan(visits=(*visits, visit)))
            if (each.rule, each.job, each.person) not in already
        ]
        if not wrong:
            return visit
        first = first or wrong[0]
    return kept("nobody who can do it has time for it in this week") if first is None else first.sentence


def _starts(
    problem: Problem, job: Job, people: Sequence[Person], visits: Sequence[Visit]
) -> list[tuple[Minute, tuple[Person, ...]]]:
    """Return when a crew could begin: behind what it has on a day, with the way there; the soonest first."""
    found = [
        (at, crew)
        for crew in islice(combinations(people, job.crew), _MOST_CREWS)
        for _, at in openings(problem, job, crew, visits)
    ]
    return sorted(found, key=lambda each: (each[0], [one.code for one in each[1]]))
