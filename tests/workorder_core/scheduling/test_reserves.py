"""Hours held back for emergencies: of each day a share of those who have a skill, and nothing but emergencies in it."""

from dataclasses import replace

import pytest

from tests.workorder_core.scheduling.made_up import DAY, a_day, a_job, a_plan, a_problem, a_visit, ann, bob
from workorder_core.scheduling.checking import Rule, check
from workorder_core.scheduling.documents import InvalidWeights
from workorder_core.scheduling.explaining import explain
from workorder_core.scheduling.loads import loads
from workorder_core.scheduling.placing import Draft
from workorder_core.scheduling.problem import Need
from workorder_core.scheduling.reserves import held, shares_of, worse

LONG = a_job("1", minutes=300, place="home")
SHORT = a_job("2", minutes=60, place="home", priority=4)
QUARTER = {"fitting": 0.25}
FIVE = a_visit(480, 780)
SIXTH, SEVENTH = a_visit(780, 840, job="2"), a_visit(840, 900, job="3")
DAY_OF_ANN = a_problem(LONG, SHORT, replace(SHORT, id="3", number="N-3"), held_back=QUARTER)


def sentences(problem, plan):
    return [each.sentence for each in check(problem, plan) if each.rule is Rule.RESERVE]


def test_work_up_to_the_share_is_planned_and_no_more():
    assert sentences(DAY_OF_ANN, a_plan(FIVE, SIXTH)) == []
    (broken,) = check(DAY_OF_ANN, a_plan(FIVE, SIXTH, SEVENTH))
    assert (broken.rule, broken.job) == (Rule.RESERVE, "3"), "the least urgent gives way"
    assert broken.sentence == "25% of fitting is kept for emergencies: 7.0 h of 8.0 h are planned Mon."
    assert check(replace(DAY_OF_ANN, held_back={}), a_plan(FIVE, SIXTH, SEVENTH)) == ()


def test_emergencies_have_what_is_held_back():
    urgent = a_problem(LONG, SHORT, a_job("3", place="home", emergency=True), held_back=QUARTER)
    assert sentences(urgent, a_plan(FIVE, SIXTH, SEVENTH)) == []
    assert Draft(urgent, (FIVE, SIXTH)).places(urgent.jobs[2])


def test_what_is_settled_keeps_its_hours():
    pinned = tuple(
        replace(job, pinned=visit) for job, visit in zip(DAY_OF_ANN.jobs, (FIVE, SIXTH, SEVENTH), strict=True)
    )
    assert sentences(replace(DAY_OF_ANN, jobs=pinned), a_plan(FIVE, SIXTH, SEVENTH)) == []


def test_those_who_have_the_skill_hold_it_back_together():
    two = replace(DAY_OF_ANN, people=(ann(), bob(skills={"fitting": 1})))
    assert sentences(two, a_plan(FIVE, SIXTH, SEVENTH)) == []
    assert sentences(replace(two, people=(ann(), bob(skills={"welding": 1}))), a_plan(FIVE, SIXTH, SEVENTH)) != []


def test_ways_count_and_a_change_that_leaves_more_is_no_worse():
    far = replace(DAY_OF_ANN, jobs=(LONG, replace(SHORT, place="hall"), DAY_OF_ANN.jobs[2]))
    there = held(far, a_plan(FIVE, a_visit(810, 870, job="2")))
    assert [(each.used, each.free) for each in there] == [(420, -60)]
    assert worse(there, held(far, a_plan(FIVE, a_visit(810, 870, job="2")))) == []
    assert worse(held(far, a_plan(FIVE)), there) == there


def test_an_explanation_says_that_hours_are_held_back():
    why = explain(DAY_OF_ANN, a_plan(FIVE, SIXTH), DAY_OF_ANN.jobs[2])
    assert "if nothing were held back for emergencies" in why.sentence
    later = replace(DAY_OF_ANN, people=(ann(workdays=(a_day(), a_day(1))),), dates=2)
    places = Draft(later, (FIVE, SIXTH)).places(later.jobs[2])
    assert {each.visit.starts // DAY for each in places} == {1}


def test_the_load_says_how_much_is_held_back():
    needed = tuple(replace(job, needs=(Need("fitting", 1),)) for job in DAY_OF_ANN.jobs)
    (load,) = loads(replace(DAY_OF_ANN, jobs=needed))
    assert (load.capacity, load.held_back) == (480, 120)
    assert load.sentence.endswith("; 2 h of it are held back for emergencies.")


@pytest.mark.parametrize("given", [0.2, {"fitting": "0.2"}, {"fitting": 1}, {"fitting": -0.1}, {"fitting": True}])
def test_a_share_that_cannot_be_held_back_is_refused(given):
    with pytest.raises(InvalidWeights, match="held_back"):
        shares_of({"held_back": given})


def test_a_site_begins_without_anything_held_back():
    assert shares_of({}) == {}
