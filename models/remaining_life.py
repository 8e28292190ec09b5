"""Predicts remaining life, with its distribution, from a fleet of which some have failed.

Half boosted trees, half small networks (both learned by scikit-learn, judged by `models.lives.life_kernel`), on
levels and changes of each signal over several windows and of their wear: the direction in which lives end. Early life
says nothing of the end, so the target is capped: "at least this long". The distribution is that of the lives of
assets that were not learned from, when the same was predicted of them; where some of these were replaced before they
failed, by the product limit (E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", JASA 53
(1958)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.lives import life_kernel
from models.lives.life_kernel import BEGINNING, WINDOW

Array = npt.NDArray[np.float64]
PROBABILITIES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
TREE_NUMBERS = ("of", "threshold", "left", "right", "value", "roots")
NET_NUMBERS = ("w1", "b1", "w2", "b2", "w3", "b3")
WHOLE = ("of", "left", "right", "roots")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """Remaining life, in rows of the history (hours, cycles or whatever a row is).

    Parameters
    ----------
    expected
        The prediction, at most ``cap``: beyond it all look the same.
    rows
        By each of `PROBABILITIES` the rows within which it fails with that probability; None where no life of the fleet
        tells, because those that would were replaced before.
    """

    expected: float
    rows: tuple[float | None, ...]
    cap: float

    def quantile(self, p: float) -> float | None:
        """Return the rows within which it fails with a probability of `PROBABILITIES`."""
        return self.rows[PROBABILITIES.index(p)]

    @property
    def long(self) -> bool:
        """Return whether the prediction is near the cap: nothing but a lower bound is known."""
        return self.expected >= 0.9 * self.cap


@dataclass(frozen=True, slots=True, kw_only=True)
class RemainingLife:
    """What a fleet has taught, as numbers.

    Parameters
    ----------
    columns, mean, spread, wear
        The columns that tell something, their scale over the fleet, and the weights of the wear.
    age
        Whether the rows since its beginning count: this helps where all start new, and misleads where they do not.
    cap
        The longest remaining life that is distinguished, in rows.
    trees, nets
        By the names of `TREE_NUMBERS` and `NET_NUMBERS`; the networks see features in units of ``scale``.
    at, lives
        Predictions, ascending, and for each the quantiles of lives at `PROBABILITIES`; NaN where unknown.
    """

    columns: npt.NDArray[np.int64]
    mean: Array
    spread: Array
    wear: Array
    age: bool
    cap: float
    trees: Mapping[str, Any]
    nets: Mapping[str, Array]
    scale: Array
    target: Array
    at: Array
    lives: Array

    def row(self, scaled: Array) -> Array:
        """Return one row in the fleet's scale, with its wear as the last column."""
        z = (scaled[self.columns] - self.mean) / self.spread
        return np.append(z, z @ self.wear)

    def expected(self, window: Array, count: int, beginning: Array, wear_so_far: float) -> float:
        """Predict after a row, as described at `life_kernel.row_features`; at most the cap."""
        found = life_kernel.row_features(window, count, beginning, wear_so_far)
        if not self.age:
            found = found[:-1]
        trees = float(life_kernel.trees_sum(found, *(self.trees[name] for name in TREE_NUMBERS)))
        seen = np.minimum(np.maximum((found - self.scale[0]) / self.scale[1], -4.0), 4.0)
        nets = life_kernel.nets_each(seen, *(self.nets[name] for name in NET_NUMBERS))
        by_nets = float(self.target[0] + self.target[1] * nets.mean())
        return 0.5 * (min(max(trees, 0.0), self.cap) + min(max(by_nets, 0.0), self.cap))

    def judged(self, expected: float) -> Remaining:
        """Return a prediction with the distribution of the lives of which the same was predicted."""
        after = int(np.searchsorted(self.at, expected))
        if after in (0, len(self.at)):
            found = self.lives[min(after, len(self.at) - 1)]
            found = found * (max(expected, 0.0) / self.at[0]) if after == 0 and self.at[0] > 0.0 else found
        else:
            low, high = self.at[after - 1], self.at[after]
            share = (expected - low) / (high - low)
            found = (1.0 - share) * self.lives[after - 1] + share * self.lives[after]
        rows = tuple(None if np.isnan(each) else float(each) for each in np.maximum.accumulate(found))
        return Remaining(expected=expected, rows=rows, cap=self.cap)

    def predict(self, history: Array) -> Remaining:
        """Predict after the last row of an asset's history. Raises ValueError for other columns than were learned."""
        table = np.asarray(history, dtype=np.float64)
        if table.ndim != 2 or not len(table):
            raise ValueError("a history is a table of rows by signals, with at least one row")
        if table.shape[1] <= int(self.columns.max()):
            raise ValueError(f"the history has {table.shape[1]} signals, too few for those learned from")
        course = Course()
        for row in table:
            course.add(self.row(row))
        return self.judged(course.expected(self))

    def numbers(self) -> dict[str, Any]:
        """Return plain numbers, for `of_numbers`; unknown quantiles are None."""
        plain = {name: getattr(self, name).tolist() for name in _ARRAYS}
        plain["lives"] = [[None if np.isnan(each) else each for each in row] for row in self.lives.tolist()]
        return plain | {
            "age": self.age,
            "cap": self.cap,
            "trees": {name: np.asarray(self.trees[name]).tolist() for name in TREE_NUMBERS},
            "nets": {name: self.nets[name].tolist() for name in NET_NUMBERS},
        }

    @classmethod
    def of_numbers(cls, numbers: Mapping[str, Any]) -> RemainingLife:
        """Continue from `numbers`. Raises KeyError, TypeError or ValueError for anything else."""
        arrays: dict[str, Any] = {name: np.array(numbers[name], dtype=np.float64) for name in _ARRAYS}
        arrays["columns"] = arrays["columns"].astype(np.int64)
        trees = {
            name: np.array(numbers["trees"][name], dtype=np.int64 if name in WHOLE else np.float64)
            for name in TREE_NUMBERS
        }
        nets = {name: np.array(numbers["nets"][name], dtype=np.float64) for name in NET_NUMBERS}
        return cls(age=bool(numbers["age"]), cap=float(numbers["cap"]), trees=trees, nets=nets, **arrays)


