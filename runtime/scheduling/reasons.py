"""Why a job is not in a plan, in one sentence: nobody is able, or the first rule in the way on the soonest day."""

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from workorder_core.scheduling.checking import able, check
from workorder_core.scheduling.problem import Job, Minute, Person, Plan, Problem
from workorder_core.scheduling.weeks import openings, placed
from workorder_core.sentences import kept

_MOST_CREWS = 20


def why_not(problem: Problem, plan: Plan, job: Job) -> str:
    """Return why a job is not in a plan."""
    if job.blocked is not None:
        return job.blocked
    people = [each for each in problem.people if able(job, each) is None]
    if len(people) < job.crew:
        found = next((wrong for each in problem.people if (wrong := able(job, each)) is not None), None)
        return kept("the site has nobody who can do it") if found is None else found.sentence
    soonest = min(_openings(problem, plan, job, people), key=lambda each: each[0], default=None)
    if soonest is None:
        return kept("nobody who can do it works in this week any more")
    at, crew = soonest
    visit = placed(problem, job, [each.code for each in crew], at)
    with_it = check(problem, Plan(visits=(*plan.visits, visit)))
    mine = next((each.sentence for each in with_it if each.job == job.id), None)
    return mine or kept("whoever can do it has more urgent or cheaper work in this week")


def _openings(
    problem: Problem, plan: Plan, job: Job, people: Sequence[Person]
) -> Iterator[tuple[Minute, tuple[Person, ...]]]:
    for crew in islice(combinations(people, job.crew), _MOST_CREWS):
        for _, at in openings(problem, job, crew, plan.visits):
            yield at, crew
