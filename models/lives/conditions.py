"""The operating conditions of a fleet, and each signal's usual level and spread in each: what is left is wear.

Conditions are found in the signals that are named as the regime, by leader clustering (J. A. Hartigan, "Clustering
algorithms" (1975)): few distinct settings become one condition each, a continuous load is cut into bands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
MOST = 32
APART = 0.35
"""Two settings are of different conditions if they are so many of the fleet's standard deviations apart."""
FEWEST = 20
"""Healthy rows that a condition needs to know a signal's usual spread; with fewer, all its rows count."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Rows in units of their condition's usual spread. A row has the signals first, then the regime's signals.

    Parameters
    ----------
    scale
        Standard deviation of each of the regime's signals over the fleet.
    centres
        Conditions by regime signals, in units of ``scale``; one condition without a regime.
    mean, spread
        Conditions by signals, while healthy.
    """

    scale: Array
    centres: Array
    mean: Array
    spread: Array

    @classmethod
    def learn(cls, lives: Sequence[Array], signals: int, reference: int) -> Conditions:
        """Learn from whole lives, rows by signals and then the regime's; the first rows of each are healthy."""
        rows = np.concatenate(lives)
        settings = rows[:, signals:]
        scale = np.maximum(settings.std(axis=0), 1e-9)
        centres = _centres(settings / scale)
        made = cls(scale, centres, np.zeros((len(centres), signals)), np.ones((len(centres), signals)))
        healthy = np.concatenate([life[:reference] for life in lives])
        of_healthy, of_all = made.find(healthy), made.find(rows)
        for number in range(len(centres)):
            known = healthy[of_healthy == number, :signals]
            known = known if len(known) >= FEWEST else rows[of_all == number, :signals]
            made.mean[number], spread = known.mean(axis=0), known.std(axis=0)
            made.spread[number] = np.where(spread > 1e-6 * np.maximum(np.abs(made.mean[number]), 1e-9), spread, 1.0)
        return made

    def find(self, rows: Array) -> npt.NDArray[np.int64]:
        """Return the condition of each row."""
        if len(self.centres) == 1:
            return np.zeros(len(rows), dtype=np.int64)
        settings = rows[:, self.mean.shape[1] :] / self.scale
        off = ((settings[:, None, :] - self.centres[None, :, :]) ** 2).sum(axis=2)
        return np.asarray(off.argmin(axis=1), dtype=np.int64)

    def find_one(self, row: Array) -> int:
        """Return the condition of one row."""
        if len(self.centres) == 1:
            return 0
        return int(((row[self.mean.shape[1] :] / self.scale - self.centres) ** 2).sum(axis=1).argmin())

    def scaled(self, rows: Array) -> Array:
        """Return the signals of rows in the usual spread of each row's condition."""
        of = self.find(rows)
        return np.asarray((rows[:, : self.mean.shape[1]] - self.mean[of]) / self.spread[of], dtype=np.float64)

    def numbers(self) -> dict[str, Any]:
        """Return plain numbers, for `of_numbers`."""
        return {name: getattr(self, name).tolist() for name in self.__slots__}

    @classmethod
    def of_numbers(cls, numbers: Mapping[str, Any]) -> Conditions:
        """Continue from `numbers`."""
        signals, regime = len(numbers["mean"][0]), len(numbers["scale"])
        shapes = {"scale": (regime,), "centres": (-1, regime), "mean": (-1, signals), "spread": (-1, signals)}
        if not regime:
            shapes["centres"] = (1, 0)
        return cls(**{name: np.array(numbers[name], dtype=np.float64).reshape(shapes[name]) for name in cls.__slots__})


def _centres(settings: Array) -> Array:
    if not settings.shape[1]:
        return np.zeros((1, 0))
    centres = [settings[0]]
    for row in settings[:: max(1, len(settings) // 20_000)]:
        if len(centres) == MOST:
            break
        if ((np.array(centres) - row) ** 2).sum(axis=1).min() > APART**2:
            centres.append(row)
    found = np.array(centres)
    for _ in range(3):
        of = ((settings[:, None, :] - found[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
        found = np.array([settings[of == k].mean(axis=0) if (of == k).any() else found[k] for k in range(len(found))])
    return found
