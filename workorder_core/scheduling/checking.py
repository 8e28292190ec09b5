"""What a plan must not do: the one definition, for plans of a solver and for what a planner sets by hand.

``check`` returns everything that is wrong; an empty result means that the plan can be carried out. Work that has begun
is a fact: it takes its people's time, and no other rule is asked of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from workorder_core.scheduling.problem import Job, Minute, Person, Plan, Problem, Visit
from workorder_core.scheduling.reserves import Held, held, least_urgent
from workorder_core.scheduling.tours import (
    Tour,
    breaks_of,
    local,
    merged,
    minutes_between,
    over_at,
    settled,
    tours,
    work_minutes,
    workday_of,
)
from workorder_core.sentences import Said, say


class Rule(StrEnum):
    """The rules, each of which no plan may break."""

    KNOWN = "known"
    """The visit is of a job and of people that the problem has."""
    ONCE = "once"
    SETTLED = "settled"
    """What is pinned, has begun, or is published within the freeze, stays as it is."""
    BLOCKED = "blocked"
    CREW = "crew"
    ONLY = "only"
    SKILL = "skill"
    CERTIFICATE = "certificate"
    PAST = "past"
    PARTS = "parts"
    """Not before the parts are there."""
    WINDOW = "window"
    AFTER = "after"
    DURATION = "duration"
    TOOL = "tool"
    WORKDAY = "workday"
    """Within a workday, with the ways from its start and to its end, allowed overtime included."""
    BREAK = "break"
    TRAVEL = "travel"
    """One visit at a time, with time for the way between."""
    REST = "rest"
    WEEK = "week"
    RESERVE = "reserve"
    """What is held back of a day for emergencies is left to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One rule that a plan breaks, with a sentence for a planner."""

    rule: Rule
    sentence: str
    job: str | None = None
    """The id of the job; None where the rule is about a person's hours."""
    person: str | None = None
    """The code of the person; None where it is about nobody in particular."""


def check(problem: Problem, plan: Plan) -> tuple[Broken, ...]:
    """Return each rule that the plan breaks; nothing where it can be carried out."""
    jobs = {job.id: job for job in problem.jobs}
    people = {person.code: person for person in problem.people}
    known = [visit for visit in plan.visits if visit.job in jobs and all(code in people for code in visit.people)]
    broken = [*_unknown(problem, plan), *_settled(problem, plan)]
    ends = {visit.job: visit.ends for visit in known}
    for visit in known:
        job = jobs[visit.job]
        if not job.begun:
            broken += of_visit(problem, job, [people[code] for code in visit.people], visit)
            broken += _after(jobs, job, visit, ends)
    broken += _tools(problem, jobs, known)
    walked = tours(problem, known)
    for each in walked:
        broken += of_tour(problem, jobs, each)
    for person in problem.people:
        broken += of_hours(problem, person, [each for each in walked if each.person.code == person.code])
    return (*broken, *of_reserves(problem, held(problem, Plan(visits=tuple(known)))))


def of_reserves(problem: Problem, found: Sequence[Held]) -> list[Broken]:
    """Return the dates of which too little is held back, with the job that gives way; what is settled need not."""
    return [
        Broken(rule=Rule.RESERVE, sentence=each.sentence(problem), job=least_urgent(problem, each.visits).job)
        for each in found
        if each.free < 0 and each.visits
    ]


def of_visit(problem: Problem, job: Job, crew: Sequence[Person], visit: Visit) -> list[Broken]:
    """Return the rules that a visit breaks by itself, whatever else is planned."""
    broken = [*_of_job(problem, job, crew, visit)]
    for person in crew:
        broken += _of_person(problem, job, person, visit)
    if not any(each.rule is Rule.WORKDAY for each in broken):
        broken += _duration(job, crew, visit)
    return broken


