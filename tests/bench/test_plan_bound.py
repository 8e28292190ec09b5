"""The bench of planning: its bound is below every plan and close to the best; one seed gives one plant."""

from dataclasses import replace

import numpy as np
import pytest

from bench.planning_parts.bound import lower_bound
from bench.planning_parts.plant import absent, by_hand, made_up, nobody_can, published
from runtime.scheduling.arrays import pack
from runtime.scheduling.planning import Effort, plan
from workorder_core.scheduling.checking import check
from workorder_core.scheduling.costing import cost
from workorder_core.scheduling.placing import Draft
from workorder_core.scheduling.problem import Need


def test_a_plan_by_hand_breaks_no_rule_and_the_plant_is_drawn_from_its_seed():
    problem = made_up(3, people=5, orders=40, places=8)
    assert check(problem, by_hand(problem)) == ()
    assert made_up(3, people=5, orders=40, places=8) == problem
    assert made_up(4, people=5, orders=40, places=8) != problem


def test_every_order_of_the_plant_can_be_done_by_somebody_and_one_that_cannot_is_counted():
    for seed in range(4):
        problem = made_up(seed, people=5, orders=60, places=8)
        assert nobody_can(problem, pack(Draft(problem), problem.jobs, frozenset()).arrays) == []
    lost = replace(problem.jobs[7], needs=(Need("magic", 1),))
    problem = replace(problem, jobs=(*problem.jobs[:7], lost, *problem.jobs[8:]))
    assert nobody_can(problem, pack(Draft(problem), problem.jobs, frozenset()).arrays) == [lost]


@pytest.mark.slow  # compiling takes half a minute, once
@pytest.mark.parametrize("seed", range(4))
def test_the_bound_is_below_every_plan_and_close_to_a_long_search(seed):
    problem = made_up(seed, people=3, orders=18, places=8, days=2)
    best = min(plan(problem, seed=each, effort=Effort(iterations=4000)).cost for each in range(3))
    bound = lower_bound(problem, {}, seconds=60)
    assert np.isfinite(bound) and bound <= best + 1e-6
    assert best <= bound * 1.05
    assert best <= cost(problem, by_hand(problem)).total


@pytest.mark.slow
def test_planning_anew_without_one_technician_is_possible():
    problem = made_up(1, people=5, orders=30, places=8)
    first = plan(problem, seed=1, effort=Effort(iterations=2000))
    told = absent(published(problem, first.plan), "t000")
    again = plan(told, seed=1, effort=Effort(iterations=2000), start=first.plan)
    assert check(told, again.plan) == ()
