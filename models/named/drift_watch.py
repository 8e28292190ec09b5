"""One asset under the watch of drift detectors, one for each signal, as its model document names them.

A drift detector is told a number after the other and says at one moment that they are not what they were; then it takes
the new for what is usual, and is silent. So what it has said is held for ``horizon_frames``: the alarm is active so
long, and longer where it is said again, or of another signal. How soon a detector is wrong by chance nobody can know
beforehand; the promise of the attendant counts such times, and raises its limit above what one alone adds up to.

Detectors of what happens or not (``river.drift.binary``) are told whether the value lies outside two of its standard
deviations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import kernel
from models.alarm import Anomaly
from models.course import Look
from models.detector import opened
from models.document import ModelDocument
from models.named import estimator_state, estimators
from models.named.gate import Gate
from models.usual import Usuals, finite

STATE_VERSION = 2
OUTSIDE = 2.0
"""So many standard deviations off, a value counts as having happened for a detector of what happens or not."""


class DriftWatch:
    """The watch of an asset whose document names a drift detector; `models.detector.Detector` has its verbs."""

    def __init__(self, document: ModelDocument) -> None:
        self.document = document
        self._named = estimators.make(document.estimator, document.parameters)
        self._detectors: dict[str, Any] = {}
        self._gate = Gate(document.smoothing, document.regime)
        self._features = Usuals(document.memory_frames)
        self._signals = Usuals(document.memory_frames)
        self._levels: dict[str, float] = {}
        self._held: dict[str, int] = {}
        self._frames = 0
        self._since_us = 0
        self._newest: dict[str, float] = {}
        self._told: float | None = None

    def judge(self, at_us: int, values: Mapping[str, float]) -> Anomaly | None:
        """Tell each detector its signal's value; the anomaly while what one of them has said is held."""
        frame = self._gate.believed(values)
        self._told = next((frame[signal] for signal in self.document.regime if signal in frame), None)
        features = self._turned(frame) if frame else frame
        held = {name: left - 1 for name, left in self._held.items() if left > 1}
        drifted = [name for name, value in features.items() if self._tell(name, value)]
        if drifted and self.ready():
            if not held:
                self._since_us = at_us
            held |= dict.fromkeys(drifted, self.document.horizon_frames)
        self._held = held
        if not held:
            self._signals.learn(frame)
            if features is not frame:
                self._features.learn(features)
        self._frames += 1
        if frame:
            self._newest = self._smoothed(frame if features is frame else features | frame)
        return self.anomaly() if held else None

    def usual(self, signal: str) -> tuple[float, float] | None:
        """Return a signal's mean while nothing drifted, three standard deviations to either side; None until known."""
        usual = self._signals.get(signal)
        return None if usual is None or usual.frames < self.document.warmup_frames else usual.range

    def ready(self) -> bool:
        """Whether the warm-up is over."""
        return self._frames >= self.document.warmup_frames

    def score(self) -> float:
        """Return 0 while nothing is held, 1 when a drift has just been told, `Anomaly.limit` when it is forgotten."""
        if not self._held:
            return 0.0
        limit = 1.0 / kernel.FULL
        return limit + (1.0 - limit) * max(self._held.values()) / self.document.horizon_frames

    def regime_value(self) -> float | None:
        """Return what is believed of the newest frame's first regime signal that has a value; None without one."""
        return self._told

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
            sorted(self._held.items()),
            self._frames,
            self._since_us,
            sorted(self._newest.items()),
        ]

    @classmethod
    def restore(cls, document: ModelDocument, state: object) -> DriftWatch:
        """Return a watch that goes on from a state. Raises ValueError for one of another version or kind."""
        kept, gate, features, signals, levels, held, *rest = opened(document, state, STATE_VERSION)
        watch = cls(document)
        like = [watch._named.before, watch._named.detector]
        watch._named.before, watch._detectors = estimator_state.restore(kept, like=like)
        watch._gate = Gate(document.smoothing, document.regime, gate)
        watch._features = Usuals(document.memory_frames, features)
        watch._signals = Usuals(document.memory_frames, signals)
        watch._levels = dict(levels)
        watch._held = dict(held)
        watch._frames, watch._since_us, newest = rest
        watch._newest = dict(newest)
        return watch

    def looks(self) -> dict[str, Look]:
        """Return how each signal of the newest frame stands to its mean while nothing drifted."""
        return self._signals.looks(self._newest) if self.ready() else {}

    def anomaly(self) -> Anomaly:
        """Return what there is to be told of the newest frame: the signals that drifted, by how far each is off now."""
        known = {**self._features, **self._signals}
        # What drifted may not be measured in this frame, or may be no signal.
        told = [name for name in self._held if name in self._newest] or list(self._newest)
        weights = {
            name: max(abs(known[name].beyond(self._newest[name])), 1.0) if name in known else 1.0 for name in told
        }
        usuals = Usuals(self.document.memory_frames)
        usuals.update(known)
        parts = usuals.contributions(self._newest, weights)
        return Anomaly(self._since_us, self.score(), 1.0 / kernel.FULL, parts)

    def _turned(self, frame: dict[str, float]) -> dict[str, float]:
        """The numbers that the detectors are told: the signals, or what the steps before make of them.

        Steps that cannot do without a signal that is missing are given what it usually is; no detector is told that.
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
        if not self._held:
            before.learn_one(frame)
        turned = before.transform_one(frame)
        return finite({str(name): value for name, value in turned.items() if isinstance(value, int | float)})

    def _tell(self, name: str, value: float) -> bool:
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
