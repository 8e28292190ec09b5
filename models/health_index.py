"""How far an asset has moved from its own beginning, in one number, and where its recent trend leads.

Every varying signal is smoothed (S. W. Roberts, "Control chart tests based on geometric moving averages",
Technometrics 1 (1959)) and has one vote: the root of its deviation, relative to that of a fleet at the end of its
lives. So 1 is the state in which that fleet failed. A signal's direction does not matter, and none outvotes the others:
a fault that the fleet has not had inverts some of them. A distance weighted by the healthy covariance would depend on
the two or three signals that are quietest while healthy. Wear accelerates, and its root grows about evenly, so a
straight line extrapolates it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

HEALTHY = 0.82
"""The mean root of the magnitude of a standard normal deviation: the value of an unaffected signal."""
LAST = 10
"""Frames at the end of a life that show how far each signal deviates."""


@dataclass(frozen=True, slots=True)
class HealthIndex:
    """The health index of one kind of asset.

    Parameters
    ----------
    signals
        Columns that vary while healthy; a constant one has no scale.
    spread
        Standard deviation of these columns while healthy.
    votes
        Weight of the root of one standard deviation of each; 0 for a signal that did not move at the end of any life.
    reference
        Frames at the start of an asset's life that count as healthy.
    smoothing
        Weight of the newest frame.
    pace_over, ahead
        The index is extrapolated for ``ahead`` frames at the pace of the last ``pace_over``.
    limit
        The extrapolated index that calls for work.
    sustained
        Frames in a row above the limit that raise the alarm.
    """

    signals: tuple[int, ...]
    spread: Array
    votes: Array
    reference: int = 30
    smoothing: float = 0.15
    pace_over: int = 50
    ahead: int = 120
    limit: float = math.inf
    sustained: int = 3

    @classmethod
    def learn(cls, fleet: Iterable[Array], *, reference: int = 30) -> HealthIndex:
        """Learn the healthy spread and each signal's vote from a fleet that ran to failure, frames by signals each."""
        lives = list(fleet)
        first = [frames[:reference] for frames in lives]
        pooled = np.concatenate([frames - frames.mean(axis=0) for frames in first])
        level = np.abs(np.concatenate(first)).mean(axis=0)
        signals = tuple(int(i) for i in np.flatnonzero(pooled.std(axis=0) > 1e-6 * np.maximum(level, 1e-9)))
        spread = np.asarray(pooled[:, signals].std(axis=0) * math.sqrt(reference / (reference - 1)), dtype=np.float64)
        equal = cls(signals, spread, np.ones(len(signals)), reference)
        ends = np.mean([equal.deviations(frames)[-LAST:].mean(axis=0) for frames in lives], axis=0)
        votes = np.maximum(ends - HEALTHY, 0.0) / np.maximum(ends, HEALTHY) ** 2
        return cls(signals, spread, votes / max(float(votes @ ends), 1e-9), reference)

    @property
    def scale(self) -> float:
        """The standard deviation of a smoothed deviation of an unaffected signal."""
        return math.sqrt(self.smoothing / (2 - self.smoothing) + 1 / self.reference)

    def deviations(self, frames: Array) -> Array:
        """Return the root of each signal's smoothed deviation from the asset's start; 0 within the reference frames."""
        off = (frames[:, self.signals] - frames[: self.reference, self.signals].mean(axis=0)) / self.spread
        smooth = np.zeros(off.shape[1])
        roots = np.zeros(off.shape)
        for t in range(self.reference, len(frames)):
            smooth = smooth + self.smoothing * (off[t] - smooth)
            roots[t] = np.sqrt(np.abs(smooth) / self.scale)
        return roots

    def trace(self, frames: Array) -> Array:
        """Return the extrapolated index of every frame of one asset; 0 within the reference frames."""
        index = self.deviations(frames) @ self.votes
        carried = np.array(index, dtype=np.float64)
        now = np.arange(self.reference + self.pace_over, len(frames))
        carried[now] += self.ahead * (index[now] - index[now - self.pace_over]) / self.pace_over
        return carried

    def alarm(self, trace: Array, *, limit: float | None = None) -> int | None:
        """Return the first frame at which the trace has been above the limit for long enough, None if never."""
        above = np.asarray(trace > (self.limit if limit is None else limit), dtype=np.bool_)
        if len(above) < self.sustained:
            return None
        together = np.all(np.lib.stride_tricks.sliding_window_view(above, self.sustained), axis=1)
        first = np.flatnonzero(together)
        return int(first[0]) + self.sustained - 1 if len(first) else None

    def latest_limit(self, traces: Sequence[Array], *, lead: float, share: float = 0.95) -> float:
        """Return the highest limit at which this share of a fleet that ran to failure alarms early enough.

        ``lead`` is the frames before the end of a life. The highest, since an alarm that is too early costs what it was
        meant to save.
        """
        limit = 0.1
        while True:
            alarms = [self.alarm(trace, limit=limit * 1.005) for trace in traces]
            leads = [-1 if at is None else len(trace) - 1 - at for at, trace in zip(alarms, traces, strict=True)]
            if not leads or np.percentile(leads, 100 * (1 - share)) < lead:
                return limit
            limit *= 1.005
