"""A lower bound on what any plan of the made-up plant costs, by column generation: a linear programme over routes, and
for its prices the cheapest route of each workday, by dynamic programming.

For any prices of the jobs between nothing and what leaving a job out costs, the sum of the prices and of each workday's
cheapest route (or 0) is a bound, if that route is found exactly or is itself a bound. Routes may come back to a job
that they have forgotten (ng-routes, Baldacci, Mingozzi and Roberti 2011), nobody is paid for waiting, and overtime is
that of the earliest return: each can only make the bound lower.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from models.kernel import compiled
from runtime.scheduling.problem import Reals, Whole
from workorder_core.scheduling.costing import leaving_out, waiting
from workorder_core.scheduling.problem import Job, Person, Problem, Workday
from workorder_core.scheduling.tours import horizon, work_minutes

NEAR = 8
"""How many jobs near each one a route remembers having visited."""
WORDS = 5
SMOOTH = 0.5
"""How much of the best prices so far are mixed into the next."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One workday: the jobs that can be done in it, and for each when, how long and at what price beside travel."""

    number: int
    jobs: Whole
    opens: Whole
    closes: Whole
    service: Whole
    price: Reals
    travel: Whole
    """Minutes between the jobs, the depot last."""
    paid: Reals
    """What the way costs, likewise."""
    near: Whole
    """[job, NEAR] the jobs that are remembered at each."""
    begins: int
    ends: int
    latest: int
    overtime: float


def shifts(problem: Problem) -> list[Shift]:
    """Return the workdays of a made-up plant."""
    pairs = [(person, day) for person in problem.people for day in person.workdays]
    return [_shift(problem, number, person, day) for number, (person, day) in enumerate(pairs)]


def _shift(problem: Problem, number: int, person: Person, day: Workday) -> Shift:
    able: list[tuple[int, Job, int, int, int]] = []
    for index, job in enumerate(problem.jobs):
        if any(person.skills.get(need.skill, 0) < need.level for need in job.needs):
            continue
        if job.certificates - person.certificates.keys():
            continue
        minutes = work_minutes(job, [person])
        opens, closes = max(day.starts, job.not_before), day.latest - minutes
        if job.windows:
            opens, closes = max(opens, job.windows[0].starts), min(closes, job.windows[0].ends - minutes)
        if opens <= closes:
            able.append((index, job, opens, closes, minutes))
    wage = person.hour_costs / 60
    places = [job.place for _, job, _, _, _ in able] + [day.start_place]
    travel = np.array([[problem.way(a, b) for b in places] for a in places], dtype=np.int64)
    km = np.array([[problem.km.get((a, b), 0.0) for b in places] for a in places])
    near = np.argsort(travel[:-1, :-1], axis=1, kind="stable")[:, :NEAR]
    return Shift(
        number=number,
        jobs=np.array([index for index, *_ in able], dtype=np.int64),
        opens=np.array([opens for _, _, opens, _, _ in able], dtype=np.int64),
        closes=np.array([closes for _, _, _, closes, _ in able], dtype=np.int64),
        service=np.array([minutes for *_, minutes in able], dtype=np.int64),
        price=np.array([waiting(job, day.starts + 1) + minutes * wage for _, job, _, _, minutes in able]),
        travel=travel,
        paid=km * problem.weights.travel_km + travel * wage,
        near=near,
        begins=day.starts,
        ends=day.ends,
        latest=day.latest,
        overtime=(person.overtime_hour_costs - person.hour_costs) / 60,
    )


