"""Planning a made-up plant: how far above a proven bound a plan is, planning anew, and large plants against plans by
hand.

./run bench plan [--seed N] [--seconds 5,60,200] [--bound SECONDS] [--crews SECONDS] [--large SECONDS]

Orders that nobody can do even with a whole workday for each are counted (``impossible``), and what leaving them out
costs is taken off the plan, the plan by hand and the bound before they are compared: it is the same in all of them, and
would only make differences look smaller.

Every plan is checked by `workorder_core.scheduling.checking`. The last line is one JSON object. Wall time depends on
what else runs: the iterations and processor seconds beside it do not.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from dataclasses import replace
from typing import Any

from bench.planning_parts import measured
from bench.planning_parts.bound import lower_bound
from bench.planning_parts.plant import absent, by_hand, made_up, nobody_can, published
from runtime.scheduling.arrays import pack
from runtime.scheduling.planning import Effort, Planned, plan
from runtime.scheduling.search import Now, RoutesSeen, solve
from runtime.scheduling.worth import without_ways
from workorder_core.scheduling.checking import check
from workorder_core.scheduling.comparing import compare
from workorder_core.scheduling.costing import cost, leaving_out
from workorder_core.scheduling.explaining import explain
from workorder_core.scheduling.placing import Draft
from workorder_core.scheduling.problem import Job, Problem, Weights
from workorder_core.scheduling.tours import horizon

REPLAN = Effort(iterations=4_000)


def main() -> None:
    """Print each measurement as it is there, and one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", default="5,60,200", help="times of one plan each, by --clock")
    parser.add_argument("--bound", type=float, default=300.0, help="seconds for the bound")
    parser.add_argument("--crews", type=float, default=10.0, help="seconds for the plan with crews; 0: none")
    parser.add_argument("--large", type=float, default=60.0, help="seconds for each of the large plants; 0: none")
    measured.add_clock(parser)
    asked = parser.parse_args()
    now = measured.CLOCKS[asked.clock]
    measured.compile_first()
    problem = made_up(asked.seed)
    lost = _impossible(problem)
    plan(problem, seed=asked.seed, effort=Effort(iterations=10))
    result: dict[str, Any] = {
        "bench": "plan",
        "seed": asked.seed,
        "clock": asked.clock,
        "impossible": len(lost),
        "by_hand": round(cost(problem, by_hand(problem)).total),
    }
    taken_off = _lost_cost(problem, lost)
    plans = [_planned(problem, asked.seed, float(seconds), now) for seconds in asked.seconds.split(",") if seconds]
    bound = _bound(problem, asked.seed, asked.bound) if asked.bound else None
    result["bound"] = None if bound is None else round(bound)
    result["plans"] = [
        row | {"gap_percent": None if bound is None else _above(row["cost"], bound, taken_off)} for row, _ in plans
    ]
    if bound is not None:
        result["by_hand_gap_percent"] = _above(result["by_hand"], bound, taken_off)
    if plans:
        best = min((found for _, found in plans), key=lambda each: each.cost)
        result["replanning"] = _replanned(problem, best, asked.seed)
        result["explaining"] = _explained(problem, best)
    if asked.crews:
        result["crews"] = _with_crews(problem, asked.seed, asked.crews, now)
    if asked.large:
        result["large"] = [_large(orders, asked.seed, asked.large, now) for orders in (1000, 5000)]
    print(json.dumps(result))


def _above(money: float, bound: float, taken_off: float) -> float:
    return round(100 * ((money - taken_off) / (bound - taken_off) - 1), 2)


def _impossible(problem: Problem) -> list[Job]:
    return nobody_can(problem, pack(Draft(problem), problem.jobs, frozenset()).arrays)


def _lost_cost(problem: Problem, lost: list[Job]) -> float:
    return sum(leaving_out(problem, job, horizon(problem)) for job in lost)


def _planned(problem: Problem, seed: int, seconds: float, now: Now) -> tuple[dict[str, Any], Planned]:
    wall, processor = time.perf_counter(), time.process_time()
    found = plan(problem, seed=seed, effort=Effort(seconds=seconds, now=now))
    row = {
        "seconds": seconds,
        "wall_s": round(time.perf_counter() - wall, 2),
        "processor_s": round(time.process_time() - processor, 2),
        "iterations": found.iterations,
        "cost": round(found.cost, 1),
        "unscheduled": len(found.unscheduled),
        "broken": len(check(problem, found.plan)),
    }
    print(row, flush=True)
    return row, found


