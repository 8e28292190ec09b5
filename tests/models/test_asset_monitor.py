"""The promise that the limit keeps, the warm-up by duty cycles, the course, and that all of it survives a restart."""

import itertools
import math
import random
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from models.alarm import Anomaly
from models.asset_monitor import AssetMonitor
from models.calibration import FROM, Calibration
from models.default_detector import DefaultDetector
from models.document import ModelDocument, ModelDocumentError
from models.labels import Labels, factor
from models.residuals import EVERY, GROUP, POINTS, Residual, ResidualHistory
from tests.models.laws import SECOND, stream

DOCUMENT = ModelDocument(regime=("speed",))
MINUTE = 60 * SECOND
MONTH = 30 * 24 * 60


def run(monitor: AssetMonitor, frames: list[tuple[int, dict[str, float]]]) -> list[Anomaly | None]:
    return [monitor.judge(at, values) for at, values in frames]


def heights(rng: random.Random, count: int, mean: float) -> list[float]:
    return [FROM + rng.expovariate(1.0 / mean) for _ in range(count)]


@pytest.mark.parametrize("promised", [0.25, 1.0, 10.0])
@pytest.mark.parametrize("mean", [12.0, 32.0])
def test_the_promised_rate_is_kept_on_heights_that_were_not_seen(promised: float, mean: float) -> None:
    """Four hundred months of excursions, 200 a month, of machines whose sums wander more or less."""
    rng = random.Random(7)
    told = months = 0
    for _ in range(40):
        seen = Calibration()
        for month in range(11):
            limit = seen.limit(promised) if month else math.inf
            for peak in heights(rng, 200, mean):
                told += peak >= limit
                seen.add(peak, limit)
                seen.frames += MONTH / 200
                seen.seconds += MONTH / 200 * 60.0
            months += 1 if month else 0
    assert told / months <= 1.15 * promised + 2.0 * math.sqrt(promised / months)
    # And it is not kept by telling nothing.
    assert told / months >= promised / 3.0


def test_the_limit_falls_with_what_is_known_and_rises_with_what_is_seen() -> None:
    def limit(excursions: int, mean: float) -> float:
        seen = Calibration(frames=float(MONTH), seconds=MONTH * 60.0)
        for _ in range(excursions):
            seen.add(FROM + mean, math.inf)
        return seen.limit(1.0)

    assert limit(50, 6.0) < limit(50, 12.0) < limit(50, 60.0) < limit(200, 60.0)
    assert limit(50, 6.0) < Calibration(frames=1.0, seconds=60.0).limit(1.0)


def test_what_is_expected_at_the_limit_is_the_promise() -> None:
    seen = Calibration(frames=90_000.0, seconds=90_000.0, excursions=70.0, excess=360.0)
    assert seen.expected(seen.limit(1.0)) == pytest.approx(1.0)
    assert seen.expected(2.0 * seen.limit(1.0)) < 1.0


def test_what_a_fault_does_says_little_of_what_is_ordinary() -> None:
    seen = Calibration(frames=float(MONTH), seconds=MONTH * 60.0)
    for _ in range(30):
        seen.add(18.0, 120.0)
    before = seen.limit(1.0)
    for _ in range(3):
        seen.add(15000.0, 120.0)
    assert seen.limit(1.0) < 3.0 * before


def test_a_fault_that_was_confirmed_is_forgotten_and_one_that_was_none_is_not() -> None:
    seen, other = (Calibration(1000.0, 60_000.0, 5.0, 20.0) for _ in range(2))
    before = seen.limit(1.0)
    for each in (seen, other):
        each.add(900.0, 120.0)
        assert each.limit(1.0) > before
    seen.settle(faults=True)
    other.settle(faults=False)
    assert seen.limit(1.0) == before < other.limit(1.0)


def test_a_machine_that_is_calm_is_judged_as_its_document_says() -> None:
    frames = [(60 * at, values) for at, values in stream(6000, shift_at=5000)]
    detector, monitor = DefaultDetector(DOCUMENT), AssetMonitor(DOCUMENT)
    alone, monitored = [detector.judge(*each) for each in frames], run(monitor, frames)
    assert [each is not None for each in alone] == [each is not None for each in monitored]
    last = monitored[-1]
    assert last is not None
    assert 0.0 < last.limit <= last.score <= 1.0


def restless(frames: int, seed: int) -> Iterator[tuple[int, dict[str, float]]]:
    """A healthy machine that now and then jumps aside for some minutes, which the patience alone calls an alarm."""
    rng = random.Random(seed)
    for k, (_, values) in enumerate(stream(frames, seed=seed)):
        if k % 400 == 0:
            aside, until = rng.uniform(4.0, 9.0), k + rng.randrange(10, 60)
        if k > 1000 and k < until:
            values["flow"] += aside
        yield k * MINUTE, values


def episodes(said: list[Anomaly | None]) -> int:
    return sum(1 for before, now in itertools.pairwise(said) if now is not None and before is None)


def test_a_restless_machine_raises_what_was_promised_and_no_more() -> None:
    alone, monitored = DefaultDetector(DOCUMENT), AssetMonitor(DOCUMENT)
    frames = list(restless(MONTH, seed=3))
    without = [alone.judge(*each) for each in frames]
    said = run(monitored, frames)
    half = len(frames) // 2
    assert episodes(without[half:]) > 10, "the promise would be kept by doing nothing"
    assert episodes(said[half:]) <= 1
    assert 1.0 < monitored.limit / DOCUMENT.patience <= DOCUMENT.limit_most


