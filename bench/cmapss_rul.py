"""Remaining useful life: ``python -m bench.cmapss_rul --train FILE --test FILE --rul FILE``.

RMSE and PHM08 score at each test engine's last cycle, target capped at 125 and raw, with and without the engine's age
among the features. Without age nothing that counts cycles is a feature; averages over a fixed number of them are.
A. Saxena, K. Goebel, D. Simon, N. Eklund, "Damage propagation modeling", PHM 2008.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor

from bench.cmapss_files import Array, engines

CAP = 125
WINDOWS = (5, 15, 30)
SEEDS = 3


def rmse(predicted: Sequence[float], true: Sequence[float]) -> float:
    """Root of the mean squared error, in cycles."""
    return math.sqrt(sum((p - t) ** 2 for p, t in zip(predicted, true, strict=True)) / len(true))


def phm08(predicted: Sequence[float], true: Sequence[float]) -> float:
    """The challenge's score: a prediction too late by d costs exp(d/10) - 1, one too early exp(d/13) - 1."""
    errors = [p - t for p, t in zip(predicted, true, strict=True)]
    return sum(math.exp(d / 10) - 1 if d >= 0 else math.exp(-d / 13) - 1 for d in errors)


def features(sensors: Array, *, age: bool) -> Array:
    """Means and slopes over the last cycles of every sensor, cycles by features; age in cycles as the last column."""
    count = len(sensors)
    columns = []
    for window in WINDOWS:
        mean = np.empty_like(sensors)
        slope = np.empty_like(sensors)
        for t in range(count):
            last = sensors[max(0, t + 1 - window) : t + 1]
            mean[t] = last.mean(axis=0)
            steps = np.arange(len(last)) - (len(last) - 1) / 2
            slope[t] = steps @ last / max(float(steps @ steps), 1.0)
        columns.append(mean)
        if window > WINDOWS[0]:
            columns.append(slope)
    if age:
        columns.append(np.arange(1, count + 1, dtype=np.float64).reshape(-1, 1))
    return np.concatenate(columns, axis=1)


def predict(train: dict[int, Array], test: dict[int, Array], *, age: bool) -> list[float]:
    """Predict the capped remaining cycles at each test engine's last row: the mean of two kinds of trees."""
    inputs = np.concatenate([features(sensors, age=age) for sensors in train.values()])
    target = np.concatenate([np.minimum(np.arange(len(s))[::-1], CAP) for s in train.values()]).astype(np.float64)
    last = np.stack([features(sensors, age=age)[-1] for sensors in test.values()])
    total = np.zeros(len(last))
    for seed in range(SEEDS):
        boosted = HistGradientBoostingRegressor(
            learning_rate=0.05, max_iter=300, max_leaf_nodes=15, min_samples_leaf=40, l2_regularization=1.0,
            max_features=0.3, random_state=seed,
        )  # fmt: skip
        total += boosted.fit(inputs, target).predict(last) / (2 * SEEDS)
    forest = ExtraTreesRegressor(100, min_samples_leaf=5, max_features=0.4, random_state=0)
    total += forest.fit(inputs, target).predict(last) / 2
    return [float(value) for value in total]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench cmapss-rul", description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--rul", type=Path, required=True)
    given = parser.parse_args(arguments)
    train, test = engines(given.train), engines(given.test)
    raw = [float(value) for value in np.loadtxt(given.rul)]
    capped = [min(value, float(CAP)) for value in raw]
    for age in (True, False):
        predicted = predict(train, test, age=age)
        print(
            json.dumps(
                {
                    "age": "with" if age else "without",
                    "rmse_capped": round(rmse(predicted, capped), 2),
                    "rmse_raw": round(rmse(predicted, raw), 2),
                    "phm08_capped": round(phm08(predicted, capped), 1),
                    "phm08_raw": round(phm08(predicted, raw), 1),
                }
            )
        )


if __name__ == "__main__":
    main()
