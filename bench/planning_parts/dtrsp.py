"""A day of the dynamic TRSP (Pillac, Guéret and Medaglia 2012): requests become known during the day, and what a
technician has begun stays.

A visit has begun once the technician has left for it. A technician leaves for the next one no earlier than needed to be
there when it opens, and `PATIENCE` of the way from then to the latest departure that the rest of the route allows:
until then the next visit may still be another. A new request is accepted or rejected at once; what is accepted is
served.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from bench.planning_parts.trsp import LOOSE, TECHNICIANS, Point, problem_of
from runtime.scheduling.kernel import join
from runtime.scheduling.problem import Problem
from runtime.scheduling.search import Solution

PATIENCE = 0.0
"""0: technicians leave as early as is of use, 1: as late as possible."""
DEAR = 1e7
"""What it costs in the search to leave out an accepted request; a new one costs what `trsp.problem_of` says."""
FIRST = TECHNICIANS + 1

Solve = Callable[[Problem, list[list[int]] | None], Solution]


@dataclass(frozen=True)
class Begun:
    """A visit that a technician has left for."""

    visit: int
    leaves: float
    begins: float
    ends: float


@dataclass
class Route:
    """One technician's day: what has begun, and the visits that follow by the plan made at ``planned_at``."""

    who: int
    begun: list[Begun] = field(default_factory=list)
    ahead: list[int] = field(default_factory=list)
    planned_at: float = -math.inf

    @property
    def visits(self) -> list[int]:
        return [each.visit for each in self.begun] + self.ahead


@dataclass
class Day:
    """The routes as the day goes on, and what was answered."""

    points: Sequence[Point]
    routes: list[Route] = field(default_factory=lambda: [Route(who) for who in range(1, FIRST)])
    rejected: list[int] = field(default_factory=list)

    def here(self, route: Route) -> tuple[Point, float]:
        """Return where a technician is after what has begun, and from when on."""
        if route.begun:
            return self.points[route.begun[-1].visit], route.begun[-1].ends
        return self.points[route.who], self.points[route.who].opens

    def advance(self, now: float) -> None:
        """Let the technicians leave for what they leave for up to ``now``."""
        for route in self.routes:
            while route.ahead:
                nearest = self._leaves(route)
                if nearest > now:
                    break
                visit = route.ahead.pop(0)
                at, _ = self.here(route)
                there = self.points[visit]
                arrives = nearest + at.away(there)
                begins = arrives if visit == 0 else max(arrives, there.opens)
                route.begun.append(Begun(visit, nearest, begins, begins + (0.0 if visit == 0 else there.service)))

    def _leaves(self, route: Route) -> float:
        home = self.points[route.who]
        at, ready = self.here(route)
        there = self.points[route.ahead[0]]
        earliest = max(ready, route.planned_at)
        if route.ahead[0] != 0:
            earliest = max(earliest, there.opens - at.away(there))
        latest, after = home.closes, home
        for visit in reversed(route.ahead):
            point = self.points[visit]
            latest -= point.away(after)
            if visit != 0:
                latest = min(latest - point.service, point.closes)
            after = point
        latest -= at.away(after)
        return earliest + PATIENCE * max(0.0, latest - earliest)

    def ask(self, new: Sequence[int], now: float, solve: Solve) -> list[int]:
        """Plan what has not begun with new requests; return those that are rejected."""
        accepted = [visit for route in self.routes for visit in route.ahead if visit != 0]
        open_ones = [*accepted, *new]
        if not open_ones:
            return []
        number = {visit: j for j, visit in enumerate(open_ones)} | {0: len(open_ones)}
        start = [[number[visit] for visit in route.ahead] for route in self.routes]
        found = solve(self.problem(open_ones, len(accepted), now), start)
        for route, jobs in zip(self.routes, found.routes, strict=True):
            route.ahead = [open_ones[j] if j < len(open_ones) else 0 for j in jobs]
            route.planned_at = now
        out = [open_ones[j] for j in found.left_out]
        self.rejected += out
        return out

    def problem(self, visits: Sequence[int], accepted: int, now: float) -> Problem:
        """Return the search's problem of what has not begun: the first ``accepted`` of the visits have to be served."""
        whole = problem_of(list(self.points))
        jobs = np.array([visit - FIRST for visit in visits], dtype=np.int64)
        and_store = np.append(jobs, len(whole.skip))
        lacks, carries = whole.lacks[jobs].copy(), whole.carries.copy()
        start_place, start, free = whole.start_place.copy(), whole.start.copy(), whole.free.copy()
        for r, route in enumerate(self.routes):
            visited = [each.visit for each in route.begun]
            start[r], free[r] = self._begun_stretch(route), max(self.here(route)[1], now)
            if visited:
                start_place[r] = visited[-1]
            if 0 in visited:
                lacks[:, r], carries[r] = False, 1e9
            else:
                for visit in visited:
                    carries[r] -= self.points[visit].holds
        skip = whole.skip[jobs].copy()
        skip[:accepted] = DEAR
        return replace(
            whole, place=whole.place[and_store], service=whole.service[and_store], opens=whole.opens[and_store],
            closes=whole.closes[and_store], cost=whole.cost[jobs], skip=skip, use=whole.use[jobs], lacks=lacks,
            carries=carries, start_place=start_place, start=start, free=free,
            begun=np.array([bool(route.begun) for route in self.routes]),
        )  # fmt: skip

    def _begun_stretch(self, route: Route) -> tuple[float, float, float]:
        """Return the least duration that what has begun could have had, and the earliest and latest start of it, as
        the search joins them.

        Waiting for what was not known yet is no part of it, for the final routes are judged without; waiting for a
        window is. When the technician is free by the clock, `Problem.free` says.
        """
        home = self.points[route.who]
        duration, early, latest, at = 0.0, home.opens, home.closes, home
        for each in route.begun:
            point, store = self.points[each.visit], each.visit == 0
            opens, closes = (-math.inf, math.inf) if store else (point.opens, point.closes)
            duration, early, latest = join(
                duration, early, latest, at.away(point), 0.0 if store else point.service, opens, closes
            )
            at = point
        return duration, early, latest


