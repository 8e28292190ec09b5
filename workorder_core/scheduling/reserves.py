"""Capacity held back for emergencies: of each day, a share of the hours of those who have a skill stays free of work
that is none.

The hours of a day are those of the shifts, without breaks and overtime. What counts as planned is the work that is no
emergency, with its ways, as if the emergencies were not there: those are what the hours are held back for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from workorder_core.scheduling.documents import InvalidWeights
from workorder_core.scheduling.problem import Job, Minute, Person, Plan, Problem, Visit, Workday
from workorder_core.scheduling.tours import local, merged, minutes_between, settled, tours
from workorder_core.sentences import Said, say

Row = tuple[str, Minute]
"""A person's workday: the person's code and when it starts."""
HELD_BACK = "held_back"
"""The name of the shares in the document of a site's weights."""
MOST_SHARE = 0.9
MOST_SKILLS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One skill on one date of the problem.

    Parameters
    ----------
    capacity
        The minutes of the shifts of those who have the skill, at any level.
    used
        What is planned of them without the emergencies.
    visits
        What is planned and could be elsewhere: it is neither an emergency nor settled.
    """

    skill: str
    day: int
    share: float
    capacity: Minute
    used: Minute
    visits: tuple[Visit, ...]

    @property
    def free(self) -> Minute:
        """The minutes that may be planned; none are left where it is negative."""
        return int(self.capacity * (1 - self.share)) - self.used

    def sentence(self, problem: Problem) -> Said:
        """Say that more is planned than may be."""
        at = next(day.starts for one in problem.people for day in one.workdays if day.day == self.day)
        return say(
            "{share:.0%} of {skill} is kept for emergencies: {used:.1f} h of {capacity:.1f} h are planned {at:%a}.",
            share=self.share, skill=self.skill, used=self.used / 60, capacity=self.capacity / 60, at=local(problem, at),
        )  # fmt: skip


def shares_of(document: Mapping[str, Any]) -> dict[str, float]:
    """Return the shares of a document of weights by skill. Raises InvalidWeights."""
    given = document.get(HELD_BACK, {})
    if not isinstance(given, Mapping) or len(given) > MOST_SKILLS:
        raise InvalidWeights(HELD_BACK, say("give a share of the day for each skill, such as 0.2, or leave it out"))
    for skill, share in given.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= MOST_SHARE:
            raise InvalidWeights(_within(str(skill)), say("give a number from 0 to {most}", most=MOST_SHARE))
    return {str(skill): float(share) for skill, share in given.items()}


def _within(skill: str) -> str:
    """Return the field of a skill as errors name it."""
    return f"{HELD_BACK}.{skill}"


def share_of(problem: Problem, person: Person) -> float:
    """Return the share of somebody's own day that would be enough for all their skills."""
    return max((share for skill, share in problem.held_back.items() if person.skills.get(skill, 0)), default=0.0)


def length_of(day: Workday) -> Minute:
    """Return the minutes of a shift, or of what is left of it, without breaks."""
    begins = day.starts if day.left_at is None else day.left_at
    return max(0, minutes_between(merged(day.breaks), begins, day.ends))


def minutes_of(problem: Problem, jobs: Mapping[str, Job], day: Workday, visits: Iterable[Visit]) -> Minute:
    """Return how long the visits of a workday that are no emergencies take from now on, with their ways."""
    counted = [each for each in visits if not jobs[each.job].emergency]
    if not counted:
        return 0
    breaks = merged(day.breaks)
    places = [day.start_place, *(jobs[each.job].place for each in counted), day.end_place]
    work = sum(minutes_between(breaks, max(each.starts, 0), each.ends) for each in counted)
    return work + sum(problem.way(*leg) for leg in pairwise(places))


def held(problem: Problem, plan: Plan) -> list[Held]:
    """Return each skill that has hours held back, on each date on which somebody has it, by skill and date."""
    if not any(problem.held_back.values()):
        return []
    jobs = {job.id: job for job in problem.jobs}
    stays = settled(problem)
    counted = [each for each in plan.visits if each.job in jobs and not jobs[each.job].emergency]
    used: dict[tuple[str, int], Minute] = defaultdict(int)
    on: dict[tuple[str, int], list[Visit]] = defaultdict(list)
    for walked in tours(problem, counted):
        at = walked.person.code, walked.workday.day
        used[at] += minutes_of(problem, jobs, walked.workday, walked.visits)
        on[at] += [each for each in walked.visits if stays.get(each.job) != each]
    found = []
    for skill, share in sorted(problem.held_back.items()):
        mine = [one for one in problem.people if one.skills.get(skill, 0)]
        for number in sorted({day.day for one in mine for day in one.workdays} if share else ()):
            capacity = sum(length_of(day) for one in mine for day in one.workdays if day.day == number)
            visits = dict.fromkeys(each for one in mine for each in on[one.code, number])
            minutes = sum(used[one.code, number] for one in mine)
            found.append(
                Held(skill=skill, day=number, share=share, capacity=capacity, used=minutes, visits=tuple(visits))
            )
    return found


def least_urgent(problem: Problem, visits: Iterable[Visit]) -> Visit:
    """Return the visit that gives way first."""
    priority = {job.id: job.priority for job in problem.jobs}
    return max(visits, key=lambda each: (priority[each.job], each.starts, each.job))


def worse(before: Sequence[Held], after: Sequence[Held]) -> list[Held]:
    """Return where a change leaves less than may be planned, and less than there was."""
    was = {(each.skill, each.day): each.free for each in before}
    return [each for each in after if each.free < 0 and each.free < was.get((each.skill, each.day), 0)]


class Reserves:
    """What may be planned of a problem's days: for asking often while a plan is made."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.jobs = {job.id: job for job in problem.jobs} if any(problem.held_back.values()) else {}
        self.days: dict[Row, Workday] = {}
        self.of: dict[Row, list[tuple[str, int]]] = defaultdict(list)
        self.rows: dict[tuple[str, int], list[Row]] = defaultdict(list)
        self.most: dict[tuple[str, int], int] = {}
        self.known: dict[Row, tuple[Sequence[Visit], Minute]] = {}
        for skill, share in problem.held_back.items():
            for one in problem.people if share else ():
                for day in one.workdays if one.skills.get(skill, 0) else ():
                    self._add((one.code, day.starts), day, (skill, day.day))
        for (skill, number), rows in self.rows.items():
            capacity = sum(length_of(self.days[row]) for row in rows)
            self.most[skill, number] = int(capacity * (1 - problem.held_back[skill]))

    def stay(self, rows: Mapping[Row, Sequence[Visit]], changed: Mapping[Row, Sequence[Visit]]) -> bool:
        """Return whether a plan, by workday, leaves no less free than it may where some of its tours change."""
        for key in {key: None for row in changed for key in self.of.get(row, ())}:
            mine = self.rows[key]
            before = sum(self._minutes(row, rows[row]) for row in mine)
            after = sum(self._minutes(row, changed.get(row, rows[row])) for row in mine)
            if after > self.most[key] and after > before:
                return False
        return True

    def _add(self, row: Row, day: Workday, key: tuple[str, int]) -> None:
        self.days[row] = day
        self.of[row].append(key)
        self.rows[key].append(row)

    def _minutes(self, row: Row, visits: Sequence[Visit]) -> Minute:
        """Return how long a tour is without its emergencies."""
        there = self.known.get(row)
        if there is not None and there[0] is visits:
            return there[1]
        minutes = minutes_of(self.problem, self.jobs, self.days[row], visits)
        self.known[row] = visits, minutes
        return minutes
