"""Why a job is not in a plan: the reason is the right one, and without it the job does fit."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.workorder_core.scheduling.made_up import DAY, a_day, a_job, a_plan, a_plant, a_problem, a_visit, ann, bob
from workorder_core.scheduling.checking import Rule, check
from workorder_core.scheduling.comparing import compare, suggest
from workorder_core.scheduling.costing import cost
from workorder_core.scheduling.explaining import Why, explain
from workorder_core.scheduling.loads import loads
from workorder_core.scheduling.placing import Draft
from workorder_core.scheduling.problem import Need, Plan, Problem, Span
from workorder_core.scheduling.relaxing import Relaxed, relax
from workorder_core.scheduling.tours import settled

LONG = a_job("2", minutes=450, priority=3)
HV = a_job(certificates=frozenset({"hv"}))

CERTIFICATE = (
    "Nobody is allowed to do it with the skills and valid certificates that it needs. "
    "It would fit Mon 08:30 if Ann's certificate hv were valid."
)
NO_TIME = (
    "Those who can do it have no free time for it. It would fit Mon 08:30 if there were one more person like Ann. "
    "Or Mon 08:30 in place of NTH-2, which costs less to leave out."
)
REASONS = {
    "a skill that nobody has": (
        a_problem(a_job(needs=(Need("welding", 3),)), people=(ann(), bob(skills={"welding": 2}))), a_plan(),
        "Nobody has welding at level 3. It would fit Mon 08:30 if Ann had welding at level 3.",
    ),
    "a certificate that has expired": (
        a_problem(HV, people=(ann(certificates={"hv": 300}), bob(workdays=()))), a_plan(),
        CERTIFICATE,
    ),
    "a permit": (
        a_problem(a_job(blocked="its permit is missing.")), a_plan(),
        "NTH-1 cannot be planned: its permit is missing. It would fit Mon 08:30 if what blocks it were settled.",
    ),
    "parts that come too late": (
        a_problem(a_job(not_before=2 * DAY)), a_plan(),
        "Nobody who can do it works when it can be done. It would fit Mon 08:30 if its parts were there earlier.",
    ),
    "no time beside what is worth less": (
        a_problem(a_job(priority=1), LONG), a_plan(a_visit(510, 960, job="2")),
        NO_TIME,
    ),
    "it fits": (a_problem(), a_plan(), "It fits Mon 08:30."),
    "too dear": (
        a_problem(a_job(priority=5), people=(ann(hour_costs=100.0),)), a_plan(),
        "It would fit Mon 08:30, but that costs 200 more than leaving it out.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REASONS)
def test_the_sentence_names_the_reason_and_what_would_help(name: str) -> None:
    problem, plan, sentence = REASONS[name]
    assert explain(problem, plan, problem.jobs[0]).sentence == sentence


def test_another_may_make_room_by_moving_to_a_later_day() -> None:
    job = a_job(windows=(Span(510, 570),))
    other = a_job("2", windows=(Span(510, 570), Span(DAY + 510, DAY + 570)))
    problem = a_problem(job, other, people=(ann(workdays=(a_day(0), a_day(1))),), dates=2)
    why = explain(problem, a_plan(a_visit(510, 570, job="2")), job)
    assert why.sentence.endswith("It would fit Mon 08:30 if NTH-2 moved.") and why.swap
    assert [each.starts for each in why.swap.moves] == [DAY + 510]


def test_each_person_has_their_first_reason() -> None:
    people = (
        ann(skills={}),
        bob(workdays=()),
        ann(code="cid", name="Cid", certificates={}),
        ann(code="dan", name="Dan", certificates={"hv": None}),
    )
    job = replace(HV, needs=(Need("fitting", 3),))
    dan_s = a_visit(510, 960, "dan", job="2")
    problem = a_problem(job, a_job("2", pinned=dan_s), people=people)
    assert [(each.person, each.rule) for each in explain(problem, a_plan(dan_s), job).people] == [
        ("ann", Rule.SKILL), ("bob", Rule.CERTIFICATE), ("cid", Rule.CERTIFICATE), ("dan", Rule.TRAVEL),
    ]  # fmt: skip


def explained(problem: Problem) -> tuple[Plan, list[Why]]:
    """Return a plan made by placing each job where it is cheapest, and why each other is not in it."""
    draft = Draft(problem, settled(problem).values())
    placed = True
    while placed:
        placed = False
        for job in problem.jobs:
            for place in draft.places(job)[:1]:
                draft.apply(place)
                placed = True
    plan = draft.plan()
    return plan, [explain(problem, plan, job) for job in problem.jobs if job.id not in draft.at]


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(seed=st.integers(0, 10**6))
@example(seed=114966)  # where the cheapest of two is too slow to give the tool back in time
def test_without_the_named_constraints_the_job_fits_and_with_any_of_them_it_does_not(seed: int) -> None:
    problem = a_plant(seed)
    plan, reasons = explained(problem)
    jobs = {job.id: job for job in problem.jobs}
    for why in reasons:
        assert len(why.people) == len(problem.people)
        assert why.options or not any(person.workdays for person in problem.people)
        for option in why.options:
            without = relax(problem, jobs[why.job], option.without)
            changed = next(job for job in without.jobs if job.id == why.job)
            assert Draft(without, plan.visits).places(changed)
            for each in option.without:
                fewer = relax(problem, jobs[why.job], [one for one in option.without if one != each])
                again = next(job for job in fewer.jobs if job.id == why.job)
                assert not Draft(fewer, plan.visits).places(again)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_swap_keeps_every_rule_and_saves_what_it_says(seed: int) -> None:
    problem = a_plant(seed)
    plan, reasons = explained(problem)
    known = {each.sentence for each in check(problem, plan)}
    for swap in (why.swap for why in reasons if why.swap):
        draft = Draft(problem, plan.visits)
        for job in [*(each.job for each in swap.moves), *swap.out]:
            draft.remove(job)
        for visit in (swap.visit, *swap.moves):
            places = draft.places(draft.jobs[visit.job])
            draft.apply(next(each for each in places if each.visit == visit))
        assert {each.sentence for each in check(problem, draft.plan())} <= known
        before, after = cost(problem, plan), cost(problem, draft.plan())
        grown = (after.total - after.unfairness) - (before.total - before.unfairness)
        assert grown == pytest.approx(-swap.saves, abs=1e-6)


def test_demand_is_compared_with_the_hours_of_those_who_have_the_skill() -> None:
    jobs = [a_job(str(number), minutes=240, needs=(Need("fitting", 3),)) for number in range(4)]
    welds = a_job("9", needs=(Need("welding", 1),))
    found = loads(a_problem(*jobs, welds, people=(ann(), bob(skills={"fitting": 2}))))
    assert [each.sentence for each in found] == [
        "Nobody has welding at level 1.", "Demand is 2.0 × capacity for fitting at level 3.",
    ]  # fmt: skip


def test_three_times_are_suggested_the_cheapest_first() -> None:
    job = a_job("2", waiting=((480, 0.0), (960, 480.0)))
    problem = a_problem(a_job(), job, people=(ann(), bob(workdays=(a_day(0), a_day(1)))), dates=2)
    found = suggest(problem, a_plan(a_visit(510, 570)), job)
    assert [each.cost for each in found] == sorted(each.cost for each in found) and len(found) == 2
    assert suggest(problem, a_plan(a_visit(510, 570)), job, count=1) == found[:1]


def test_what_another_plan_alters_is_listed_with_what_both_cost() -> None:
    problem = a_problem(*(a_job(str(number)) for number in range(1, 5)), people=(ann(), bob()))
    before = a_plan(a_visit(), a_visit(700, 760, job="2"), a_visit(800, 860, job="3"))
    after = a_plan(a_visit(), a_visit(700, 760, "bob", job="2"), a_visit(600, 660, "bob", job="4"))
    found = compare(problem, before, after)
    assert [each.job for each in (*found.assigned, *found.moved, *found.dropped)] == ["4", "2", "3"]
    assert (found.before, found.after) == (cost(problem, before), cost(problem, after))


def test_an_extra_person_is_like_the_one_that_is_named() -> None:
    problem = a_problem(a_job(only=frozenset({"ann"})))
    more = relax(problem, problem.jobs[0], [Relaxed(Rule.WORKDAY, "ann")])
    assert [person.code for person in more.people] == ["ann", "ann+"] and more.jobs[0].only == {"ann", "ann+"}
