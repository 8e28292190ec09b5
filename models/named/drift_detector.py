"""Monitors one asset by drift detectors, one for each signal, as its model document names them.

A drift detector receives one number after another and reports the moment at which they have changed; then it accepts
the new level as usual, and is silent. So each report counts for ``horizon_frames``: the alarm is active that long, and
longer if the drift is reported again, or on another signal. The false-alarm rate of such a detector is unknown
beforehand; the monitor counts its excursions, and raises its limit above what a single report adds up to.

Binary detectors (``river.drift.binary``) receive whether the value lies more than two standard deviations from its
mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import kernel
from models.alarm import Anomaly
from models.detector import opened
from models.document import ModelDocument
from models.named import estimator_state, estimators
from models.named.gate import Gate
from models.residuals import Residual
from models.usual import Usuals, finite

STATE_VERSION = 2
OUTSIDE = 2.0
"""Standard deviations from which on a value counts as an event for a binary detector."""


class DriftDetector:
    """The `models.detector.Detector` of an asset whose document names a drift detector."""

    def __init__(self, document: ModelDocument) -> None:
        self.document = document
        self._named = estimators.make(document.estimator, document.parameters)
        self._detectors: dict[str, Any] = {}
        self._gate = Gate(document.smoothing, document.regime)
        self._features = Usuals(document.memory_frames)
        self._signals = Usuals(document.memory_frames)
        self._levels: dict[str, float] = {}
        self._drifting: dict[str, int] = {}
        self._frames = 0
        self._since_us = 0
        self._newest: dict[str, float] = {}
        self._regime_value: float | None = None

    def judge(self, at_us: int, values: Mapping[str, float]) -> Anomaly | None:
        """Pass each detector its signal's value. Returns the anomaly while a reported drift still counts."""
        frame = self._gate.accept(values)
        self._regime_value = next((frame[signal] for signal in self.document.regime if signal in frame), None)
        features = self._turned(frame) if frame else frame
        drifting = {name: left - 1 for name, left in self._drifting.items() if left > 1}
        drifted = [name for name, value in features.items() if self._detects(name, value)]
        if drifted and self.ready():
            if not drifting:
                self._since_us = at_us
            drifting |= dict.fromkeys(drifted, self.document.horizon_frames)
        self._drifting = drifting
        if not drifting:
            self._signals.learn(frame)
            if features is not frame:
                self._features.learn(features)
        self._frames += 1
        if frame:
            self._newest = self._smoothed(frame if features is frame else features | frame)
        return self.anomaly() if drifting else None

    def usual(self, signal: str) -> tuple[float, float] | None:
        """Return a signal's mean while nothing drifted, three standard deviations to either side; None until known."""
        usual = self._signals.get(signal)
        return None if usual is None or usual.frames < self.document.warmup_frames else usual.range

    def ready(self) -> bool:
        """Whether the warm-up is over."""
        return self._frames >= self.document.warmup_frames

    def score(self) -> float:
        """Return 0 without a drift, 1 when one was just reported, `Anomaly.limit` when it no longer counts."""
        if not self._drifting:
            return 0.0
        limit = 1.0 / kernel.FULL
        return limit + (1.0 - limit) * max(self._drifting.values()) / self.document.horizon_frames

    def regime_value(self) -> float | None:
        """Return the accepted value of the first regime signal in the newest frame; None without one."""
        return self._regime_value

    def rebaseline(self) -> None:
        """Forget what is normal and learn it again, as after a repair."""
        self.__init__(self.document)  # type: ignore[misc]

    def state(self) -> object:
        """Return all that `restore` needs, of plain types; the same history gives the same state."""
        return [
            STATE_VERSION,
            estimator_state.dump([self._named.before, self._detectors]),
            self._gate.state(),
            self._features.state(),
            self._signals.state(),
            sorted(self._levels.items()),
            sorted(self._drifting.items()),
            self._frames,
            self._since_us,
            sorted(self._newest.items()),
        ]

    @classmethod
    def restore(cls, document: ModelDocument, state: object) -> DriftDetector:
        """Return a detector that continues from a state. Raises ValueError for one of another version or kind."""
        kept, gate, features, signals, levels, drifting, *rest = opened(document, state, STATE_VERSION)
        detector = cls(document)
        like = [detector._named.before, detector._named.detector]
        detector._named.before, detector._detectors = estimator_state.restore(kept, like=like)
        detector._gate = Gate(document.smoothing, document.regime, gate)
        detector._features = Usuals(document.memory_frames, features)
        detector._signals = Usuals(document.memory_frames, signals)
        detector._levels = dict(levels)
        detector._drifting = dict(drifting)
        detector._frames, detector._since_us, newest = rest
        detector._newest = dict(newest)
        return detector

    def residuals(self) -> dict[str, Residual]:
        """Return the residual of each signal of the newest frame, from its mean while nothing drifted."""
        return self._signals.residuals(self._newest) if self.ready() else {}

    def anomaly(self) -> Anomaly:
        """Return the anomaly of the newest frame: the signals that drifted, by how far each is off now."""
        known = {**self._features, **self._signals}
        # What drifted may not be measured in this frame, or may be no signal.
        shown = [name for name in self._drifting if name in self._newest] or list(self._newest)
        weights = {
            name: max(abs(known[name].beyond(self._newest[name])), 1.0) if name in known else 1.0 for name in shown
        }
        usuals = Usuals(self.document.memory_frames)
        usuals.update(known)
        parts = usuals.contributions(self._newest, weights)
        return Anomaly(self._since_us, self.score(), 1.0 / kernel.FULL, parts)

    def _turned(self, frame: dict[str, float]) -> dict[str, float]:
        """Return the numbers that the detectors receive: the signals, or the output of the steps before.

        Steps that cannot do without a missing signal get its usual value, which no detector sees.
        """
        if self._named.before is None:
            return frame
        try:
            return self._by_steps(frame)
        except Exception:
            whole = {name: usual.mean for name, usual in self._signals.items()} | frame
            if len(whole) > len(frame):
                turned = self._by_steps(whole)
                return {name: value for name, value in turned.items() if name in frame or name not in whole}
            if self.ready():
                raise
            return {}

    def _by_steps(self, frame: dict[str, float]) -> dict[str, float]:
        before = self._named.before
        assert before is not None
        if not self._drifting:
            before.learn_one(frame)
        turned = before.transform_one(frame)
        return finite({str(name): value for name, value in turned.items() if isinstance(value, int | float)})

    def _detects(self, name: str, value: float) -> bool:
        if name in self.document.regime:
            return False
        detector = self._detectors.get(name)
        if detector is None:
            new = estimators.make(self.document.estimator, self.document.parameters)
            detector = self._detectors[name] = new.detector
        if not self._named.binary:
            detector.update(value)
        else:
            usual = self._features.get(name) or self._signals.get(name)
            detector.update(usual is not None and abs(usual.beyond(value)) > OUTSIDE)
        return bool(detector.drift_detected)

    def _smoothed(self, values: Mapping[str, float]) -> dict[str, float]:
        weight = self.document.smoothing
        newest = {}
        for name, value in values.items():
            before = self._levels.get(name, value)
            newest[name] = self._levels[name] = before + weight * (value - before)
        return newest