def _bound(problem: Problem, seed: int, seconds: float) -> float:
    """Return a lower bound, with the routes of a search to begin with."""
    seen = RoutesSeen()
    packed = pack(Draft(problem), problem.jobs, frozenset())
    for number in range(3):
        solve(packed.arrays, seed=seed * 10 + number, iterations=20_000, seen=seen)

    def say(number: int, value: float, best: float) -> None:
        print(f"bound: round {number}, programme {value:.0f}, bound {best:.0f}", flush=True)

    return lower_bound(problem, seen.costs, seconds=seconds, say=say)


def _replanned(problem: Problem, first: Planned, seed: int) -> dict[str, Any]:
    """Return what planning anew alters when the technician with the most visits on the first day is absent."""
    today = [visit.people[0] for visit in first.plan.visits if visit.starts < 1440]
    who = max(sorted(set(today)), key=today.count)
    told = absent(published(problem, first.plan), who)
    free = replace(told, weights=replace(told.weights, moved_today=0.0, moved_tomorrow=0.0, moved_later=0.0))
    rows = {}
    for name, each in (("moves_cost", told), ("moves_free", free)):
        wall, processor = time.perf_counter(), time.process_time()
        found = plan(each, seed=seed, effort=REPLAN, start=first.plan)
        spent, used = time.perf_counter() - wall, time.process_time() - processor
        changes = compare(free, first.plan, found.plan)
        stay = len(first.plan.visits) - len(changes.moved) - len(changes.dropped)
        rows[name] = {
            "wall_s": round(spent, 2),
            "processor_s": round(used, 2),
            "other_visit_percent": round(100 * (1 - stay / len(first.plan.visits)), 1),
            "told_otherwise_percent": round(100 * _told_otherwise(told, found) / len(first.plan.visits), 1),
            "cost": round(cost(free, found.plan).total, 1),
            "broken": len(check(each, found.plan)),
        }
    print(rows, flush=True)
    return rows


def _told_otherwise(told: Problem, found: Planned) -> float:
    """Return how many published visits have other people, another date or a start an hour or more apart."""
    unit = replace(told, weights=Weights(moved_today=1.0, moved_tomorrow=1.0, moved_later=1.0))
    return cost(unit, found.plan).moved


def _explained(problem: Problem, found: Planned) -> dict[str, Any]:
    jobs = {job.id: job for job in problem.jobs}
    times = []
    for job in found.unscheduled:
        began = time.process_time()
        explain(problem, found.plan, jobs[job])
        times.append(1000 * (time.process_time() - began))
    row = {
        "orders": len(times),
        "mean_ms": round(sum(times) / max(len(times), 1), 1),
        "most_ms": round(max(times, default=0.0), 1),
    }
    print(row, flush=True)
    return row


def _with_crews(problem: Problem, seed: int, seconds: float, now: Now) -> dict[str, Any]:
    """Return how far a plan in which every tenth order needs two people at once is above one that ignores that they
    have to be there at once: each comes when it suits them."""
    crewed = replace(
        problem, jobs=tuple(replace(job, crew=2) if k % 10 == 0 else job for k, job in enumerate(problem.jobs))
    )
    arrays = pack(Draft(crewed), crewed.jobs, frozenset()).arrays
    ignoring = solve(arrays, seed=seed, seconds=seconds, now=now).cost
    row, _ = _planned(crewed, seed, seconds, now)
    return row | {"ignoring": round(ignoring, 1), "above_percent": round(100 * (row["cost"] / ignoring - 1), 2)}


def _under(money: float, hand: float, taken_off: float) -> float:
    return round(100 * (1 - (money - taken_off) / (hand - taken_off)), 1)


def _large(orders: int, seed: int, seconds: float, now: Now) -> dict[str, Any]:
    problem = made_up(seed, people=100, orders=orders, places=200)
    # First of all: what is measured is how much higher the process's peak is afterwards.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row, found = _planned(problem, seed, seconds, now)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    hand = cost(problem, by_hand(problem)).total
    arrays = pack(Draft(problem), problem.jobs, frozenset()).arrays
    lost = nobody_can(problem, arrays)
    taken_off = _lost_cost(problem, lost)
    floor = without_ways(arrays)
    return row | {
        "orders": orders,
        "impossible": len(lost),
        "by_hand": round(hand),
        "under_hand_percent": _under(found.cost, hand, taken_off),
        "bound_without_ways": round(floor),
        "most_under_hand_percent": _under(floor, hand, taken_off),
        "memory_mb": round(grown, 1),
    }


if __name__ == "__main__":
    main()
