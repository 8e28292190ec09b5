"""A problem without one of the constraints that may keep a job out of a plan: what an explanation is made of."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from workorder_core.scheduling.checking import Rule
from workorder_core.scheduling.problem import Job, Need, Person, Problem, Workday
from workorder_core.sentences import Said, say

LIKE = "+"
"""After a person's code: one more person like that one."""


@dataclass(frozen=True, slots=True, order=True)
class Relaxed:
    """One constraint that is taken away: of the job, or (with ``person``) between it and a person.

    WORKDAY is one more person like ``person``, DURATION a job that takes a minute, CREW a job for one.
    """

    rule: Rule
    person: str | None = None


def candidates(problem: Problem, job: Job) -> list[Relaxed]:
    """Return the constraints that the job has, those first that are the least to change."""
    found: list[Relaxed] = []
    for person in problem.people:
        lacks = {
            Rule.ONLY: job.only is not None and person.code not in job.only,
            Rule.SKILL: any(person.skills.get(need.skill, 0) < need.level for need in job.needs),
            Rule.CERTIFICATE: any(person.certificates.get(code, 0) is not None for code in job.certificates),
        }
        found += [Relaxed(rule, person.code) for rule, lacking in lacks.items() if lacking]
    if job.crew > 1:
        found += [Relaxed(Rule.SKILL), Relaxed(Rule.CERTIFICATE), Relaxed(Rule.ONLY)]
    whole = {
        Rule.BLOCKED: job.blocked is not None, Rule.PARTS: job.not_before > 0, Rule.WINDOW: bool(job.windows),
        Rule.AFTER: bool(job.after) or any(job.id in other.after for other in problem.jobs),
        Rule.TOOL: bool(job.tools), Rule.CREW: job.crew > 1, Rule.DURATION: job.minutes > 1,
        Rule.RESERVE: not job.emergency and any(problem.held_back.values()),
    }  # fmt: skip
    found += [Relaxed(rule) for rule, there in whole.items() if there]
    found += [Relaxed(Rule.WORKDAY, person.code) for person in problem.people if person.workdays]
    return sorted(dict.fromkeys(found), key=lambda each: _ORDER.index(each.rule))


_ORDER = (
    Rule.BLOCKED, Rule.RESERVE, Rule.CERTIFICATE, Rule.PARTS, Rule.TOOL, Rule.AFTER, Rule.WINDOW, Rule.ONLY, Rule.SKILL,
    Rule.WORKDAY, Rule.DURATION, Rule.CREW,
)  # fmt: skip


def relax(problem: Problem, job: Job, without: Iterable[Relaxed]) -> Problem:
    """Return the problem without these constraints on the job."""
    changed, people, jobs = job, list(problem.people), problem.jobs
    for each in without:
        if each.rule is Rule.AFTER:
            jobs = tuple(replace(one, after=tuple(first for first in one.after if first != job.id)) for one in jobs)
        if each.person is None:
            changed = _of_job(changed, each.rule)
            continue
        person = next(one for one in people if one.code == each.person)
        if each.rule is Rule.ONLY:
            changed = replace(changed, only=(changed.only or frozenset()) | {person.code, person.code + LIKE})
        elif each.rule is Rule.WORKDAY:
            people.append(_like(person))
            if changed.only is not None and person.code in changed.only:
                changed = replace(changed, only=changed.only | {person.code + LIKE})
        else:
            people = [_taught(one, job, each.rule) if _same(one, person) else one for one in people]
    jobs = tuple(changed if each.id == job.id else each for each in jobs)
    return replace(problem, jobs=jobs, people=tuple(people))


def condition(problem: Problem, job: Job, without: Relaxed) -> Said:
    """Return the end of "It would be possible if …"."""
    name = next((person.name for person in problem.people if person.code == without.person), "")
    if without.person is not None:
        return _of_person(job, name, without.rule)
    return {
        Rule.BLOCKED: say("what blocks it were settled"),
        Rule.PARTS: say("its parts were there earlier"),
        Rule.TOOL: say("its tools were free"),
        Rule.AFTER: say("it did not have to wait for another order"),
        Rule.WINDOW: say("its asset could be worked on at other times"),
        Rule.ONLY: say("others were allowed to do it"),
        Rule.SKILL: say("its crew needed no special skill"),
        Rule.CERTIFICATE: say("its crew needed no certificate"),
        Rule.CREW: say("one person were enough"),
        Rule.DURATION: say("it were split into shorter visits"),
        Rule.RESERVE: say("nothing were held back for emergencies"),
    }[without.rule]


def _of_person(job: Job, name: str, rule: Rule) -> Said:
    if rule is Rule.SKILL and len(job.needs) == 1:
        need = job.needs[0]
        return say("{name} had {skill} at level {level}", name=name, skill=need.skill, level=need.level)
    if rule is Rule.CERTIFICATE and len(job.certificates) == 1:
        return say("{name}'s certificate {certificate} were valid", name=name, certificate=next(iter(job.certificates)))
    return {
        Rule.SKILL: say("{name} had the skills that it needs", name=name),
        Rule.CERTIFICATE: say("{name}'s certificates were valid", name=name),
        Rule.ONLY: say("{name} were allowed to do it", name=name),
        Rule.WORKDAY: say("there were one more person like {name}", name=name),
    }[rule]


def _same(one: Person, other: Person) -> bool:
    return one.code in (other.code, other.code + LIKE)


def _of_job(job: Job, rule: Rule) -> Job:
    if rule is Rule.BLOCKED:
        return replace(job, blocked=None)
    if rule is Rule.PARTS:
        return replace(job, not_before=0)
    if rule is Rule.WINDOW:
        return replace(job, windows=())
    if rule is Rule.AFTER:
        return replace(job, after=())
    if rule is Rule.TOOL:
        return replace(job, tools=frozenset())
    if rule is Rule.CREW:
        return replace(job, crew=1)
    if rule is Rule.SKILL:
        return replace(job, needs=())
    if rule is Rule.CERTIFICATE:
        return replace(job, certificates=frozenset())
    if rule is Rule.RESERVE:
        return replace(job, emergency=True)
    return replace(job, minutes=1) if rule is Rule.DURATION else replace(job, only=None)


def _taught(person: Person, job: Job, rule: Rule) -> Person:
    if rule is Rule.CERTIFICATE:
        return replace(person, certificates={**person.certificates, **dict.fromkeys(job.certificates)})
    return replace(person, skills={**person.skills, **_raised(person, job.needs)})


def _raised(person: Person, needs: Iterable[Need]) -> dict[str, int]:
    levels: dict[str, int] = {}
    for need in needs:
        levels[need.skill] = max(need.level, person.skills.get(need.skill, 0), levels.get(need.skill, 0))
    return levels


def _like(person: Person) -> Person:
    """Return one more person like this one, whose days are empty."""
    return replace(person, code=person.code + LIKE, workdays=tuple(_from_the_start(day) for day in person.workdays))


def _from_the_start(day: Workday) -> Workday:
    return replace(day, left_at=None)
