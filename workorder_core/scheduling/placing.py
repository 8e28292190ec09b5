"""Places for a job in a plan that is there already: at which times, by whom, and what it would add to the costs.

Visits that others depend on keep their times: what is settled, crews, what needs a tool, what comes before or after
another job. All others may move to a later start within their tour to make room.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from workorder_core.scheduling.checking import able, of_hours, of_visit
from workorder_core.scheduling.costing import lateness, moving, spent, waiting
from workorder_core.scheduling.problem import Job, Minute, Person, Plan, Problem, Span, Visit, Workday
from workorder_core.scheduling.reserves import Reserves, Row
from workorder_core.scheduling.tours import (
    Tour,
    breaks_of,
    merged,
    not_in_break,
    over_at,
    settled,
    tour,
    work_minutes,
    workday_of,
)


@dataclass(frozen=True, slots=True)
class Stop:
    """A job in a tour: where ``visit`` is given it stays there, else it begins at ``wish`` or as soon after as it
    can."""

    job: Job
    wish: Minute = 0
    visit: Visit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job can go."""

    visit: Visit
    rows: Mapping[Row, tuple[Visit, ...]]
    """The tours that change, with all their visits as they would be."""
    cost: float
    """What it adds to the costs of the plan, the job's own lateness and waiting included."""


