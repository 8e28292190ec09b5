"""What the search works on, as arrays with names: jobs, routes, places.

A route is one technician's working time of one day (or one vehicle's tour): a start, jobs in order, an end. Time is
in the caller's unit (minutes on the plant); travel and cost are any non-negative numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """``n`` jobs, ``R`` routes, ``P`` places, ``A`` days, ``K`` kinds of things carried.

    Job ``n`` is the *store*: one visit gives a technician every tool and any number of parts from then on. Before it
    a job needs what the technician carries. Without a store (``has_store``), what a route carries limits the whole
    route.
    """

    travel: Reals
    """[P, P] time from place to place; no way over a third place may be shorter."""
    length: Reals
    """[P, P] what a stretch costs where a route is charged by length."""
    place: Whole
    """[n + 1] where each job is."""
    service: Reals
    """[n + 1] time each job takes at speed 1."""
    opens: Reals
    """[n + 1, A] earliest start of service on each day; after ``closes`` where the job is not possible on that day."""
    closes: Reals
    """[n + 1, A] latest start of service on each day."""
    cost: Reals
    """[n, R] what it costs that this job is done in this route, beside travel and time; infinite where it is not
    allowed."""
    skip: Reals
    """[n] what it costs to leave the job out."""
    use: Reals
    """[n, K] what the job uses of what the route carries."""
    lacks: Flags
    """[n, R] whether this route has to visit the store before this job."""
    day: Whole
    """[R] the day of each route."""
    start_place: Whole
    """[R] where each route begins."""
    end_place: Whole
    """[R] where each route ends."""
    start: Reals
    """[R, 3] least duration, earliest and latest start of what has begun already; (0, start, end of the shift) where
    nothing has."""
    ends_by: Reals
    """[R] when the route must be over."""
    free: Reals
    """[R] when the route's start can be left at the earliest by the clock, whatever ``start`` says: what was waited for
    because nothing else was known costs nothing in a route that could have begun later. Minus infinity where ``start``
    is all there is to know."""
    speed: Reals
    """[R] factor on the time of service."""
    carries: Reals
    """[R, K] what the route begins with."""
    by_length: Reals
    """[R] cost of one unit of length."""
    by_time: Reals
    """[R] cost of one unit of duration, from leaving as late as possible."""
    fixed: Reals
    """[R] cost of using the route at all."""
    regular: Reals
    """[R] duration beyond which overtime counts."""
    overtime: Reals
    """[R] cost of one unit of overtime."""
    longest: Reals
    """[R] the longest duration allowed."""
    begun: Flags
    """[R] whether the route costs something even without a job of this problem."""
    has_store: bool


def alike(problem: Problem) -> Whole:
    """Number the routes so that those that are the same in everything have the same number: one empty one is tried
    for all of them."""
    numbers: dict[bytes, int] = {}
    rows = np.empty(len(problem.day), dtype=np.int64)
    by_job = (problem.cost, problem.lacks)
    by_route = [value for value in vars(problem).values() if isinstance(value, np.ndarray)]
    by_route = [
        value for value in by_route if value.shape[:1] == problem.day.shape and not any(value is one for one in by_job)
    ]
    for r in range(len(rows)):
        key = b"".join(
            np.ascontiguousarray(part).tobytes() for part in (*(v[r] for v in by_route), *(v[:, r] for v in by_job))
        )
        rows[r] = numbers.setdefault(key, len(numbers))
    return rows


def neighbours(problem: Problem, most: int) -> Whole:
    """Return for each job up to ``most`` others, nearest first: by travel both ways and by how far apart their
    windows are."""
    n = len(problem.skip)
    where = problem.place[:n]
    opens, closes = problem.opens[:n].min(axis=1), problem.closes[:n].max(axis=1)
    near = np.empty((n, min(most, max(n - 1, 0))), dtype=np.int64)
    for j in range(n):
        gap = np.maximum(0.0, np.maximum(opens[j] - closes, opens - closes[j]))
        apart = problem.travel[where[j], where] + problem.travel[where, where[j]] + 0.2 * gap
        apart[j] = np.inf
        near[j] = np.argsort(apart, kind="stable")[: near.shape[1]]
    return near


def able_routes(problem: Problem) -> npt.NDArray[np.int32]:
    """Return for each job the routes that may do it, on whose days it has a window, the cheapest for it first; -1
    after the last."""
    n = len(problem.skip)
    rows = []
    for j in range(n):
        can = np.isfinite(problem.cost[j]) & (problem.opens[j, problem.day] <= problem.closes[j, problem.day])
        order = np.argsort(problem.cost[j], kind="stable")
        rows.append(order[can[order]])
    able = np.full((n, max((len(row) for row in rows), default=0)), -1, dtype=np.int32)
    for j, row in enumerate(rows):
        able[j, : len(row)] = row
    return able
