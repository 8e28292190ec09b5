"""Among a signal's first values, too, one impossible reading opens no alarm and hides no fault, in either form."""

import math
import random
from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from bench.detectors.bank import LevelShiftBank
from models.asset_monitor import AssetMonitor
from models.default_detector import ModelDocument
from models.kernel import FLAGS, odd_one_out
from models.parameters import Parameters
from tests.models.laws import stream
from tests.models.level_shift import LevelShift

MINUTE = 60_000_000
FRAMES, FAULT = 1300, 1200
POSITIONS = range(40)
VALUES = (1e3, 65535.0, 1e6, 1e9, 3.4028235e38, 1e99, 1e200, 1.7976931348623157e308)
SIGNED = [sign * value for value in VALUES for sign in (1.0, -1.0)]


def ordinary(speed: bool = False) -> list[dict[str, float]]:
    """Frames a minute, the last hundred with a fault of +15."""
    found = []
    for k in range(FRAMES):
        r = random.Random(k)
        values = {"t1": 50 + r.gauss(0, 0.3) + 15 * (k >= FAULT), "vib": 1.5 + r.gauss(0, 0.05), "valve": 80.0}
        if speed:
            values["speed"] = (1450 if k // 180 % 2 else 1200) + r.gauss(0, 3)
            values["t1"] += values["speed"] / 50
        found.append(values)
    return found


PLAIN, DRIVEN = ordinary(), ordinary(speed=True)


def told(frames: Iterable[Mapping[str, float]], document: ModelDocument) -> list[int]:
    """The frames in which the alarm is active."""
    monitor = AssetMonitor(document)
    return [k for k, values in enumerate(frames) if monitor.judge(k * MINUTE, values) is not None]


def with_odd(frames: list[dict[str, float]], at: int, signal: str, value: float) -> list[dict[str, float]]:
    return [values | {signal: value} if k == at else values for k, values in enumerate(frames)]


@pytest.mark.parametrize("value", [*SIGNED, -50.0])
def test_wherever_among_the_first_values_it_comes_nothing_is_told_but_the_fault_after_it(value: float) -> None:
    for at in POSITIONS:
        active = told(with_odd(PLAIN, at, "t1", value), ModelDocument())
        assert active and FAULT <= active[0] < FAULT + 6, (at, active[:3])


@pytest.mark.parametrize("value", [*SIGNED, -1450.0, 0.0])
def test_nor_does_the_operating_point_lose_its_scale(value: float) -> None:
    for at in POSITIONS:
        active = told(with_odd(DRIVEN, at, "speed", value), ModelDocument(regime=("speed",)))
        assert active and FAULT <= active[0] < FAULT + 6, (at, active[:3])


@pytest.mark.parametrize("value", [65535.0, 1e9, -3.4028235e38])
def test_a_signal_that_comes_later_has_first_values_too(value: float) -> None:
    document = ModelDocument(warmup_frames=64)
    for at in range(300, 306):
        late = [
            {name: each for name, each in values.items() if name != "t1" or k >= 300} for k, values in enumerate(PLAIN)
        ]
        active = told(with_odd(late, at, "t1", value), document)
        assert active and FAULT <= active[0] < FAULT + 6, (at, active[:3])


def odd_streams() -> list[list[dict[str, float]]]:
    """A stream for each position, one value of one signal impossible; and some with more of them, or that flap."""
    plain = [values for _, values in stream(500)]
    signals = ("bearing_temp", "vibration", "door", "speed")
    found = [with_odd(plain, at, signals[at // 2 % 4], SIGNED[at % len(SIGNED)]) for at in POSITIONS]
    for k in (2, 3, 5, 8):
        found.append([values | ({"flow": 1e9} if at in (k, k + 2) else {}) for at, values in enumerate(plain)])
        found.append([values | {"door": float(at % k == 0)} for at, values in enumerate(plain)])
        found.append(
            [values | ({"speed": 3000.0} if at % k == 1 and at < 30 else {}) for at, values in enumerate(plain)]
        )
    return found


@pytest.mark.parametrize("regime", [(), ("speed",)])
def test_both_forms_believe_the_same_of_first_values(regime: tuple[str, ...]) -> None:
    streams, signals = odd_streams(), ("speed", "flow", "bearing_temp", "vibration", "door")
    ones = [LevelShift(Parameters(regime=regime)) for _ in streams]
    bank = LevelShiftBank(Parameters(regime=regime), signals, len(streams))
    judged = 0
    for k in range(500):
        many = bank.score_learn_many(np.array([[each[k][signal] for signal in signals] for each in streams]))
        for a, one in enumerate(ones):
            looks = {look.signal: look.surprise for look in one.score_learn_one(streams[a][k])}
            for i, signal in enumerate(bank.signals):
                expected = looks.get(signal, math.nan)
                assert many[a, i] == pytest.approx(expected, abs=1e-8, rel=1e-8, nan_ok=True), (k, a, signal)
                judged += signal in looks
            for i, signal in enumerate(regime):
                leap = one._leaps.get(signal)
                assert bank._counts[a, FLAGS + i] == (2 * leap.given + leap.far if leap else 2), (k, a)
    assert judged > 1_000


def test_of_three_values_the_one_that_lies_alone_is_known() -> None:
    assert [odd_one_out(*values, 0.02) for values in ((1e9, 50.0, 50.1), (50.0, 1e9, 50.1), (50.0, 50.1, 1e9))] == [
        1,
        2,
        3,
    ]
    assert odd_one_out(0.0, 50.0, 100.0, 0.02) == odd_one_out(50.0, 50.0, 50.5, 0.02) == 0


@pytest.mark.parametrize("flap", [(0.0, 1.0), (0.0, 0.0, 5.0), (-1.0, 1.0)])
def test_a_signal_that_flaps_from_its_first_value_on_is_learned(flap: tuple[float, ...]) -> None:
    one = LevelShift()
    for k, values in enumerate(PLAIN[:600]):
        one.score_learn_one(values | {"flap": flap[k % len(flap)]})
    assert one._past["flap"].judged and one._past["flap"].spread > 0.0
