"""What a plan costs: each term by an example that can be worked out by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workorder_core.scheduling.made_up import DAY, a_day, a_job, a_plan, a_problem, a_visit, ann, bob
from workorder_core.scheduling.costing import Costs, cost, leaving_out, waiting
from workorder_core.scheduling.problem import Span, Weights
from workorder_core.scheduling.tours import horizon

PAID = ann(hour_costs=30.0, overtime_hour_costs=45.0)
FAIR = Weights(unfair_hour=0.0)


def test_a_tour_costs_its_kilometres_and_the_hours_from_leaving_to_returning() -> None:
    found = cost(a_problem(people=(PAID,), weights=FAIR), a_plan(a_visit()))
    assert found == Costs(travel=20.0, wages=60.0)
    assert found.total == 80.0


def test_hours_after_the_shift_are_overtime() -> None:
    found = cost(a_problem(people=(PAID,), weights=FAIR), a_plan(a_visit(930, 990)))
    assert (found.wages, found.overtime) == (30.0, 45.0)


def test_nobody_is_paid_for_a_break() -> None:
    with_noon = replace(PAID, workdays=(a_day(breaks=(Span(720, 750),)),))
    assert cost(a_problem(people=(with_noon,)), a_plan(a_visit(700, 790))).wages == 60.0


def test_who_has_left_already_is_paid_from_then_on() -> None:
    on_the_road = replace(PAID, workdays=(a_day(left_at=510),))
    assert cost(a_problem(people=(on_the_road,)), a_plan(a_visit())).wages == 90.0


def test_two_workdays_of_one_date_cost_a_contractor_s_day_once() -> None:
    split = ann(day_costs=200.0, workdays=(a_day(ends=720, latest=720), a_day(starts=780)))
    found = cost(a_problem(a_job(), a_job("2"), people=(split,)), a_plan(a_visit(), a_visit(840, 900, job="2")))
    assert found.contractors == 200.0


def test_lateness_counts_by_the_hour_and_by_priority() -> None:
    assert cost(a_problem(a_job(target=600)), a_plan(a_visit())).lateness == 20.0
    assert cost(a_problem(a_job(target=600, priority=1)), a_plan(a_visit())).lateness == 200.0
    assert cost(a_problem(a_job(target=660)), a_plan(a_visit())).lateness == 0.0


@pytest.mark.parametrize(("ends", "money"), [(0, 10.0), (100, 10.0), (150, 60.0), (200, 110.0), (999, 110.0)])
def test_waiting_costs_what_its_line_says(ends: int, money: float) -> None:
    assert waiting(a_job(waiting=((100, 10.0), (200, 110.0))), ends) == money


def test_what_is_not_planned_is_as_late_as_the_last_workday() -> None:
    job = a_job(target=960, priority=2, waiting=((0, 0.0), (2040, 204.0)))
    problem = a_problem(job, dates=3)
    found = cost(problem, a_plan())
    assert (found.unscheduled, found.lateness, found.failures) == (6000.0, 80.0, 102.0)
    assert found.total == leaving_out(problem, job, horizon(problem))


MOVED = {
    "as it was": (a_visit(), 0.0),
    "half an hour later": (a_visit(630, 690), 0.0),
    "an hour later": (a_visit(660, 720), 30.0),
    "somebody else": (a_visit(600, 660, "bob"), 30.0),
    "left out": (None, 30.0),
}


@pytest.mark.parametrize("name", MOVED)
def test_who_was_told_is_told_otherwise_at_a_price(name: str) -> None:
    visit, money = MOVED[name]
    problem = a_problem(a_job(published=a_visit()), people=(ann(), bob()))
    assert cost(problem, a_plan(*([visit] if visit else []))).moved == money


def test_a_move_is_cheaper_the_later_the_day() -> None:
    for day, money in ((0, 30.0), (1, 20.0), (2, 10.0)):
        told = a_visit(day * DAY + 600, day * DAY + 660)
        assert cost(a_problem(a_job(published=told)), a_plan()).moved == money


def test_unfairness_is_apart_from_an_equal_share() -> None:
    problem = a_problem(people=(ann(), bob()))
    assert cost(problem, a_plan(a_visit())).unfairness == 2.0
    assert cost(replace(problem, people=(ann(), bob(contractor=True))), a_plan(a_visit())).unfairness == 0.0


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_the_later_the_dearer(one: int, other: int) -> None:
    job = a_job(target=700, waiting=((100, 5.0), (900, 50.0), (1500, 51.0)))
    early, late = sorted((one, other))
    assert waiting(job, early) <= waiting(job, late)
