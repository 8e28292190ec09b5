import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import trend


def test_a_line_reaches_its_limit_when_it_should():
    found = trend.towards(range(20), [50 + 2 * hour for hour in range(20)], 105)
    assert found is not None and found.certain
    assert (found.slope, found.level) == pytest.approx((2.0, 88.0))
    assert (found.until, found.earliest, found.latest) == pytest.approx((8.5, 8.5, 8.5))


def test_a_spike_does_not_bend_it_and_noise_widens_it():
    rng = np.random.default_rng(3)
    times = np.arange(60.0)
    values = 50 + 0.5 * times + rng.normal(0, 1, 60)
    values[[10, 40]] = 500
    found = trend.towards(times, values, 100)
    assert found is not None and found.certain
    assert found.earliest < 40 < found.latest
    assert found.slope == pytest.approx(0.5, abs=0.05)


def test_what_does_not_move_or_moves_away_never_arrives():
    rng = np.random.default_rng(4)
    still = trend.towards(np.arange(50.0), rng.normal(0, 1, 50), 100)
    away = trend.towards(np.arange(50.0), -np.arange(50.0), 100)
    assert still is not None and not still.certain
    assert away is not None and away.until == math.inf == away.earliest


def test_what_is_beyond_its_limit_is_there_already():
    above = trend.towards(range(20), [50 + 2 * hour for hour in range(20)], 60)
    below = trend.towards(range(20), [50 - 2 * hour for hour in range(20)], 20, upper=False)
    coming = trend.towards(range(20), [50 - 2 * hour for hour in range(20)], 0, upper=False)
    assert above is not None and above.until == above.latest == 0.0
    assert below is not None and below.until == 0.0
    assert coming is not None and coming.until == pytest.approx(6.0)


def test_too_few_points_say_nothing_and_missing_ones_are_left_out():
    assert trend.towards(range(7), range(7), 10) is None
    values = [float(hour) for hour in range(20)]
    values[3] = values[11] = math.nan
    found = trend.towards(range(20), values, 29)
    assert found is not None and found.until == pytest.approx(10)


@pytest.mark.parametrize(("arguments", "problem"), [(([1], [1, 2], 3), "1 times and 2"), (([1], [1], 3), "confidence")])
def test_what_cannot_be_asked_is_told(arguments, problem):
    with pytest.raises(ValueError, match=problem):
        trend.towards(*arguments, confidence=1.5 if problem == "confidence" else 0.9)


@given(st.floats(-5, 5).filter(lambda slope: abs(slope) > 1e-3), st.floats(1, 100))
def test_twice_as_steep_arrives_in_half_the_time(slope, gap):
    times = [float(each) for each in range(10)]
    one, two = (
        trend.towards(times, [factor * slope * (at - 9) for at in times], math.copysign(gap, slope), upper=slope > 0)
        for factor in (1.0, 2.0)
    )
    assert one is not None and two is not None
    assert one.until == pytest.approx(2 * two.until, rel=1e-6)
