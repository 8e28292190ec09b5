"""Chooses the best plan from all routes that several searches found: set packing, by HiGHS through scipy.

Each job is in at most one chosen route (or pays for being left out), each technician-day drives at most one. The
searches find good routes in poor plans; this combines them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

from runtime.scheduling.problem import Problem, Reals

Route = tuple[int, tuple[int, ...]]


def choose(
    problem: Problem, routes: Mapping[Route, float], *, seconds: float, at_most: float
) -> list[list[int]] | None:
    """Return the cheapest combination of ``routes``, or None where none below the cost ``at_most`` was found in time.

    A job that two chosen routes share stays in the first of them: without a stop a route is no longer.
    """
    n, count = len(problem.skip), len(problem.day)
    columns = list(routes)
    rows: list[int] = []
    cols: list[int] = []
    for k, (r, jobs) in enumerate(columns):
        rows += [j for j in jobs if j < n] + [n + r]
        cols += [k] * (len(rows) - len(cols))
    for j in range(n):
        rows.append(j)
        cols.append(len(columns) + j)
    matrix = csr_matrix((np.ones(len(rows)), (rows, cols)), shape=(n + count, len(columns) + n))
    cost: Reals = np.array([*routes.values(), *problem.skip])
    low = np.concatenate([np.ones(n), np.zeros(count)])
    high = np.concatenate([np.full(n, np.inf), np.ones(count)])
    found = milp(
        cost,
        constraints=LinearConstraint(matrix, low, high),
        integrality=np.ones(len(cost)),
        bounds=Bounds(0, 1),
        options={"time_limit": max(seconds, 0.1), "mip_rel_gap": 1e-4},
    )
    if found.x is None or found.fun >= at_most - 1e-6:
        return None
    chosen: list[list[int]] = [[] for _ in range(count)]
    done: set[int] = set()
    for k in map(int, np.flatnonzero(found.x[: len(columns)] > 0.5)):
        r, jobs = columns[k]
        chosen[r] = [j for j in jobs if j >= n or j not in done]
        done.update(chosen[r])
        done.discard(n)
    return chosen