_ARRAYS = ("columns", "mean", "spread", "wear", "scale", "target", "at", "lives")


class Course:
    """The newest rows of a life, and what its features need of the earlier ones."""

    __slots__ = ("_rows", "_used", "beginning", "count", "wear")

    def __init__(self) -> None:
        self._rows, self._used = np.zeros((0, 0)), 0
        self.count = 0
        self.beginning = np.zeros(0)
        self.wear = 0.0

    def add(self, row: Array) -> None:
        """Add a row of `RemainingLife.row`."""
        if not self.count:
            self._rows, self.beginning = np.zeros((2 * WINDOW, len(row))), np.zeros(len(row))
        elif self._used == len(self._rows):
            self._rows[:WINDOW], self._used = self._rows[-WINDOW:].copy(), WINDOW
        self._rows[self._used] = row
        self._used += 1
        self.count += 1
        if self.count <= BEGINNING:
            self.beginning = self.beginning + row
        self.wear += float(row[-1])

    def expected(self, model: RemainingLife) -> float:
        """Return the prediction after the newest row."""
        return model.expected(*self.facts())

    def facts(self) -> tuple[Array, int, Array, float]:
        """Return what `life_kernel.row_features` needs; there is at least one row."""
        return self._window(), self.count, self.beginning / min(self.count, BEGINNING), self.wear / self.count

    def _window(self) -> Array:
        return self._rows[max(self._used - WINDOW, 0) : self._used]

    def dump(self) -> list[Any]:
        """Return the state in plain types."""
        return [self.count, self.wear, self.beginning.tobytes(), self._window().tobytes()]

    @classmethod
    def restore(cls, dumped: Sequence[Any]) -> Course:
        """Continue from a dump."""
        course = cls()
        course.count, course.wear = dumped[0], dumped[1]
        if course.count:
            course.beginning = np.frombuffer(dumped[2]).copy()
            window = np.frombuffer(dumped[3]).reshape(-1, len(course.beginning))
            course._rows, course._used = np.zeros((2 * WINDOW, len(course.beginning))), len(window)
            course._rows[: course._used] = window
        return course
