"""Why a job is not in a plan, and what would help. Each answer is tried, not guessed: without the constraints that it
names the job does fit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, pairwise

from workorder_core.scheduling.checking import Broken, Rule, able, of_visit
from workorder_core.scheduling.costing import leaving_out
from workorder_core.scheduling.placing import Draft, Place, first_visit
from workorder_core.scheduling.problem import Job, Person, Plan, Problem, Visit
from workorder_core.scheduling.relaxing import LIKE, Relaxed, candidates, condition, relax
from workorder_core.scheduling.tours import horizon, local
from workorder_core.sentences import Said, joined, say

MOST_OPTIONS = 3
MOST_EJECTIONS = 60
"""Visits, and pairs of them, that are taken out at most to see whether the job then fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Constraints without which the job fits, and when it would be done then."""

    without: tuple[Relaxed, ...]
    visit: Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Planned jobs that would make room: each moves elsewhere, or (in ``out``) has to be left out."""

    visit: Visit
    moves: tuple[Visit, ...] = ()
    out: tuple[str, ...] = ()
    saves: float = 0.0
    """How much cheaper the plan would be; negative where what is left out costs more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why one job is not in the plan."""

    job: str
    sentence: str
    options: tuple[Option, ...] = ()
    """Of the fewest constraints each; the first is the least to change."""
    people: tuple[Broken, ...] = ()
    """For each person the first rule that keeps them from it."""
    swap: Swap | None = None


def explain(problem: Problem, plan: Plan, job: Job) -> Why:
    """Return why a job of the problem is not in the plan. Where it does fit, the sentence says when."""
    draft = Draft(problem, plan.visits)
    places = draft.places(job)
    if places:
        return Why(job=job.id, sentence=_fits(draft, job, places[0]))
    people = tuple(_first_of(draft, job, person) for person in problem.people)
    options = tuple(_options(draft, job))
    swap = _swap(draft, job, people)
    parts = [_cause(job, people)]
    if options:
        best = options[0]
        what = joined((condition(problem, job, each) for each in best.without), " and ")
        at = local(problem, best.visit.starts)
        parts.append(say("It would fit {at:%a %H:%M} if {what}.", at=at, what=what))
    if swap is not None:
        parts.append(_said(draft, swap))
    return Why(job=job.id, sentence=joined(parts, " "), options=options, people=people, swap=swap)


def _fits(draft: Draft, job: Job, place: Place) -> Said:
    spare = leaving_out(draft.problem, job, horizon(draft.problem)) - place.cost
    at = local(draft.problem, place.visit.starts)
    if spare <= 0:
        return say(
            "It would fit {at:%a %H:%M}, but that costs {money:,.0f} more than leaving it out.", at=at, money=-spare
        )
    return say("It fits {at:%a %H:%M}.", at=at)


def _cause(job: Job, people: Sequence[Broken]) -> Said:
    if job.blocked is not None:
        return say("{number} cannot be planned: {why}", number=job.number, why=job.blocked)
    rules = {each.rule for each in people}
    if rules == {Rule.SKILL} and len(job.needs) == 1:
        need = job.needs[0]
        return say("Nobody has {skill} at level {level}.", skill=need.skill, level=need.level)
    if rules <= {Rule.SKILL, Rule.ONLY, Rule.CERTIFICATE}:
        return say("Nobody is allowed to do it with the skills and valid certificates that it needs.")
    free = [each for each in people if each.rule is Rule.TRAVEL]
    if not free:
        return say("Nobody who can do it works when it can be done.")
    return say("Those who can do it have no free time for it.")


def _first_of(draft: Draft, job: Job, person: Person) -> Broken:
    """Return the first rule that keeps a person from a job: by itself, on empty days, or beside what is planned."""
    never = able(job, person)
    if never is not None:
        return never
    if not person.workdays:
        said = say("{name} does not work on these dates.", name=person.name)
        return Broken(rule=Rule.WORKDAY, sentence=said, job=job.id, person=person.code)
    alone = _alone(draft, job, person)
    if alone is not None:
        return alone
    said = say("{name} has no time for it beside what is planned.", name=person.name)
    return Broken(rule=Rule.TRAVEL, sentence=said, job=job.id, person=person.code)


def _alone(draft: Draft, job: Job, person: Person) -> Broken | None:
    """Return why a person could not do it (alone, whatever its crew) if nothing else were planned; None if they
    could."""
    refused: Broken | None = None
    for day in person.workdays:
        row = (person.code, day.starts)
        visit = first_visit(job, person, draft.breaks[row], day.starts, day.latest)
        if visit is None:
            continue
        broken = [each for each in of_visit(draft.problem, job, [person], visit) if each.person == person.code]
        if not broken:
            return None
        refused = refused or broken[0]
    said = say("{name} has no workday that is long enough when it can be done.", name=person.name)
    return refused or Broken(rule=Rule.WINDOW, sentence=said, job=job.id, person=person.code)


