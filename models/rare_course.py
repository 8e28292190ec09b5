"""One signal's course: how improbable is its newest stretch, by the extremes that this signal has shown before?

Several features, each by the extremes of its own: how far the value is from its forecast, how far the values of a short
while were, how far the level over a span is from its mean, and how restless the forecast's errors are. Of every block
of frames the highest deviation is kept; a deviation beyond the least of the highest ones is as improbable as an
exponential tail makes it. So a signal that has always had spikes needs a greater one than a signal that never had any.

A. Siffer, P.-A. Fouque, A. Termier, C. Largouët, "Anomaly detection in streams with extreme value theory", KDD 2017,
for the tail beyond a high quantile of the own past (here with the exponential tail); J. Pickands, "Statistical
inference using extreme order statistics", Annals of Statistics 3 (1975).
S. Ahmad, A. Lavin, S. Purdy, Z. Agha, "Unsupervised real-time anomaly detection for streaming data", Neurocomputing 262
(2017), for judging the mean error of a short while, and for the rule of the value outside all earlier ones.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from collections.abc import Mapping

from river.base import AnomalyDetector

UNLIKELY = 5.0
"""The surprise, minus the logarithm of a probability, whose score is 0.5: a block in 150."""
NEVER_VARIED = 50.0
"""The deviation of what has left the one value that it always had."""
OUTSIDE = 0.9
"""The score of a value outside all earlier ones."""
BEGIN = 20
"""Frames whose deviations are not kept: mean and spread mean nothing yet."""


class _Track:
    """A feature's mean and spread, and the highest deviations of earlier blocks."""

    __slots__ = ("blocks", "count", "highest", "mean", "one_sided", "square", "tops")

    def __init__(self, *, one_sided: bool) -> None:
        self.one_sided = one_sided
        self.count = self.blocks = 0
        self.mean = self.square = self.highest = 0.0
        self.tops: list[float] = []

    def deviation(self, value: float) -> float:
        """How far the value is from the mean, in standard deviations."""
        off = value - self.mean
        if self.one_sided and off < 0.0:
            return 0.0
        spread = math.sqrt(max(self.square - self.mean * self.mean, 0.0))
        nothing = 1e-9 * (abs(self.mean) + 1e-9)
        if spread > nothing:
            return abs(off) / spread
        return NEVER_VARIED if abs(off) > nothing else 0.0

    def surprise(self, deviation: float) -> float:
        """Minus the logarithm of the probability that a block reaches this; 0 where the past has many such."""
        if len(self.tops) < 3 or deviation <= self.tops[0]:
            return 0.0
        # A tail of a few equal extremes must not be infinitely thin.
        excess = sum(top - self.tops[0] for top in self.tops) / (len(self.tops) - 1) + 0.1
        return max(math.log(self.blocks / len(self.tops)) + (deviation - self.tops[0]) / excess, 0.0)

    def learn(self, value: float, deviation: float, memory: int) -> None:
        self.count += 1
        gain = max(1.0 / memory, 1.0 / self.count)
        self.mean += gain * (value - self.mean)
        self.square += gain * (value * value - self.square)
        if self.count > BEGIN:
            self.highest = max(self.highest, deviation)

    def end_block(self, most: int) -> None:
        self.blocks += 1
        insort(self.tops, self.highest)
        if len(self.tops) > most:
            del self.tops[0]
        self.highest = 0.0


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
    span
        Frames over which the level is taken.
    memory
        Frames after which what was learned of means and spreads counts 1/e. Extremes are not forgotten.
    block
        Frames of which the highest deviation is kept, so that one episode is one extreme.
    highest
        How many of the highest blocks make the tail.
    beyond
        Share of the range seen so far by which a value must leave it to be an anomaly by itself.
    quiet
        Frames after which a score that was told may be told again, if it did not grow: an episode is one piece of news.
    """

    def __init__(
        self,
        warmup: int = 300,
        smoothing: float = 0.1,
        short: int = 8,
        span: int = 64,
        memory: int = 8000,
        block: int = 32,
        highest: int = 24,
        beyond: float = 0.1,
        quiet: int = 150,
    ) -> None:
        self.warmup = warmup
        self.smoothing = smoothing
        self.short = short
        self.span = span
        self.memory = memory
        self.block = block
        self.highest = highest
        self.beyond = beyond
        self.quiet = quiet
        self._count = 0
        self._forecast = self._level = self._variance = 0.0
        self._low = math.inf
        self._high = -math.inf
        self._errors: deque[float] = deque(maxlen=short)
        self._tracks = [
            _Track(one_sided=True),
            _Track(one_sided=True),
            _Track(one_sided=False),
            _Track(one_sided=False),
        ]
        self._told = 0.0
        self._since = quiet

    def score_one(self, x: Mapping[str, float]) -> float:  # type: ignore[override]
        """Return the score of the frame that comes next; nothing is learned."""
        value = _value(x)
        if not math.isfinite(value):
            return 0.0
        score = self._score(value, self._deviations(self._features(value)))
        return score if score > self._told or self._since >= self.quiet else 0.0

    def learn_one(self, x: Mapping[str, float]) -> None:  # type: ignore[override]
        """Take the frame into everything."""
        value = _value(x)
        if not math.isfinite(value):
            return
        features = self._features(value)
        deviations = self._deviations(features)
        score = self._score(value, deviations)
        self._since += 1
        if score > self._told or (self._since > self.quiet and score >= 0.5):
            self._told, self._since = score, 0
        elif self._since > self.quiet:
            self._told = 0.0
        for track, feature, deviation in zip(self._tracks, features, deviations, strict=True):
            track.learn(feature, deviation, self.memory)
        error = features[0]
        self._errors.append(error)
        self._count += 1
        if self._count % self.block == 0:
            for track in self._tracks:
                track.end_block(self.highest)
        self._variance += max(1.0 / (4 * self.short), 1.0 / self._count) * (error * error - self._variance)
        self._forecast += max(self.smoothing, 1.0 / self._count) * (value - self._forecast)
        self._level = features[2]
        self._low, self._high = min(self._low, value), max(self._high, value)

    def _features(self, value: float) -> list[float]:
        """The error of the forecast, its mean over a short while, the level, and how restless the errors are."""
        error = abs(value - self._forecast) if self._count else 0.0
        errors = [*self._errors, error][-self.short :]
        level = self._level + max(1.0 / self.span, 1.0 / (self._count + 1)) * (value - self._level)
        gain = max(1.0 / (4 * self.short), 1.0 / (self._count + 1))
        variance = self._variance + gain * (error * error - self._variance)
        return [error, sum(errors) / len(errors), level, math.log(variance + 1e-12)]

    def _deviations(self, features: list[float]) -> list[float]:
        return [track.deviation(feature) for track, feature in zip(self._tracks, features, strict=True)]

    def _score(self, value: float, deviations: list[float]) -> float:
        if self._count < self.warmup:
            return 0.0
        surprise = max(track.surprise(deviation) for track, deviation in zip(self._tracks, deviations, strict=True))
        score = surprise / (surprise + UNLIKELY)
        span = self._high - self._low
        if span > 0.0 and not self._low - self.beyond * span <= value <= self._high + self.beyond * span:
            return max(score, OUTSIDE)
        return score


def _value(x: Mapping[str, float]) -> float:
    return x[min(x)] if x else math.nan
