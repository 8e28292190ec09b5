"""Drive the compiled search: prepare the arrays, cut the work into pieces, keep the time, return routes.

With a number of iterations the same problem and seed give the same plan on every machine; with seconds, the best that
they allow.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from runtime.scheduling import kernel
from runtime.scheduling.kernel import (
    COUNT,
    ENDS_BY,
    SINCE_BEST,
    SPEED,
    START_E,
    STRETCH,
    Changed,
    Known,
    Packed,
    Plan,
    measure,
    pack,
)
from runtime.scheduling.packing import choose
from runtime.scheduling.problem import Problem

HOT = 1.0
"""The temperature at the start, as a share of what a job that is placed costs on average."""
COLD = 0.01
"""The temperature at the end, likewise."""

Now = Callable[[], float]
"""A clock in seconds: wall time, or where much else runs the processor time of this thread (``time.thread_time``)."""


class RoutesSeen:
    """Routes that searches passed through, each with what it and its jobs cost: the columns that `packing` chooses
    from."""

    def __init__(self, most: int = 20_000) -> None:
        self.most = most
        self.costs: dict[tuple[int, tuple[int, ...]], float] = {}

    def keep(self, packed: Packed, plan: Plan) -> None:
        """Keep the routes of a plan that are not known yet."""
        for r in np.flatnonzero(plan.numbers[:, COUNT]):
            route = (int(r), tuple(plan.jobs[r, 1 : plan.numbers[r, COUNT] + 1].tolist()))
            if route not in self.costs and len(self.costs) < self.most:
                self.costs[route] = float(kernel.cost_of_route(packed, plan, int(r)))


@dataclass(frozen=True)
class Solution:
    """What a search ends with: ``routes[r]`` are the jobs of route r in order, the store's visit as job ``n``."""

    routes: list[list[int]]
    left_out: list[int]
    cost: float
    iterations: int


class Clock:
    """Cuts a search into pieces: of 2,000 iterations where their number is given, else of about a twentieth of a
    second."""

    PIECE_S = 0.05

    def __init__(self, seconds: float | None, iterations: int | None, now: Now = time.perf_counter) -> None:
        if (seconds is None) == (iterations is None):
            raise ValueError("give either seconds or iterations")
        self.seconds, self.iterations, self.now = seconds, iterations, now
        self.began = self.last = now()
        self.done = self.size = 0
        self.parts = (0.0, 0.0)
        """Which parts of the whole have passed at the start and the end of the piece."""

    def piece(self) -> int:
        """Return how many iterations come next; 0 at the end."""
        if self.iterations is not None:
            self.size = min(2000, self.iterations - self.done)
            self.parts = (self.done / self.iterations, (self.done + self.size) / self.iterations)
        elif self.seconds is not None:
            now = self.now()
            if self.size == 0:
                self.size = 50
            else:
                self.size = max(1, int(self.size * min(2.0, self.PIECE_S / max(now - self.last, 1e-6))))
            self.last, passed = now, (now - self.began) / self.seconds
            if passed >= 1.0:
                return 0
            self.parts = (passed, min(1.0, passed + self.PIECE_S / self.seconds))
        self.done += self.size
        return self.size


def empty_plan(problem: Packed) -> Plan:
    """Return a plan in which every job is left out, with room for the longest route that the shifts allow."""
    n, routes = len(problem.skip), len(problem.rates)
    shift = problem.rates[:, ENDS_BY] - problem.rates[:, START_E]
    least = problem.service[:n].min(initial=np.inf) * problem.rates[:, SPEED].min(initial=np.inf)
    jobs = n if least <= 0 or not np.isfinite(shift).all() else min(n, int(np.ceil(shift.max(initial=0.0) / least)) + 1)
    room = jobs + 6
    plan = Plan(
        jobs=np.zeros((routes, room), dtype=np.int64),
        at=np.zeros((routes, room), dtype=np.int64),
        numbers=np.zeros((routes, 2), dtype=np.int64),
        route_of=np.full(n, -1, dtype=np.int64),
        stretch=np.zeros((routes, room, STRETCH)),
        store_after=np.zeros((routes, room), dtype=np.int64),
        used=np.zeros((routes, problem.use.shape[1])),
        spent=np.zeros((routes, 4)),
    )
    for r in range(routes):
        measure(problem, plan, r)
    return plan