def of_tour(problem: Problem, jobs: dict[str, Job], walked: Tour) -> list[Broken]:
    """Return what is wrong with a tour: overlapping visits, too little time for a way, too early or late a day."""
    broken: list[Broken] = []
    person, day = walked.person, walked.workday
    breaks = merged(day.breaks)
    name = person.name
    for before, after in pairwise(walked.visits):
        first, second = jobs[before.job], jobs[after.job]
        needed = problem.way(first.place, second.place)
        spare = minutes_between(breaks, before.ends, after.starts)
        if before.ends > after.starts:
            said = say(
                "{name} cannot be on {one} and {other} at once.", name=name, one=first.number, other=second.number
            )
        elif spare < needed:
            said = say(
                "{name} needs {needed} min from {one} to {other} and has {spare}.",
                name=name, needed=needed, one=first.number, other=second.number, spare=spare,
            )  # fmt: skip
        else:
            continue
        movable = before if second.begun else after
        broken.append(Broken(rule=Rule.TRAVEL, sentence=said, job=movable.job, person=person.code))
    opening = walked.visits[0]
    at_first = over_at(
        breaks,
        day.starts if day.left_at is None else day.left_at,
        problem.way(day.start_place, jobs[opening.job].place),
    )
    if opening.starts < at_first and not jobs[opening.job].begun:
        said = say(
            "{name} can be at {one} at {at:%a %H:%M} at the earliest.",
            name=name, one=jobs[opening.job].number, at=local(problem, at_first),
        )  # fmt: skip
        broken.append(Broken(rule=Rule.WORKDAY, sentence=said, job=opening.job, person=person.code))
    closing = walked.visits[-1]
    if walked.returns > day.latest and not jobs[closing.job].begun:
        said = say(
            "After {one} {name} would be back at {at:%a %H:%M}, after the end at {ends:%H:%M}.",
            one=jobs[closing.job].number, name=name, at=local(problem, walked.returns), ends=local(problem, day.latest),
        )  # fmt: skip
        broken.append(Broken(rule=Rule.WORKDAY, sentence=said, job=closing.job, person=person.code))
    return broken


def able(job: Job, person: Person) -> Broken | None:
    """Return the first rule that keeps a person from a job at any time, alone or as one of its crew."""
    if job.only is not None and person.code not in job.only:
        said = say("{name} is not one of those who may do {number}.", name=person.name, number=job.number)
        return Broken(rule=Rule.ONLY, sentence=said, job=job.id, person=person.code)
    if job.crew == 1:
        for need in job.needs:
            level = person.skills.get(need.skill, 0)
            if level < need.level:
                return Broken(
                    rule=Rule.SKILL,
                    sentence=_lacking_skill(job, person.name, need.skill, need.level, level),
                    job=job.id,
                    person=person.code,
                )
    for certificate in sorted(job.certificates - person.certificates.keys()):
        said = say(
            "{name} does not have the certificate {certificate}, which {number} needs.",
            name=person.name, certificate=certificate, number=job.number,
        )  # fmt: skip
        return Broken(rule=Rule.CERTIFICATE, sentence=said, job=job.id, person=person.code)
    return None


def _lacking_skill(job: Job, name: str, skill: str, level: int, has: int) -> Said:
    if has:
        return say(
            "{number} needs {skill} at level {level}; {name} has level {has}.",
            number=job.number, skill=skill, level=level, name=name, has=has,
        )  # fmt: skip
    return say(
        "{number} needs {skill} at level {level}, which {name} does not have.",
        number=job.number, skill=skill, level=level, name=name,
    )  # fmt: skip


def _unknown(problem: Problem, plan: Plan) -> Iterator[Broken]:
    jobs = {job.id: job for job in problem.jobs}
    people = {person.code for person in problem.people}
    seen: set[str] = set()
    for visit in plan.visits:
        if visit.job not in jobs:
            said = say("The plan has a visit for {job}, which is not to be planned.", job=visit.job)
            yield Broken(rule=Rule.KNOWN, sentence=said, job=visit.job)
            continue
        for code in visit.people:
            if code not in people:
                said = say("{code} is not one of the people who can be planned.", code=code)
                yield Broken(rule=Rule.KNOWN, sentence=said, job=visit.job, person=code)
        if visit.job in seen:
            said = say("{number} is planned more than once.", number=jobs[visit.job].number)
            yield Broken(rule=Rule.ONCE, sentence=said, job=visit.job)
        seen.add(visit.job)


