"""Likely failure modes and conditions that are over, the ids of orders, and quiet periods."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workorder_core.findings import (
    HOT,
    HOUR,
    MIN,
    POLICY,
    SAFETY,
    SHAKES,
    UNKNOWN,
    A,
    B,
    a_finding,
    an_order,
    opened,
    told,
)
from workorder_core.intake.decisions import AddEvidence, Ignore, Merge, Open, Refine, Upgrade
from workorder_core.intake.intake import Policy, clear, decide, quiet_period
from workorder_core.words import WHOLE_MACHINE, Status


def test_a_shorter_patience_decides_sooner():
    hasty = Policy(repeat_quiet=MIN, settling=MIN, after_end=MIN)
    assert told(decide(a_finding(2 * MIN), [an_order()], hasty)) == "evidence for A"
    assert told(decide(a_finding(2 * MIN), [an_order(status=Status.COMPLETED)], hasty)) == "rework A, DEGRADING"
    assert told(decide(a_finding(2 * MIN), [an_order(status=Status.CLOSED)], hasty)) == "open, follows A"


OVER = replace(a_finding(5 * MIN), cleared=True)


@pytest.mark.parametrize(
    ("orders", "told_to"),
    [
        ([], None),
        ([an_order()], A),
        ([an_order(status=Status.COMPLETED)], A),
        ([an_order(status=Status.CLOSED)], None),
        ([an_order(SHAKES)], None),
        ([an_order(component="seal")], None),
        ([replace(an_order(), cleared=frozenset({"rule:test"}))], None),
        ([replace(an_order(), cleared=frozenset({"rule:other"}))], A),
    ],
)
def test_the_order_of_a_condition_that_is_over_is_told_once(orders, told_to):
    decision = clear(OVER, orders)
    assert (None if decision is None else decision.order_id) == told_to


@pytest.mark.parametrize(
    ("evidence", "hours"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 24), (7, 24), (1_000_000, 24)]
)
def test_quiet_periods_double_up_to_a_day(evidence, hours):
    assert quiet_period(evidence, POLICY) == timedelta(hours=hours)


def test_the_same_history_gives_the_same_order_the_same_id():
    assert opened(a_finding(), []) == opened(a_finding(), [])


OTHER = {
    "another asset's time": a_finding(MIN),
    "another failure mode": a_finding(mode=SHAKES),
    "another component": a_finding(component="seal"),
}


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER.keys())
def test_different_faults_have_different_ids(other):
    assert opened(other, []) != opened(a_finding(), [])


def test_a_fault_that_ends_and_comes_worse_within_one_moment_is_a_new_order():
    again = opened(a_finding(severity=SAFETY), [an_order(status=Status.CANCELLED)])
    assert again != opened(a_finding(), [])


def likely(after=timedelta(0), mode=SHAKES, **facts):
    """A finding whose failure mode is told from the pattern of its signals."""
    return replace(a_finding(after, mode, **facts), inferred=True)


def a_guess(mode=SHAKES, **facts):
    """An order whose failure mode is a likely one."""
    return replace(an_order(mode, **facts), inferred=True)


OF_LIKELY = {
    "a likely mode opens an order": (likely(), [], Open),
    "it says more than an order that did not know": (likely(MIN), [an_order(UNKNOWN)], Refine),
    "what is likely changes from hour to hour, the order does not": (likely(2 * HOUR, HOT), [a_guess()], AddEvidence),
    "it asks the same question again": (likely(MIN), [a_guess()], Ignore),
    "nothing is said of an order in work": (likely(MIN), [an_order(UNKNOWN, Status.IN_PROGRESS)], Ignore),
    "who knows nothing joins it": (a_finding(2 * HOUR, UNKNOWN), [a_guess()], AddEvidence),
    "it supports the order that knows": (likely(2 * HOUR), [an_order(HOT)], AddEvidence),
    "a finding that has seen the failure corrects it": (a_finding(MIN, HOT), [a_guess()], Refine),
    "and confirms it at once": (a_finding(MIN, SHAKES), [a_guess()], AddEvidence),
    "worse than guessed is worse": (a_finding(MIN, SHAKES, severity=SAFETY), [a_guess()], Upgrade),
    "another fault's signals are another fault": (a_finding(MIN, HOT, signs={"flow": 1.0}), [a_guess()], Open),
    "the guess of a fault that has an order": (a_finding(MIN, HOT), [an_order(HOT, order_id=B), a_guess()], Merge),
}


@pytest.mark.parametrize("name", OF_LIKELY)
def test_a_likely_failure_mode_is_an_open_question(name):
    finding, orders, expected = OF_LIKELY[name]
    assert isinstance(decide(finding, orders, POLICY), expected)


def test_what_a_likely_mode_says_of_an_order_that_did_not_know():
    found = decide(likely(MIN, component="rotor"), [an_order(UNKNOWN, component=WHOLE_MACHINE)], POLICY)
    assert isinstance(found, Refine)
    assert (found.component, found.failure_mode) == ("rotor", SHAKES)


def test_a_question_never_takes_the_name_of_another_order():
    orders = [an_order(SHAKES, component="rotor", order_id=B, seen=-30 * HOUR), an_order(UNKNOWN)]
    found = decide(likely(2 * HOUR, component="rotor"), orders, POLICY)
    assert isinstance(found, AddEvidence)
    assert found.order_id == B


def test_the_end_of_a_models_alarm_is_told_to_what_it_was_a_guess_of():
    over = replace(a_finding(MIN, UNKNOWN, component=WHOLE_MACHINE), cleared=True)
    assert clear(over, [a_guess()]) is not None
    assert clear(over, [an_order(HOT)]) is None
