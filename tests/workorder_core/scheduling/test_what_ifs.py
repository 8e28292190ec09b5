"""What if: one more like somebody, one shift more; what it is worth, in money and in orders."""

from dataclasses import replace

import pytest

from tests.workorder_core.scheduling.made_up import DAY, a_day, a_job, a_problem, a_visit, ann, bob
from workorder_core.scheduling.checking import check
from workorder_core.scheduling.costing import cost
from workorder_core.scheduling.problem import Plan
from workorder_core.scheduling.what_ifs import NothingChanged, with_more, with_shift, worth

TWO = a_problem(a_job("1", minutes=420, place="home"), a_job("2", minutes=420, place="home", only=frozenset({"ann"})))
BOTH = Plan(visits=(a_visit(480, 900), a_visit(480, 900, "ann+1", job="2")))


def test_one_more_has_the_same_skills_rates_and_shifts_and_may_do_the_same():
    more = with_more(replace(TWO, people=(ann(workdays=(replace(a_day(), left_at=500),)),)), "ann", 2)
    assert [each.code for each in more.people] == ["ann", "ann+1", "ann+2"]
    assert [each.workdays[0].left_at for each in more.people] == [500, None, None]
    assert check(with_more(TWO, "ann", 1), BOTH) == ()


def test_a_shift_more_is_all_overtime():
    asked = replace(TWO, people=(ann(hour_costs=30.0, overtime_hour_costs=50.0), bob()), dates=2)
    more = with_shift(asked, {"ann"}, 1, DAY + 480, DAY + 960)
    plan = Plan(visits=(a_visit(480, 900), a_visit(DAY + 480, DAY + 900, job="2")))
    assert check(more, plan) == ()
    assert (cost(more, plan).wages, cost(more, plan).overtime) == (7 * 30.0, 7 * 50.0)
    assert more.people[1] == asked.people[1]


@pytest.mark.parametrize(
    "change",
    [
        lambda: with_more(TWO, "eve", 1),
        lambda: with_more(replace(TWO, people=(ann(workdays=()),)), "ann", 1),
        lambda: with_shift(TWO, {"ann"}, 0, 600, 700),
        lambda: with_shift(TWO, {"eve"}, 1, DAY + 480, DAY + 960),
        lambda: with_shift(TWO, {"ann"}, -1, -DAY, -600),
        lambda: with_shift(TWO, {"ann"}, 1, DAY + 480, DAY + 960),
    ],
)
def test_what_changes_nothing_is_refused(change):
    with pytest.raises(NothingChanged):
        change()


def test_the_worth_is_what_the_plan_costs_less_and_the_orders_that_it_has_more():
    one, more = Plan(visits=BOTH.visits[:1]), with_more(TWO, "ann", 1)
    found = worth(TWO.jobs, cost(TWO, one), cost(more, BOTH), left_before=["2"], left_after=[])
    assert found.value == round(cost(TWO, one).total - cost(more, BOTH).total, 2) > 0
    assert (found.gained, found.lost) == ((TWO.jobs[1].number,), ())
    assert found.terms["unscheduled"][1] == 0
