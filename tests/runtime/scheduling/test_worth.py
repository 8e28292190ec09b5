"""What a minute is worth where there is more to do than time: specialists' minutes cost more, and no plan costs less
than the bound that follows from the prices."""

from dataclasses import replace

import numpy as np
import pytest

from bench.planning_parts.plant import made_up
from runtime.scheduling.arrays import pack
from runtime.scheduling.planning import Effort, plan
from runtime.scheduling.problem import Problem as Arrays
from runtime.scheduling.worth import without_ways, worth_of_time
from workorder_core.scheduling.placing import Draft
from workorder_core.scheduling.problem import Job, Need, Person, Problem

pytestmark = pytest.mark.slow  # compiling takes some seconds, once


def arrays_of(problem: Problem) -> Arrays:
    return pack(Draft(problem), problem.jobs, frozenset()).arrays


@pytest.mark.parametrize("seed", range(3))
def test_no_plan_costs_less_than_one_without_ways_and_the_same_seed_gives_the_same_plan_where_time_is_scarce(seed):
    problem = made_up(seed, people=3, orders=60, places=8, days=2)
    arrays = arrays_of(problem)
    worth, left = worth_of_time(arrays)
    assert left > 0.1 and worth.max() > 0.0
    found = [plan(problem, seed=seed, effort=Effort(iterations=3000)) for _ in range(2)]
    assert found[0] == found[1]
    assert 0.0 < without_ways(arrays) <= found[0].cost + 1e-6


def test_the_time_of_those_who_can_do_more_is_worth_more():
    problem = made_up(1, people=2, orders=4, places=4, days=1)
    days = problem.people[0].workdays
    one, both = (
        Person(code=code, name=code, skills=skills, workdays=days, hour_costs=0.0, overtime_hour_costs=50.0)
        for code, skills in (("one", {"welding": 5}), ("both", {"welding": 5, "electrical": 5}))
    )
    jobs = tuple(
        replace(problem.jobs[0], id=f"{skill}{k}", needs=(Need(skill, 1),), windows=(), not_before=0, minutes=60)
        for skill, count in (("welding", 6), ("electrical", 12))
        for k in range(count)
    )
    worth, _ = worth_of_time(arrays_of(replace(problem, people=(one, both), jobs=without_certificates(jobs))))
    assert worth[1] > worth[0]


def without_certificates(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    return tuple(replace(job, certificates=frozenset()) for job in jobs)


def test_where_everything_fits_time_has_no_price():
    worth, left = worth_of_time(arrays_of(made_up(1, people=6, orders=12, places=8)))
    assert left < 0.02
    assert np.all(worth < 1.0)