def _settled(problem: Problem, plan: Plan) -> Iterator[Broken]:
    planned = {visit.job: visit for visit in plan.visits}
    fixed = settled(problem)
    for job in problem.jobs:
        stays = fixed.get(job.id)
        if stays is None or _same(stays, planned.get(job.id)):
            continue
        if job.begun:
            said = say("Work on {number} has begun: its visit stays as it is.", number=job.number)
        elif job.pinned is not None:
            said = say("{number} is pinned: its visit stays as it is.", number=job.number)
        else:
            said = say(
                "{number} is published for {at:%a %H:%M}, before the end of the freeze: its visit stays as it is.",
                number=job.number, at=local(problem, stays.starts),
            )  # fmt: skip
        yield Broken(rule=Rule.SETTLED, sentence=said, job=job.id)


def _same(stays: Visit, planned: Visit | None) -> bool:
    return (
        planned is not None
        and (stays.starts, stays.ends) == (planned.starts, planned.ends)
        and sorted(stays.people) == sorted(planned.people)
    )


def _of_job(problem: Problem, job: Job, crew: Sequence[Person], visit: Visit) -> Iterator[Broken]:
    number = job.number

    def breaks(rule: Rule, said: Said) -> Broken:
        return Broken(rule=rule, sentence=said, job=job.id)

    if job.blocked is not None:
        yield breaks(Rule.BLOCKED, say("{number} cannot be planned: {why}", number=number, why=job.blocked))
    if len(crew) != job.crew or len({person.code for person in crew}) != len(crew):
        said = say("{number} needs {crew} at once and has {count}.", number=number, crew=job.crew, count=len(crew))
        yield breaks(Rule.CREW, said)
    if job.crew > 1:
        for need in job.needs:
            best = max((person.skills.get(need.skill, 0) for person in crew), default=0)
            if best < need.level:
                said = say(
                    "{number} needs {skill} at level {level}; nobody of its crew has it.",
                    number=number, skill=need.skill, level=need.level,
                )  # fmt: skip
                yield breaks(Rule.SKILL, said)
    if visit.starts < 0 and job.pinned is None:
        yield breaks(Rule.PAST, say("{number} would begin in the past.", number=number))
    elif visit.starts < job.not_before:
        at = local(problem, job.not_before)
        said = say("The parts for {number} are not there before {at:%a %H:%M}.", number=number, at=at)
        yield breaks(Rule.PARTS, said)
    if job.windows and not any(window.holds(visit.starts, visit.ends) for window in job.windows):
        said = say("{number} is not within any of the times at which its asset can be worked on.", number=number)
        yield breaks(Rule.WINDOW, said)


def _of_person(problem: Problem, job: Job, person: Person, visit: Visit) -> Iterator[Broken]:
    never = able(job, person)
    if never is not None:
        yield never
    for certificate in sorted(job.certificates & person.certificates.keys()):
        until = person.certificates[certificate]
        if until is not None and until < visit.ends:
            said = say(
                "{name}'s certificate {certificate} is valid until {until:%Y-%m-%d %H:%M} only.",
                name=person.name, certificate=certificate, until=local(problem, until),
            )  # fmt: skip
            yield Broken(rule=Rule.CERTIFICATE, sentence=said, job=job.id, person=person.code)
    day = workday_of(person, visit)
    if day is None:
        said = say(
            "{name} does not work from {starts:%a %H:%M} to {ends:%a %H:%M}.",
            name=person.name, starts=local(problem, visit.starts), ends=local(problem, visit.ends),
        )  # fmt: skip
        yield Broken(rule=Rule.WORKDAY, sentence=said, job=job.id, person=person.code)
        return
    for each in day.breaks:
        if each.starts <= visit.starts < each.ends or each.starts < visit.ends < each.ends:
            said = say(
                "{number} would begin or end within {name}'s break from {starts:%H:%M} to {ends:%H:%M}.",
                number=job.number, name=person.name, starts=local(problem, each.starts), ends=local(problem, each.ends),
            )  # fmt: skip
            yield Broken(rule=Rule.BREAK, sentence=said, job=job.id, person=person.code)