class Draft:
    """A plan while visits are put in and taken out."""

    def __init__(self, problem: Problem, visits: Iterable[Visit] = ()) -> None:
        self.problem = problem
        self.jobs = {job.id: job for job in problem.jobs}
        self.people = {person.code: person for person in problem.people}
        self.days: dict[Row, Workday] = {
            (person.code, day.starts): day for person in problem.people for day in person.workdays
        }
        self.breaks = {row: merged(day.breaks) for row, day in self.days.items()}
        self.fixed = settled(problem)
        self.coupled = coupled(problem)
        self.reserves = Reserves(problem)
        self.rows: dict[Row, tuple[Visit, ...]] = dict.fromkeys(self.days, ())
        self.at: dict[str, Visit] = {}
        for visit in visits:
            self.put(visit)

    def plan(self) -> Plan:
        """Return the plan, by start."""
        return Plan(visits=tuple(sorted(self.at.values(), key=lambda each: (each.starts, each.people, each.job))))

    def put(self, visit: Visit) -> None:
        """Add a visit as it is, whatever it breaks."""
        self.at[visit.job] = visit
        for row in self._rows_of(visit):
            self.rows[row] = tuple(
                sorted((*self.rows[row], visit), key=lambda each: (each.starts, each.ends, each.job))
            )

    def remove(self, job: str) -> Visit:
        """Take a job out and return its visit."""
        visit = self.at.pop(job)
        for row in self._rows_of(visit):
            self.rows[row] = tuple(each for each in self.rows[row] if each.job != job)
        return visit

    def apply(self, place: Place) -> None:
        """Carry out a place."""
        self.rows.update(place.rows)
        for visits in place.rows.values():
            self.at.update((each.job, each) for each in visits)

    def copy(self) -> "Draft":
        """Return a draft that can be changed without changing this one."""
        other = object.__new__(Draft)
        vars(other).update(vars(self))
        other.rows, other.at = dict(self.rows), dict(self.at)
        return other

    def within(self, problem: Problem) -> "Draft":
        """Return the same visits in a problem in which one job or some people are different."""
        other = self.copy()
        other.problem = problem
        other.jobs = {job.id: job for job in problem.jobs}
        other.people = {person.code: person for person in problem.people}
        other.days = {(person.code, day.starts): day for person in problem.people for day in person.workdays}
        other.breaks = {
            row: self.breaks[row] if row in self.breaks else merged(day.breaks) for row, day in other.days.items()
        }
        other.rows = {row: self.rows.get(row, ()) for row in other.days}
        other.coupled = coupled(problem)
        other.reserves = Reserves(problem)
        return other

    def places(self, job: Job, *, of: Callable[[Person], bool] = lambda _: True) -> list[Place]:
        """Return every place for a job, the cheapest first; for a crew one for each time at which it can begin."""
        if job.blocked is not None or job.id in self.at:
            return []
        who = [person for person in self.problem.people if of(person) and able(job, person) is None]
        found = self._in_step(job, who) if job.crew > 1 or job.id in self.coupled else self._alone(job, who)
        return sorted(found, key=lambda place: (place.cost, place.visit.starts, place.visit.people))

    def stays(self, visit: Visit) -> bool:
        """Return whether a visit keeps its time while others move."""
        return visit.job in self.fixed or visit.job in self.coupled or len(visit.people) > 1

    def stops(self, row: Row) -> list[Stop]:
        """Return the visits of a tour as stops that begin no earlier than now."""
        return [Stop(self.jobs[each.job], each.starts, each if self.stays(each) else None) for each in self.rows[row]]

    def timed(self, row: Row, stops: Sequence[Stop]) -> list[Visit] | None:
        """Return the visits of a tour in this order, each as early as it can be; None where that cannot be."""
        visits = self.timed_until(row, stops)
        if not visits:
            return visits
        day, last = self.days[row], stops[-1].job
        home = over_at(self.breaks[row], visits[-1].ends, self.problem.way(last.place, day.end_place))
        return visits if home <= day.latest or last.begun else None

    def timed_until(self, row: Row, stops: Sequence[Stop]) -> list[Visit] | None:
        """Return the same without the way home, as the beginning of a longer tour."""
        day, breaks, person = self.days[row], self.breaks[row], self.people[row[0]]
        here, ready = day.start_place, day.starts if day.left_at is None else day.left_at
        visits: list[Visit] = []
        for stop in stops:
            arrives = over_at(breaks, ready, self.problem.way(here, stop.job.place))
            visit = stop.visit
            if visit is None:
                visit = first_visit(stop.job, person, breaks, max(arrives, stop.wish), day.latest)
            elif arrives > visit.starts and not stop.job.begun:
                return None
            if visit is None:
                return None
            visits.append(visit)
            here, ready = stop.job.place, visit.ends
        return visits

    def cost_of(self, row: Row, visits: Sequence[Visit]) -> float:
        """Return what a tour costs, with the lateness, waiting and moving of the jobs that this person does alone."""
        if not visits:
            return 0.0
        total = sum(spent(self.problem, self._tour(row, visits))) + self.people[row[0]].day_costs
        return total + sum(self.cost_of_job(each) for each in visits if len(each.people) == 1)

    def cost_of_job(self, visit: Visit) -> float:
        """Return what it costs that a job is done then, by these people, beside their tours."""
        job = self.jobs[visit.job]
        return lateness(self.problem, job, visit.ends) + waiting(job, visit.ends) + moving(self.problem, job, visit)

    def _alone(self, job: Job, who: Sequence[Person]) -> Iterator[Place]:
        for person in who:
            for day in person.workdays:
                row = (person.code, day.starts)
                if first_visit(job, person, self.breaks[row], day.starts, day.latest) is None:
                    continue
                stops = self.stops(row)
                before = self.cost_of(row, self.rows[row])
                for position in range(len(stops) + 1):
                    visits = self.timed(row, [*stops[:position], Stop(job), *stops[position:]])
                    if visits is not None and self._allowed(job, visits[position], {row: tuple(visits)}):
                        cost = self.cost_of(row, visits) - before
                        yield Place(visit=visits[position], rows={row: tuple(visits)}, cost=cost)

    def _in_step(self, job: Job, who: Sequence[Person]) -> Iterator[Place]:
        for starts in sorted(self._starts(job, who)):
            place = self._at(job, who, starts)
            if place is not None:
                yield place

    def _starts(self, job: Job, who: Sequence[Person]) -> set[Minute]:
        """Return the times at which it could begin: where somebody is free, a tool comes back, what is before ends."""
        ready: set[Minute] = {window.starts for window in job.windows}
        ready |= {span.ends for each in self.problem.means if each.code in job.tools for span in each.taken}
        for other in self.at.values():
            first = self.jobs[other.job]
            if first.tools & job.tools or first.id in job.after:
                ready.add(other.ends + self.problem.way(first.place, job.place) * (first.id not in job.after))
        found: set[Minute] = set()
        for person in who:
            for day in person.workdays:
                row = (person.code, day.starts)
                breaks, latest = self.breaks[row], day.latest
                begins = over_at(
                    breaks,
                    day.starts if day.left_at is None else day.left_at,
                    self.problem.way(day.start_place, job.place),
                )
                times = {begins} | {minute for minute in ready if begins <= minute < latest}
                for each in self.rows[row]:
                    way = self.problem.way(self.jobs[each.job].place, job.place)
                    times.add(over_at(breaks, each.ends, way))
                visits = [first_visit(job, person, breaks, minute, latest) for minute in times]
                found |= {visit.starts for visit in visits if visit is not None}
        return found

    def _at(self, job: Job, who: Sequence[Person], starts: Minute) -> Place | None:
        """Return the cheapest crew that can begin at this time."""
        free: list[tuple[float, Person]] = []
        for person in who:
            visit = _visit(job, [person], starts)
            rows = None if visit is None else self._rows_with(visit)
            if visit is not None and rows is not None and self._may(job, person, visit, rows):
                ((row, visits),) = rows.items()
                free.append((self.cost_of(row, visits) - self.cost_of(row, self.rows[row]), person))
        cheapest = [person for _, person in sorted(free, key=lambda each: (each[0], each[1].code))]
        # The cheapest alone may be too slow for what comes after, or for the tool; somebody quicker may not be.
        crews = [[person] for person in cheapest] if job.crew == 1 else [_crew(job, cheapest)]
        for crew in crews:
            visit = _visit(job, crew, starts) if crew else None
            rows = None if visit is None else self._rows_with(visit)
            if visit is None or rows is None or not self._coupling_kept(job, visit):
                continue
            if self._allowed(job, visit, rows):
                cost = sum(
                    self.cost_of(row, visits) - self.cost_of(row, self.rows[row]) for row, visits in rows.items()
                )
                return Place(visit=visit, rows=rows, cost=cost + (self.cost_of_job(visit) if len(crew) > 1 else 0.0))
        return None

    def _may(self, job: Job, person: Person, visit: Visit, rows: Mapping[Row, tuple[Visit, ...]]) -> bool:
        """Return whether a person could be one of the crew as far as it concerns them alone."""
        broken = of_visit(self.problem, job, [person], visit)
        return not any(job.crew == 1 or each.person == person.code for each in broken) and self._rested(person, rows)

    def _rows_with(self, visit: Visit) -> dict[Row, tuple[Visit, ...]] | None:
        """Return the tours of a visit's people with it in them; None where it does not fit."""
        changed: dict[Row, tuple[Visit, ...]] = {}
        for row in self._rows_of(visit):
            stops = self.stops(row)
            position = sum(each.starts < visit.starts for each in self.rows[row])
            visits = self.timed(
                row, [*stops[:position], Stop(self.jobs[visit.job], visit.starts, visit), *stops[position:]]
            )
            if visits is None:
                return None
            changed[row] = tuple(visits)
        return changed or None

    def _coupling_kept(self, job: Job, visit: Visit) -> bool:
        """Return whether its tools are free and it comes after and before the jobs that it has to."""
        for each in self.problem.means:
            if each.code in job.tools and any(
                taken.starts < visit.ends and visit.starts < taken.ends for taken in each.taken
            ):
                return False
        if job.tools - {each.code for each in self.problem.means}:
            return False
        if any(first in self.jobs and first not in self.at for first in job.after):
            return False
        for other in self.at.values():
            theirs = self.jobs[other.job]
            if theirs.id in job.after and other.ends > visit.starts:
                return False
            if job.id in theirs.after and visit.ends > other.starts:
                return False
            if theirs.tools & job.tools:
                first, then = sorted((other, visit), key=lambda each: each.starts)
                if first.ends + self.problem.way(theirs.place, job.place) > then.starts:
                    return False
        return True

    def _allowed(self, job: Job, visit: Visit, rows: Mapping[Row, tuple[Visit, ...]]) -> bool:
        crew = [self.people[code] for code in visit.people]
        if of_visit(self.problem, job, crew, visit):
            return False
        for visits in rows.values():
            for each in visits:
                mover = self.jobs[each.job]
                if self.at.get(each.job, each) is not each and of_visit(
                    self.problem, mover, [self.people[code] for code in each.people], each
                ):
                    return False
        return all(self._rested(person, rows) for person in crew) and (
            job.emergency or self.reserves.stay(self.rows, rows)
        )

    def _rested(self, person: Person, rows: Mapping[Row, tuple[Visit, ...]]) -> bool:
        if not person.rest and person.most_a_week is None:
            return True
        walked: list[Tour] = []
        for day in person.workdays:
            row = (person.code, day.starts)
            visits = rows.get(row, self.rows[row])
            if visits:
                walked.append(self._tour(row, visits))
        return not of_hours(self.problem, person, walked)

    def _tour(self, row: Row, visits: Sequence[Visit]) -> Tour:
        places = [self.jobs[each.job].place for each in visits]
        return tour(self.problem, self.people[row[0]], self.days[row], visits, places)

    def _rows_of(self, visit: Visit) -> Iterator[Row]:
        for code in dict.fromkeys(visit.people):
            day = workday_of(self.people[code], visit) if code in self.people else None
            if day is not None:
                yield code, day.starts


