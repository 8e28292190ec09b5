"""Read TRSP instances (Pillac, Guéret and Medaglia), make them problems of the search, and check solutions from the
definition."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.scheduling.problem import Problem

TECHNICIANS = 25
LOOSE = 1e-6


@dataclass(frozen=True)
class Point:
    """A depot, technician's home or request; ``holds`` are spare parts carried (technician) or needed (request), of
    each of five kinds."""

    x: float
    y: float
    opens: float
    closes: float
    service: float
    skills: frozenset[int]
    tools: frozenset[int]
    holds: tuple[int, ...]

    def away(self, other: Point) -> float:
        return math.hypot(self.x - other.x, self.y - other.y)


def read(file: Path) -> list[Point]:
    """Return the points of an instance: 0 the depot, 1–25 technicians, then requests."""
    points = []
    for line in file.read_text().splitlines():
        row = re.match(r"^(\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+\[(.*?)\]\s*\[(.*?)\]\s*\[(.*?)\]", line)
        if row:
            sets = [tuple(int(n) for n in row[k].split(",") if n.strip()) for k in (7, 8, 9)]
            x, y, opens, closes, service = (float(row[k]) for k in range(2, 7))
            points.append(Point(x, y, opens, closes, service, frozenset(sets[0]), frozenset(sets[1]), sets[2]))
    return points


def best_known(file: Path) -> dict[str, float]:
    """Return the best known total duration of each instance."""
    rows = [line.split("\t") for line in file.read_text().splitlines()[1:]]
    return {row[0]: float(row[1]) for row in rows if len(row) >= 2}


def problem_of(points: list[Point]) -> Problem:
    """Make an instance a problem of the search: a route a technician, charged by its duration."""
    crew, requests = points[1 : TECHNICIANS + 1], points[TECHNICIANS + 1 :]
    n, routes = len(requests), len(crew)
    xy = np.array([(p.x, p.y) for p in points])
    travel = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    inf = np.inf
    return Problem(
        travel=travel,
        length=travel,
        place=np.array([*range(TECHNICIANS + 1, len(points)), 0], dtype=np.int64),
        service=np.array([*(p.service for p in requests), 0.0]),
        opens=np.array([*(p.opens for p in requests), -inf]).reshape(-1, 1),
        closes=np.array([*(p.closes for p in requests), inf]).reshape(-1, 1),
        cost=np.array([[0.0 if p.skills <= t.skills else inf for t in crew] for p in requests]),
        skip=np.full(n, 1e5),
        use=np.array([p.holds for p in requests], dtype=float),
        lacks=np.array([[not p.tools <= t.tools for t in crew] for p in requests]),
        day=np.zeros(routes, dtype=np.int64),
        start_place=np.arange(1, routes + 1),
        end_place=np.arange(1, routes + 1),
        start=np.array([(0.0, t.opens, t.closes) for t in crew]),
        ends_by=np.array([t.closes for t in crew]),
        free=np.full(routes, -np.inf),
        speed=np.ones(routes),
        carries=np.array([t.holds for t in crew], dtype=float),
        by_length=np.zeros(routes),
        by_time=np.ones(routes),
        fixed=np.zeros(routes),
        regular=np.full(routes, inf),
        overtime=np.zeros(routes),
        longest=np.full(routes, inf),
        begun=np.zeros(routes, dtype=bool),
        has_store=True,
    )


def shortest_duration(points: list[Point], technician: int, visits: list[int]) -> float:
    """Return the least duration of a route, by walking it: as early as possible, then leaving home as late as that end
    allows.

    Infinite where a window is missed. Written apart from the search: no stretches, two plain passes.
    """
    home = points[technician]
    stops = [points[v] for v in visits]
    time, at, begun = home.opens, home, []
    for stop in stops:
        time = max(time + at.away(stop), -math.inf if stop is points[0] else stop.opens)
        if stop is not points[0] and time > stop.closes + LOOSE:
            return math.inf
        begun.append(time)
        time, at = time + (0.0 if stop is points[0] else stop.service), stop
    end = time + at.away(home)
    if end > home.closes + LOOSE:
        return math.inf
    latest, after = end, home
    for stop in reversed(stops):
        depot = stop is points[0]
        latest = latest - stop.away(after) - (0.0 if depot else stop.service)
        if not depot:
            latest = min(latest, stop.closes)
        after = stop
    return end - (latest - home.away(after)) if stops else 0.0


def faults(points: list[Point], routes: dict[int, list[int]]) -> list[str]:
    """Return what is wrong with a solution by the definition; empty where nothing is."""
    served = [v for visits in routes.values() for v in visits if v != 0]
    missing = sorted(set(range(TECHNICIANS + 1, len(points))) - set(served))
    found = [f"not served: {missing}"] if missing else []
    if len(served) != len(set(served)):
        found.append("a request is served twice")
    for technician, visits in routes.items():
        found += [f"technician {technician} {fault}" for fault in faults_of(points, technician, visits)]
    return found


def faults_of(points: list[Point], technician: int, visits: list[int]) -> list[str]:
    """Return what is wrong with one route."""
    who, found = points[technician], []
    stock, at_depot = list(who.holds), False
    if visits.count(0) > 1:
        found.append(f"visits the depot {visits.count(0)} times")
    for visit in visits:
        request = points[visit]
        at_depot = at_depot or visit == 0
        if visit != 0 and not request.skills <= who.skills:
            found.append(f"lacks a skill for {visit}")
        if not at_depot:
            stock = [have - need for have, need in zip(stock, request.holds, strict=True)]
            if not request.tools <= who.tools or min(stock) < 0:
                found.append(f"lacks a tool or part for {visit}")
    if shortest_duration(points, technician, visits) == math.inf:
        found.append("is late")
    return found
