"""The laws that every detector must pass, and the streams that they are tried on."""

import math
import random
from collections.abc import Iterable, Iterator, Mapping

import msgspec
import numpy as np
import pytest

from models import default_detector
from models.asset_monitor import AssetMonitor
from models.detector import Detector
from models.document import ModelDocument
from models.frame import Row
from models.residuals import POINTS

SECOND = 1_000_000


def stream(
    frames: int, *, seed: int = 1, shift_at: int | None = None, by: float = 5.0
) -> Iterator[tuple[int, dict[str, float]]]:
    """A machine with a speed that follows the hour and signals that follow the speed, a frame a second."""
    rng = random.Random(seed)
    for k in range(frames):
        speed = 1500 + 60 * math.sin(k / 90) + rng.gauss(0, 2)
        shifted = by if shift_at is not None and k >= shift_at else 0.0
        yield (
            k * SECOND,
            {
                "speed": speed,
                "flow": speed / 10 + rng.gauss(0, 1),
                "bearing_temp": 50 + (speed - 1500) / 50 + rng.gauss(0, 0.3) + shifted * 0.3,
                "vibration": 1.2 + rng.gauss(0, 0.05),
                "door": 0.0,
            },
        )


IMPOSSIBLE = (1e30, -1e30, 1e308, math.inf, -math.inf, math.nan)


class Kind:
    """Makes one kind of detector anew, and again from its state."""

    def __init__(self, document: ModelDocument, *, monitored: bool = False) -> None:
        self.document, self.monitored = document, monitored

    def begin(self) -> Detector | AssetMonitor:
        return AssetMonitor(self.document) if self.monitored else default_detector.begin(self.document)

    def again(self, packed: bytes) -> Detector | AssetMonitor:
        state = msgspec.msgpack.decode(packed)
        return (
            AssetMonitor.restore(self.document, state)
            if self.monitored
            else default_detector.restore(self.document, state)
        )


def packed(detector: Detector | AssetMonitor) -> bytes:
    return msgspec.msgpack.encode(detector.state())


def told(detector: Detector | AssetMonitor, frames: Iterable[tuple[int, Mapping[str, float]]]) -> list[object]:
    """Return all that a detector answers of each frame, as text: NaN is then equal to itself."""
    return [
        repr((detector.judge(at, values), detector.score(), detector.ready(), detector.usual("bearing_temp")))
        for at, values in frames
    ]


def full_of_holes(frames: int, *, seed: int = 1) -> Iterator[tuple[int, dict[str, float]]]:
    """A stream with signals that are missing, NaN or stuck, empty frames and a gap in time, after a warm-up."""
    rng = random.Random(seed)
    for k, (at, values) in enumerate(stream(frames, seed=seed, shift_at=frames * 3 // 4, by=8.0)):
        if k <= 220:
            yield at, values
            continue
        frame = {signal: value for signal, value in values.items() if rng.random() > 0.1 or k % 5 == 0}
        if rng.random() < 0.05:
            frame["flow"] = math.nan
        if frames // 2 < k < frames // 2 + 30:
            frame["bearing_temp"] = 50.0
        if rng.random() < 0.03:
            frame = {}
        yield at + (3600 * SECOND if k > frames * 2 // 3 else 0), frame


def restores_to_the_same_behaviour(kind: Kind) -> None:
    frames = list(full_of_holes(700))
    for cut in (0, 150, 431, 600):
        whole, first = kind.begin(), kind.begin()
        told(whole, frames[:cut])
        told(first, frames[:cut])
        second = kind.again(packed(first))
        assert packed(second) == packed(first)
        assert told(second, frames[cut:]) == told(whole, frames[cut:])
        assert packed(second) == packed(whole)


def leaves_its_input_as_it_was(kind: Kind) -> None:
    detector = kind.begin()
    for at, values in full_of_holes(600):
        before = list(values.items())
        detector.judge(at, values)
        assert repr(list(values.items())) == repr(before)


def tolerates_a_missing_signal(kind: Kind) -> None:
    """Each one in turn for good, after the warm-up: the others are judged as before.

    Without the regime signal what follows it is judged by the last operating point known, so that an alarm is right.
    """
    for gone in ("speed", "flow", "bearing_temp", "vibration", "door"):
        detector = kind.begin()
        for k, (at, values) in enumerate(stream(700)):
            if k > 450:
                del values[gone]
            alarm = detector.judge(at, values)
            assert alarm is None or gone in kind.document.regime, (gone, k)
        assert detector.ready()


def is_the_same_again(kind: Kind) -> None:
    """Nothing depends on chance, on the clock, or on a detector beside it."""
    one, other = kind.begin(), kind.begin()
    frames = list(full_of_holes(600))
    assert told(one, frames) == told(other, frames)
    assert packed(one) == packed(other)


def does_not_depend_on_how_a_frame_is_kept(kind: Kind) -> None:
    """As a dictionary or as a row, in whatever order."""
    names = ("speed", "flow", "bearing_temp", "vibration", "door")
    places = {name: place for place, name in enumerate(names)}
    frames = list(full_of_holes(600))
    rows = [(at, Row(places, np.array([values.get(name, math.nan) for name in names]))) for at, values in frames]
    whole = [(at, {name: values[name] for name in names if name in values}) for at, values in frames]
    assert told(kind.begin(), rows) == told(kind.begin(), whole)


def stays_as_small_as_it_was(kind: Kind) -> None:
    detector, frames = kind.begin(), list(stream(4200))
    told(detector, frames[:1400])
    early = len(packed(detector))
    told(detector, frames[1400:])
    # The course of a monitor fills up: two stretches of looks at five signals, and their times.
    full = 2 * POINTS * 8 * (5 + 1) if kind.monitored else 0
    assert len(packed(detector)) <= 1.1 * early + 512 + full


def opens_nothing_for_one_impossible_frame(kind: Kind) -> None:
    for value in IMPOSSIBLE:
        for hit in (("speed",), ("flow",), ("bearing_temp", "vibration"), ("speed", "flow", "bearing_temp", "door")):
            detector = kind.begin()
            for k, (at, values) in enumerate(stream(560)):
                frame = values | dict.fromkeys(hit, value) if k == 460 else values
                assert detector.judge(at, frame) is None, (value, hit, k)
                assert math.isfinite(detector.score())


def forgets_all_when_it_is_set_back(kind: Kind) -> None:
    detector = kind.begin()
    told(detector, stream(600))
    assert detector.ready()
    detector.rebaseline()
    assert not detector.ready()
    assert detector.usual("bearing_temp") is None
    if not kind.monitored:  # A monitor goes on knowing how far its sum wanders.
        assert packed(detector) == packed(kind.begin())


def refuses_a_state_of_another_version(kind: Kind) -> None:
    state = msgspec.msgpack.decode(packed(kind.begin()))
    with pytest.raises(ValueError, match=rf"its state has version {state[0] + 1}"):
        kind.again(msgspec.msgpack.encode([state[0] + 1, *state[1:]]))


LAWS = (
    restores_to_the_same_behaviour,
    leaves_its_input_as_it_was,
    tolerates_a_missing_signal,
    is_the_same_again,
    does_not_depend_on_how_a_frame_is_kept,
    stays_as_small_as_it_was,
    opens_nothing_for_one_impossible_frame,
    forgets_all_when_it_is_set_back,
    refuses_a_state_of_another_version,
)
