"""Read SDVRPTW instances (Cordeau and Laporte 2001) in VRPLIB's format, make them problems of the search, and check
solutions.

Every number is taken times 1,000 and rounded, as PyVRP reads them with ``round_func="exact"``. Clients are numbered
as in the published solutions: client k is node k + 1, the depot 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from runtime.scheduling.problem import Problem

THOUSAND = 1000.0


@dataclass(frozen=True)
class Instance:
    """An instance in thousandths: node 0 is the depot."""

    xy: list[tuple[float, float]]
    demand: list[float]
    service: list[float]
    windows: list[tuple[float, float]]
    capacity: list[float]
    allowed: list[frozenset[int]]
    longest: float

    def travel(self, a: int, b: int) -> float:
        return float(np.round(THOUSAND * math.hypot(self.xy[a][0] - self.xy[b][0], self.xy[a][1] - self.xy[b][1])))


def read(file: Path) -> Instance:
    """Return the instance of a ``.vrp`` file."""
    sections: dict[str, list[list[float]]] = {}
    section, longest = "", math.inf
    for line in file.read_text().splitlines():
        if line.startswith("VEHICLES_MAX_DURATION"):
            longest = float(line.split(":")[1]) * THOUSAND
        elif line.strip().endswith("_SECTION"):
            section = line.strip().removesuffix("_SECTION")
        elif section and line[:1].isdigit():
            sections.setdefault(section, []).append([float(x) for x in line.split()])
    nodes = len(sections["NODE_COORD"])
    demand = {row[0]: row[1] for row in sections["DEMAND"]}
    service = {row[0]: row[1] for row in sections["SERVICE_TIME"]}
    windows = {int(row[0]): (row[1] * THOUSAND, row[2] * THOUSAND) for row in sections["TIME_WINDOW"]}
    return Instance(
        [(row[1], row[2]) for row in sections["NODE_COORD"]],
        [demand.get(k + 1, 0.0) for k in range(nodes)],
        [service.get(k + 1, 0.0) * THOUSAND for k in range(nodes)],
        [windows[k + 1] for k in range(nodes)],
        [row[1] for row in sections["CAPACITY"]],
        [frozenset(int(node) - 1 for node in row[1:]) for row in sections["VEHICLES_ALLOWED_CLIENTS"]],
        longest,
    )


def best_known(file: Path) -> float:
    """Return the cost that a ``.sol`` file gives."""
    return float(file.read_text().split("Cost:")[1])


def routes_known(file: Path) -> dict[int, list[int]]:
    """Return the routes of a ``.sol`` file by vehicle, from 1."""
    rows = [line for line in file.read_text().splitlines() if line.startswith("Route")]
    return {k + 1: [int(x) for x in row.split(":")[1].split()] for k, row in enumerate(rows)}


def problem_of(instance: Instance) -> Problem:
    """Make an instance a problem of the search: a route a vehicle, charged by its length."""
    nodes, routes = len(instance.xy), len(instance.capacity)
    xy = np.array(instance.xy)
    travel = np.round(THOUSAND * np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1]))
    n = nodes - 1
    windows = np.array([*instance.windows[1:], (1.0, 0.0)])
    allowed = np.array([[0.0 if k in vehicle else np.inf for vehicle in instance.allowed] for k in range(1, nodes)])
    opens, closes = instance.windows[0]
    return Problem(
        travel=travel,
        length=travel,
        place=np.array([*range(1, nodes), 0], dtype=np.int64),
        service=np.array([*instance.service[1:], 0.0]),
        opens=windows[:, :1].copy(),
        closes=windows[:, 1:].copy(),
        cost=allowed,
        skip=np.full(n, 100.0 * travel.max()),
        use=np.array(instance.demand[1:]).reshape(-1, 1),
        lacks=np.zeros((n, routes), dtype=bool),
        day=np.zeros(routes, dtype=np.int64),
        start_place=np.zeros(routes, dtype=np.int64),
        end_place=np.zeros(routes, dtype=np.int64),
        start=np.array([(0.0, opens, closes)] * routes),
        ends_by=np.full(routes, closes),
        free=np.full(routes, -np.inf),
        speed=np.ones(routes),
        carries=np.array(instance.capacity).reshape(-1, 1),
        by_length=np.ones(routes),
        by_time=np.zeros(routes),
        fixed=np.zeros(routes),
        regular=np.full(routes, np.inf),
        overtime=np.zeros(routes),
        longest=np.full(routes, instance.longest),
        begun=np.zeros(routes, dtype=bool),
        has_store=False,
    )


def shortest_duration(instance: Instance, visits: list[int]) -> float:
    """Return the least duration of a tour, by walking it; infinite where a window is missed."""
    time, at = instance.windows[0][0], 0
    for visit in visits:
        time = max(time + instance.travel(at, visit), instance.windows[visit][0])
        if time > instance.windows[visit][1]:
            return math.inf
        time, at = time + instance.service[visit], visit
    end = time + instance.travel(at, 0)
    if end > instance.windows[0][1]:
        return math.inf
    latest, after = end, 0
    for visit in reversed(visits):
        latest = min(latest - instance.travel(visit, after) - instance.service[visit], instance.windows[visit][1])
        after = visit
    return end - (latest - instance.travel(0, after))


def length_of(instance: Instance, visits: list[int]) -> float:
    """Return the length of a tour from the depot and back."""
    stops = [0, *visits, 0]
    return sum(instance.travel(a, b) for a, b in pairwise(stops))


def faults(instance: Instance, routes: dict[int, list[int]]) -> list[str]:
    """Return what is wrong with a solution by the definition; empty where nothing is."""
    found = []
    served = sorted(visit for visits in routes.values() for visit in visits)
    if served != list(range(1, len(instance.xy))):
        found.append("not every client is served exactly once")
    for vehicle, visits in routes.items():
        if not set(visits) <= instance.allowed[vehicle - 1]:
            found.append(f"vehicle {vehicle} visits a client that it must not")
        if sum(instance.demand[v] for v in visits) > instance.capacity[vehicle - 1]:
            found.append(f"vehicle {vehicle} is overloaded")
        duration = shortest_duration(instance, visits) if visits else 0.0
        if duration > instance.longest:
            found.append(f"vehicle {vehicle} is late, or out for too long")
    return found
