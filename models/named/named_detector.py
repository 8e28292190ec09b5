"""Monitors one asset by a detector that its model document names, with the same alarm as the default's.

A detector's score may be on any scale. It is compared with what it was on ordinary frames: so many standard deviations
beyond its usual mean is the surprise that the alarm adds up (see default_detector.py). Which signals a third-party
detector uses is unknown, so each is reported against its own past. One that scores targets is asked for every
signal, and the most surprising counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from models import kernel
from models.alarm import Anomaly
from models.detector import opened
from models.document import ModelDocument
from models.named import estimator_state, estimators
from models.named.estimators import Kind
from models.named.gate import Gate
from models.residuals import Residual
from models.usual import Usuals

STATE_VERSION = 4
PROTECT = 3.5
"""Surprise above which a frame is not learned."""
MOST = 0.5
"""The most evidence that a single frame can add, as a part of the patience: one strange frame raises no alarm."""
_WHOLE = ""
"""Names the score of a detector that scores whole frames."""


class NamedDetector:
    """The `models.detector.Detector` of an asset whose model document names an estimator."""

    def __init__(self, document: ModelDocument) -> None:
        self.document = document
        self._named = estimators.make(document.estimator, document.parameters)
        self._detectors: dict[str, Any] = {_WHOLE: self._named.detector} if self._named.kind is Kind.SCORES else {}
        self._gate = Gate(document.smoothing, document.regime)
        self._scores = Usuals(document.memory_frames)
        self._signals = Usuals(document.memory_frames)
        self._frames = 0
        self._sum = 0.0
        self._active = False
        self._since_us = 0
        self._newest: dict[str, float] = {}
        self._surprises: dict[str, float] = {}
        self._regime_value: float | None = None

    def judge(self, at_us: int, values: Mapping[str, float]) -> Anomaly | None:
        """Score the frame, then learn from it when it is ordinary enough; the anomaly while the alarm is active."""
        frame = self._gate.accept(values)
        self._regime_value = next((frame[signal] for signal in self.document.regime if signal in frame), None)
        if not frame:
            return self.anomaly() if self._active else None
        warm = self._frames >= self.document.warmup_frames
        passed, scores = self._scored(frame, warm=warm)
        surprise = 0.0
        self._surprises = {}
        if warm and scores:
            self._surprises = {
                name: max(self._scores[name].beyond(score), 0.0)
                for name, score in scores.items()
                if name in self._scores
            }
            surprise = max(self._surprises.values(), default=0.0)
            self._add(at_us, surprise)
        pending = self._active or self._sum > kernel.DOUBT * self.document.patience
        if not pending and surprise < PROTECT:
            self._learn(frame, passed, scores)
        self._newest = frame
        return self.anomaly() if self._active else None

    def usual(self, signal: str) -> tuple[float, float] | None:
        """Return a signal's mean on ordinary frames, three standard deviations to either side; None until known."""
        usual = self._signals.get(signal)
        return None if usual is None or usual.frames < self.document.warmup_frames else usual.range

    def ready(self) -> bool:
        """Whether the warm-up is over."""
        return self._frames >= self.document.warmup_frames

    def score(self) -> float:
        """Return how far the surprise has added up: 0 ordinary, `Anomaly.limit` where the alarm is raised, 1 full."""
        return self._sum / (kernel.FULL * self.document.patience)

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
            self._scores.state(),
            self._signals.state(),
            self._frames,
            self._sum,
            self._active,
            self._since_us,
            sorted(self._newest.items()),
        ]

    @classmethod
    def restore(cls, document: ModelDocument, state: object) -> NamedDetector:
        """Return a detector that continues from a state. Raises ValueError for one of another version or kind."""
        kept, gate, scores, signals, *rest = opened(document, state, STATE_VERSION)
        detector = cls(document)
        like = [detector._named.before, detector._named.detector]
        detector._named.before, detector._detectors = estimator_state.restore(kept, like=like)
        detector._gate = Gate(document.smoothing, document.regime, gate)
        detector._scores = Usuals(document.memory_frames, scores)
        detector._signals = Usuals(document.memory_frames, signals)
        detector._frames, detector._sum, detector._active, detector._since_us, newest = rest
        detector._newest = dict(newest)
        return detector

    def residuals(self) -> dict[str, Residual]:
        """Return the residual of each signal of the newest frame, from its mean on ordinary frames."""
        return self._signals.residuals(self._newest) if self.ready() else {}

    def anomaly(self) -> Anomaly:
        """Return the anomaly of the newest frame, whether the alarm is active or not."""
        weights = {
            signal: self._signals[signal].beyond(value)
            for signal, value in self._newest.items()
            if signal in self._signals
        }
        by_target = {signal: each for signal, each in self._surprises.items() if signal in weights}
        if any(by_target.values()):
            weights = by_target
        parts = self._signals.contributions(self._newest, weights or dict.fromkeys(self._newest, 1.0))
        return Anomaly(self._since_us, self.score(), 1.0 / kernel.FULL, parts)

    def _scored(self, frame: dict[str, float], *, warm: bool) -> tuple[dict[str, float], dict[str, float]]:
        """Return the frame as passed to the detector, and its scores; empty where it has none.

        A detector that cannot do without a missing signal gets its usual value.
        """
        try:
            return frame, self._scores_of(frame)
        except Exception:
            whole = {name: usual.mean for name, usual in self._signals.items()} | frame
            if len(whole) > len(frame):
                return whole, self._scores_of(whole)
            if warm:
                raise
            # Some cannot score before they have learned.
            return frame, {}

    def _scores_of(self, frame: dict[str, float]) -> dict[str, float]:
        before, kind = self._named.before, self._named.kind
        features = frame if before is None else before.transform_one(frame)
        scores = {}
        for name, detector in self._detectors.items():
            if kind is Kind.SCORES:
                scores[name] = float(detector.score_one(features))
            elif name in features:
                scores[name] = float(detector.score_one(self._beside(features, name), float(features[name])))
        return {name: score for name, score in scores.items() if math.isfinite(score)}

    def _learn(self, frame: dict[str, float], passed: dict[str, float], scores: dict[str, float]) -> None:
        before, kind = self._named.before, self._named.kind
        features = passed
        if before is not None:
            before.learn_one(passed)
            features = before.transform_one(passed)
        if kind is Kind.SCORES:
            self._detectors[_WHOLE].learn_one(features)
        else:
            for name in features:
                if name not in self.document.regime:
                    self._of_target(name).learn_one(self._beside(features, name), float(features[name]))
        self._frames += 1
        # The first scores are those of a detector that knows nothing yet.
        if 2 * self._frames > self.document.warmup_frames:
            self._scores.learn(scores)
        self._signals.learn(frame)

    def _of_target(self, name: str) -> Any:
        found = self._detectors.get(name)
        if found is None:
            new = estimators.make(self.document.estimator, self.document.parameters)
            found = self._detectors[name] = new.detector
        return found

    def _beside(self, features: Mapping[str, float], target: str) -> dict[str, float]:
        if self._named.alone:
            return {}
        return {name: value for name, value in features.items() if name != target}

    def _add(self, at_us: int, surprise: float) -> None:
        patience = self.document.patience
        if self._sum == 0.0:
            self._since_us = at_us
        drift = self.document.drift
        beyond = min(0.5 * (surprise * surprise - drift * drift), MOST * patience)
        added = self._sum + (beyond if beyond > 0.0 else kernel.RELIEF * beyond)
        self._sum = min(max(added, 0.0), kernel.FULL * patience)
        if self._sum >= patience:
            self._active = True
        elif self._sum == 0.0:
            self._active = False
