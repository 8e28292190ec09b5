"""Remaining useful life: ``python -m bench.cmapss_rul --train FILE --test FILE --rul FILE``.

RMSE and PHM08 score at each test engine's last cycle, target capped at 125 and raw, with and without the engine's age
among the features. Without age nothing that counts cycles is a feature; averages over a fixed number of them are.
``--train FILE`` alone judges engines of that file which were not learned from, each cut off at random places: this is
how everything here was chosen. A. Saxena, K. Goebel, D. Simon, N. Eklund, "Damage propagation modeling", PHM 2008.
"""

from __future__ import annotations

import argparse
import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from bench.cmapss_files import Array, engines

CAP = 125
BEYOND = 25
"""Rows that are so much further from the end than the cap are not learned from: they have nothing to tell apart."""
TREES, NETS = 3, 6
BEGINNING = 10
FOLDS, CUTS = 4, 8
EARLIEST, LATEST = 31, 7
"""Where an engine may be cut off: not before its 31st cycle, nor less than 7 before its end, as in the test file."""


def rmse(predicted: Sequence[float], true: Sequence[float]) -> float:
    """Root of the mean squared error, in cycles."""
    return math.sqrt(sum((p - t) ** 2 for p, t in zip(predicted, true, strict=True)) / len(true))


def phm08(predicted: Sequence[float], true: Sequence[float]) -> float:
    """The challenge's score: a prediction too late by d costs exp(d/10) - 1, one too early exp(d/13) - 1."""
    errors = [p - t for p, t in zip(predicted, true, strict=True)]
    return sum(math.exp(d / 10) - 1 if d >= 0 else math.exp(-d / 13) - 1 for d in errors)


@dataclass(frozen=True, slots=True)
class Signals:
    """The columns that tell something, their scale over the fleet, and the direction in which lives end."""

    columns: Array
    mean: Array
    spread: Array
    wear: Array

    @classmethod
    def of(cls, fleet: Sequence[Array]) -> Signals:
        """The direction is a ridge regression of the capped remaining cycles on means of five."""
        rows = np.concatenate(fleet)
        columns = np.array([k for k in range(rows.shape[1]) if len(np.unique(rows[:, k])) > 2])
        mean, spread = rows[:, columns].mean(axis=0), rows[:, columns].std(axis=0)
        short = np.concatenate([trailing((sensors[:, columns] - mean) / spread, 5) for sensors in fleet])
        left = np.concatenate([remaining(len(sensors)) for sensors in fleet])
        off = short - short.mean(axis=0)
        weights = np.linalg.solve(off.T @ off + 50.0 * np.eye(len(columns)), off.T @ (left - left.mean()))
        return cls(columns, mean, spread, weights / np.abs(weights).sum())

    def scaled(self, sensors: Array) -> Array:
        """The signals in their scale, and the wear as the last column."""
        scaled = (sensors[:, self.columns] - self.mean) / self.spread
        return np.concatenate([scaled, (scaled @ self.wear).reshape(-1, 1)], axis=1)


def remaining(count: int) -> Array:
    """Cycles that are left at each row of a life, capped."""
    return np.minimum(np.arange(count)[::-1], CAP).astype(np.float64)


