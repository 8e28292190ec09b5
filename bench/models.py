"""Scores a second: ``python -m bench.models``. One-at-a-time, bank, and river's half-space trees of 25, same frames.

A frame has eight signals, one of them the speed. Every detector is warm before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import msgspec
import numpy as np
from river.anomaly import HalfSpaceTrees

from models.bank import LevelShiftBank
from models.level_shift import LevelShift
from models.watch import AssetWatch, ModelDocument

SIGNALS = ("speed", "flow", "pressure", "bearing_temp", "oil_temp", "vibration", "current", "voltage")
WARM = 416


def frames(count: int, assets: int, rng: np.random.Generator) -> np.ndarray[tuple[int, int, int], np.dtype[np.float64]]:
    """Ordinary frames, count by assets by signals."""
    table = rng.standard_normal((count, assets, len(SIGNALS))) + 50.0
    table[..., 0] = 1500.0 + 5.0 * table[..., 0]
    return table


def one_at_a_time(count: int) -> dict[str, float]:
    """Microseconds a frame of the detector, of the whole watch, and of river's trees."""
    table = frames(WARM + count, 1, np.random.default_rng(1))[:, 0]
    rows = [dict(zip(SIGNALS, map(float, row), strict=True)) for row in table]
    detector, watch = LevelShift(regime=("speed",)), AssetWatch(ModelDocument(regime=("speed",)))
    trees: Any = HalfSpaceTrees(n_trees=25, seed=1, limits=dict.fromkeys(SIGNALS, (0.0, 2000.0)))
    for k, row in enumerate(rows[:WARM]):
        detector.learn_one(row)
        watch.judge(k * 1_000_000, row)
        trees.learn_one(row)
    cost = {}
    began = time.perf_counter()
    for row in rows[WARM:]:
        detector.score_learn_one(row)
    cost["detector"] = time.perf_counter() - began
    began = time.perf_counter()
    for k, row in enumerate(rows[WARM:]):
        watch.judge((WARM + k) * 1_000_000, row)
    cost["watch"] = time.perf_counter() - began
    began = time.perf_counter()
    for row in rows[WARM:]:
        trees.score_one(row)
        trees.learn_one(row)
    cost["half_space_trees_25"] = time.perf_counter() - began
    cost = {name: seconds / count * 1e6 for name, seconds in cost.items()}
    return cost | {"watch_state_bytes": float(len(msgspec.msgpack.encode(watch.state())))}


def bank(assets: int, least_frames: int) -> dict[str, float]:
    """Microseconds a frame of a warm bank, worked through in slices that fit the processor's cache."""
    rng = np.random.default_rng(2)
    size = min(assets, SLICE)
    banks = [LevelShiftBank(LevelShift(regime=("speed",)), SIGNALS, size) for _ in range(-(-assets // size))]
    warm = frames(32, size, rng)
    for k in range(WARM):
        for one in banks:
            one.score_learn_many(warm[k % 32])
    rounds = max(32, -(-least_frames // assets // 16) * 16)
    began = time.perf_counter()
    for k in range(rounds):
        for one in banks:
            one.score_learn_many(warm[k % 32])
    seconds = time.perf_counter() - began
    return {
        "assets": assets,
        "us_per_frame": round(seconds / (rounds * size * len(banks)) * 1e6, 2),
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
