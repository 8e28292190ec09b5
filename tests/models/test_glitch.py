"""One impossible reading neither opens an alarm nor blinds the model for what comes after it."""

import math
import random

import msgspec
import pytest

from models import kernel
from models.asset_monitor import AssetMonitor
from models.default_detector import DefaultDetector, ModelDocument
from tests.models.level_shift import LevelShift

MINUTE = 60_000_000
DAY = 1440
VALUES = (-127.0, 0.0, 55.0, 58.0, 85.0, 65535.0, 1e6, 1e9, 3.4028235e38, 1e200, 1.7976931348623157e308, -1e308)


def frames(
    glitches: dict[int, float], days: int = 3, signal: str = "t1", speed: bool = False
) -> list[dict[str, float]]:
    """Days of frames a minute, of which the last four hours have a fault of +15."""
    found = []
    for k in range(days * DAY):
        r = random.Random(k)
        values = {"t1": 50 + r.gauss(0, 0.3), "vib": 1.5 + r.gauss(0, 0.05)}
        if speed:
            values["speed"] = 1450 + r.gauss(0, 3)
        if k >= days * DAY - 240:
            values["t1"] += 15
        if k in glitches:
            values[signal] = glitches[k]
        found.append(values)
    return found


def told(told_frames: list[dict[str, float]], document: ModelDocument | None = None) -> list[int]:
    """The frames in which the alarm is active."""
    monitor = AssetMonitor(document or ModelDocument())
    found = [k for k, values in enumerate(told_frames) if monitor.judge(k * MINUTE, values) is not None]
    packed = msgspec.msgpack.encode(monitor.state())
    assert b"nan" not in packed
    detector = monitor.detector
    assert isinstance(detector, DefaultDetector)
    assert math.isfinite(float(detector._numbers.sum()))
    return found


@pytest.mark.parametrize("value", VALUES)
def test_one_impossible_reading_opens_nothing_and_hides_no_fault(value: float) -> None:
    active = told(frames({DAY: value}))
    assert active
    assert 3 * DAY - 240 <= active[0] < 3 * DAY - 235


@pytest.mark.parametrize("at", [100, 401, 2 * DAY])
def test_wherever_it_comes(at: int) -> None:
    active = told(frames({at: 1e9}))
    assert active and 3 * DAY - 240 <= active[0] < 3 * DAY - 230


@pytest.mark.parametrize("value", [65535.0, 1e9, 3.4028235e38])
@pytest.mark.parametrize("count", [2, 5])
def test_a_few_of_them_running_hide_no_fault_either(value: float, count: int) -> None:
    active = told(frames({DAY + k: value for k in range(count)}))
    assert next(k for k in active if k >= 3 * DAY - 240) < 3 * DAY - 230
    assert not [k for k in active if DAY + 240 < k < 3 * DAY - 240]


@pytest.mark.parametrize("value", [0.0, -1e6, 1e9, 1e308])
def test_nor_does_one_of_the_operating_point(value: float) -> None:
    document = ModelDocument(regime=("speed",))
    active = told(frames({DAY: value}, signal="speed", speed=True), document)
    assert active and 3 * DAY - 240 <= active[0] < 3 * DAY - 230


@pytest.mark.parametrize("ends", ["lull", "stays"])
def test_the_readable_form_takes_for_ordinary_what_the_compiled_one_does_after_an_alarm(ends: str) -> None:
    """Driven by the compiled one's alarm, it says the same of every frame through the alarm and after its end."""
    detector, one = DefaultDetector(ModelDocument()), LevelShift()
    ended = 0
    for k in range(4000):
        r = random.Random(k)
        values = {"t1": 50 + r.gauss(0, 0.3), "vib": 1.5 + r.gauss(0, 0.05)}
        if 1500 <= k < 1600 or (ends == "stays" and k >= 1500):
            values["t1"] += 15
        elif 1600 <= k < 2200:
            values["t1"] += 5.0 * 0.99 ** (k - 1600)
        counts, numbers = detector._counts, detector._numbers
        before = bool(counts[kernel.ACTIVE])
        total = float(numbers[detector._sum_at])
        hold = before or total > kernel.DOUBT * detector.document.patience
        detector.judge(k * MINUTE, values)
        looks = {look.signal: look.surprise for look in one.score_learn_one(values, hold=hold)}
        if looks:
            one.note_worst(begins=total == 0.0 and not before)
        for signal, slot in detector._slots.items():
            if signal in looks:
                block = kernel.row_of_signal(detector._shape, slot)
                surprise = float(detector._numbers[block + kernel.LOOK_SURPRISE])
                assert surprise == pytest.approx(looks[signal], abs=1e-8, rel=1e-8), (k, signal)
        if before and not detector._counts[kernel.ACTIVE]:
            ended += 1
            held = max(one._past[s].held - one._past[s].seen for s in one._past)
            one.come_to_rest(outlived=held > 0)
    assert ended