def trailing(values: Array, window: int) -> Array:
    """Mean of the last rows, by column."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    end = np.arange(1, len(values) + 1)
    begin = np.maximum(end - window, 0)
    return np.asarray((total[end] - total[begin]) / (end - begin).reshape(-1, 1), dtype=np.float64)


def change(values: Array, window: int) -> Array:
    """What the least squares line through the last rows rises over the window, by column."""
    row = np.arange(len(values), dtype=np.float64).reshape(-1, 1)
    zero = np.zeros((1, values.shape[1]))
    total = np.concatenate([zero, np.cumsum(values, axis=0)])
    moment = np.concatenate([zero, np.cumsum(values * row, axis=0)])
    end = np.arange(1, len(values) + 1)
    begin = np.maximum(end - window, 0)
    count = (end - begin).reshape(-1, 1).astype(np.float64)
    middle = ((begin + end - 1) / 2).reshape(-1, 1)
    above = (moment[end] - moment[begin]) - middle * (total[end] - total[begin])
    return np.asarray(above / np.maximum(count * (count * count - 1) / 12, 0.5) * window, dtype=np.float64)


def features(signals: Signals, sensors: Array, *, age: bool) -> Array:
    """What each row tells, rows by features; age in cycles as the last column.

    Levels and changes of every signal over windows of several lengths, the difference from the engine's own beginning,
    and of the wear more windows and how it compares with a while ago and with its mean.
    """
    scaled = signals.scaled(sensors)
    wear = scaled[:, -1:]
    row = np.arange(len(sensors))
    so_far = np.cumsum(scaled, axis=0) / (row + 1).reshape(-1, 1)
    beginning = so_far[np.minimum(row, BEGINNING - 1)]
    wear_lately = trailing(wear, 10)
    columns: list[Array] = [
        *(trailing(scaled, window) for window in (5, 15, 30)),
        *(change(scaled, window) for window in (15, 30)),
        change(wear, 60),
        trailing(scaled, 15) - beginning,
        *(trailing(wear, window) for window in (10, 20, 45, 70)),
        *(wear_lately - wear_lately[np.maximum(row - back, 0)] for back in (10, 20, 40, 60)),
        so_far[:, -1:] - beginning[:, -1:],
    ]
    if age:
        columns.append(np.arange(1.0, len(sensors) + 1).reshape(-1, 1))
    return np.concatenate(columns, axis=1)


def predict(train: Sequence[Array], watched: Sequence[Array], *, age: bool) -> list[float]:
    """Predict the capped remaining cycles at each engine's last row: half boosted trees, half small networks."""
    signals = Signals.of(train)
    late = [len(sensors) - 1 - np.arange(len(sensors)) <= CAP + BEYOND for sensors in train]
    tables = [features(signals, sensors, age=age) for sensors in train]
    inputs = np.concatenate([table[rows] for table, rows in zip(tables, late, strict=True)])
    target = np.concatenate([remaining(len(rows))[rows] for rows in late])
    last = np.stack([features(signals, sensors, age=age)[-1] for sensors in watched])
    trees = np.zeros(len(last))
    for seed in range(TREES):
        boosted = HistGradientBoostingRegressor(
            learning_rate=0.04, max_iter=250, max_leaf_nodes=8, min_samples_leaf=80, l2_regularization=5.0,
            max_features=0.2, random_state=seed,
        )  # fmt: skip
        trees += boosted.fit(inputs, target).predict(last) / TREES
    scale = StandardScaler().fit(inputs)
    middle, spread = float(target.mean()), float(target.std())
    nets = np.zeros(len(last))
    for seed in range(NETS):
        net = MLPRegressor(
            hidden_layer_sizes=(32, 16), alpha=0.3, learning_rate_init=0.003, batch_size=256, max_iter=15,
            random_state=seed,
        )  # fmt: skip
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # it is stopped early on purpose
            net.fit(scale.transform(inputs), (target - middle) / spread)
        nets += (middle + spread * net.predict(np.clip(scale.transform(last), -4.0, 4.0))) / NETS
    mean = (np.clip(trees, 0.0, CAP) + np.clip(nets, 0.0, CAP)) / 2
    return [float(value) for value in mean]


def judged(predicted: Sequence[float], raw: Sequence[float]) -> dict[str, float]:
    """Errors and scores against the target capped and raw."""
    capped = [min(value, float(CAP)) for value in raw]
    return {
        "rmse_capped": round(rmse(predicted, capped), 2),
        "rmse_raw": round(rmse(predicted, raw), 2),
        "phm08_capped": round(phm08(predicted, capped), 1),
        "phm08_raw": round(phm08(predicted, raw), 1),
    }


def validate(train: dict[int, Array], *, age: bool, seed: int) -> dict[str, float]:
    """Judge engines that were not learned from, cut off where a test file might end."""
    rng = np.random.default_rng(seed)
    units = rng.permutation(sorted(train)).tolist()
    predicted, raw = [], []
    for fold in range(FOLDS):
        others = units[fold::FOLDS]
        cut, left = [], []
        for unit in others:
            count = len(train[unit])
            for ahead in rng.uniform(LATEST, min(count - EARLIEST, CAP + 20), CUTS):
                cut.append(train[unit][: count - int(ahead)])
                left.append(float(int(ahead)))
        predicted += predict([train[unit] for unit in units if unit not in others], cut, age=age)
        raw += left
    return judged(predicted, raw)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench cmapss-rul", description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--rul", type=Path)
    parser.add_argument("--seed", type=int, default=1, help="without --test: which engines and places")
    given = parser.parse_args(arguments)
    if (given.test is None) != (given.rul is None):
        parser.error("give both --test and --rul, or neither")
    train = engines(given.train)
    for age in (True, False):
        with threadpool_limits(1):  # small trees: threads that wait for each other cost more than they do
            if given.test is None:
                said = validate(train, age=age, seed=given.seed)
            else:
                watched = list(engines(given.test).values())
                raw = [float(value) for value in np.loadtxt(given.rul)]
                said = judged(predict(list(train.values()), watched, age=age), raw)
        print(json.dumps({"age": "with" if age else "without"} | said), flush=True)


if __name__ == "__main__":
    main()