def released(file: Path) -> dict[int, float]:
    """Return when each request of a ``NAME_rd_P.txt`` becomes known; those known from the start have -1."""
    rows = [re.match(r"^(\d+)\s+(-?[\d.]+)\s*$", line) for line in file.read_text().splitlines()[3:]]
    return {int(row[1]): float(row[2]) for row in rows if row}


def faults(points: Sequence[Point], known: dict[int, float], day: Day) -> list[str]:
    """Return what is wrong with a day that is over, by the clock, from what was recorded when it began."""
    found = []
    served = [each.visit for route in day.routes for each in route.begun if each.visit != 0]
    if sorted([*served, *day.rejected]) != list(range(FIRST, len(points))):
        found.append("not every request is served once or rejected")
    for route in day.routes:
        home = points[route.who]
        stops = [Begun(route.who, home.opens, home.opens, home.opens), *route.begun]
        for before, each in pairwise(stops):
            wrong = _faults_of(points, known, before, each)
            found += [f"technician {route.who} at {each.visit}: {fault}" for fault in wrong]
        if stops[-1].ends + points[stops[-1].visit].away(home) > home.closes + LOOSE:
            found.append(f"technician {route.who} is home late")
    return found


def _faults_of(points: Sequence[Point], known: dict[int, float], before: Begun, each: Begun) -> list[str]:
    point = points[each.visit]
    found = []
    if each.leaves < before.ends - LOOSE:
        found.append("leaves before the end of the visit before")
    if each.begins < each.leaves + points[before.visit].away(point) - LOOSE:
        found.append("begins before arriving")
    if each.visit == 0:
        return found
    if each.leaves < known.get(each.visit, -math.inf) - LOOSE:
        found.append("leaves before it is known")
    if not point.opens - LOOSE <= each.begins <= point.closes + LOOSE:
        found.append("begins outside its window")
    if each.ends < each.begins + point.service - LOOSE:
        found.append("ends too early")
    return found
