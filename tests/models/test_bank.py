"""The bank says what the one-at-a-time form says."""

import math

import numpy as np
import pytest

from models.bank import LevelShiftBank
from models.level_shift import LevelShift
from tests.models.laws import stream

SIGNALS = ("speed", "flow", "bearing_temp", "vibration", "door")


def frames_of(asset: int, count: int) -> list[dict[str, float]]:
    """Streams with all that may happen: shifts, missing, stuck, late signals."""
    frames = [values for _, values in stream(count, seed=asset, shift_at=700 if asset % 2 else None, by=2.0)]
    rng = np.random.default_rng(asset)
    for k, values in enumerate(frames):
        if asset % 3 == 0 and 500 < k < 560:
            del values["vibration"]
        if asset % 4 == 0 and 600 < k < 760:
            values["flow"] = 150.0
        if asset % 5 == 0 and k < 120:
            del values["bearing_temp"]
        if rng.random() < 0.01:
            values["flow"] = math.nan
        if asset == 7 and k > 800:
            values["speed"] *= 0.8
        if asset == 8 and 300 < k < 310:
            del values["speed"]
    return frames


@pytest.mark.parametrize("regime", [(), ("speed",)])
def test_the_bank_scores_as_the_one_at_a_time_form(regime: tuple[str, ...]) -> None:
    assets, count = 9, 1300
    streams = [frames_of(asset, count) for asset in range(assets)]
    ones = [LevelShift(regime=regime) for _ in range(assets)]
    bank = LevelShiftBank(LevelShift(regime=regime), SIGNALS, assets)
    judged = 0
    for k in range(count):
        if k == 900:
            pause = np.array([asset % 2 == 0 for asset in range(assets)])
            bank.resume(pause)
            for one in ones[::2]:
                one.resume()
        table = np.array([[streams[a][k].get(signal, math.nan) for signal in SIGNALS] for a in range(assets)])
        many = bank.score_learn_many(table)
        for a, one in enumerate(ones):
            looks = {look.signal: look.surprise for look in one.score_learn_one(streams[a][k])}
            for i, signal in enumerate(bank.signals):
                if signal in looks:
                    judged += 1
                    assert many[a, i] == pytest.approx(looks[signal], abs=1e-9, rel=1e-9), (k, a, signal)
                else:
                    assert math.isnan(many[a, i]), (k, a, signal)
    assert judged > 5_000


def test_a_detector_takes_at_most_eight_kilobytes_a_signal() -> None:
    bank = LevelShiftBank(LevelShift(regime=("speed",)), SIGNALS, 100)
    assert bank.nbytes / 100 / len(SIGNALS) <= 8192
