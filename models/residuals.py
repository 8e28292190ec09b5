"""A rolling history of each signal's residuals: a recent window, and a longer one of averages.

Residuals are sampled every 64th frame that the model judged: how far each signal lay from what is expected at its
operating point, in its own unit, so that a change of duty leaves no trend, and wear does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

EVERY = 64
"""Frames between two samples."""
POINTS = 48
"""Samples in each window: 51 hours of a machine that reports once a minute, and 17 days."""
GROUP = 8
"""Samples averaged into one point of the long window."""


class Residual(NamedTuple):
    """A signal's smoothed value, what was expected of it at its operating point, and the deviation that is ordinary.

    All in the signal's unit. ``sigma`` is one standard deviation; the usual range is three of them to either side.
    """

    level: float
    expected: float
    sigma: float

    @property
    def off(self) -> float:
        """Return the residual as a fraction of half the usual range: beyond ±1 the signal is outside it."""
        return (self.level - self.expected) / (3.0 * self.sigma) if self.sigma > 0.0 else 0.0


class ResidualHistory:
    """The deviations of one asset's signals, oldest first; NaN where one was not judged. Times are event time, µs."""

    def __init__(self) -> None:
        self.signals: list[str] = []
        self.residuals: dict[str, Residual] = {}
        self._near = _empty(0)
        self._far = _empty(0)
        self._near_at = np.zeros(POINTS, dtype=np.int64)
        self._far_at = np.zeros(POINTS, dtype=np.int64)
        self.count = 0

    def add(self, at_us: int, residuals: Mapping[str, Residual]) -> None:
        """Record the residuals of the newest frame."""
        new = [signal for signal in residuals if signal not in self.signals]
        if new:
            self.signals += new
            self._near, self._far = (_widened(table, len(self.signals)) for table in (self._near, self._far))
        row = self.count % POINTS
        self._near[row] = np.nan
        for slot, signal in enumerate(self.signals):
            residual = residuals.get(signal)
            if residual is not None:
                self._near[row, slot] = residual.level - residual.expected
        self._near_at[row] = at_us
        self.count += 1
        self.residuals = dict(residuals)
        if self.count % GROUP == 0:
            self._add_far()

    def near(self, signal: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return times and residuals of the recent window."""
        return self._of(signal, self._near, self._near_at, self.count)

    def far(self, signal: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return times and mean residuals of the long window."""
        return self._of(signal, self._far, self._far_at, self.count // GROUP)

    def state(self) -> list[Any]:
        """Return all that `restore` needs, of plain types."""
        near, far = min(self.count, POINTS), min(self.count // GROUP, POINTS)
        return [
            list(self.signals),
            self.count,
            self._near[:near].astype("<f4").tobytes(),
            self._near_at[:near].astype("<i8").tobytes(),
            self._far[:far].astype("<f4").tobytes(),
            self._far_at[:far].astype("<i8").tobytes(),
            [[signal, *residual] for signal, residual in self.residuals.items()],
        ]

    @classmethod
    def restore(cls, state: Iterable[Any]) -> ResidualHistory:
        """Return a history that continues from a state, bit for bit."""
        signals, count, near, near_at, far, far_at, residuals = state
        history = cls()
        history.signals, history.count = list(signals), count
        history.residuals = {signal: Residual(*residual) for signal, *residual in residuals}
        history._near, history._far = _empty(len(signals)), _empty(len(signals))
        for table, times, kept, at in (
            (history._near, history._near_at, near, near_at),
            (history._far, history._far_at, far, far_at),
        ):
            count = len(at) // 8
            times[:count] = np.frombuffer(at, dtype="<i8")
            table[:count] = np.frombuffer(kept, dtype="<f4").reshape(count, len(signals))
        return history

    def _add_far(self) -> None:
        row = (self.count // GROUP - 1) % POINTS
        newest = [(self.count - 1 - back) % POINTS for back in range(GROUP)]
        rows = self._near[newest].astype(np.float64)
        known = np.isfinite(rows)
        counts = known.sum(axis=0)
        total = np.where(known, rows, 0.0).sum(axis=0)
        # A point needs at least half of its samples.
        self._far[row] = np.where(2 * counts >= GROUP, total / np.maximum(counts, 1), np.nan)
        self._far_at[row] = self._near_at[newest[0]]

    def _of(
        self, signal: str, table: npt.NDArray[np.float32], times: npt.NDArray[np.int64], count: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        if signal not in self.signals:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        slot, first = self.signals.index(signal), max(0, count - POINTS)
        order = [number % POINTS for number in range(first, count)]
        values = table[order, slot].astype(np.float64)
        known = np.isfinite(values)
        return times[order][known], values[known]


def _empty(signals: int) -> npt.NDArray[np.float32]:
    return np.full((POINTS, signals), np.nan, dtype=np.float32)


def _widened(table: npt.NDArray[np.float32], signals: int) -> npt.NDArray[np.float32]:
    wider = _empty(signals)
    wider[:, : table.shape[1]] = table
    return wider