def coupled(problem: Problem) -> frozenset[str]:
    """Return the jobs whose time depends on another's: crews, jobs with tools, and those before or after another."""
    jobs = {job.id for job in problem.jobs}
    found = {job.id for job in problem.jobs if job.crew > 1 or job.tools}
    for job in problem.jobs:
        before = jobs.intersection(job.after)
        if before:
            found |= before | {job.id}
    return frozenset(found)


def _crew(job: Job, free: Sequence[Person]) -> list[Person]:
    """Return a crew out of people sorted by cost: for each need the cheapest who meets it, then the cheapest."""
    crew: list[Person] = []
    for need in job.needs:
        if any(person.skills.get(need.skill, 0) >= need.level for person in crew):
            continue
        able_ones = [person for person in free if person.skills.get(need.skill, 0) >= need.level]
        if not able_ones:
            return []
        crew.append(able_ones[0])
    crew += [person for person in free if person not in crew][: max(0, job.crew - len(crew))]
    return crew if len(crew) == job.crew else []


def first_visit(job: Job, person: Person, breaks: Sequence[Span], ready: Minute, latest: Minute) -> Visit | None:
    """Return a person's first visit from ``ready`` on that its parts and its windows allow."""
    minutes = work_minutes(job, [person])
    ready = max(ready, job.not_before, 0)
    for window in sorted(job.windows, key=lambda each: each.starts) or (Span(0, latest),):
        starts = not_in_break(breaks, max(ready, window.starts))
        ends = over_at(breaks, starts, minutes)
        if ends <= min(window.ends, latest):
            return Visit(job=job.id, people=(person.code,), starts=starts, ends=ends)
    return None


def _visit(job: Job, crew: Sequence[Person], starts: Minute) -> Visit | None:
    """Return the visit of a crew from ``starts`` on, with the breaks of all of them."""
    codes = tuple(sorted(person.code for person in crew))
    there = Visit(job=job.id, people=codes, starts=starts, ends=starts + 1)
    if any(workday_of(person, there) is None for person in crew):
        return None
    breaks = breaks_of(crew, there)
    if not_in_break(breaks, starts) != starts:
        return None
    return Visit(job=job.id, people=codes, starts=starts, ends=over_at(breaks, starts, work_minutes(job, crew)))
