"""What is too far out for what has been seen of a signal, and what lets its range grow."""

import random

import numpy as np
import pytest

from judge.lane import lane_kernel
from workorder_core.plant import seen
from workorder_core.plant.seen import BORNE_OUT, LEAST, Seen, add_frame


def after(*values: float) -> Seen:
    known = Seen()
    for value in values:
        known.add(value)
    return known


def ordinary(level: float = 50.0, count: int = LEAST + 100) -> list[float]:
    r = random.Random(1)
    return [level * (1 + 0.01 * r.random()) for _ in range(count)]


def told(known: Seen, *values: float) -> list[bool]:
    return [known.add(value) for value in values]


def test_a_number_that_no_such_signal_shows_is_too_far_out():
    for value in (65535.0, -1e6, 3.4e38):
        assert told(after(*ordinary()), value, 50.0) == [True, False]


def test_a_real_change_and_a_real_fault_are_not():
    assert told(after(*ordinary()), -127.0, 850.0, 3_000.0) == [False, False, False]
    assert told(after(*ordinary(0.02)), 4.5, 300.0, 3_000.0) == [False, False, False]


@pytest.mark.parametrize("at_rest", [[0.0] * 5_000, [0.01, -0.01] * 2_500])
def test_what_a_machine_at_rest_shows_says_nothing_of_what_it_shows_when_it_runs(at_rest):
    assert told(after(*at_rest), 3_000.0, 2_990.0) == [False, False]


def test_before_there_are_values_enough_nothing_is():
    assert told(after(*ordinary(count=LEAST - 2)), 1e9) == [False]


def test_one_or_two_impossible_values_move_nothing_and_a_third_is_a_move():
    known = after(*ordinary())
    before = known.bound
    assert told(known, 1e9, 1e9) == [True, True]
    assert known.bound == before
    assert told(known, 2e9) == [False]
    assert known.largest == 1e9


def test_values_that_come_now_and_then_are_borne_out_too():
    known = after(*ordinary())
    assert told(known, *[50.0, 1e6] * BORNE_OUT)[1::2] == [True, True, False]


def test_glitches_that_lie_far_apart_never_move_it_not_even_among_the_first_values():
    known = Seen()
    for number, value in enumerate(ordinary(count=3_000)):
        known.add(1e15 if number % 400 == 7 else value)
    assert 50.0 <= known.largest < 51.0


def test_a_record_of_noise_bears_no_impossible_value_out_nor_keeps_a_move_from_being_borne_out():
    known = after(*ordinary(), 51.0)
    assert told(known, 1e6, 50.9, 1e6, 1e6) == [True, False, True, False]
    assert known.largest == 1e6


def test_a_frame_names_the_signals_that_are_too_far_out():
    known: dict[str, Seen] = {}
    for value in ordinary():
        assert add_frame(known, {"temp": value, "flow": 3.0}) == ()
    assert add_frame(known, {"temp": 1e6, "flow": 3.0, "new": 1e9}) == ("temp",)


def test_its_state_goes_on_from_a_dump():
    known = after(*ordinary(), 1e6)
    again = Seen(*known.dump())
    assert told(again, 1e6, 1e6) == [True, False]


def test_the_compiled_lane_uses_the_same_constants():
    for name in ("LEAST", "BORNE_OUT", "RECENT", "FLOOR", "FACTOR"):
        assert getattr(lane_kernel, name) == getattr(seen, name)


@pytest.mark.parametrize("seed", range(40))
def test_the_compiled_lane_sees_what_is_seen_of_every_value_that_is_not_too_far_out(seed):
    r = random.Random(seed)
    known = Seen()
    signals = np.zeros((1, lane_kernel.SIGNAL), dtype=np.int64)
    numbers = np.zeros((1, lane_kernel.NUMBERS))
    moved = 0
    for _ in range(3_000):
        size = r.choice([0.0, 0.5, 1.0, 1.0, 1.0, 1.01, 900.0, 5e3, 1e5, 1e9])
        value = size * r.choice([1, -1]) * r.random()
        before = known.largest
        if known.too_far(value):
            continue
        assert not known.add(value)
        lane_kernel._see(signals, numbers, 0, abs(value))
        moved += known.largest != before
        count, higher, since = (int(signals[0, i]) for i in (lane_kernel.SEEN, lane_kernel.HIGHER, lane_kernel.SINCE))
        largest, least_higher = (float(numbers[0, i]) for i in (lane_kernel.LARGEST, lane_kernel.LEAST_HIGHER))
        assert [count, largest, higher, least_higher, since] == known.dump()
    assert moved