@compiled
def cheapest_route(
    opens: Whole, closes: Whole, service: Whole, gain: Reals, travel: Whole, paid: Reals, near: Whole, begins: int,
    ends: int, latest: int, overtime: float, labels: Reals, memory: Whole, head: Whole, following: Whole,
    by_time: Whole, chain: Whole,
) -> tuple[float, int, int]:  # fmt: skip
    """Return the least reduced cost of a route, its last label, and how many labels there were (-1: too many).

    ``gain`` is the price of a job less what doing it costs beside travel. Labels are extended in the order of their
    time; each is (job, time, cost, previous).
    """
    n = gain.shape[0]
    home, most = n, labels.shape[0]
    density = 0.0
    for j in range(n):
        if gain[j] > 0.0:
            density = max(density, gain[j] / service[j])
    by_time[:] = -1
    head[:] = -1
    count, best, best_at = 1, 0.0, -1
    labels[0, 0], labels[0, 1], labels[0, 2], labels[0, 3] = home, begins, 0.0, -1
    memory[0, :] = 0
    by_time[0] = 0
    chain[0] = -1
    for moment in range(latest - begins + 1):
        at = by_time[moment]
        while at >= 0:
            here, cost = int(labels[at, 0]), labels[at, 2]
            clock = begins + moment
            if cost - density * (latest - clock) < best - 1e-9:
                for j in range(n):
                    if gain[j] <= 0.0 or memory[at, j // 62] >> (j % 62) & 1:
                        continue
                    start = max(clock + travel[here, j], opens[j])
                    if start > closes[j]:
                        continue
                    done = start + service[j]
                    back = done + travel[j, home]
                    if back > latest:
                        continue
                    new = cost + paid[here, j] - gain[j]
                    if new - density * (latest - done) >= best - 1e-9:
                        continue
                    if count >= most:
                        return best, best_at, -1
                    for word in range(WORDS):
                        memory[count, word] = memory[at, word] & near[j, word]
                    memory[count, j // 62] |= 1 << (j % 62)
                    beaten = False
                    other = head[j]
                    while other >= 0:
                        if labels[other, 1] <= done and labels[other, 2] <= new + 1e-12:
                            more = 0
                            for word in range(WORDS):
                                more |= memory[other, word] & ~memory[count, word]
                            beaten = more == 0
                        if beaten:
                            break
                        other = following[other]
                    if beaten:
                        continue
                    labels[count, 0], labels[count, 1], labels[count, 2], labels[count, 3] = j, done, new, at
                    following[count] = head[j]
                    head[j] = count
                    chain[count] = by_time[done - begins]
                    by_time[done - begins] = count
                    whole = new + paid[j, home] + overtime * max(0, back - ends)
                    if whole < best:
                        best, best_at = whole, count
                    count += 1
            at = chain[at]
    return best, best_at, count


class Pricing:
    """Finds the cheapest route of each workday for prices of the jobs; the memory for labels is used again."""

    def __init__(self, problem: Problem, most: int = 400_000) -> None:
        self.shifts = shifts(problem)
        self.labels = np.zeros((most, 4))
        self.memory = np.zeros((most, WORDS), dtype=np.int64)
        self.head = np.zeros(max((len(one.jobs) for one in self.shifts), default=0) + 1, dtype=np.int64)
        self.following = np.zeros(most, dtype=np.int64)
        span = max((one.latest - one.begins for one in self.shifts), default=0)
        self.by_time = np.zeros(span + 1, dtype=np.int64)
        self.chain = np.zeros(most, dtype=np.int64)

    def route(self, shift: Shift, prices: Reals) -> tuple[float, tuple[int, ...]]:
        """Return the least reduced cost, 0 for staying at home, and the jobs; minus infinity where it is not known."""
        gains = prices[shift.jobs] - shift.price
        keep = np.flatnonzero(gains > 0)
        if len(keep) == 0:
            return 0.0, ()
        if len(keep) > 62 * WORDS:
            raise ValueError(f"{len(keep)} jobs of one workday have a price; the bound knows {62 * WORDS}")
        with_home = np.append(keep, len(shift.jobs))
        near = np.zeros((len(keep), WORDS), dtype=np.int64)
        number = {int(job): k for k, job in enumerate(keep)}
        for k, job in enumerate(keep):
            for other in (number[int(mate)] for mate in shift.near[job] if int(mate) in number):
                near[k, other // 62] |= 1 << (other % 62)
        value, last, count = cheapest_route(
            shift.opens[keep], shift.closes[keep], shift.service[keep], gains[keep],
            np.ascontiguousarray(shift.travel[np.ix_(with_home, with_home)]),
            np.ascontiguousarray(shift.paid[np.ix_(with_home, with_home)]), near, shift.begins, shift.ends,
            shift.latest, shift.overtime, self.labels, self.memory, self.head, self.following, self.by_time, self.chain,
        )  # fmt: skip
        if count < 0:
            return -np.inf, ()
        jobs: list[int] = []
        while last > 0:
            jobs.append(int(shift.jobs[keep[int(self.labels[last, 0])]]))
            last = int(self.labels[last, 3])
        return float(value), tuple(reversed(jobs))


def lower_bound(
    problem: Problem,
    routes: Mapping[tuple[int, tuple[int, ...]], float],
    *,
    seconds: float,
    say: Callable[[int, float, float], None] = lambda _round, _programme, _bound: None,
) -> float:
    """Return the best bound found in ``seconds``; ``routes`` are those of a search, to begin with good prices.

    ``say`` is called after each round with the value of the linear programme and the best bound.
    """
    over = horizon(problem)
    skip = np.array([leaving_out(problem, job, over) for job in problem.jobs])
    pricing = Pricing(problem)
    columns = dict(routes)
    best, best_prices = -np.inf, np.zeros(len(skip))
    ends = time.perf_counter() + seconds
    number = 0
    while time.perf_counter() < ends:
        number += 1
        value, exact = _programme(columns, skip, len(pricing.shifts))
        prices = exact if number == 1 else SMOOTH * best_prices + (1 - SMOOTH) * exact
        prices = np.clip(prices, 0.0, skip)
        bound = float(prices.sum())
        for shift in pricing.shifts:
            reduced, jobs = pricing.route(shift, prices)
            bound += min(0.0, reduced)
            if jobs and reduced < -1e-6:
                columns[shift.number, jobs] = reduced + float(prices[list(jobs)].sum())
        if bound > best:
            best, best_prices = bound, prices
        say(number, value, best)
        if value - best < 1e-3 * abs(value):
            break
    return best


def _programme(columns: Mapping[tuple[int, tuple[int, ...]], float], skip: Reals, count: int) -> tuple[float, Reals]:
    """Return the value of the linear programme over these routes, and the price of each job."""
    n = len(skip)
    rows: list[int] = []
    cols: list[int] = []
    for k, (r, jobs) in enumerate(columns):
        rows += [*jobs, n + r]
        cols += [k] * (len(jobs) + 1)
    for j in range(n):
        rows.append(j)
        cols.append(len(columns) + j)
    signs = np.where(np.array(rows) < n, -1.0, 1.0)
    matrix = csr_matrix((signs, (rows, cols)), shape=(n + count, len(columns) + n))
    found = linprog(
        np.array([*columns.values(), *skip]),
        A_ub=matrix,
        b_ub=np.concatenate([-np.ones(n), np.ones(count)]),
        bounds=(0, None),
        method="highs",
    )
    return float(found.fun), -np.asarray(found.ineqlin.marginals[:n])
