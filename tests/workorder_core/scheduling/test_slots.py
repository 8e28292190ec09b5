"""Slots: cheapest first, an hour apart, nothing else moved, and whichever is taken the plan breaks no rule."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workorder_core.scheduling.made_up import a_job, a_plant, a_problem, a_visit, ann, bob
from workorder_core.scheduling.checking import check
from workorder_core.scheduling.placing import Draft
from workorder_core.scheduling.problem import Need, Plan
from workorder_core.scheduling.slots import APART, asked_for, slots
from workorder_core.scheduling.tours import settled


def test_a_slot_is_before_or_behind_what_is_there_and_moves_nothing():
    problem = a_problem(a_job(), a_job("2", place="yard"))
    assert [each.visit.starts for each in slots(problem, [a_visit(600, 660)], problem.jobs[1])] == [510, 670]
    assert [each.visit.starts for each in slots(problem, [a_visit(510, 570)], problem.jobs[1])] == [580]


def test_the_cheapest_person_is_first_and_a_few_minutes_are_no_choice():
    problem = a_problem(a_job(), people=(ann(hour_costs=60.0), bob(hour_costs=40.0)))
    found = slots(problem, [], problem.jobs[0])
    assert [(each.visit.starts, each.visit.people) for each in found] == [(510, ("bob",))]
    assert found[0].cost == 40 * 2 + 2 * 20 * problem.weights.travel_km


def test_a_pinned_job_gets_slots_as_if_it_were_free():
    problem = a_problem(a_job(pinned=a_visit(700, 760)))
    assert [each.visit.starts for each in slots(problem, [a_visit(700, 760)], problem.jobs[0])] == [510]


def test_work_that_nobody_can_do_has_none():
    job = asked_for("hall", 60, needs=(Need("welding", 2),))
    assert slots(a_problem(job), [], job) == []


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_whichever_slot_is_taken_breaks_no_rule(seed: int) -> None:
    problem = a_plant(seed)
    draft = Draft(problem, settled(problem).values())
    for job in problem.jobs[::2]:
        if job.id not in draft.at and (places := draft.places(job)):
            draft.apply(places[0])
    plan = draft.plan()
    before = {each.sentence for each in check(problem, plan)}
    for job in problem.jobs:
        if job.id in draft.at:
            continue
        found = slots(problem, plan.visits, job)
        assert [each.cost for each in found] == sorted(each.cost for each in found)
        starts = sorted(each.visit.starts for each in found)
        assert all(after - at >= APART for at, after in pairwise(starts))
        for each in found:
            after = check(problem, Plan(visits=(*plan.visits, each.visit)))
            assert {one.sentence for one in after} <= before
