"""Scores a second: ``python -m bench.models``. One-at-a-time, bank, and river's half-space trees of 25, same frames.

A frame has eight signals, one of them the speed. Every detector is warm before the clock starts. The times are the
processor's, the middle one of five parts, so that they say the same beside other work.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import msgspec
import numpy as np
from river.anomaly import HalfSpaceTrees

from bench.detectors.bank import LevelShiftBank
from models.default_detector import DefaultDetector, ModelDocument
from models.parameters import Parameters
from tests.models.level_shift import LevelShift

SIGNALS = ("speed", "flow", "pressure", "bearing_temp", "oil_temp", "vibration", "current", "voltage")
WARM = 416
PARTS = 5


def frames(count: int, assets: int, rng: np.random.Generator) -> np.ndarray[tuple[int, int, int], np.dtype[np.float64]]:
    """Ordinary frames, count by assets by signals."""
    table = rng.standard_normal((count, assets, len(SIGNALS))) + 50.0
    table[..., 0] = 1500.0 + 5.0 * table[..., 0]
    return table


def middle(items: Sequence[Any], work: Callable[[Any], object]) -> float:
    """Return the processor's seconds an item, the middle one of equal parts."""
    size, costs = len(items) // PARTS, []
    for part in range(PARTS):
        began = time.process_time()
        for item in items[part * size : (part + 1) * size]:
            work(item)
        costs.append((time.process_time() - began) / size)
    return median(costs)


def one_at_a_time(count: int) -> dict[str, float]:
    """Microseconds a frame of the detector, of the whole watch, and of river's trees."""
    table = frames(WARM + count, 1, np.random.default_rng(1))[:, 0]
    rows = [dict(zip(SIGNALS, map(float, row), strict=True)) for row in table]
    detector, watch = LevelShift(Parameters(regime=("speed",))), DefaultDetector(ModelDocument(regime=("speed",)))
    trees: Any = HalfSpaceTrees(n_trees=25, seed=1, limits=dict.fromkeys(SIGNALS, (0.0, 2000.0)))
    for k, row in enumerate(rows[:WARM]):
        detector.learn_one(row)
        watch.judge(k * 1_000_000, row)
        trees.learn_one(row)

    def both(row: dict[str, float]) -> None:
        trees.score_one(row)
        trees.learn_one(row)

    at = iter(range(WARM, 2 * WARM + count))
    cost = {
        "detector": middle(rows[WARM:], detector.score_learn_one),
        "watch": middle(rows[WARM:], lambda row: watch.judge(next(at) * 1_000_000, row)),
        "half_space_trees_25": middle(rows[WARM:], both),
    }
    cost = {name: seconds * 1e6 for name, seconds in cost.items()}
    return cost | {"watch_state_bytes": float(len(msgspec.msgpack.encode(watch.state())))}


def bank(assets: int, least_frames: int) -> dict[str, float]:
    """Microseconds a frame of a warm bank, worked through in slices that fit the processor's cache."""
    rng = np.random.default_rng(2)
    size = min(assets, SLICE)
    banks = [LevelShiftBank(Parameters(regime=("speed",)), SIGNALS, size) for _ in range(-(-assets // size))]
    warm = frames(32, size, rng)
    for k in range(WARM):
        for one in banks:
            one.score_learn_many(warm[k % 32])

    def everyone(k: int) -> None:
        for one in banks:
            one.score_learn_many(warm[k % 32])

    seconds = middle(range(max(48 * PARTS, least_frames // assets)), everyone)
    return {
        "assets": assets,
        "us_per_frame": round(seconds / (size * len(banks)) * 1e6, 2),
        "bytes_per_signal": round(sum(one.nbytes for one in banks) / (size * len(banks) * len(SIGNALS))),
    }


SLICE = 2000


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench models", description=__doc__)
    parser.add_argument("--assets", type=int, nargs="*", default=[10, 100, 1_000, 10_000, 100_000])
    parser.add_argument("--frames", type=int, default=5_000, help="frames of the one-at-a-time forms")
    given = parser.parse_args(arguments)
    one = one_at_a_time(given.frames)
    print(json.dumps({name: round(value, 1) for name, value in one.items()}))
    for assets in given.assets:
        figures = bank(assets, 20_000)
        print(
            json.dumps(figures | {"x_half_space_trees": round(one["half_space_trees_25"] / figures["us_per_frame"], 1)})
        )


if __name__ == "__main__":
    main()
