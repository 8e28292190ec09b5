"""Demand against capacity by skill, before anything is planned."""

from collections.abc import Iterator
from dataclasses import dataclass

from workorder_core.scheduling.problem import Minute, Person, Problem
from workorder_core.scheduling.tours import merged, minutes_between
from workorder_core.sentences import Said, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The work that asks for a skill at a level or above, and the hours of those who have it."""

    skill: str
    level: int
    demand: Minute
    """Of all jobs that are not blocked, without travel."""
    capacity: Minute
    """Within shifts, without breaks and overtime; the hours of somebody with two skills count for both."""
    held_back: Minute = 0
    """What of the capacity is held back for emergencies; the demand has those too."""

    @property
    def share(self) -> float | None:
        """How many times the capacity is asked for; None where nobody has the skill."""
        return self.demand / self.capacity if self.capacity else None

    @property
    def sentence(self) -> Said:
        """Say it for a planner."""
        if self.share is None:
            return say("Nobody has {skill} at level {level}.", skill=self.skill, level=self.level)
        if self.held_back:
            return say(
                "Demand is {share:.1f} × capacity for {skill} at level {level}; {hours:.0f} h of it are held back for "
                "emergencies.",
                share=self.share, skill=self.skill, level=self.level, hours=self.held_back / 60,
            )  # fmt: skip
        return say(
            "Demand is {share:.1f} × capacity for {skill} at level {level}.",
            share=self.share, skill=self.skill, level=self.level,
        )  # fmt: skip


def loads(problem: Problem) -> list[Load]:
    """Return for each skill the level at which the most is asked for of its capacity, the tightest skill first."""
    asked = {(need.skill, need.level) for job in problem.jobs for need in job.needs if job.blocked is None}
    found: dict[str, Load] = {}
    for skill, level in sorted(asked):
        demand = sum(
            job.minutes
            for job in problem.jobs
            if job.blocked is None and any(need.skill == skill and need.level >= level for need in job.needs)
        )
        capacity = sum(sum(_hours(one)) for one in problem.people if one.skills.get(skill, 0) >= level)
        reserve = int(capacity * problem.held_back.get(skill, 0.0))
        load = Load(skill=skill, level=level, demand=demand, capacity=capacity, held_back=reserve)
        if skill not in found or _tight(load) > _tight(found[skill]):
            found[skill] = load
    return sorted(found.values(), key=lambda each: (-_tight(each), each.skill))


def _tight(load: Load) -> float:
    return float("inf") if load.share is None else load.share


def _hours(person: Person) -> Iterator[Minute]:
    for day in person.workdays:
        yield max(0, minutes_between(merged(day.breaks), max(day.starts, 0), day.ends))
