"""Plans for a plant: the compiled search, with the rules that it does not know kept around it.

The search knows one person's workday at a time. Jobs that depend on one another (crews, tools, one after the other)
are searched for as if they did not, so that they leave room where they fit best; then they are taken out, put in in
step, and the search goes on around them. Whatever comes out is checked: what a rule forbids is taken out again.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from runtime.scheduling.arrays import Packed, pack
from runtime.scheduling.packing import choose
from runtime.scheduling.search import Now, RoutesSeen, Solution, solve
from runtime.scheduling.worth import worth_of_time
from workorder_core.scheduling.checking import Broken, able, check, of_hours
from workorder_core.scheduling.costing import cost, leaving_out
from workorder_core.scheduling.placing import Draft, Stop
from workorder_core.scheduling.problem import Job, Plan, Problem, Visit
from workorder_core.scheduling.reserves import Row
from workorder_core.scheduling.timing import reordered
from workorder_core.scheduling.tours import horizon, tours

MOST_TRIED = 60_000
"""Workdays tried at most to place by hand what the search left out: so many take about a second."""
ROUNDS_FROM_S = 20.0
"""From so many seconds on, several searches share the time and their routes are combined."""
ROUNDS = 3
ROUNDS_TO = 500
"""Above so many jobs one search has all the time: parts of it would end with poor routes."""
PACKING = 0.15
"""The share of the time for combining routes."""
WARM = 0.1
"""The temperature of a search that begins with combined routes, as a share of one that begins with nothing."""
COOL = 0.03
"""The same for one that begins with an earlier plan."""
SCARCE = 0.02
"""Where a larger share of the jobs has to be left out even without ways, time has a price at first."""
PRICED = 0.8
"""The share of the effort for which it has one."""

Progress = Callable[[float, float], None]
"""Gets which share of the work is over, and what the best plan costs so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to search: either seconds, or iterations, with which the same input gives the same plan."""

    seconds: float | None = None
    iterations: int | None = None
    now: Now = time.perf_counter
    """What the seconds are seconds of: wall time."""

    def part(self, share: float) -> "Effort":
        """Return a share of it."""
        if self.iterations is not None:
            return replace(self, iterations=max(1, int(self.iterations * share)))
        return replace(self, seconds=max(0.01, (self.seconds or 0.0) * share))


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan that breaks no rule but those that its settled visits break by themselves."""

    plan: Plan
    unscheduled: tuple[str, ...]
    """The ids of the jobs that are not in it, in the problem's order."""
    cost: float
    broken: tuple[Broken, ...] = ()
    """What is wrong with the settled visits themselves."""
    dropped: tuple[str, ...] = ()
    """Jobs that the search had placed and the check refused."""
    iterations: int = 0