def nothing_known(problem: Packed) -> tuple[Known, Changed]:
    """Return the memory of a search that begins: every route counts as different from the best plan's."""
    routes, slots = len(problem.rates), problem.able.shape
    known = Known(
        version=np.zeros(routes, dtype=np.int64),
        at_version=np.full(slots, -1, dtype=np.int32),
        cost=np.zeros(slots, dtype=np.float32),
        place=np.zeros((*slots, 2), dtype=np.int16),
        reached=np.zeros(routes + 1, dtype=np.int64),
    )
    flags = np.zeros((2, routes), dtype=np.bool_)
    flags[SINCE_BEST] = True
    return known, Changed(flags, np.tile(np.arange(routes), (2, 1)), np.array([0, routes]))


def solve(
    problem: Problem,
    *,
    seed: int,
    seconds: float | None = None,
    iterations: int | None = None,
    start: Sequence[Sequence[int]] | None = None,
    heat: float = 1.0,
    seen: RoutesSeen | None = None,
    stopped: Callable[[], bool] = lambda: False,
    now: Now = time.perf_counter,
) -> Solution:
    """Search for a cheap plan, for so many seconds of the clock ``now`` or so many iterations.

    Parameters
    ----------
    start
        Routes to begin with, without their last jobs where they are too long; without it a first plan is built by
        greedy insertion.
    heat
        Factor on the temperature: 1 for a search from nothing, less where the start is good already.
    seen
        Where given, the routes that the search passes through are kept in it.
    stopped
        Asked some times a second; True ends the search with the best so far.
    """
    packed = pack(problem)
    plan, old, best = empty_plan(packed), empty_plan(packed), empty_plan(packed)
    rng = np.array([(seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) % 2**64 or 1], dtype=np.uint64)
    for r, route in enumerate(start or ()):
        for at, job in enumerate(route):
            plan.jobs[r, at + 1] = job
            if job < len(plan.route_of):
                plan.route_of[job] = r
        plan.numbers[r, COUNT] = len(route)
        while not measure(packed, plan, r) and plan.numbers[r, COUNT] > 0:
            last = plan.jobs[r, plan.numbers[r, COUNT]]
            if last < len(plan.route_of):
                plan.route_of[last] = -1
            plan.numbers[r, COUNT] -= 1
    known, changed = nothing_known(packed)
    kernel.construct(packed, plan, old, known, changed, rng)
    cost = kernel.total(packed, plan)
    kernel.copy_plan(plan, best, changed)
    costs = np.array([cost, cost])
    placed = plan.route_of >= 0
    mean = max((cost - problem.skip[~placed].sum()) / max(placed.sum(), 1), 1e-9) * heat
    clock = Clock(seconds, iterations, now)
    while not stopped() and (piece := clock.piece()):
        hot, cold = (mean * HOT * (COLD / HOT) ** part for part in clock.parts)
        kernel.search(packed, plan, old, best, known, changed, costs, rng, piece, hot, cold)
        costs[0] = kernel.total(packed, plan)
        if seen is not None:
            seen.keep(packed, plan)
            seen.keep(packed, best)
    routes = [[int(j) for j in best.jobs[r, 1 : best.numbers[r, COUNT] + 1]] for r in range(len(best.numbers))]
    served = {j for route in routes for j in route}
    left_out = [j for j in range(len(problem.skip)) if j not in served]
    return Solution(routes, left_out, float(costs[1]), clock.done)


def solve_in_rounds(
    problem: Problem,
    *,
    seed: int,
    seconds: float,
    rounds: int = 3,
    packing: float = 0.15,
    now: Now = time.perf_counter,
) -> Solution:
    """Search several times from nothing, pack the routes that were seen into one plan, and improve that by a cooler
    search.

    ``packing`` is the share of the time for the set packing; of the rest each of the ``rounds`` and the last search
    have equal parts.
    """
    began = now()
    seen = RoutesSeen()
    part = seconds * (1.0 - packing) / (rounds + 1)
    best: Solution | None = None
    for number in range(rounds):
        found = solve(problem, seed=seed * 1000 + number, seconds=part, seen=seen, now=now)
        best = found if best is None or found.cost < best.cost else best
    assert best is not None
    chosen = choose(problem, seen.costs, seconds=seconds * packing, at_most=best.cost)
    left = max(seconds - (now() - began), 0.1)
    last = solve(problem, seed=seed * 1000 + rounds, seconds=left, start=chosen or best.routes, heat=0.1, now=now)
    return last if last.cost <= best.cost else best
