"""One signal's course: is the newest stretch harder to foresee than this signal usually is, or beyond all it has shown?

Several features, each compared with the highest it has ever been: how far the values of a short while were from their
forecast, and how far the level over several spans is from its mean. A value far outside all earlier ones counts by
itself.

S. Ahmad, A. Lavin, S. Purdy, Z. Agha, "Unsupervised real-time anomaly detection for streaming data", Neurocomputing 262
(2017), for judging the mean error of a short while, and for the rule of the value outside all earlier ones.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from collections.abc import Mapping

from river.base import AnomalyDetector


class _Track:
    """A feature's mean and spread, and the highest it has been, apart from the newest stretch."""

    __slots__ = ("count", "mean", "square", "tops")

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.square = 0.0
        self.tops: list[float] = []

    def deviation(self, value: float) -> float:
        spread = math.sqrt(max(self.square - self.mean * self.mean, 0.0))
        return abs(value - self.mean) / spread if spread > 0.0 else 0.0

    def ratio(self, value: float) -> float:
        """The deviation as a multiple of the least of the highest ones before."""
        return self.deviation(value) / max(self.tops[0], 1.0) if self.tops else 0.0

    def learn(self, value: float, memory: int, highest: int) -> None:
        deviation = self.deviation(value)
        self.count += 1
        gain = max(1.0 / memory, 1.0 / self.count)
        self.mean += gain * (value - self.mean)
        self.square += gain * (value * value - self.square)
        insort(self.tops, deviation)
        if len(self.tops) > highest:
            del self.tops[0]


class RareCourse(AnomalyDetector):
    """Scores a single signal from 0 (ordinary) to 1. A frame has one feature; of several the first by name counts.

    Parameters
    ----------
    warmup
        Frames before the first score above 0.
    smoothing
        Weight of the newest value in the forecast.
    short
        Frames whose mean error is judged.
    spans
        Frames over which levels are taken.
    memory
        Frames after which what was learned counts 1/e.
    highest
        How many of the highest deviations are kept: the least of them is what a deviation is compared with.
    beyond
        Share of the range seen so far by which a value must leave it to be an anomaly by itself.
    quiet
        Frames after which a score that was told may be told again, if it did not grow: an episode is one piece of news.
    """

    def __init__(
        self,
        warmup: int = 300,
        smoothing: float = 0.2,
        short: int = 8,
        spans: tuple[int, ...] = (64,),
        memory: int = 4000,
        highest: int = 20,
        beyond: float = 0.05,
        quiet: int = 150,
    ) -> None:
        self.warmup = warmup
        self.smoothing = smoothing
        self.short = short
        self.spans = tuple(spans)
        self.memory = memory
        self.highest = highest
        self.beyond = beyond
        self.quiet = quiet
        self._count = 0
        self._forecast = 0.0
        self._low = math.inf
        self._high = -math.inf
        self._errors: deque[float] = deque(maxlen=short)
        self._levels = [0.0 for _ in self.spans]
        self._tracks = [_Track() for _ in range(1 + len(self.spans))]
        self._told = 0.0
        self._since = 0

    def score_one(self, x: Mapping[str, float]) -> float:  # type: ignore[override]
        """Return the score of the frame that comes next; nothing is learned."""
        score = self._score(_value(x))
        return score if score > self._told or self._since > self.quiet else 0.0

    def learn_one(self, x: Mapping[str, float]) -> None:  # type: ignore[override]
        """Take the frame into everything."""
        value = _value(x)
        if not math.isfinite(value):
            return
        score = self._score(value)
        self._since += 1
        if score > self._told or (self._since > self.quiet and score >= 0.5):
            self._told, self._since = score, 0
        elif self._since > self.quiet:
            self._told = 0.0
        features = self._features(value)
        for track, feature in zip(self._tracks, features, strict=True):
            track.learn(feature, self.memory, self.highest)
        self._errors.append(abs(value - self._forecast) if self._count else 0.0)
        self._count += 1
        self._forecast += max(self.smoothing, 1.0 / self._count) * (value - self._forecast)
        self._levels = features[1:]
        self._low, self._high = min(self._low, value), max(self._high, value)

    def _features(self, value: float) -> list[float]:
        errors = [*self._errors, abs(value - self._forecast) if self._count else 0.0][-self.short :]
        gains = [max(1.0 / span, 1.0 / (self._count + 1)) for span in self.spans]
        levels = [level + gain * (value - level) for level, gain in zip(self._levels, gains, strict=True)]
        return [sum(errors) / len(errors), *levels]

    def _score(self, value: float) -> float:
        if self._count < self.warmup or not math.isfinite(value):
            return 0.0
        span = self._high - self._low
        if span > 0.0 and not self._low - self.beyond * span <= value <= self._high + self.beyond * span:
            return 1.0
        ratio = max(track.ratio(f) for track, f in zip(self._tracks, self._features(value), strict=True))
        return ratio / (1.0 + ratio)


def _value(x: Mapping[str, float]) -> float:
    return x[min(x)] if x else math.nan