def _options(draft: Draft, job: Job) -> Iterator[Option]:
    """Yield the smallest sets of constraints without which the job fits, the least to change first."""
    possible = candidates(draft.problem, job)
    for size in (1, 2):
        found = 0
        for without in combinations(possible, size):
            place = _without(draft, job, without)
            if place is not None:
                yield Option(without=without, visit=place.visit)
                found += 1
                if found == MOST_OPTIONS:
                    return
        if found:
            return
    place = _without(draft, job, possible)
    if place is None:
        return
    kept, dropped = list(possible), True
    while dropped:  # until each of those that are left is needed
        dropped = False
        for each in kept[::-1]:
            fewer = [one for one in kept if one != each]
            there = _without(draft, job, fewer, anybody=True)
            if there is not None:
                kept, place, dropped = fewer, there, True
    yield Option(without=tuple(kept), visit=place.visit)


def _without(draft: Draft, job: Job, without: Sequence[Relaxed], *, anybody: bool = False) -> Place | None:
    """Return the cheapest place without these constraints: by the people of whom one is, or by ``anybody``."""
    problem = relax(draft.problem, job, without)
    mine = set() if anybody else {each.person for each in without} - {None}
    other = draft.within(problem)
    changed = other.jobs[job.id]
    if mine and changed.crew == 1:
        codes = mine | {f"{code}{LIKE}" for code in mine}
        return next(iter(other.places(changed, of=lambda person: person.code in codes)), None)
    return next(iter(other.places(changed)), None)


def _swap(draft: Draft, job: Job, people: Sequence[Broken]) -> Swap | None:
    """Return the best way to make room by taking one or two neighbouring visits out, which are then placed anew."""
    busy = {each.person for each in people if each.rule is Rule.TRAVEL}
    if job.blocked is not None or not busy:
        return None
    best: Swap | None = None
    for taken in islice(_ejections(draft, busy), MOST_EJECTIONS):
        found = _swapped(draft, job, taken)
        if found is not None and (best is None or found.saves > best.saves):
            best = found
    return best


def _ejections(draft: Draft, busy: set[str | None]) -> Iterator[tuple[Visit, ...]]:
    over = horizon(draft.problem)
    rows = [[v for v in visits if not draft.stays(v)] for row, visits in sorted(draft.rows.items()) if row[0] in busy]
    singles = [visit for row in rows for visit in row]
    yield from ((each,) for each in sorted(singles, key=lambda v: leaving_out(draft.problem, draft.jobs[v.job], over)))
    for row in rows:
        yield from pairwise(row)


def _swapped(draft: Draft, job: Job, taken: Sequence[Visit]) -> Swap | None:
    other = draft.copy()
    saves = 0.0
    for visit in taken:
        row = next(row for row in other.rows if visit in other.rows[row])
        saves += other.cost_of(row, other.rows[row])
        other.remove(visit.job)
        saves -= other.cost_of(row, other.rows[row])
    codes = {code for visit in taken for code in visit.people}
    places = other.places(job, of=(lambda person: person.code in codes) if job.crew == 1 else (lambda _: True))
    if not places:
        return None
    over = horizon(draft.problem)
    other.apply(places[0])
    saves += leaving_out(draft.problem, job, over) - places[0].cost
    moves, out = [], []
    for visit in taken:
        mover = draft.jobs[visit.job]
        elsewhere = other.places(mover)
        if elsewhere:
            other.apply(elsewhere[0])
            moves.append(elsewhere[0].visit)
            saves -= elsewhere[0].cost
        else:
            out.append(mover.id)
            saves -= leaving_out(draft.problem, mover, over)
    return Swap(visit=places[0].visit, moves=tuple(moves), out=tuple(out), saves=saves)


def _said(draft: Draft, swap: Swap) -> Said:
    at = local(draft.problem, swap.visit.starts)
    if not swap.out:
        numbers = ", ".join(draft.jobs[each.job].number for each in swap.moves)
        return say("It would fit {at:%a %H:%M} if {numbers} moved.", at=at, numbers=numbers)
    numbers = ", ".join(draft.jobs[each].number for each in swap.out)
    if swap.saves > 0:
        return say("Or {at:%a %H:%M} in place of {numbers}, which costs less to leave out.", at=at, numbers=numbers)
    return say("Or {at:%a %H:%M} in place of {numbers}, which costs more to leave out.", at=at, numbers=numbers)
