"""The search for routes: what it returns keeps the windows, is the best of small problems, and is the same under the
same seed."""

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.planning_parts import sdvrptw, trsp
from runtime.scheduling.problem import Problem
from runtime.scheduling.search import solve, solve_in_rounds

pytestmark = pytest.mark.slow  # compiling takes half a minute, once

DATA = Path(__file__).parents[4] / "shared" / "data"
given_data = pytest.mark.skipif(not DATA.is_dir(), reason="the planning problems are not beside this clone")


def small(draw: np.random.Generator, *, store: bool) -> tuple[list[trsp.Point], int]:
    """Return a depot, two technicians and up to five requests, as a published instance has them."""
    n = int(draw.integers(1, 6))

    def point(opens: float, closes: float, service: float, skills: set[int], tools: set[int], holds: int) -> trsp.Point:
        x, y = draw.integers(0, 20, 2)
        return trsp.Point(float(x), float(y), opens, closes, service, frozenset(skills), frozenset(tools), (holds,))

    depot = point(0, 200, 0, set(), set(), 0)
    crew = [point(0, 200, 0, {0, 1}, {0}, 1), point(0, 200, 0, {1}, {0}, 2)]
    requests = []
    for _ in range(n):
        opens = float(draw.integers(0, 100))
        tools = {1} if store and draw.random() < 0.3 else {0}
        skills = {int(draw.integers(0, 2))}
        requests.append(
            point(opens, opens + float(draw.integers(5, 60)), 10, skills, tools, int(store and draw.random() < 0.5))
        )
    return [depot, *crew, *requests], n


def problem_of(points: list[trsp.Point], monkeypatch: pytest.MonkeyPatch) -> Problem:
    monkeypatch.setattr(trsp, "TECHNICIANS", 2)
    return trsp.problem_of(points)


def cheapest_by_trying_all(points: list[trsp.Point]) -> float:
    """Return the least total duration with 1e5 for each request left out, by every way to share, order and visit the
    depot."""
    requests = range(3, len(points))
    best: dict[tuple[int, frozenset[int]], float] = {}
    for who, subset in product(
        (1, 2), [[r for r in requests if mask >> r & 1] for mask in range(0, 1 << len(points), 8)]
    ):
        for order in permutations(subset):
            for at in [None, *range(len(order) + 1)]:
                visits = list(order) if at is None else [*order[:at], 0, *order[at:]]
                if visits == [0] or trsp.faults_of(points, who, visits):
                    continue
                key = (who, frozenset(subset))
                best[key] = min(best.get(key, np.inf), trsp.shortest_duration(points, who, visits))
    return min(
        best[1, one] + best[2, two] + 1e5 * (len(requests) - len(one) - len(two))
        for (who, one), (other, two) in product(best, best)
        if who == 1 and other == 2 and not one & two
    )


@pytest.mark.parametrize("store", [False, True], ids=["without a store", "with a store"])
@pytest.mark.parametrize("seed", range(12))
def test_a_small_problem_is_solved_to_its_best(seed: int, store: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    points, _ = small(np.random.default_rng(seed), store=store)
    found = solve(problem_of(points, monkeypatch), seed=seed, iterations=3000)
    assert found.cost == pytest.approx(cheapest_by_trying_all(points))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), store=st.booleans())
def test_every_plan_passes_the_checker_whatever_is_asked(seed: int, store: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        points, n = small(np.random.default_rng(seed), store=store)
        found = solve(problem_of(points, patch), seed=seed, iterations=200)
        routes = {r + 1: [j + 3 if j < n else 0 for j in jobs] for r, jobs in enumerate(found.routes)}
        faults = trsp.faults(points, routes)
    assert [fault for fault in faults if not (found.left_out and fault.startswith("not served"))] == []
    durations = sum(trsp.shortest_duration(points, who, visits) for who, visits in routes.items())
    assert found.cost == pytest.approx(durations + 1e5 * len(found.left_out))


@given_data
def test_published_problems_are_solved_near_their_best_known_and_the_same_under_a_seed() -> None:
    points = trsp.read(DATA / "trsp" / "RC202.txt")
    problem = trsp.problem_of(points)
    found = solve(problem, seed=3, iterations=20_000)
    assert found == solve(problem, seed=3, iterations=20_000)
    assert found.routes != solve(problem, seed=4, iterations=20_000).routes
    routes = {r + 1: [j + 26 if j + 26 < len(points) else 0 for j in jobs] for r, jobs in enumerate(found.routes)}
    assert trsp.faults(points, routes) == []
    assert found.cost < 1.1 * trsp.best_known(DATA / "trsp" / "best-known.tsv")["RC202"]


@given_data
def test_packing_what_several_searches_saw_is_no_worse_than_each(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = sdvrptw.read(DATA / "sdvrptw" / "PR01.vrp")
    found = solve_in_rounds(sdvrptw.problem_of(instance), seed=1, seconds=3.0)
    routes = {r + 1: [j + 1 for j in jobs] for r, jobs in enumerate(found.routes)}
    assert sdvrptw.faults(instance, routes) == []
    assert found.cost == sum(sdvrptw.length_of(instance, visits) for visits in routes.values())


@given_data
@pytest.mark.parametrize("name", ["PR01", "PR07", "PR16A"])
def test_the_checker_takes_the_published_solutions_for_what_they_are(name: str) -> None:
    instance = sdvrptw.read(DATA / "sdvrptw" / f"{name}.vrp")
    routes = sdvrptw.routes_known(DATA / "sdvrptw" / f"{name}.sol")
    assert sdvrptw.faults(instance, routes) == []
    lengths = sum(sdvrptw.length_of(instance, visits) for visits in routes.values())
    assert lengths == sdvrptw.best_known(DATA / "sdvrptw" / f"{name}.sol")
