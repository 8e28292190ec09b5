"""What the detector of single series tells, and what it keeps quiet about."""

import copy
import math
import pickle
import random

import pytest

from bench.detectors.rare_course import RareCourse


def scores(values: list[float], detector: RareCourse | None = None) -> list[float]:
    detector = detector or RareCourse()
    said = []
    for value in values:
        said.append(detector.score_one({"value": value}))
        detector.learn_one({"value": value})
    return said


def noise(count: int, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    return [20.0 + rng.uniform(-2.0, 2.0) for _ in range(count)]


def with_spikes(every: int, height: float, count: int = 3000) -> list[float]:
    return [value + (height if k % every == 0 else 0.0) for k, value in enumerate(noise(count))]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("spike", lambda k, v: v + 12.0 if k == 2000 else v),
        ("level", lambda k, v: v + 2.5 if k >= 2000 else v),
        ("spread", lambda k, v: 20.0 + 4.0 * (v - 20.0) if k >= 2000 else v),
        ("stop", lambda k, v: 0.0 if k >= 2000 else v),
    ],
)
def test_a_change_of_any_kind_is_told_soon(name, change):
    said = scores([change(k, v) for k, v in enumerate(noise(2200))])
    assert max(said[300:2000]) < 0.5, name
    assert max(said[2000:2060]) > 0.5, name


def test_a_signal_that_always_had_spikes_needs_a_greater_one():
    said = scores([*with_spikes(97, 8.0), 28.5, *noise(50)])
    assert max(said[1500:]) < 0.5
    assert max(scores([*noise(3000), 28.5])[3000:]) > 0.5


def test_an_episode_is_one_piece_of_news():
    said = scores([*noise(2000), *(value + 15.0 for value in noise(100, 2))])
    told = [k for k, score in enumerate(said) if score >= 0.5]
    assert told[0] == 2000
    assert len(told) <= 5


def test_a_constant_signal_and_the_warm_up_say_nothing():
    assert set(scores([45.0] * 2000)) == {0.0}
    assert set(scores([*noise(200), 1e6])) == {0.0}


def test_a_value_that_is_no_number_is_passed_over():
    with_holes = [math.nan if k % 50 == 3 else value for k, value in enumerate(noise(1000))]
    detector = RareCourse()
    assert all(math.isfinite(score) for score in scores(with_holes, detector))
    assert detector.score_one({}) == 0.0


def test_scoring_changes_nothing_and_a_copy_goes_on_the_same():
    detector = RareCourse()
    scores(noise(1000), detector)
    before = pickle.dumps(detector)
    detector.score_one({"value": 40.0})
    assert pickle.dumps(detector) == before
    other = copy.deepcopy(detector)
    rest = noise(500, 3)
    assert scores(rest, detector) == scores(rest, other)


def days(count: int, missing: int | None = None) -> list[dict[str, float]]:
    """Days of 48 frames with a peak at noon; of one day it does not come."""
    rng = random.Random(4)
    peak = [80.0 if 20 <= k % 48 < 28 and k // 48 != missing else 20.0 for k in range(48 * count)]
    return [{"value": v + rng.uniform(-3.0, 3.0), "hour": k % 48 / 48} for k, v in enumerate(peak)]


def told(frames: list[dict[str, float]], detector: RareCourse) -> list[float]:
    said = []
    for frame in frames:
        said.append(detector.score_one(frame))
        detector.learn_one(frame)
    return said


def test_what_does_not_come_at_its_time_of_the_day_is_told_where_the_time_is():
    knows = told(days(30, missing=25), RareCourse(warmup=200, phase="hour", places=48))
    assert max(knows[200 : 25 * 48]) < 0.5
    assert max(knows[25 * 48 + 20 : 25 * 48 + 30]) > 0.5
    assert max(knows[27 * 48 :]) < 0.5
    blind = told(days(30, missing=25), RareCourse(warmup=200))
    assert max(blind[200:]) < 0.5


def test_without_a_time_a_frame_is_judged_by_the_rest():
    detector = RareCourse(phase="hour", places=24)
    assert scores([*noise(2000), 40.0], detector)[-1] > 0.5
    assert detector.score_one({"hour": 0.5}) == 0.0
