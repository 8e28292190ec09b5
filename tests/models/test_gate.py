"""One impossible frame opens nothing whatever detector is named, and hides no fault from it."""

import random
from typing import Any

import msgspec
import pytest

from models.asset_monitor import AssetMonitor
from models.document import ModelDocument
from models.named.gate import Gate
from tests.judge import test_river as river_ones
from tests.models.test_glitch import DAY, MINUTE, frames

ODD = (-127.0, 65535.0, 1e9, -3.4028235e38, 1.7976931348623157e308)
LONELY = 420
"""The frame that is impossible, after a warm-up of 300."""


def episodes(estimator: Any, odd: dict[int, float | None], *, whole: bool) -> list[int]:
    """The pump's frames at which an alarm begins; at the odd ones one signal, or all of them, are impossible or, where
    that is None, missing.
    """
    table = {"name": "tried", "estimator": estimator, "warmup_frames": 300, "memory_frames": 3000, "patience": 60.0}
    monitor = AssetMonitor(ModelDocument.from_table(table))
    found, before = [], False
    for k, (at_us, values) in enumerate(river_ones.frames()):
        if k in odd:
            other = {name: odd[k] if whole or name == "flow" else value for name, value in values.items()}
            values = {name: value for name, value in other.items() if value is not None}  # noqa: PLW2901
        active = monitor.judge(at_us, values) is not None
        if active and not before:
            found.append(k)
        before = active
    packed = msgspec.msgpack.encode(monitor.state())
    assert (
        msgspec.msgpack.encode(AssetMonitor.restore(monitor.document, msgspec.msgpack.decode(packed)).state()) == packed
    )
    return found


@pytest.mark.parametrize("way", river_ones.WAYS)
def test_one_impossible_frame_opens_nothing(way: str) -> None:
    estimator = river_ones.WAYS[way][1]
    usual = episodes(estimator, {}, whole=False)
    faults = [k for k in usual if k >= river_ones.HEALTHY]
    for number, value in enumerate(ODD):
        found = episodes(estimator, {LONELY: value}, whole=number % 2 == 0)
        assert [k for k in found if LONELY <= k < LONELY + 20] == [k for k in usual if LONELY <= k < LONELY + 20]
        assert bool([k for k in found if k >= river_ones.HEALTHY]) == bool(faults), (value, usual, found)


@pytest.mark.parametrize("way", [way for way in river_ones.WAYS if way in river_ones.FINDS])
@pytest.mark.parametrize("at", [0, 1, 2, 3, 11, 29])
def test_among_its_first_values_it_is_as_one_that_did_not_come(way: str, at: int) -> None:
    estimator = river_ones.WAYS[way][1]
    found, usual = (episodes(estimator, {at: value}, whole=at % 2 == 0) for value in (1e9, None))
    if at > 2:
        assert found == usual
    else:  # of the first three the one that is left out moves when the signal begins
        assert bool(found) == bool(usual)


def passed(*values: float, regime: bool = False) -> list[float | None]:
    gate = Gate(0.15, ("a",) if regime else ())
    return [gate.accept({"a": value}).get("a") for value in values]


def test_the_first_two_values_wait_for_the_third_and_a_glitch_for_the_next_one() -> None:
    assert passed(50.0, 50.2, 50.1, 1e9, 50.3) == [None, None, 50.1, None, 50.3]
    assert passed(1e9, 50.2, 50.1, 50.3) == [None, None, 50.1, 50.3]
    assert passed(50.0, -1e9, 50.1, 50.3) == [None, None, 50.1, 50.3]


def test_what_is_borne_out_counts_up_to_a_bounded_step_and_a_step_that_lasts_is_followed() -> None:
    found = passed(*[50.0 + 0.1 * (k % 3) for k in range(40)], 1e9, 1e9, *[50.0] * 5)
    assert found[40] is None and found[41] is not None and found[41] < 65.0
    steps = passed(*[50.0 + 0.1 * (k % 3) for k in range(40)], *[3000.0] * 12)
    assert steps[-1] == 3000.0


def test_a_start_of_the_machine_counts_whole_from_its_second_frame() -> None:
    assert passed(*[0.01 * (k % 2) for k in range(40)], 1450.0, 1451.0, regime=True)[-2:] == [None, 1451.0]


@pytest.mark.parametrize("flap", [(0.0, 1.0), (0.0, 0.0, 5.0), (-1.0, 1.0)])
def test_a_signal_that_flaps_passes(flap: tuple[float, ...]) -> None:
    found = passed(*[flap[k % len(flap)] for k in range(60)])
    assert set(found[-len(flap) :]) == set(flap)


def test_it_goes_on_from_its_state() -> None:
    r = random.Random(3)
    values = [{"a": r.choice([1.0, 1.0, 1.1, 900.0, 1e9]) * r.random(), "b": 5.0} for _ in range(300)]
    whole, first = Gate(0.15, ("b",)), Gate(0.15, ("b",))
    for k, each in enumerate(values):
        if k % 37 == 5:
            first = Gate(0.15, ("b",), msgspec.msgpack.decode(msgspec.msgpack.encode(first.state())))
        assert first.accept(each) == whole.accept(each)


def test_a_duty_cycle_is_counted_though_the_speed_was_impossible_once() -> None:
    document = ModelDocument(regime=("speed",), warmup_cycles=3)
    for at in (0, 1, 2, 40, 400):
        monitor = AssetMonitor(document)
        for k, values in enumerate(frames({}, days=1)[: DAY // 2 * 2]):
            speed = 1e9 if k == at else 1450.0 + 200.0 * (k // 60 % 2)
            monitor.judge(k * MINUTE, values | {"speed": speed})
        assert monitor.cycles >= 3, at