def _duration(job: Job, crew: Sequence[Person], visit: Visit) -> Iterator[Broken]:
    """A visit that is not pinned lasts as long as its work and the breaks in it; a planner may set another length."""
    if job.pinned is not None:
        return
    needed = work_minutes(job, crew)
    if visit.ends != over_at(breaks_of(crew, visit), visit.starts, needed):
        planned = minutes_between(breaks_of(crew, visit), visit.starts, visit.ends)
        said = say(
            "{number} takes these people {needed} min without breaks; {planned} are planned.",
            number=job.number, needed=needed, planned=planned,
        )  # fmt: skip
        yield Broken(rule=Rule.DURATION, sentence=said, job=job.id)


def _after(jobs: dict[str, Job], job: Job, visit: Visit, ends: dict[str, Minute]) -> Iterator[Broken]:
    """A job that the problem does not have is over."""
    for first in job.after:
        if first in jobs and (first not in ends or ends[first] > visit.starts):
            said = say("{number} has to wait until {first} is over.", number=job.number, first=jobs[first].number)
            yield Broken(rule=Rule.AFTER, sentence=said, job=job.id)


def _tools(problem: Problem, jobs: dict[str, Job], visits: Sequence[Visit]) -> Iterator[Broken]:
    means = {each.code: each for each in problem.means}
    uses: dict[str, list[Visit]] = {}
    for visit in sorted(visits, key=lambda each: (each.starts, each.ends, each.job)):
        for code in sorted(jobs[visit.job].tools):
            uses.setdefault(code, []).append(visit)
    for code, users in sorted(uses.items()):
        for visit in users:
            job = jobs[visit.job]
            if code not in means:
                said = say("{number} needs {tool}, which the site does not have.", number=job.number, tool=code)
            elif any(taken.starts < visit.ends and visit.starts < taken.ends for taken in means[code].taken):
                said = say("{tool} is taken while {number} needs it.", tool=means[code].name, number=job.number)
            else:
                continue
            if not job.begun:
                yield Broken(rule=Rule.TOOL, sentence=said, job=job.id)
        for before, after in pairwise(users):
            first, second = jobs[before.job], jobs[after.job]
            if before.ends + problem.way(first.place, second.place) > after.starts:
                name = means[code].name if code in means else code
                said = say(
                    "{tool} cannot be at {one} and {other} in time.", tool=name, one=first.number, other=second.number
                )
                yield Broken(rule=Rule.TOOL, sentence=said, job=before.job if second.begun else after.job)


def of_hours(problem: Problem, person: Person, walked: Sequence[Tour]) -> list[Broken]:
    """Return what is wrong with the hours of all tours of one person: too short a night, too long a week."""
    broken = []
    mine = sorted(walked, key=lambda one: one.leaves)
    for before, after in pairwise(mine):
        if after.leaves - before.returns < person.rest:
            said = say(
                "{name} would have {hours:.1f} h of rest before {at:%a %H:%M}; {needed:.1f} h are needed.",
                name=person.name, hours=(after.leaves - before.returns) / 60, at=local(problem, after.leaves),
                needed=person.rest / 60,
            )  # fmt: skip
            broken.append(Broken(rule=Rule.REST, sentence=said, job=after.visits[0].job, person=person.code))
    if person.most_a_week is not None:
        broken += _week(person, person.most_a_week, mine)
    return broken


def _week(person: Person, most: Minute, mine: Sequence[Tour]) -> Iterator[Broken]:
    for last in sorted({each.workday.day for each in mine}):
        week = [each for each in mine if last - 7 < each.workday.day <= last]
        minutes = sum(each.minutes for each in week)
        if minutes > most:
            said = say(
                "{name} would work {hours:.1f} h in seven days; {most:.1f} h are the most.",
                name=person.name, hours=minutes / 60, most=most / 60,
            )  # fmt: skip
            yield Broken(rule=Rule.WEEK, sentence=said, job=week[-1].visits[-1].job, person=person.code)
            return
