"""What became of a machine's signals, against what was expected of them: the newest stretch, and a longer one.

A look is taken every 64th frame that the model judged. What is kept is how far each signal lay from what is expected at
its operating point, in its own unit, so that a change of duty is no course, and wear is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

EVERY = 64
"""Frames from look to look."""
POINTS = 48
"""Looks that each stretch holds: 51 hours of a machine that tells of itself once a minute, and 17 days."""
GROUP = 8
"""A point of the long stretch is the mean of so many looks."""


class Look(NamedTuple):
    """A signal's smoothed value, what was expected of it at its operating point, and the deviation that is ordinary.

    All in the signal's unit. ``sigma`` is one standard deviation; the usual range is three of them to either side.
    """

    level: float
    expected: float
    sigma: float

    @property
    def off(self) -> float:
        """How far it is off, as a part of half its usual range: beyond 1 or below -1 it is out of it."""
        return (self.level - self.expected) / (3.0 * self.sigma) if self.sigma > 0.0 else 0.0


class Course:
    """The deviations of one asset's signals, oldest first; NaN where one was not judged. Times are event time, µs."""

    def __init__(self) -> None:
        self.signals: list[str] = []
        self.looks: dict[str, Look] = {}
        self._near = _empty(0)
        self._far = _empty(0)
        self._near_at = np.zeros(POINTS, dtype=np.int64)
        self._far_at = np.zeros(POINTS, dtype=np.int64)
        self.taken = 0

    def take(self, at_us: int, looks: Mapping[str, Look]) -> None:
        """Keep a look at the signals of the newest frame."""
        new = [signal for signal in looks if signal not in self.signals]
        if new:
            self.signals += new
            self._near, self._far = (_widened(table, len(self.signals)) for table in (self._near, self._far))
        place = self.taken % POINTS
        self._near[place] = np.nan
        for slot, signal in enumerate(self.signals):
            look = looks.get(signal)
            if look is not None:
                self._near[place, slot] = look.level - look.expected
        self._near_at[place] = at_us
        self.taken += 1
        self.looks = dict(looks)
        if self.taken % GROUP == 0:
            self._take_far()

    def near(self, signal: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return times and deviations of the newest looks."""
        return self._of(signal, self._near, self._near_at, self.taken)

    def far(self, signal: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return times and mean deviations of the longer stretch."""
        return self._of(signal, self._far, self._far_at, self.taken // GROUP)

    def state(self) -> list[Any]:
        """Return all that `restore` needs, of plain types."""
        near, far = min(self.taken, POINTS), min(self.taken // GROUP, POINTS)
        return [
            list(self.signals),
            self.taken,
            self._near[:near].astype("<f4").tobytes(),
            self._near_at[:near].astype("<i8").tobytes(),
            self._far[:far].astype("<f4").tobytes(),
            self._far_at[:far].astype("<i8").tobytes(),
            [[signal, *look] for signal, look in self.looks.items()],
        ]

    @classmethod
    def restore(cls, state: Iterable[Any]) -> Course:
        """Return a course that goes on from a state, bit for bit."""
        signals, taken, near, near_at, far, far_at, looks = state
        course = cls()
        course.signals, course.taken = list(signals), taken
        course.looks = {signal: Look(*look) for signal, *look in looks}
        course._near, course._far = _empty(len(signals)), _empty(len(signals))
        for table, times, kept, at in (
            (course._near, course._near_at, near, near_at),
            (course._far, course._far_at, far, far_at),
        ):
            count = len(at) // 8
            times[:count] = np.frombuffer(at, dtype="<i8")
            table[:count] = np.frombuffer(kept, dtype="<f4").reshape(count, len(signals))
        return course

    def _take_far(self) -> None:
        place = (self.taken // GROUP - 1) % POINTS
        newest = [(self.taken - 1 - back) % POINTS for back in range(GROUP)]
        rows = self._near[newest].astype(np.float64)
        known = np.isfinite(rows)
        counts = known.sum(axis=0)
        total = np.where(known, rows, 0.0).sum(axis=0)
        # A point that half of its looks know nothing of is none.
        self._far[place] = np.where(2 * counts >= GROUP, total / np.maximum(counts, 1), np.nan)
        self._far_at[place] = self._near_at[newest[0]]

    def _of(
        self, signal: str, table: npt.NDArray[np.float32], times: npt.NDArray[np.int64], taken: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        if signal not in self.signals:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        slot, first = self.signals.index(signal), max(0, taken - POINTS)
        order = [number % POINTS for number in range(first, taken)]
        values = table[order, slot].astype(np.float64)
        known = np.isfinite(values)
        return times[order][known], values[known]


def _empty(signals: int) -> npt.NDArray[np.float32]:
    return np.full((POINTS, signals), np.nan, dtype=np.float32)


def _widened(table: npt.NDArray[np.float32], signals: int) -> npt.NDArray[np.float32]:
    wider = _empty(signals)
    wider[:, : table.shape[1]] = table
    return wider
