"""How far an asset has moved from its own beginning, in one number, and where the last stretch is taking it.

C. A. Lowry, W. H. Woodall, C. W. Champ, S. E. Rigdon, "A multivariate exponentially weighted moving average control
chart", Technometrics 34 (1992), with the asset's own first frames for reference and the spread learned on a fleet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HealthIndex:
    """The health index of one kind of asset.

    Parameters
    ----------
    signals
        Columns that vary while healthy; what never varies has no scale to be judged by.
    precision
        Inverse covariance of these columns while healthy.
    reference
        Frames at an asset's begin that count as healthy.
    smoothing
        Weight of the newest frame.
    pace_over, ahead
        The index is carried on for ``ahead`` frames at the pace of the last ``pace_over``.
    limit
        The carried-on index that calls for work, in standard deviations of healthy frames.
    sustained
        Frames in a row above the limit that raise the alarm.
    """

    signals: tuple[int, ...]
    precision: Array
    reference: int = 30
    smoothing: float = 0.15
    pace_over: int = 50
    ahead: int = 120
    limit: float = math.inf
    sustained: int = 3

    @classmethod
    def learn(cls, fleet: Iterable[Array], *, reference: int = 30) -> HealthIndex:
        """Learn the healthy spread from the first frames of a fleet, frames by signals each."""
        first = [frames[:reference] for frames in fleet]
        pooled = np.concatenate([frames - frames.mean(axis=0) for frames in first])
        level = np.abs(np.concatenate(first)).mean(axis=0)
        signals = tuple(int(i) for i in np.flatnonzero(pooled.std(axis=0) > 1e-6 * np.maximum(level, 1e-9)))
        covariance = np.cov(pooled[:, signals].T) * reference / (reference - 1)
        precision = np.linalg.inv(covariance + 1e-3 * np.diag(np.diag(covariance)))
        return cls(signals, np.asarray(precision, dtype=np.float64), reference)

    def trace(self, frames: Array) -> Array:
        """Return the carried-on index of every frame of one asset; 0 while its reference is taken."""
        left = frames[:, self.signals] - frames[: self.reference, self.signals].mean(axis=0)
        spread = self.smoothing / (2 - self.smoothing) + 1 / self.reference
        z = np.zeros(left.shape[1])
        index = np.zeros(len(frames))
        carried = np.zeros(len(frames))
        for t in range(self.reference, len(frames)):
            z = z + self.smoothing * (left[t] - z)
            index[t] = math.sqrt(z @ self.precision @ z / spread)
            back = t - self.pace_over
            if back >= self.reference:
                carried[t] = index[t] + self.ahead * (index[t] - index[back]) / self.pace_over
            else:
                carried[t] = index[t]
        return carried

    def alarm(self, trace: Array, *, limit: float | None = None) -> int | None:
        """Return the first frame at which the trace has been above the limit for long enough, None if never."""
        above = 0
        for t, value in enumerate(trace):
            above = above + 1 if value > (self.limit if limit is None else limit) else 0
            if above >= self.sustained:
                return t
        return None

    def earliest_limit(self, traces: Sequence[Array], *, longest_lead: int) -> float:
        """Return the lowest limit at which no asset of a fleet that ran to failure is called earlier than this."""
        limit = 2.0
        while any((k := self.alarm(t, limit=limit)) is not None and len(t) - 1 - k > longest_lead for t in traces):
            limit *= 1.01
        return limit
