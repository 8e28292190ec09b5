"""One asset's life as its class's fleet model follows it: row by row, with the index and the remaining life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.lives.fleet import FleetModel
from models.remaining_life import Course, Remaining

Array = npt.NDArray[np.float64]
EVERY = 3
"""Rows between two predictions of the remaining life, unless the index is above its limit."""
BACK = 0.8
"""The alarm is over when the index is below this share of its limit."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the newest row says.

    Parameters
    ----------
    at_us
        The event time of the row: of its last frame.
    index
        The extrapolated health index: ``limit`` calls for work.
    called
        Whether the index has been above the limit for long enough and has not returned since.
    remaining
        The remaining life after this row; None between two predictions.
    """

    at_us: int
    index: float
    called: bool
    remaining: Remaining | None


class LifeState:
    """The state of one life. It begins with the first frame after a repair, or that has ever been seen.

    Parameters
    ----------
    began_us, at_us
        Event times of the first and the newest row; None before the first.
    values
        The newest value of each signal and of the regime; NaN for what was never measured.
    """

    def __init__(self, model: FleetModel) -> None:
        self.model = model
        self.names = (*model.signals, *model.regime)
        self.began_us: int | None = None
        self.at_us: int | None = None
        self.values: Array = np.full(len(self.names), np.nan)
        self.course = Course()
        self._bucket, self._last_us = -1, 0
        self._sums, self._counts = np.zeros(len(self.names)), np.zeros(len(self.names))
        self._begin = np.zeros(len(model.index.signals))
        self._smooth = np.zeros(len(model.index.signals))
        self._indexes: list[float] = []
        self._above = 0
        self._called = False

    def add(self, at_us: int, values: Mapping[str, float]) -> Judged | None:
        """Follow a frame and return what a row says that it completes, if it completes one."""
        frame = np.array([values.get(name, np.nan) for name in self.names])
        step_us = self.model.step_us
        if not step_us:
            return self.add_row(at_us, frame)
        judged, bucket = None, at_us // step_us
        if bucket != self._bucket:
            if self._bucket >= 0:
                with np.errstate(invalid="ignore"):
                    judged = self.add_row(self._last_us, self._sums / self._counts)
            self._bucket = bucket
            self._sums[:], self._counts[:] = 0.0, 0.0
        there = np.isfinite(frame)
        self._sums[there] += frame[there]
        self._counts += there
        self._last_us = at_us
        return judged

    def add_row(self, at_us: int, row: Array) -> Judged:
        """Follow a row of the signals and the regime; NaN is what was not measured."""
        self.values = np.where(np.isfinite(row), row, self.values)
        if self.began_us is None:
            self.began_us = at_us
        self.at_us = at_us
        model = self.model
        scaled = self.scaled()
        self.course.add(model.remaining.row(scaled))
        index = self._follow_index(scaled)
        self._above = self._above + 1 if index > model.index.limit else 0
        if self._above >= model.index.sustained:
            self._called = True
        elif self._called and index < BACK * model.index.limit:
            self._called = False
        due = self.course.count > model.index.reference and (self.course.count % EVERY == 0 or self._called)
        return Judged(at_us, index, self._called, self.remaining() if due else None)

    def scaled(self) -> Array:
        """Return the newest row in the usual spread of its condition; what was never measured is usual."""
        conditions, signals = self.model.conditions, len(self.model.signals)
        of = conditions.find_one(self.values)
        scaled = (self.values[:signals] - conditions.mean[of]) / conditions.spread[of]
        return np.where(np.isfinite(scaled), scaled, 0.0)

    def _follow_index(self, scaled: Array) -> float:
        """As `HealthIndex.trace`, one row at a time."""
        index, count = self.model.index, self.course.count
        off = scaled[list(index.signals)]
        if count <= index.reference:
            self._begin = self._begin + off
            return 0.0
        self._smooth = self._smooth + index.smoothing * (
            (off - self._begin / index.reference) / index.spread - self._smooth
        )
        now = float(self.roots() @ index.votes)
        self._indexes.append(now)
        if len(self._indexes) <= index.pace_over:
            return now
        before = self._indexes[-1 - index.pace_over]
        del self._indexes[: -index.pace_over]
        return now + index.ahead * (now - before) / index.pace_over

    def roots(self) -> Array:
        """Return the root of each of the index's signals' smoothed deviation from the beginning of this life."""
        return np.sqrt(np.abs(self._smooth) / self.model.index.scale)

    def remaining(self) -> Remaining:
        """Predict the remaining life after the newest row."""
        return self.model.remaining.judged(self.course.expected(self.model.remaining))

    @property
    def row_us(self) -> float:
        """How long a row is: the model's step, or the mean so far where every frame is a row."""
        if self.model.step_us or self.began_us is None or self.at_us is None or self.course.count < 2:
            return float(self.model.step_us)
        return (self.at_us - self.began_us) / (self.course.count - 1)

    def usual(self, number: int) -> tuple[float, float]:
        """Return the usual range of one of the index's signals at the present condition, from this life's beginning."""
        model, signal = self.model, self.model.index.signals[number]
        of = model.conditions.find_one(self.values)
        middle = self._begin[number] / max(1, min(self.course.count, model.index.reference))
        mean, spread = model.conditions.mean[of, signal], model.conditions.spread[of, signal]
        half = 3.0 * model.index.spread[number]
        return float(mean + spread * (middle - half)), float(mean + spread * (middle + half))

    def dump(self) -> list[Any]:
        """Return the state in plain types; the same frames give the same bytes."""
        return [
            self.model.version, self.began_us, self.at_us, self.values.tobytes(), self.course.dump(), self._bucket,
            self._last_us, self._sums.tobytes(), self._counts.tobytes(), self._begin.tobytes(),
            self._smooth.tobytes(), list(self._indexes), self._above, self._called,
        ]  # fmt: skip

    @classmethod
    def restore(cls, model: FleetModel, dumped: Sequence[Any]) -> LifeState:
        """Continue from a dump of the same model's version."""
        state = cls(model)
        (_, state.began_us, state.at_us, values, course, state._bucket, state._last_us, sums, counts, begin, smooth,
         indexes, state._above, state._called) = dumped  # fmt: skip
        state.values, state.course = np.frombuffer(values).copy(), Course.restore(course)
        state._sums, state._counts = np.frombuffer(sums).copy(), np.frombuffer(counts).copy()
        state._begin, state._smooth = np.frombuffer(begin).copy(), np.frombuffer(smooth).copy()
        state._indexes = list(indexes)
        return state
