"""Where a job can go: whatever place is carried out, the plan breaks no rule that it did not break before."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workorder_core.scheduling.made_up import a_job, a_plan, a_plant, a_problem, a_visit, ann, bob
from workorder_core.scheduling.checking import check
from workorder_core.scheduling.costing import cost, leaving_out
from workorder_core.scheduling.placing import Draft
from workorder_core.scheduling.problem import Means, Need, Span
from workorder_core.scheduling.tours import horizon, settled


def starts(draft: Draft, number: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(each.visit.starts, each.visit.people) for each in draft.places(draft.jobs[number])]


def test_what_is_there_moves_to_make_room() -> None:
    problem = a_problem(a_job(), a_job("2", place="yard"))
    draft = Draft(problem, [a_visit(510, 570)])
    assert starts(draft, "2") == [(510, ("ann",)), (580, ("ann",))]
    draft.apply(draft.places(draft.jobs["2"])[0])
    assert draft.at["1"] == a_visit(580, 640) and check(problem, draft.plan()) == ()


def test_what_is_settled_does_not_move() -> None:
    draft = Draft(a_problem(a_job(pinned=a_visit(510, 570)), a_job("2", place="yard")), [a_visit(510, 570)])
    assert starts(draft, "2") == [(580, ("ann",))]


def test_a_crew_begins_when_all_are_free_and_one_has_the_skill() -> None:
    job = a_job("2", crew=2, needs=(Need("welding", 1),))
    people = (ann(), bob(skills={"welding": 1}), ann(code="cid", name="Cid"))
    draft = Draft(a_problem(a_job(pinned=a_visit(510, 570)), job, people=people), [a_visit(510, 570)])
    assert (510, ("bob", "cid")) in starts(draft, "2") and (570, ("ann", "bob")) in starts(draft, "2")
    assert all("bob" in who for _, who in starts(draft, "2"))


def test_a_tool_is_used_by_one_after_the_other() -> None:
    lifts = [a_job(name, tools=frozenset({"crane"})) for name in "12"]
    problem = a_problem(
        *lifts, people=(ann(), bob()), means=(Means(code="crane", name="Crane", taken=(Span(0, 600),)),)
    )
    draft = Draft(problem)
    for job in lifts:
        draft.apply(draft.places(job)[0])
    assert sorted(each.starts for each in draft.plan().visits) == [600, 660]


@settings(max_examples=150)
@given(seed=st.integers(0, 10**6))
def test_every_place_keeps_every_rule_and_costs_what_it_says(seed: int) -> None:
    problem, draw = a_plant(seed), Random(seed)
    draft = Draft(problem, settled(problem).values())
    alone = {each.sentence for each in check(problem, draft.plan())}
    over = horizon(problem)
    for job in problem.jobs:
        places = draft.places(job)
        for place in places[:: max(1, len(places) // 3)]:
            other = draft.copy()
            other.apply(place)
            assert {each.sentence for each in check(problem, other.plan())} <= alone
        if places:
            before = cost(problem, draft.plan())
            chosen = draw.choice(places)
            draft.apply(chosen)
            after = cost(problem, draft.plan())
            grown = (after.total - after.unfairness) - (before.total - before.unfairness)
            assert grown == pytest.approx(chosen.cost - leaving_out(problem, job, over), abs=1e-6)


def test_a_removed_job_leaves_no_trace() -> None:
    problem = a_problem(a_job(), a_job("2", place="yard"))
    draft = Draft(problem, [a_visit(510, 570)])
    other = draft.copy()
    other.apply(other.places(draft.jobs["2"])[-1])
    other.remove("2")
    assert other.plan() == draft.plan() == a_plan(a_visit(510, 570))
