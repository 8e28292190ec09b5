"""One asset under the watch of a detector that its model document names, with the same alarm as the default's.

A detector's score may be on any scale. It is compared with what it was on ordinary frames: so many standard deviations
beyond its usual mean is the surprise that the alarm adds up (see watch.py). Which signals a strange detector looks at
nobody can know; what is told of them is how each stands to its own past.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from models import estimators, kernel
from models.alarm import Anomaly, Contribution
from models.course import Look
from models.document import ModelDocument

STATE_VERSION = 2
PROTECT = 3.5
"""Surprise above which a frame is not learned."""
MOST = 0.5
"""A single frame's evidence is no more than this part of the patience: one strange frame raises no alarm."""


class _Usual:
    """Mean and spread over the last ``memory`` frames, by exponential weights; all frames alike while they are few."""

    __slots__ = ("frames", "mean", "memory", "spread")

    def __init__(self, memory: int, frames: int = 0, mean: float = 0.0, spread: float = 0.0) -> None:
        self.memory, self.frames, self.mean, self.spread = memory, frames, mean, spread

    def learn(self, value: float) -> None:
        self.frames += 1
        gain = max(1.0 / self.frames, 1.0 / self.memory)
        off = value - self.mean
        self.mean += gain * off
        self.spread += gain * (off * (value - self.mean) - self.spread)

    def beyond(self, value: float) -> float:
        """How many standard deviations ``value`` lies from the mean; 0 where nothing varies."""
        return (value - self.mean) / math.sqrt(self.spread) if self.spread > 1e-24 else 0.0

    def state(self) -> list[Any]:
        return [self.frames, self.mean, self.spread]


class NamedWatch:
    """The watch of an asset whose model document names an estimator; see `models.watch.AssetWatch` for its verbs."""

    def __init__(self, document: ModelDocument) -> None:
        self.document = document
        self._estimator = estimators.make(document.estimator, document.parameters)
        self._scores = _Usual(document.memory_frames)
        self._signals: dict[str, _Usual] = {}
        self._frames = 0
        self._sum = 0.0
        self._active = False
        self._since_us = 0
        self._newest: dict[str, float] = {}

    def judge(self, at_us: int, values: Mapping[str, float]) -> Anomaly | None:
        """Score the frame, then learn from it when it is ordinary enough; the anomaly while the alarm is active."""
        frame = {signal: float(value) for signal, value in values.items() if math.isfinite(value)}
        score = float(self._estimator.score_one(frame))
        surprise = 0.0
        warm = self._frames >= self.document.warmup_frames
        if warm and math.isfinite(score):
            surprise = max(self._scores.beyond(score), 0.0)
            self._add(at_us, surprise)
        pending = self._active or self._sum > kernel.DOUBT * self.document.patience
        if not pending and surprise < PROTECT:
            self._learn(frame, score)
        self._newest = frame
        return self.anomaly() if self._active else None

    def usual(self, signal: str) -> tuple[float, float] | None:
        """Return a signal's mean on ordinary frames, three standard deviations to either side; None until known."""
        usual = self._signals.get(signal)
        if usual is None or usual.frames < self.document.warmup_frames:
            return None
        reach = 3.0 * math.sqrt(max(usual.spread, 0.0))
        return usual.mean - reach, usual.mean + reach

    def ready(self) -> bool:
        """Whether the warm-up is over."""
        return self._frames >= self.document.warmup_frames

    def score(self) -> float:
        """Return how far the surprise has added up: 0 ordinary, `Anomaly.limit` where the alarm is raised, 1 full."""
        return self._sum / (kernel.FULL * self.document.patience)

    def rebaseline(self) -> None:
        """Forget what is normal and learn it again, as after a repair."""
        self.__init__(self.document)  # type: ignore[misc]

    def state(self) -> object:
        """Return all that `restore` needs, of plain types; the same history gives the same state."""
        return [
            STATE_VERSION,
            estimators.dump(self._estimator),
            self._scores.state(),
            [[signal, *self._signals[signal].state()] for signal in sorted(self._signals)],
            self._frames,
            self._sum,
            self._active,
            self._since_us,
        ]

    @classmethod
    def restore(cls, document: ModelDocument, state: object) -> NamedWatch:
        """Return a watch that goes on from a state."""
        version, estimator, scores, signals, *rest = cast("list[Any]", state)
        if version != STATE_VERSION:
            raise ValueError(
                f"model {document.name!r}: its state has version {version}, this code reads {STATE_VERSION}"
            )
        watch = cls(document)
        watch._estimator = estimators.restore(estimator)
        watch._scores = _Usual(document.memory_frames, *scores)
        watch._signals = {signal: _Usual(document.memory_frames, *numbers) for signal, *numbers in signals}
        watch._frames, watch._sum, watch._active, watch._since_us = rest
        return watch

    def _learn(self, frame: dict[str, float], score: float) -> None:
        self._estimator.learn_one(frame)
        self._frames += 1
        # The first scores are those of a detector that knows nothing yet.
        if math.isfinite(score) and 2 * self._frames > self.document.warmup_frames:
            self._scores.learn(score)
        for signal, value in frame.items():
            usual = self._signals.get(signal)
            if usual is None:
                usual = self._signals[signal] = _Usual(self.document.memory_frames)
            usual.learn(value)

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

    def looks(self) -> dict[str, Look]:
        """Return how each signal of the newest frame stands to its mean on ordinary frames."""
        if not self.ready():
            return {}
        return {
            signal: Look(value, usual.mean, math.sqrt(max(usual.spread, 0.0)))
            for signal, value in self._newest.items()
            if (usual := self._signals.get(signal)) is not None
        }

    def anomaly(self) -> Anomaly:
        """Return what there is to be told of the newest frame, whether the alarm is active or not."""
        frame = self._newest
        off = {
            signal: self._signals[signal].beyond(value) for signal, value in frame.items() if signal in self._signals
        }
        total = sum(each * each for each in off.values()) or 1.0
        parts = []
        for signal, each in sorted(off.items(), key=lambda item: (-abs(item[1]), item[0])):
            usual = self._signals[signal]
            reach = 3.0 * math.sqrt(max(usual.spread, 0.0))
            share = each * each / total
            parts.append(Contribution(signal, frame[signal], usual.mean - reach, usual.mean + reach, share))
        return Anomaly(self._since_us, self.score(), 1.0 / kernel.FULL, tuple(parts))
