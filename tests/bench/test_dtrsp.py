"""The dynamic problem: whatever becomes known, what a technician has begun stays, and the clock's checker agrees."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.planning_parts import dtrsp, trsp
from bench.planning_parts.dtrsp import Begun, Day
from bench.planning_parts.trsp import TECHNICIANS, Point
from runtime.scheduling.problem import Problem
from runtime.scheduling.search import Solution, solve


def plant(draw: random.Random, requests: int) -> tuple[list[Point], dict[int, float]]:
    """Return an instance and when each request becomes known: a third of them from the start."""

    def point(opens: float, closes: float, service: float, skills: set[int], tools: set[int], holds: int) -> Point:
        x, y = draw.uniform(0, 30), draw.uniform(0, 30)
        return Point(x, y, opens, closes, service, frozenset(skills), frozenset(tools), (holds,))

    points = [point(0, 300, 0, set(), set(), 0)]
    points += [point(0, 300, 0, {0, 1} if k % 2 else {1}, {0}, 1) for k in range(TECHNICIANS)]
    known = {}
    for visit in range(dtrsp.FIRST, dtrsp.FIRST + requests):
        opens = draw.uniform(0, 200)
        tools = {1} if draw.random() < 0.2 else {0}
        points.append(point(opens, opens + draw.uniform(10, 80), 10, {draw.randrange(2)}, tools, draw.randrange(2)))
        known[visit] = -1.0 if draw.random() < 0.3 else draw.uniform(0, opens)
    return points, known


def searched(problem: Problem, start: list[list[int]] | None) -> Solution:
    return solve(problem, seed=1, iterations=60, start=start, heat=0.1)


@pytest.mark.slow  # compiling takes half a minute, once
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), requests=st.integers(1, 14))
def test_nothing_begun_moves_and_every_request_is_served_or_rejected(seed: int, requests: int) -> None:
    points, known = plant(random.Random(seed), requests)
    day = Day(points)
    for at in sorted(set(known.values())):
        day.advance(at)
        begun = [list(route.begun) for route in day.routes]
        day.ask([visit for visit in known if known[visit] == at], at, searched)
        assert [route.begun for route in day.routes] == begun
    day.advance(float("inf"))
    assert dtrsp.faults(points, known, day) == []
    for route in day.routes:
        assert trsp.faults_of(points, route.who, route.visits) == []


def test_the_checker_of_a_day_sees_what_is_wrong_with_it() -> None:
    points, known = plant(random.Random(1), 1)
    visit = dtrsp.FIRST
    way, request = points[1].away(points[visit]), points[visit]

    def day(leaves: float, begins: float, rejected: tuple[int, ...] = ()) -> list[str]:
        made = Day(points, rejected=list(rejected))
        made.routes[0].begun.append(Begun(visit, leaves, begins, begins + request.service))
        return dtrsp.faults(points, known, made)

    starts = max(request.opens, known[visit] + way)
    assert day(starts - way, starts) == []
    assert any("begins before arriving" in fault for fault in day(starts - way / 2, starts))
    assert any("outside its window" in fault for fault in day(request.closes + 1, request.closes + 1 + way))
    assert any("served once or rejected" in fault for fault in day(starts - way, starts, (visit,)))
    early = dtrsp.faults(
        points, {visit: starts}, Day(points, [dtrsp.Route(1, [Begun(visit, starts - way, starts, starts + 10)])])
    )
    assert any("before it is known" in fault for fault in early)


def test_a_technician_who_has_begun_is_free_no_earlier_than_now() -> None:
    points, _ = plant(random.Random(2), 2)
    day = Day(points)
    problem = day.problem([dtrsp.FIRST, dtrsp.FIRST + 1], 1, 50.0)
    assert np.all(problem.free == 50.0)
    assert list(problem.skip) == [dtrsp.DEAR, 1e5]
