"""What a minute of each workday is worth where there is more to do than time: the prices of a relaxation without ways.

A search that pays nothing for time within the shift gives the time of the few who can do much to work that others could
do, and finds out late. Each workday's minutes therefore get a price (the multiplier of its capacity, by which
Lagrangian relaxation prices it), at which about as much work is asked of it as it has time for: each job asks for the
workday where its cost and its minutes at their prices are least, or for none. Asking is spread by a temperature that
falls (as in deterministic annealing), so that workdays that are alike get alike prices.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from models.kernel import compiled
from runtime.scheduling.problem import Problem, Reals, able_routes

ROUNDS = 80
HOT = 0.2
"""The temperature at the start, as a share of what leaving a job out costs (the median)."""
COLD = 0.005
STEP = 1 / 90
"""How far a price moves, for each minute of a typical job: its temperature × the logarithm of demand by capacity."""
MOST = 2.0
"""The logarithm counts up to this much."""
HARDLY = -30.0
"""What has a probability below the exponential of this is not counted."""


@compiled
def ask(
    able: npt.NDArray[np.int32], cost: Reals, service: Reals, speed: Reals, skip: Reals, worth: Reals, heat: float,
    loads: Reals,
) -> float:  # fmt: skip
    """Set ``loads`` to the minutes asked of each route at these prices; return how many jobs ask for none."""
    loads[:] = 0.0
    left = 0.0
    values = np.empty(able.shape[1])
    for j in range(skip.shape[0]):
        low, count = skip[j], 0
        for k in range(able.shape[1]):
            r = able[j, k]
            if r < 0:
                break
            values[k] = cost[j, r] + worth[r] * service[j] * speed[r]
            low, count = min(low, values[k]), k + 1
        out = math.exp(max((low - skip[j]) / heat, 10.0 * HARDLY))
        whole = out
        for k in range(count):
            apart = (low - values[k]) / heat
            values[k] = math.exp(apart) if apart > HARDLY else 0.0
            whole += values[k]
        for k in range(count):
            loads[able[j, k]] += values[k] / whole * service[j] * speed[able[j, k]]
        left += out / whole
    return left


def worth_of_time(problem: Problem) -> tuple[Reals, float]:
    """Return the price of a unit of each route's time, and the share of the jobs that is left out at these prices."""
    n = len(problem.skip)
    worth = np.zeros(len(problem.day))
    if n == 0 or len(worth) == 0:
        return worth, 0.0
    able, heat, left = able_routes(problem), float(np.median(problem.skip)), 0.0
    room = np.maximum(problem.ends_by - problem.start[:, 1], 1e-9)
    within = np.clip(problem.regular, 1e-9, room)
    loads = np.zeros(len(worth))
    for number in range(ROUNDS if heat > 0.0 else 0):
        now = heat * HOT * (COLD / HOT) ** (number / (ROUNDS - 1))
        left = ask(able, problem.cost, problem.service, problem.speed, problem.skip, worth, now, loads)
        over = np.log(np.maximum(loads, 1e-3) / np.where(worth > problem.overtime, room, within))
        worth = np.maximum(0.0, worth + now * STEP * np.clip(over, -MOST, MOST))
    return worth, left / n


def without_ways(problem: Problem) -> float:
    """Return what no plan can cost less than, by the prices of `worth_of_time`: ways take neither time nor money in it,
    and a job may be shared between workdays.

    For any prices it is a bound: what each job costs at least at them, less what the time of each workday is worth.
    """
    able, (worth, _) = able_routes(problem), worth_of_time(problem)
    room = np.maximum(problem.ends_by - problem.start[:, 1], 0.0)
    within = np.clip(problem.regular, 0.0, room)
    time = np.minimum(-worth * within, (problem.overtime * (room - within) - worth * room))
    total = float(np.minimum(time, 0.0).sum())
    for j, row in enumerate(able):
        routes = row[row >= 0]
        asked = problem.cost[j, routes] + worth[routes] * problem.service[j] * problem.speed[routes]
        total += min(float(problem.skip[j]), float(asked.min(initial=np.inf)))
    return total
