"""Plans for a plant: whatever the plant, a plan keeps every rule, leaves alone what is settled, and comes out the same
again."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.scheduling.apart import Planner, PlanningEnded
from runtime.scheduling.planning import Effort, plan
from tests.workorder_core.scheduling.made_up import DAY, a_day, a_job, a_plan, a_plant, a_problem, a_visit, ann, bob
from workorder_core.scheduling.checking import check
from workorder_core.scheduling.costing import cost
from workorder_core.scheduling.problem import Means, Need, Problem, Span, Visit
from workorder_core.scheduling.tours import settled

pytestmark = pytest.mark.slow  # compiling takes half a minute, once

SHORT = Effort(iterations=300)
FOUR = [a_job(str(number), place="yard" if number % 2 else "hall") for number in range(4)]


def visits(problem: Problem, seed: int = 1) -> dict[str, Visit]:
    found = plan(problem, seed=seed, effort=SHORT)
    assert check(problem, found.plan) == () and found.broken == ()
    return {visit.job: visit for visit in found.plan.visits}


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_every_plan_keeps_every_rule_and_what_is_settled_never_moves(seed: int) -> None:
    problem = a_plant(seed)
    found = plan(problem, seed=seed, effort=SHORT)
    own_faults = {each.sentence for each in found.broken}
    assert [each for each in check(problem, found.plan) if each.sentence not in own_faults] == []
    planned = {visit.job: visit for visit in found.plan.visits}
    assert {job: planned.get(job) for job in settled(problem)} == settled(problem)
    assert set(found.unscheduled) == {job.id for job in problem.jobs} - planned.keys()
    assert found.cost == cost(problem, found.plan).total


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.sampled_from([0.1, 0.3, 0.6]))
def test_every_plan_leaves_free_what_is_held_back(seed: int, share: float) -> None:
    drawn = a_plant(seed)
    jobs = tuple(replace(job, emergency=number % 4 == 0) for number, job in enumerate(drawn.jobs))
    skills = {skill for person in drawn.people for skill in person.skills}
    problem = replace(drawn, jobs=jobs, held_back=dict.fromkeys(sorted(skills), share))
    found = plan(problem, seed=seed, effort=SHORT)
    own_faults = {each.sentence for each in found.broken}
    assert [each for each in check(problem, found.plan) if each.sentence not in own_faults] == []
    again = plan(problem, seed=seed, effort=SHORT, start=found.plan)
    assert [each for each in check(problem, again.plan) if each.sentence not in own_faults] == []


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_same_seed_and_iterations_give_the_same_plan(seed: int) -> None:
    problem = a_plant(seed)
    assert plan(problem, seed=seed, effort=SHORT) == plan(problem, seed=seed, effort=SHORT)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_planning_anew_is_no_dearer_than_the_plan_that_it_begins_with(seed: int) -> None:
    problem = a_plant(seed)
    first = plan(problem, seed=seed, effort=SHORT)
    again = plan(problem, seed=seed + 1, effort=SHORT, start=first.plan)
    assert again.cost <= first.cost + 1e-6


def test_everything_that_fits_is_planned() -> None:
    assert len(visits(a_problem(*FOUR))) == 4


def test_a_problem_of_nothing_is_a_plan_of_nothing() -> None:
    assert plan(a_problem(people=(ann(workdays=()),)), seed=1, effort=SHORT).unscheduled == ("1",)


def test_the_one_with_the_skill_does_it() -> None:
    welds = a_job(needs=(Need("welding", 2),))
    assert visits(a_problem(welds, people=(ann(), bob(skills={"welding": 2}))))["1"].people == ("bob",)


def test_what_fails_soonest_is_done_first() -> None:
    wears = a_job("2", waiting=((480, 0.0), (960, 5000.0)))
    found = visits(a_problem(a_job(), wears))
    assert found["2"].starts < found["1"].starts


def test_a_crew_comes_together() -> None:
    pair = a_job("9", crew=2)
    found = visits(a_problem(*FOUR, pair, people=(ann(), bob())))
    assert found["9"].people == ("ann", "bob") and len(found) == 5


def test_a_tool_is_in_one_place() -> None:
    lifts = [a_job(str(number), tools=frozenset({"crane"})) for number in range(4)]
    crane = Means(code="crane", name="Crane", taken=(Span(0, 560),))
    assert len(visits(a_problem(*lifts, people=(ann(), bob()), means=(crane,)))) == 4


def test_one_job_waits_for_another() -> None:
    found = visits(a_problem(a_job(), a_job("2", after=("1",)), people=(ann(), bob())))
    assert found["2"].starts >= found["1"].ends


def test_who_is_on_the_road_goes_on_from_there() -> None:
    on_the_road = ann(workdays=(a_day(start_place="yard", left_at=600),))
    assert visits(a_problem(people=(on_the_road,)))["1"].starts == 610


def test_a_pinned_visit_that_breaks_a_rule_is_named_and_the_rest_is_planned() -> None:
    on_sunday = a_job(pinned=a_visit(DAY * 6, DAY * 6 + 60))
    found = plan(a_problem(on_sunday, a_job("2")), seed=1, effort=SHORT)
    assert [each.job for each in found.broken] == ["1"] and found.unscheduled == ()


def test_telling_people_otherwise_is_avoided() -> None:
    told = [a_job(str(k), published=a_visit(510 + 60 * k, 570 + 60 * k, job=str(k))) for k in range(4)]
    start = a_plan(*(job.published for job in told if job.published))
    problem = a_problem(*told, people=(ann(), bob()))
    assert plan(problem, seed=1, effort=SHORT, start=start).plan == start


@pytest.fixture(scope="module")
def planner() -> Iterator[Planner]:
    with Planner() as planner:
        yield planner


def test_another_process_finds_the_same_plan_and_says_how_far_it_is(planner: Planner) -> None:
    heard: list[float] = []
    problem = a_plant(7)
    found = planner.plan(problem, seed=1, effort=SHORT, limit_s=300, progress=lambda share, _cost: heard.append(share))
    assert found == plan(problem, seed=1, effort=SHORT) and heard[-1] == pytest.approx(1.0)


def test_a_search_that_takes_too_long_is_ended_and_the_next_one_works(planner: Planner) -> None:
    with pytest.raises(PlanningEnded, match=r"longer than 0\.2 s"):
        planner.plan(a_problem(*FOUR), seed=1, effort=Effort(seconds=600), limit_s=0.2)
    with pytest.raises(PlanningEnded, match="stopped"):
        planner.plan(a_problem(*FOUR), seed=1, effort=Effort(seconds=600), limit_s=600, stopped=lambda: True)
    assert planner.plan(a_problem(*FOUR), seed=1, effort=SHORT, limit_s=300).unscheduled == ()


def test_what_fails_in_the_other_process_is_said(planner: Planner) -> None:
    with pytest.raises(PlanningEnded, match="KeyError"):
        planner.plan(a_problem(a_job(place="nowhere")), seed=1, effort=SHORT, limit_s=300)
