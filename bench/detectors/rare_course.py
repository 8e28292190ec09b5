"""One signal's course: how improbable is its newest stretch, by the extremes that this signal has shown before?

Several features, each by the extremes of its own: how far the value is from its forecast, how far the level over a
span is from its mean, how restless the forecast's errors are, and how far the values of a short while are from what is
usual at this time of the cycle (of a day, a shift, a stroke), where it is told. Of every block of frames the highest
deviation is kept; a deviation beyond the least of the highest ones is as improbable as an exponential tail makes it.
So a signal that has always had spikes needs a greater one than a signal that never had any.

A. Siffer, P.-A. Fouque, A. Termier, C. Largouët, "Anomaly detection in streams with extreme value theory", KDD 2017,
for the tail beyond a high quantile of the own past (here with the exponential tail); J. Pickands, "Statistical
inference using extreme order statistics", Annals of Statistics 3 (1975).
S. Ahmad, A. Lavin, S. Purdy, Z. Agha, "Unsupervised real-time anomaly detection for streaming data", Neurocomputing 262
(2017), for judging the mean of a short while, and for the rule of the value outside all earlier ones.
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
LEAST_EXCESS = 0.2
"""Added to the tail's mean excess, standard deviations: a tail of a few equal extremes must not be infinitely thin."""
CYCLES = 3
"""Times that a place in the cycle has been seen before it is judged; what it tells is learned from one fewer on."""
KEEPS = 0.15
"""Weight of the newest cycle in what is usual at a place in it."""


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
        excess = sum(top - self.tops[0] for top in self.tops) / (len(self.tops) - 1) + LEAST_EXCESS
        return max(math.log(self.blocks / len(self.tops)) + (deviation - self.tops[0]) / excess, 0.0)

    def learn(self, value: float, deviation: float, *, memory: int, block: int, most: int) -> None:
        """Take a value in, and at the end of a block the highest deviation of it."""
        self.count += 1
        gain = max(1.0 / memory, 1.0 / self.count)
        self.mean += gain * (value - self.mean)
        self.square += gain * (value * value - self.square)
        if self.count > BEGIN:
            self.highest = max(self.highest, deviation)
        if self.count % block == 0:
            self.blocks += 1
            insort(self.tops, self.highest)
            if len(self.tops) > most:
                del self.tops[0]
            self.highest = 0.0


class RareCourse(AnomalyDetector):
    """Scores a single signal from 0 (ordinary) to 1. Of a frame's features beside ``phase`` the first by name counts.

    Parameters
    ----------
    warmup
        Frames before the first score above 0.
    smoothing
        Weight of the newest value in the forecast.
    short
        Frames whose mean difference from what is usual at their time of the cycle is judged.
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
    phase
        Name of the feature that tells the place in the cycle, from 0 to below 1 (the time of day, say). None: there is
        no cycle.
    places
        Into how many places a cycle is divided; a place should have a frame in most cycles.
    """

    def __init__(
        self,
        warmup: int = 300,
        smoothing: float = 0.1,
        short: int = 8,
        span: int = 64,
        memory: int = 8000,
        block: int = 32,
        highest: int = 32,
        beyond: float = 0.1,
        quiet: int = 150,
        phase: str | None = None,
        places: int = 24,
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
        self.phase = phase
        self.places = places
        self._count = 0
        self._forecast = self._level = self._variance = 0.0
        self._low = math.inf
        self._high = -math.inf
        self._tracks = [_Track(one_sided=True), *(_Track(one_sided=False) for _ in range(3))]
        self._usual = [0.0] * places
        self._seen = [0] * places
        self._unusual: deque[float] = deque(maxlen=short)
        self._told = 0.0
        self._since = quiet

    def score_one(self, x: Mapping[str, float]) -> float:  # type: ignore[override]
        """Return the score of the frame that comes next; nothing is learned."""
        value = self._value(x)
        if not math.isfinite(value):
            return 0.0
        place = self._place(x)
        score = self._score(value, self._deviations(self._features(value, place)), place)
        return score if score > self._told or self._since >= self.quiet else 0.0

    def learn_one(self, x: Mapping[str, float]) -> None:  # type: ignore[override]
        """Take the frame into everything."""
        value = self._value(x)
        if not math.isfinite(value):
            return
        place = self._place(x)
        features = self._features(value, place)
        deviations = self._deviations(features)
        score = self._score(value, deviations, place)
        self._since += 1
        if score > self._told or (self._since > self.quiet and score >= 0.5):
            self._told, self._since = score, 0
        elif self._since > self.quiet:
            self._told = 0.0
        for track, feature, deviation in zip(self._tracks, features, deviations, strict=True):
            if math.isfinite(feature):
                track.learn(feature, deviation, memory=self.memory, block=self.block, most=self.highest)
        error = features[0]
        self._count += 1
        self._variance += max(1.0 / (4 * self.short), 1.0 / self._count) * (error * error - self._variance)
        self._forecast += max(self.smoothing, 1.0 / self._count) * (value - self._forecast)
        self._level = features[1]
        self._low, self._high = min(self._low, value), max(self._high, value)
        if place is not None:
            if self._seen[place] >= CYCLES - 1:
                self._unusual.append(value - self._usual[place])
            self._seen[place] += 1
            self._usual[place] += max(KEEPS, 1.0 / self._seen[place]) * (value - self._usual[place])

    def _value(self, x: Mapping[str, float]) -> float:
        names = [name for name in x if name != self.phase]
        return x[min(names)] if names else math.nan

    def _place(self, x: Mapping[str, float]) -> int | None:
        """The place in the cycle, None where it is not told."""
        phase = math.nan if self.phase is None else x.get(self.phase, math.nan)
        return int(phase % 1.0 * self.places + 1e-6) % self.places if math.isfinite(phase) else None

    def _features(self, value: float, place: int | None) -> list[float]:
        """The forecast's error, the level, how restless the errors are, how unusual a short while is (NaN: untold)."""
        error = abs(value - self._forecast) if self._count else 0.0
        level = self._level + max(1.0 / self.span, 1.0 / (self._count + 1)) * (value - self._level)
        gain = max(1.0 / (4 * self.short), 1.0 / (self._count + 1))
        variance = self._variance + gain * (error * error - self._variance)
        unusual = math.nan
        if place is not None and self._seen[place] >= CYCLES - 1:
            lately = [*self._unusual, value - self._usual[place]][-self.short :]
            unusual = sum(lately) / len(lately)
        return [error, level, math.log(variance + 1e-12), unusual]

    def _deviations(self, features: list[float]) -> list[float]:
        return [
            track.deviation(feature) if math.isfinite(feature) else 0.0
            for track, feature in zip(self._tracks, features, strict=True)
        ]

    def _score(self, value: float, deviations: list[float], place: int | None) -> float:
        if self._count < self.warmup:
            return 0.0
        judged = self._tracks if place is not None and self._seen[place] >= CYCLES else self._tracks[:-1]
        surprise = max(track.surprise(deviation) for track, deviation in zip(judged, deviations, strict=False))
        score = surprise / (surprise + UNLIKELY)
        span = self._high - self._low
        if span > 0.0 and not self._low - self.beyond * span <= value <= self._high + self.beyond * span:
            return max(score, OUTSIDE)
        return score