def plan(
    problem: Problem,
    *,
    seed: int,
    effort: Effort,
    start: Plan | None = None,
    progress: Progress = lambda _share, _cost: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Planned:
    """Return the best plan that the effort finds.

    Parameters
    ----------
    start
        A plan to begin with, for planning anew after something has changed: what of it is still possible is kept
        unless something else is cheaper. Without it the search begins with nothing.
    stopped
        Asked some times a second; True ends the search with the best plan so far.
    """
    planner = _Planner(problem, seed, stopped)
    kept = None if start is None else planner.kept(start)
    found = [] if kept is None else [kept]
    for share, draft in planner.stages(effort, kept):
        found.append(draft)
        progress(share, cost(problem, draft.plan()).total)
    planner.dropped.clear()
    best = min((planner.allowed(each) for each in found), key=lambda each: cost(problem, each.plan()).total)
    result = best.plan()
    return Planned(
        plan=result,
        unscheduled=tuple(job.id for job in problem.jobs if job.id not in best.at),
        cost=cost(problem, result).total,
        broken=planner.broken,
        dropped=tuple(job for job in planner.dropped if job not in best.at),
        iterations=planner.iterations,
    )


class _Planner:
    """One run: what is settled, and how often the search has been called."""

    def __init__(self, problem: Problem, seed: int, stopped: Callable[[], bool]) -> None:
        self.problem, self.seed, self.stopped = problem, seed, stopped
        self.settled = Draft(problem)
        for visit in self.settled.fixed.values():
            if visit.job in self.settled.jobs and all(code in self.settled.people for code in visit.people):
                self.settled.put(visit)
        self.broken = check(problem, self.settled.plan())
        self.known = {each.sentence for each in self.broken}
        self.closed = frozenset(
            row for row in self.settled.rows if self.settled.timed(row, self.settled.stops(row)) is None
        )
        over = horizon(problem)
        self.worth = {job.id: leaving_out(problem, job, over) for job in problem.jobs}
        open_jobs = [job for job in problem.jobs if job.id not in self.settled.at and job.blocked is None]
        # Emergencies may have the hours that are held back, which the search does not give to anything.
        apart = {job.id for job in problem.jobs if job.emergency and any(problem.held_back.values())}
        apart |= self.settled.coupled
        self.coupled = _in_turn([job for job in open_jobs if job.id in apart], self.worth)
        self.simple = [job for job in open_jobs if job.id not in apart]
        self.calls = self.iterations = 0
        self.anew = False
        """Whether a published plan is planned anew, in which most visits keep their times."""
        self.dropped: list[str] = []

    def kept(self, start: Plan) -> Draft:
        """Return what is still possible of a plan, with the rest placed where it fits.

        Either every visit that breaks no rule stays at its time, or each keeps its place in the order of its workday
        and moves in time: whichever is cheaper.
        """
        self.anew = True
        as_it_was = self.settled.copy()
        for visit in start.visits:
            job = as_it_was.jobs.get(visit.job)
            known = all(code in as_it_was.people for code in visit.people)
            if job is not None and job.id not in as_it_was.at and known:
                as_it_was.put(visit)
        as_it_was = self.allowed(as_it_was)
        in_order = self.settled.copy()
        for job in self.coupled:
            if job.id in as_it_was.at:
                in_order.put(as_it_was.at[job.id])
        self._decode(in_order, self._orders(in_order, start.visits))
        for draft in (in_order, as_it_was):
            self._place(draft, [*self.coupled, *self.simple])
        return min(as_it_was, self.allowed(in_order), key=lambda each: cost(self.problem, each.plan()).total)

    def stages(self, effort: Effort, kept: Draft | None) -> Iterable[tuple[float, Draft]]:
        """Yield better and better drafts, with the share of the effort that is over."""
        if not self.coupled:
            yield 1.0, self._around(self.settled, effort, kept)
            return
        if kept is None:
            parts = (0.45, 0.35, 0.2)
            solution, packed = self._search(self.settled, [*self.simple, *self.coupled], effort.part(parts[0]), None)
            draft = self.settled.copy()
            simple = {job.id for job in self.simple}
            self._decode(draft, _jobs_of(packed, solution, simple))
            self._place(draft, self.coupled)
        else:
            parts, draft = (0.0, 0.6, 0.4), kept.copy()
        for number in (1, 2):
            base = self.settled.copy()
            for job in self.coupled:
                if job.id in draft.at:
                    base.put(draft.at[job.id])
            draft = self._around(base, effort.part(parts[number]), draft)
            self._move_coupled(draft)
            yield sum(parts[: number + 1]), draft.copy()

    def allowed(self, draft: Draft) -> Draft:
        """Return the draft without what the check refuses, which is placed elsewhere where that is possible."""
        draft = draft.copy()
        out: list[str] = []
        while refused := self._refused(draft):
            for name in refused:
                draft.remove(name)
            out += refused
        self.dropped += out
        again = [draft.jobs[name] for name in out]
        for job in again:
            self._place(draft, [job])
            if self._refused(draft):
                draft.remove(job.id)
        return draft

    def _refused(self, draft: Draft) -> list[str]:
        broken = [each for each in check(self.problem, draft.plan()) if each.sentence not in self.known]
        jobs = {each.job for each in broken if each.job in draft.at and each.job not in self.settled.at}
        if not jobs and broken:
            people = {each.person for each in broken}
            jobs = {
                job
                for job, visit in draft.at.items()
                if job not in self.settled.at and (people & set(visit.people) or None in people)
            }
        return sorted(job for job in jobs if job is not None)

    def _around(self, base: Draft, effort: Effort, start: Draft | None) -> Draft:
        """Search for the simple jobs around what ``base`` has."""
        solution, packed = self._search(base, self.simple, effort, start)
        draft = base.copy()
        self._decode(draft, _jobs_of(packed, solution, {job.id for job in self.simple}))
        self._place(draft, [*self.simple, *self.coupled])
        return draft

    def _search(self, base: Draft, jobs: Sequence[Job], effort: Effort, start: Draft | None) -> tuple[Solution, Packed]:
        packed = pack(base, jobs, self.closed, keep_times=self.anew)
        if not packed.units or not packed.rows:
            return Solution([[] for _ in packed.rows], [], 0.0, 0), packed
        routes = None if start is None else _as_routes(packed, start)
        solution = self._solve(packed, effort, routes)
        self.iterations += solution.iterations
        return solution, packed

    def _solve(self, packed: Packed, effort: Effort, start: list[list[int]] | None) -> Solution:
        heat = 1.0 if start is None else COOL
        if start is None and (priced := _priced(packed)) is not None:
            start = self._once(priced, effort.part(PRICED), None, heat, None).routes
            return self._once(packed, effort.part(1.0 - PRICED), start, COOL, None)
        small = len(packed.units) <= ROUNDS_TO
        if start is not None or effort.seconds is None or effort.seconds < ROUNDS_FROM_S or not small:
            return self._once(packed, effort, start, heat, None)
        seen, share = RoutesSeen(), (1.0 - PACKING) / (ROUNDS + 1)
        found = [self._once(packed, effort.part(share), None, heat, seen) for _ in range(ROUNDS)]
        best = min(found, key=lambda each: each.cost)
        chosen = choose(packed.arrays, seen.costs, seconds=effort.seconds * PACKING, at_most=best.cost)
        last = self._once(packed, effort.part(share), chosen or best.routes, WARM, None)
        return min(last, best, key=lambda each: each.cost)

    def _once(
        self, packed: Packed, effort: Effort, start: list[list[int]] | None, heat: float, seen: RoutesSeen | None
    ) -> Solution:
        self.calls += 1
        return solve(
            packed.arrays,
            seed=self.seed * 1000 + self.calls,
            seconds=effort.seconds,
            iterations=effort.iterations,
            start=start,
            heat=heat,
            seen=seen,
            stopped=self.stopped,
            now=effort.now,
        )

    def _decode(self, draft: Draft, orders: dict[Row, list[Job]]) -> None:
        """Put jobs in at their times; what does not fit in its order is left out."""
        for row, order in orders.items():
            stops = _with_settled(draft, row, order)
            visits = reordered(draft, row, stops) if row not in self.closed else None
            if visits is None and row not in self.closed:
                visits = self._as_many_as_fit(draft, row, order)
            for visit in visits or ():
                if visit.job not in draft.at:
                    draft.put(visit)
        self._keep_hours(draft)

    def _as_many_as_fit(self, draft: Draft, row: Row, order: Sequence[Job]) -> list[Visit] | None:
        kept: list[Job] = []
        for job in order:
            if draft.timed(row, _with_settled(draft, row, [*kept, job])) is not None:
                kept.append(job)
        return reordered(draft, row, _with_settled(draft, row, kept))

    def _keep_hours(self, draft: Draft) -> None:
        """Take out what shortens a night or lengthens a week too much."""
        for person in self.problem.people:
            if not person.rest and person.most_a_week is None:
                continue
            while True:
                mine = [visit for visit in draft.at.values() if person.code in visit.people]
                walked = [each for each in tours(self.problem, mine) if each.person.code == person.code]
                broken = [each for each in of_hours(self.problem, person, walked) if each.sentence not in self.known]
                free = [each.job for each in broken if each.job is not None and each.job not in self.settled.at]
                if not free:
                    break
                draft.remove(free[0])

    def _place(self, draft: Draft, jobs: Sequence[Job]) -> None:
        """Place by hand what is left out, the dearest first."""
        most = max(20, MOST_TRIED // max(1, len(draft.rows)))
        left = [job for job in jobs if job.id not in draft.at]
        for job in sorted(left, key=lambda each: (each.id in draft.coupled, -self.worth[each.id]))[:most]:
            places = draft.places(job)
            if places and places[0].cost < self.worth[job.id]:
                draft.apply(places[0])

    def _move_coupled(self, draft: Draft) -> None:
        """Place each job that depends on others anew among the routes as they are now, where that is cheaper."""
        for job in self.coupled:
            if job.id not in draft.at or any(job.id in other.after for other in self.coupled):
                continue
            before, was = dict(draft.rows), dict(draft.at)
            old = cost(self.problem, draft.plan()).total
            draft.remove(job.id)
            places = draft.places(job)
            if places:
                draft.apply(places[0])
            if not places or cost(self.problem, draft.plan()).total >= old:
                draft.rows, draft.at = before, was

    def _orders(self, draft: Draft, visits: Iterable[Visit]) -> dict[Row, list[Job]]:
        """Return the simple jobs of a plan by workday, in order, as far as the person may do them."""
        simple = {job.id: job for job in self.simple}
        other = Draft(self.problem)
        for visit in sorted(visits, key=lambda each: each.starts):
            if visit.job in simple and visit.job not in other.at and len(visit.people) == 1:
                other.put(visit)
        return {
            row: [simple[each.job] for each in found if able(simple[each.job], draft.people[row[0]]) is None]
            for row, found in other.rows.items()
            if found
        }


def _priced(packed: Packed) -> Packed | None:
    """Return the arrays with a price for each workday's time, where it is too scarce for all jobs."""
    worth, left = worth_of_time(packed.arrays)
    if left <= SCARCE:
        return None
    return replace(packed, arrays=replace(packed.arrays, by_time=packed.arrays.by_time + worth))


def _in_turn(jobs: Sequence[Job], worth: dict[str, float]) -> list[Job]:
    """Return jobs so that each comes after those that it has to wait for, the dearest first; circles at the end."""
    left = sorted(jobs, key=lambda job: (-worth[job.id], job.id))
    turn: list[Job] = []
    while left:
        ids = {job.id for job in left}
        ready = next((job for job in left if not ids.intersection(job.after)), left[0])
        turn.append(ready)
        left.remove(ready)
    return turn


def _jobs_of(packed: Packed, solution: Solution, of: set[str]) -> dict[Row, list[Job]]:
    """Return the jobs of a solution by workday, those of ``of`` only."""
    return {
        row: [packed.units[unit].job for unit in route if packed.units[unit].job.id in of]
        for row, route in zip(packed.rows, solution.routes, strict=True)
    }


def _as_routes(packed: Packed, start: Draft) -> list[list[int]]:
    """Return a draft as the search begins with it."""
    number: dict[tuple[str, Row | None], int] = {}
    for k, unit in enumerate(packed.units):
        number[unit.job.id, unit.row] = k
    routes = []
    for row in packed.rows:
        route = [number.get((visit.job, row), number.get((visit.job, None), -1)) for visit in start.rows[row]]
        routes.append([unit for unit in route if unit >= 0])
    return routes


def _with_settled(draft: Draft, row: Row, order: Sequence[Job]) -> list[Stop]:
    """Return jobs in order with the visits of the draft between them, each before the first job that comes later.

    How much fits before a visit that stays is found by trying: as many as can be over by then.
    """
    stops = [Stop(job) for job in order]
    for visit in draft.rows[row]:
        stay = Stop(draft.jobs[visit.job], visit.starts, visit)
        at = len(stops)
        while at > 0 and draft.timed_until(row, [*stops[:at], stay]) is None and stops[at - 1].visit is None:
            at -= 1
        stops.insert(at, stay)
    return stops
