"""Weibull: known answers, lives that go on, and the lives that orders tell."""

from datetime import UTC, datetime, timedelta
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder_core.reliability.lives import Renewal, lives_of
from workorder_core.reliability.weibull import Life, Weibull, constant, fit

AT = datetime(2026, 11, 1, tzinfo=UTC)


def ended(*days: float) -> list[Life]:
    return [Life(each, failed=True) for each in days]


def day(number: float) -> datetime:
    return AT + timedelta(days=number)


def test_six_failures_of_the_textbook_have_its_shape_and_scale() -> None:
    found = fit(ended(16, 34, 53, 75, 93, 120))
    assert found is not None
    assert (found.shape, found.scale) == (pytest.approx(1.933, abs=5e-4), pytest.approx(73.526, abs=5e-3))
    assert (found.failures, found.lives) == (6, 6)


def test_lives_that_go_on_make_it_longer_and_with_shape_1_the_scale_is_the_time_for_each_failure() -> None:
    lives = ended(16, 34, 53, 75, 93, 120)
    found, longer = fit(lives), fit([*lives, Life(200, failed=False), Life(10, failed=False)])
    assert found is not None and longer is not None
    assert longer.scale > found.scale and (longer.failures, longer.lives) == (6, 8)
    # What maximum likelihood asks of any answer: scale ^ shape is the sum of the powers for each failure.
    powers = sum(each.days**longer.shape for each in [*lives, Life(200, failed=False), Life(10, failed=False)])
    assert longer.scale**longer.shape == pytest.approx(powers / 6)


@given(st.floats(0.01, 1e4))
def test_the_unit_of_time_changes_the_scale_only(factor: float) -> None:
    days = (16, 34, 53, 75, 93, 120)
    one, other = fit(ended(*days)), fit(ended(*(each * factor for each in days)))
    assert one is not None and other is not None
    assert other.shape == pytest.approx(one.shape) and other.scale == pytest.approx(one.scale * factor)


@pytest.mark.parametrize("lives", [[], ended(1, 2), ended(5, 5, 5), ended(0, 3, 4)])
def test_too_few_failures_or_lives_all_alike_say_nothing(lives: list[Life]) -> None:
    assert fit(lives) is None


def test_what_wears_is_likelier_to_fail_the_older_it_is_and_what_fails_by_chance_is_not() -> None:
    worn = Weibull(shape=2.0, scale=100.0, failures=3, lives=3)
    assert worn.failed_within(100.0) == pytest.approx(1 - exp(-1))
    assert worn.failed_within(10.0, age=90.0) == pytest.approx(1 - exp(0.81 - 1))
    curve = worn.survival(AT, age=90.0)
    assert curve.failed_within(10.0) == pytest.approx(worn.failed_within(10.0, age=90.0))
    assert constant(AT, 0.02).failed_within(1.0) == pytest.approx(0.02)
    assert constant(AT, 0.02).failed_within(2.0) == pytest.approx(1 - 0.98**2)


@given(st.floats(0.1, 20), st.floats(1e-3, 1e5), st.floats(0, 1e5))
def test_every_distribution_is_a_survival_function_at_every_age(shape: float, scale: float, age: float) -> None:
    Weibull(shape=shape, scale=scale, failures=3, lives=3).survival(AT, age=age)


def test_lives_run_from_one_renewal_to_the_next_and_the_last_goes_on() -> None:
    found = lives_of(
        day(0),
        [Renewal(day(50), day(51), failed=False), Renewal(day(20), day(22), failed=True)],
        now=day(60),
    )
    assert found.lives == (Life(20, failed=True), Life(28, failed=False), Life(9, failed=False))
    assert found.since == day(51)


def test_a_life_whose_beginning_nobody_knows_is_left_out_and_one_repair_is_one_failure() -> None:
    ends = [Renewal(day(5), day(9), failed=True), Renewal(day(7), day(8), failed=True)]
    assert lives_of(None, ends, now=day(10)).lives == (Life(1, failed=False),)
    assert lives_of(day(6), ends, now=day(10)).since == day(9), "it was there before it was recorded"
    assert lives_of(None, [], now=day(10)).lives == () and lives_of(None, [], now=day(10)).since is None
