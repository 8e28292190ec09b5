"""What a plan must not do: each rule kept and broken, by one example each."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workorder_core.scheduling.made_up import (
    DAY,
    a_day,
    a_job,
    a_plan,
    a_plant,
    a_problem,
    a_visit,
    ann,
    bob,
)
from workorder_core.scheduling.checking import Rule, check
from workorder_core.scheduling.problem import Means, Need, Plan, Span
from workorder_core.scheduling.tours import leave_at, merged, minutes_between, over_at

NOON = Span(720, 750)
WITH_NOON = ann(workdays=(a_day(breaks=(NOON,)),))
TWO_DAYS = (a_day(0), a_day(1, starts=DAY + 300))
SECOND = a_job("2", place="yard")
CRANE = Means(code="crane", name="Crane", taken=(Span(480, 590),))
LIFT = a_job(tools=frozenset({"crane"}))
OTHER_LIFT = a_job("2", place="yard", tools=frozenset({"crane"}))
PAIR = a_job(crew=2)
BOTH = (ann(), bob())

KEPT = {
    "one visit": (a_problem(), a_plan(a_visit())),
    "nothing planned": (a_problem(), a_plan()),
    "a skill at its level": (a_problem(a_job(needs=(Need("fitting", 3),))), a_plan(a_visit())),
    "a skill that another of the crew has": (
        a_problem(replace(PAIR, needs=(Need("welding", 2),)), people=(ann(), bob(skills={"welding": 2}))),
        a_plan(a_visit(600, 660, "ann", "bob")),
    ),
    "a certificate that ends with the work": (
        a_problem(a_job(certificates=frozenset({"hv"})), people=(ann(certificates={"hv": 660}),)),
        a_plan(a_visit()),
    ),
    "straight from home": (a_problem(), a_plan(a_visit(510, 570))),
    "back home at the end of the overtime": (a_problem(), a_plan(a_visit(930, 990))),
    "a job with a break in it": (a_problem(people=(WITH_NOON,)), a_plan(a_visit(700, 790))),
    "from one to the other": (a_problem(a_job(), SECOND), a_plan(a_visit(), a_visit(670, 730, job="2"))),
    "within its second window": (
        a_problem(a_job(windows=(Span(500, 560), Span(600, 660)))), a_plan(a_visit()),
    ),
    "right after its parts": (a_problem(a_job(not_before=600)), a_plan(a_visit())),
    "after a job that is over already": (a_problem(a_job(after=("gone",))), a_plan(a_visit())),
    "a slow person takes longer": (a_problem(people=(ann(speed=1.5),)), a_plan(a_visit(600, 690))),
    "a pinned visit of another length": (a_problem(a_job(pinned=a_visit(600, 680))), a_plan(a_visit(600, 680))),
    "the tool when it is back": (a_problem(LIFT, means=(CRANE,)), a_plan(a_visit())),
    "a tool brought from hall to yard": (
        a_problem(LIFT, OTHER_LIFT, people=BOTH, means=(CRANE,)),
        a_plan(a_visit(), a_visit(670, 730, "bob", job="2")),
    ),
    "a crew at once": (a_problem(PAIR, people=BOTH), a_plan(a_visit(600, 660, "ann", "bob"))),
    "begun work beyond the shift": (
        a_problem(a_job(begun=True, pinned=a_visit(900, 1100))), a_plan(a_visit(900, 1100)),
    ),
    "published after the freeze and moved": (
        a_problem(a_job(published=a_visit(700, 760)), frozen_until=700), a_plan(a_visit()),
    ),
    "published to somebody who is absent": (
        a_problem(a_job(published=a_visit()), people=(ann(workdays=()), bob()), frozen_until=700),
        a_plan(a_visit(600, 660, "bob")),
    ),
    "published behind work that takes longer": (
        a_problem(
            a_job(begun=True, pinned=a_visit(540, 640)), a_job("2", published=a_visit(job="2")), frozen_until=700
        ),
        a_plan(a_visit(540, 640), a_visit(640, 700, job="2")),
    ),
}  # fmt: skip

BROKEN = {
    "a job that nobody knows": (a_problem(), a_plan(a_visit(job="9")), Rule.KNOWN),
    "somebody whom nobody knows": (a_problem(), a_plan(a_visit(600, 660, "eve")), Rule.KNOWN),
    "planned twice": (a_problem(), a_plan(a_visit(), a_visit(700, 760)), Rule.ONCE),
    "pinned and moved": (a_problem(a_job(pinned=a_visit(700, 760))), a_plan(a_visit()), Rule.SETTLED),
    "pinned and left out": (a_problem(a_job(pinned=a_visit())), a_plan(), Rule.SETTLED),
    "begun and given to another": (
        a_problem(a_job(begun=True, pinned=a_visit()), people=BOTH), a_plan(a_visit(600, 660, "bob")), Rule.SETTLED,
    ),
    "published within the freeze and moved": (
        a_problem(a_job(published=a_visit(690, 750)), frozen_until=700), a_plan(a_visit()), Rule.SETTLED,
    ),
    "blocked": (a_problem(a_job(blocked="its permit is missing")), a_plan(a_visit()), Rule.BLOCKED),
    "alone where two are needed": (a_problem(PAIR, people=BOTH), a_plan(a_visit()), Rule.CREW),
    "one person twice": (a_problem(PAIR, people=BOTH), a_plan(a_visit(600, 660, "ann", "ann")), Rule.CREW),
    "given to another firm": (a_problem(a_job(only=frozenset({"bob"}))), a_plan(a_visit()), Rule.ONLY),
    "a level too low": (a_problem(a_job(needs=(Need("fitting", 4),))), a_plan(a_visit()), Rule.SKILL),
    "a skill that nobody of the crew has": (
        a_problem(replace(PAIR, needs=(Need("welding"),)), people=BOTH),
        a_plan(a_visit(600, 660, "ann", "bob")), Rule.SKILL,
    ),
    "no certificate": (a_problem(a_job(certificates=frozenset({"hv"}))), a_plan(a_visit()), Rule.CERTIFICATE),
    "a certificate that ends during the work": (
        a_problem(a_job(certificates=frozenset({"hv"})), people=(ann(certificates={"hv": 659}),)),
        a_plan(a_visit()), Rule.CERTIFICATE,
    ),
    "in the past": (
        a_problem(people=(ann(workdays=(a_day(starts=-100, left_at=-60),)),)), a_plan(a_visit(-1, 59)), Rule.PAST,
    ),
    "before its parts": (a_problem(a_job(not_before=601)), a_plan(a_visit()), Rule.PARTS),
    "beyond its window": (a_problem(a_job(windows=(Span(600, 659),))), a_plan(a_visit()), Rule.WINDOW),
    "before the job that it follows is over": (
        a_problem(a_job(), a_job("2", after=("1",)), people=BOTH),
        a_plan(a_visit(), a_visit(659, 719, "bob", job="2")), Rule.AFTER,
    ),
    "without the job that it follows": (
        a_problem(a_job(), a_job("2", after=("1",))), a_plan(a_visit(job="2")), Rule.AFTER,
    ),
    "too short": (a_problem(), a_plan(a_visit(600, 659)), Rule.DURATION),
    "a break that is not in its length": (a_problem(people=(WITH_NOON,)), a_plan(a_visit(700, 760)), Rule.DURATION),
    "a tool that the site does not have": (a_problem(LIFT), a_plan(a_visit()), Rule.TOOL),
    "a tool that is taken": (a_problem(LIFT, means=(CRANE,)), a_plan(a_visit(589, 649)), Rule.TOOL),
    "a tool that is on its way": (
        a_problem(LIFT, OTHER_LIFT, people=BOTH, means=(CRANE,)),
        a_plan(a_visit(), a_visit(669, 729, "bob", job="2")), Rule.TOOL,
    ),
    "on a free day": (a_problem(), a_plan(a_visit(DAY + 600, DAY + 660)), Rule.WORKDAY),
    "before one can be there": (a_problem(), a_plan(a_visit(509, 569)), Rule.WORKDAY),
    "before one can be there from the road": (
        a_problem(people=(ann(workdays=(a_day(left_at=600),)),)), a_plan(a_visit(629, 689)), Rule.WORKDAY,
    ),
    "home too late": (a_problem(), a_plan(a_visit(931, 991)), Rule.WORKDAY),
    "beginning in a break": (a_problem(people=(WITH_NOON,)), a_plan(a_visit(730, 810)), Rule.BREAK),
    "two at once": (a_problem(a_job(), SECOND), a_plan(a_visit(), a_visit(659, 719, job="2")), Rule.TRAVEL),
    "no time for the way": (a_problem(a_job(), SECOND), a_plan(a_visit(), a_visit(669, 729, job="2")), Rule.TRAVEL),
    "a way during a break": (
        a_problem(a_job(), SECOND, people=(WITH_NOON,)), a_plan(a_visit(660, 720), a_visit(750, 810, job="2")),
        Rule.TRAVEL,
    ),
    "too short a night": (
        a_problem(a_job(), SECOND, people=(ann(workdays=TWO_DAYS, rest=780),), dates=2),
        a_plan(a_visit(900, 960), a_visit(DAY + 330, DAY + 390, job="2")), Rule.REST,
    ),
    "hours kept for emergencies": (
        a_problem(a_job(minutes=450), held_back={"fitting": 0.25}), a_plan(a_visit(510, 960)), Rule.RESERVE,
    ),
    "too long a week": (
        a_problem(a_job(), SECOND, people=(ann(workdays=TWO_DAYS, most_a_week=230),), dates=2),
        a_plan(a_visit(600, 660), a_visit(DAY + 600, DAY + 660, job="2")), Rule.WEEK,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_what_can_be_carried_out_breaks_nothing(name: str) -> None:
    problem, plan = KEPT[name]
    assert check(problem, plan) == ()


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_carried_out_names_the_one_rule(name: str) -> None:
    problem, plan, rule = BROKEN[name]
    broken = check(problem, plan)
    assert {each.rule for each in broken} == {rule}
    assert all(each.sentence.endswith(".") or rule is Rule.BLOCKED for each in broken)


def test_every_rule_has_an_example() -> None:
    assert {rule for _, _, rule in BROKEN.values()} == set(Rule)


def test_a_sentence_says_who_what_and_when() -> None:
    lacks = a_problem(a_job(certificates=frozenset({"hv"})), people=(ann(certificates={"hv": 640}),))
    assert [each.sentence for each in check(lacks, a_plan(a_visit()))] == [
        "Ann's certificate hv is valid until 2026-03-02 10:40 only."
    ]


spans = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 30)), max_size=4).map(
    lambda pairs: merged(Span(starts, starts + length) for starts, length in pairs)
)


@given(breaks=spans, starts=st.integers(0, 220), minutes=st.integers(0, 120))
def test_work_lasts_as_long_as_its_minutes_outside_of_breaks(breaks, starts: int, minutes: int) -> None:
    ends = over_at(breaks, starts, minutes)
    assert minutes_between(breaks, starts, ends) == minutes
    latest = leave_at(breaks, ends, minutes)
    assert latest >= starts and minutes_between(breaks, latest, ends) == minutes


@given(seed=st.integers(0, 10**6))
def test_checking_any_visits_of_any_plant_raises_nothing_and_is_the_same_in_any_order(seed: int) -> None:
    problem = a_plant(seed)
    visits = tuple(visit for job in problem.jobs for visit in (job.pinned, job.published) if visit is not None)
    there, back = check(problem, Plan(visits=visits)), check(problem, Plan(visits=visits[::-1]))
    assert sorted(each.sentence for each in there) == sorted(each.sentence for each in back)