def test_no_promise_is_the_patience_alone() -> None:
    monitor = AssetMonitor(ModelDocument(regime=("speed",), false_episodes_per_month=0.0))
    run(monitor, list(restless(8000, seed=3)))
    assert monitor.limit == pytest.approx(DOCUMENT.patience)


def test_close_outs_move_the_limit_within_its_bounds() -> None:
    frames = list(stream(1200, shift_at=1000, by=1.2))
    deaf, usual = AssetMonitor(DOCUMENT, factor=9.0), AssetMonitor(DOCUMENT)
    assert deaf.limit / DOCUMENT.patience == pytest.approx(DOCUMENT.limit_most)
    assert not any(run(deaf, frames[:1030]))
    assert AssetMonitor(DOCUMENT, factor=0.1).limit / DOCUMENT.patience == pytest.approx(DOCUMENT.limit_least)
    told = [k for k, each in enumerate(run(usual, frames)) if each]
    keen = [k for k, each in enumerate(run(AssetMonitor(DOCUMENT, factor=0.1), frames)) if each]
    assert 1000 < keen[0] < told[0]


def test_precision_at_its_goal_moves_nothing() -> None:
    assert factor(Labels(confirmed=12, other_cause=3, nothing_found=5), 0.75, 0.7, 4.0) == pytest.approx(1.0)
    assert factor(Labels(nothing_found=3), 0.75, 0.7, 4.0) == pytest.approx(math.exp(0.45))
    assert factor(Labels(confirmed=4), 0.75, 0.7, 4.0) == pytest.approx(math.exp(-0.2))
    assert factor(Labels(nothing_found=99), 0.75, 0.7, 4.0) == 4.0
    assert factor(Labels(confirmed=99), 0.75, 0.7, 4.0) == 0.7
    assert Labels().precision is None


def test_the_warm_up_takes_its_duty_cycles_too() -> None:
    """The speed of the stream swings every 565 frames."""
    document = ModelDocument(regime=("speed",), warmup_cycles=3)
    monitor = AssetMonitor(document)
    said = run(monitor, list(stream(1500, shift_at=900)))
    assert not any(said[:1300]), "it has seen two swings"
    assert not monitor.ready()
    assert any(run(monitor, [(at + 1500 * SECOND, v) for at, v in stream(900, shift_at=0)]))
    assert monitor.ready()


def test_starts_are_duty_cycles() -> None:
    monitor = AssetMonitor(ModelDocument(regime=("speed",), warmup_cycles=2))
    for k, (at, values) in enumerate(stream(500)):
        monitor.judge(at + (k // 200) * 3600 * SECOND, values)
    assert monitor.cycles == 2


@pytest.mark.parametrize("cut", [100, 700, 1010, 1100, 2000])
def test_a_restored_monitor_goes_on_bit_for_bit(cut: int) -> None:
    frames = [(at, v) for at, v in stream(2500, shift_at=1000)]
    whole = AssetMonitor(DOCUMENT, factor=1.2)
    run(whole, frames[:cut])
    packed = msgspec.msgpack.encode(whole.state())
    other = AssetMonitor.restore(DOCUMENT, msgspec.msgpack.decode(packed))
    assert msgspec.msgpack.encode(other.state()) == packed
    assert run(whole, frames[cut:]) == run(other, frames[cut:])
    assert msgspec.msgpack.encode(other.state()) == msgspec.msgpack.encode(whole.state())


def test_the_state_of_another_version_is_refused() -> None:
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(AssetMonitor(DOCUMENT).state()))
    with pytest.raises(ValueError, match="version 99"):
        AssetMonitor.restore(DOCUMENT, [99, *state[1:]])


def test_the_state_stays_small() -> None:
    monitor = AssetMonitor(DOCUMENT)
    run(monitor, list(stream(POINTS * GROUP * EVERY + 2000)))
    signals = 4
    assert len(msgspec.msgpack.encode(monitor.state())) < signals * 8_000


def test_a_repair_forgets_the_course_and_keeps_what_is_known_of_the_wander() -> None:
    monitor = AssetMonitor(DOCUMENT)
    run(monitor, list(restless(6000, seed=5)))
    known = monitor.calibration.excess
    monitor.rebaseline()
    assert monitor.history.count == 0
    assert not monitor.ready()
    assert monitor.calibration.excess == known > 0.0


def test_a_course_keeps_its_newest_looks_and_the_means_of_those_before() -> None:
    history = ResidualHistory()
    for k in range(GROUP * 60):
        look = Residual(level=float(k), expected=10.0, sigma=1.0)
        history.add(k, {"a": look} if k % 100 else {"b": look})
    times, values = history.near("a")
    assert times.tolist() == [k for k in range(GROUP * 60 - POINTS, GROUP * 60) if k % 100]
    assert values.tolist() == [at - 10.0 for at in times.tolist()]
    times, values = history.far("a")
    assert len(times) == POINTS
    assert np.allclose(values, times - (GROUP - 1) / 2 - 10.0, atol=0.6)
    assert len(history.far("b")[0]) == 0, "a point of one look is none"
    assert len(history.near("door")[0]) == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("false_episodes_per_month", -1),
        ("limit_least", 0.2),
        ("limit_most", 0.5),
        ("precision_goal", 1.0),
        ("lead_time_days", -2.0),
        ("warmup_cycles", -1),
    ],
)
def test_a_wrong_promise_names_its_key(key: str, value: float) -> None:
    with pytest.raises(ModelDocumentError) as caught:
        ModelDocument.from_table({key: value})
    assert key in str(caught.value)
