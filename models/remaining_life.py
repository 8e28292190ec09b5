"""Predicts remaining useful life with quantiles, from machines of a fleet that have run to failure.

Boosted trees with the pinball loss, one for each quantile, on each signal's moving average, its recent change, and its
change since its own beginning. A machine's early life says nothing about its end, so the target is capped: "at least
this long". Needs scikit-learn, from the development requirements.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
QUANTILES = (0.1, 0.5, 0.9)
AVERAGE = 20
"""Span of the moving average, rows."""
BACK = 15
"""Rows over which a signal's change is measured."""
BEGINNING = 10
"""Rows at the start of a machine's history that are its own reference."""
FEWEST_LIVES = 5
_CODE_VERSION = 1


class TooFewLives(ValueError):
    """Too few machines of a fleet have failed to learn from; says how many did and how many are needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """Remaining life, in rows of the history (cycles, hours or whatever a row is); beyond ``cap`` all look the same."""

    p10: float
    p50: float
    p90: float
    cap: float

    @property
    def long(self) -> bool:
        """Return whether even the lower quantile is near the cap: nothing but a lower bound is known."""
        return self.p10 >= 0.9 * self.cap


@dataclass(slots=True)
class RemainingLife:
    """Learns from lives that have ended; predicts the remaining life of those that have not.

    Parameters
    ----------
    cap
        The longest remaining life that is distinguished, in rows.
    age
        Whether a machine's age is a feature: it helps where all start new, and misleads where they do not.
    seed
        The same lives and seed give the same predictions.
    """

    cap: float = 125.0
    age: bool = True
    seed: int = 1
    _models: dict[float, Any] = field(default_factory=dict)
    _signals: int = 0

    def fit(self, lives: Mapping[object, Array] | Sequence[Array]) -> RemainingLife:
        """Learn from whole lives, each a table of rows by signals up to the failure. Raises TooFewLives."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        tables = [_table(each) for each in (lives.values() if isinstance(lives, Mapping) else lives)]
        if len(tables) < FEWEST_LIVES:
            raise TooFewLives(f"{len(tables)} lives have ended; give at least {FEWEST_LIVES}")
        if len({table.shape[1] for table in tables}) != 1:
            raise ValueError("the lives have different numbers of signals; give each the same columns")
        self._signals = tables[0].shape[1]
        inputs = np.concatenate([features(table, age=self.age) for table in tables])
        left = np.concatenate([np.minimum(np.arange(len(table))[::-1], self.cap) for table in tables])
        self._models = {
            quantile: HistGradientBoostingRegressor(
                loss="quantile", quantile=quantile, max_iter=120, learning_rate=0.06, min_samples_leaf=60,
                max_leaf_nodes=15, random_state=self.seed,
            ).fit(inputs, left)
            for quantile in QUANTILES
        }  # fmt: skip
        return self

    def predict(self, history: Array) -> Remaining:
        """Predict the remaining life after the last row of a machine's history. Raises ValueError before `fit`."""
        table = _table(history)
        if not self._models:
            raise ValueError("nothing is learned yet; call fit with lives that have ended")
        if table.shape[1] != self._signals:
            raise ValueError(f"the history has {table.shape[1]} signals, the lives had {self._signals}")
        newest = features(table, age=self.age)[-1:]
        quantiles = sorted(float(np.clip(model.predict(newest)[0], 0.0, self.cap)) for model in self._models.values())
        return Remaining(p10=quantiles[0], p50=quantiles[1], p90=quantiles[2], cap=self.cap)

    def dump(self) -> bytes:
        """Return a pickle for `load`. Load only what you have written yourself."""
        return pickle.dumps([_CODE_VERSION, self.cap, self.age, self.seed, self._signals, self._models], protocol=5)

    @classmethod
    def load(cls, dumped: bytes) -> RemainingLife:
        """Return the model of a dump. Raises ValueError for another version's."""
        version, cap, age, seed, signals, models = pickle.loads(dumped)  # noqa: S301 - written by dump
        if version != _CODE_VERSION:
            raise ValueError(f"the dump has version {version}, this code reads {_CODE_VERSION}; fit again")
        return cls(cap, age, seed, models, signals)


def features(table: Array, *, age: bool) -> Array:
    """Return each row's features: by signal the average, its recent change, its change since the start; age."""
    smooth = np.empty_like(table)
    gain, level, weight = 2.0 / (AVERAGE + 1), np.zeros(table.shape[1]), 0.0
    for number, row in enumerate(table):
        known = np.where(np.isfinite(row), row, level / weight if weight else 0.0)
        level, weight = (1 - gain) * level + gain * known, (1 - gain) * weight + gain
        smooth[number] = level / weight
    before = smooth[np.maximum(np.arange(len(table)) - BACK, 0)]
    reference = np.nanmean(smooth[:BEGINNING], axis=0)
    columns = [smooth, smooth - before, smooth - reference]
    if age:
        columns.append(np.arange(1.0, len(table) + 1).reshape(-1, 1))
    return np.concatenate(columns, axis=1)


def _table(history: Array) -> Array:
    table = np.asarray(history, dtype=np.float64)
    if table.ndim != 2 or not len(table):
        raise ValueError("a history is a table of rows by signals, with at least one row")
    return table
