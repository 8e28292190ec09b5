"""The bank says what the one-at-a-time form says."""

import ast
import math
from pathlib import Path

import numpy as np
import pytest

from bench.detectors.bank import LevelShiftBank
from models import kernel
from models.parameters import Parameters
from tests.models.laws import stream
from tests.models.level_shift import LevelShift

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
    ones = [LevelShift(Parameters(regime=regime)) for _ in range(assets)]
    bank = LevelShiftBank(Parameters(regime=regime), SIGNALS, assets)
    judged = 0
    for k in range(count):
        if k == 900:
            pause = np.array([asset % 2 == 0 for asset in range(assets)])
            bank.resume(pause)
            for one in ones[::2]:
                one.resume()
        if k in (760, 1100):
            rested = np.array([asset % 2 == 1 for asset in range(assets)])
            bank.come_to_rest(rested, outlived=k == 1100)
            for one in ones[1::2]:
                one.come_to_rest(outlived=k == 1100)
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
    bank = LevelShiftBank(Parameters(regime=("speed",)), SIGNALS, 100)
    assert bank.nbytes / 100 / len(SIGNALS) <= 8192


def test_what_is_compiled_takes_no_constant_from_a_file_that_numba_does_not_watch() -> None:
    tree = ast.parse(Path(kernel.__file__).read_text(encoding="utf-8"))
    taken = [node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module]
    assert not [module for module in taken if module.split(".")[0] == "models"]
