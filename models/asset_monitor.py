"""Wraps an asset's detector: adapts its limit to the promised false-alarm rate and tracks warm-up and residuals.

The detector says how unusual a frame is. The monitor decides when that becomes an alarm: its limit is the height that
a healthy machine's sum is expected to reach no more often than the model document promises, moved by close-outs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models import default_detector, kernel
from models.alarm import Anomaly
from models.calibration import Calibration
from models.detector import Detector, opened
from models.document import ModelDocument
from models.frame import Row
from models.residuals import EVERY, ResidualHistory

STATE_VERSION = 2
GROWTH = 3.0
"""Evidence that each further frame adds to an excursion once the detector's sum is full."""


class AssetMonitor:
    """Monitors one asset; `models.detector.Detector` documents the methods that both have.

    Parameters
    ----------
    limit
        The sum of evidence that raises the alarm.
    factor
        Multiplies the limit, from the close-outs of this document version; 1 without close-outs.
    """

    history: ResidualHistory
    active: bool
    cycles: int
    _duty: list[float]
    _peak: float
    _full: int
    _at_us: int | None
    _pace_us: float
    _span_us: int
    _until_look: int
    _admitted: dict[str, None]
    _fits: Mapping[str, int] | None
    _absent: npt.NDArray[np.int64] | None

    def __init__(self, document: ModelDocument, factor: float = 1.0, of: Detector | None = None) -> None:
        self.document = document
        self.factor = factor
        self._full_at, self._patience = kernel.FULL * document.patience, document.patience * (1.0 - 1e-9)
        self.detector: Detector = default_detector.begin(document) if of is None else of
        self.calibration = Calibration()
        self._begin()
        self._set_limit()

    def judge(self, at_us: int, values: Mapping[str, float]) -> Anomaly | None:
        """Judge the frame. Returns the anomaly on every frame while the alarm is active, None otherwise and during the
        warm-up, which requires the document's frames *and* its duty cycles.
        """
        values = self._within_most(values)
        said = self.detector.judge(at_us, values)
        before, self._at_us = self._at_us, at_us
        if before is not None:
            step, pace = at_us - before, self._pace_us
            if step > kernel.GAP * pace > 0.0:
                self.cycles += 1
            elif step > 0:
                # Move towards the median of the steps, as the kernel does.
                self._pace_us = pace * (1.05 if step > pace else 1 / 1.05) if pace else float(step)
                self._span_us += step
        self._until_look -= 1
        if self.cycles < self.document.warmup_cycles:
            self._follow_duty()
            return None
        if self._until_look <= 0:
            self._sample(at_us)
        height = self.detector.score() * self._full_at
        if height <= 0.0 and not (self.active and said):
            if self._peak > 0.0:
                self._end_excursion()
            return None
        if height > self._patience:
            height = self._patience + GROWTH * self._full
            self._full += 1
        self._peak = max(self._peak, height)
        if not self.active and self._peak < self.limit:
            return None
        self.active = True
        # Below the document's patience the detector raises no alarm of its own.
        anomaly = said or self.detector.anomaly()
        return replace(anomaly, score=min(self._peak / (kernel.FULL * self.limit), 1.0), limit=1.0 / kernel.FULL)

    def usual(self, signal: str) -> tuple[float, float] | None:
        """Return the usual range of a signal at the operating point last seen; None until known."""
        return self.detector.usual(signal)

    def ready(self) -> bool:
        """Return whether the warm-up is over, in frames and in duty cycles."""
        return self.cycles >= self.document.warmup_cycles and self.detector.ready()

    def score(self) -> float:
        """Return how far the surprise has added up: 0 ordinary, 1 full."""
        return self.detector.score()

    def rebaseline(self, *, faults: bool = False) -> None:
        """Forget what is normal and learn it again, as after a repair. Keeps the calibration of the sum, except for
        alarms that were ``faults``.
        """
        if self._peak > 0.0:
            self._end_excursion()
        self.calibration.settle(faults=faults)
        self.detector.rebaseline()
        self._begin()
        self._set_limit()

    def set_factor(self, factor: float) -> None:
        """Apply the factor that close-outs have set."""
        if factor != self.factor:
            self.factor = factor
            self._set_limit()

    def state(self) -> object:
        """Return all that `restore` needs, of plain types; the same history gives the same state."""
        return [
            STATE_VERSION,
            self.detector.state(),
            self.calibration.state(),
            self.history.state(),
            [self.factor, self.limit, self._peak, self._full, self.active, self.cycles, *self._duty],
            [self._at_us, self._pace_us, self._span_us, self._until_look],
            list(self._admitted),
        ]

    @classmethod
    def restore(cls, document: ModelDocument, state: object) -> AssetMonitor:
        """Return a monitor that continues from a state, bit for bit. Raises ValueError where it can't."""
        of, calibration, history, numbers, times, admitted = opened(document, state, STATE_VERSION)
        made = cls(document, numbers[0], default_detector.restore(document, of))
        made.calibration = Calibration.restore(calibration)
        made.history = ResidualHistory.restore(history)
        _, made.limit, made._peak, made._full, made.active, made.cycles, *made._duty = numbers
        made._at_us, made._pace_us, made._span_us, made._until_look = times
        made._admitted = dict.fromkeys(admitted)
        return made

    def _begin(self) -> None:
        self.history = ResidualHistory()
        self.active = False
        self.cycles = 0
        self._duty = [-2.0, 0.0, 0.0, 0.0]
        self._peak, self._full = 0.0, 0
        self._at_us = None
        self._pace_us = 0.0
        self._span_us = 0
        self._until_look = EVERY
        self._admitted = {}
        self._fits, self._absent = None, None

    def _within_most(self, values: Mapping[str, float]) -> Mapping[str, float]:
        """Limit a frame to the signals that the model judges: the first ``most_signals`` seen."""
        row = values if isinstance(values, Row) else None
        if row is not None and row.places is self._fits and (self._absent is None or _is_empty(row, self._absent)):
            return values
        admitted = self._admitted
        names = values.keys() if row is None else row.places.keys()
        if names <= admitted.keys():
            self._fits, self._absent = None if row is None else row.places, None
            return values
        most, left_out = self.document.most_signals, False
        for name in values:
            if name not in admitted:
                if len(admitted) < most or name in self.document.regime:
                    admitted[name] = None
                else:
                    left_out = True
        if left_out:
            return {name: value for name, value in values.items() if name in admitted}
        if row is not None:
            others = [place for name, place in row.places.items() if name not in admitted]
            self._fits, self._absent = row.places, np.array(others, dtype=np.int64) if others else None
        return values

    def _sample(self, at_us: int) -> None:
        self.calibration.frames += EVERY - self._until_look
        self.calibration.seconds += self._span_us / 1e6
        self._until_look, self._span_us = EVERY, 0
        residuals = self.detector.residuals()
        if residuals:
            self.history.add(at_us, residuals)
        if self._peak == 0.0:
            self._set_limit()

    def _end_excursion(self) -> None:
        self.calibration.add(self._peak, self.limit)
        self._peak, self._full, self.active = 0.0, 0, False
        self._set_limit()

    def _set_limit(self) -> None:
        document = self.document
        promised = document.false_episodes_per_month
        needed = self.calibration.limit(promised) / document.patience if promised else 1.0
        within = min(max(max(needed, 1.0) * self.factor, document.limit_least), document.limit_most)
        self.limit = within * self._patience

    def _follow_duty(self) -> None:
        """Count a duty cycle when the operating point has swung from one side of its mean to the other and back.

        The first two values are skipped: only the third shows which of them is a glitch.
        """
        value = self.detector.regime_value()
        if value is None:
            return
        count, mean, spread, side = self._duty
        count += 1.0
        if count <= 0.0:
            self._duty[0] = count
            return
        off = value - mean
        mean += off / count
        spread += (abs(value - mean) - spread) / count
        if count > EVERY and abs(value - mean) > spread:
            now = math.copysign(1.0, value - mean)
            if side < 0.0 < now:
                self.cycles += 1
            side = now
        self._duty = [count, mean, spread, side]


def _is_empty(row: Row, places: npt.NDArray[np.int64]) -> bool:
    return bool(np.isnan(row.numbers[places]).all())


def begin(document: ModelDocument, factor: float = 1.0) -> AssetMonitor:
    """Return a new monitor with the detector that the document names. Raises NoSuchEstimator."""
    return AssetMonitor(document, factor)
