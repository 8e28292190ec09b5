"""What the health index of a fleet tells of engines it has not seen, and of faults it has not had."""

from dataclasses import replace

import numpy as np
import pytest

from bench.cmapss_unseen import FAULTS, REFERENCE, Fault, made_up
from models.health_index import HealthIndex

DRIFT = np.array([6.0, -4.0, 2.0, 0.0, -9.0])
"""Where the signals are at the end of a life, in standard deviations; the sixth never varies."""


def life(rng: np.random.Generator, drift: np.ndarray = DRIFT) -> np.ndarray:
    rows = int(rng.integers(150, 260))
    wear = np.exp(-np.arange(rows)[::-1] / 40.0).reshape(-1, 1)
    moving = 100.0 + rng.normal(0, 1, (rows, len(drift))) + rng.normal(0, 5, len(drift)) + wear * drift
    return np.concatenate([moving, np.full((rows, 1), 14.62)], axis=1)


@pytest.fixture(scope="module")
def fleet() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [life(rng) for _ in range(40)]


@pytest.fixture(scope="module")
def index(fleet) -> HealthIndex:
    learned = HealthIndex.learn(fleet)
    return replace(learned, limit=learned.latest_limit([learned.trace(each) for each in fleet], lead=30))


def leads(index: HealthIndex, watched: list[np.ndarray]) -> list[int]:
    alarms = [index.alarm(index.trace(each)) for each in watched]
    assert None not in alarms
    return [len(each) - 1 - at for each, at in zip(watched, alarms, strict=True) if at is not None]


def test_others_of_the_kind_are_called_in_time_and_not_too_early(index):
    rng = np.random.default_rng(2)
    said = leads(index, [life(rng) for _ in range(40)])
    assert np.percentile(said, 5) > 20
    assert max(said) < 110


def test_a_fault_that_moves_signals_the_other_way_is_called_as_well(index):
    rng = np.random.default_rng(3)
    said = leads(index, [life(rng, DRIFT * rng.choice([-1, 1], 5)) for _ in range(40)])
    assert np.percentile(said, 5) > 20
    assert max(said) < 110


def test_a_fault_in_half_of_the_signals_is_called_later_and_before_the_end(index):
    rng = np.random.default_rng(4)
    assert min(leads(index, [life(rng, DRIFT * [1.0, 0.0, 1.0, 0.0, 1.0]) for _ in range(40)])) > 0


def test_what_stays_as_it_was_is_never_called(index):
    rng = np.random.default_rng(5)
    assert [index.alarm(index.trace(life(rng, 0.0 * DRIFT))) for _ in range(40)] == [None] * 40


def test_every_signal_has_its_say_and_one_that_never_moves_has_none(index, fleet):
    assert index.signals == (0, 1, 2, 3, 4), "the one that never varies is left out"
    ends = np.mean([index.deviations(each)[-10:].mean(axis=0) for each in fleet], axis=0)
    says = index.votes * ends
    assert says.sum() == pytest.approx(1.0)
    assert says[3] < 0.02
    assert says[[0, 1, 4]].max() / says[[0, 1, 4]].min() < 1.5, "none outvotes the others"


def test_the_trace_is_worked_by_hand():
    index = HealthIndex((0,), np.array([2.0]), np.array([0.5]), reference=2, smoothing=1.0, pace_over=2, ahead=4)
    frames = np.array([[9.0], [11.0], [10.0], [18.0], [42.0], [42.0]])
    # Against 10, by a spread of 2, and the scale of one frame against a mean of two.
    roots = [0.5 * np.sqrt(off / 2 / np.sqrt(1.5)) for off in (0.0, 8.0, 32.0, 32.0)]
    carried = [roots[0], roots[1], roots[2] + 4 * (roots[2] - roots[0]) / 2, roots[3] + 4 * (roots[3] - roots[1]) / 2]
    assert index.trace(frames) == pytest.approx(np.array([0.0, 0.0, *carried]))


def test_an_alarm_is_sustained():
    index = HealthIndex((), np.empty(0), np.empty(0), limit=1.0, sustained=3)
    assert index.alarm(np.array([0.0, 2.0, 2.0, 0.0, 2.0, 2.0, 2.0, 2.0])) == 6
    assert index.alarm(np.array([0.0, 2.0, 2.0, 0.0, 2.0])) is None
    assert index.alarm(np.array([2.0])) is None


def test_the_limit_is_the_highest_that_leaves_the_lead(fleet, index):
    traces = [index.trace(each) for each in fleet]
    assert np.percentile(leads(index, fleet), 5) >= 30
    higher = [index.alarm(trace, limit=index.limit * 1.01) for trace in traces]
    assert np.percentile([len(t) - 1 - at for t, at in zip(traces, higher, strict=True) if at is not None], 5) < 30


def test_made_up_faults_keep_the_beginning_and_turn_the_course():
    rng = np.random.default_rng(6)
    frames = 50.0 + rng.normal(0, 0.1, (200, 21))
    frames[100:] += np.linspace(0, 5, 100).reshape(-1, 1)
    turned = made_up({7: frames}, Fault("pressures"), rng)[7]
    assert turned[:REFERENCE].mean(axis=0) == pytest.approx(frames[:REFERENCE].mean(axis=0), abs=0.05)
    assert turned[-5:, 6].mean() == pytest.approx(45.0, abs=0.5)
    assert turned[-5:, 7].mean() == pytest.approx(55.0, abs=0.5)
    assert len(made_up({7: frames}, FAULTS["up to 1.5 x as slow"], rng)[7]) > 200
