"""The Weibull distribution of lives, fitted by maximum likelihood to lives that failed and lives that go on.

Pure standard library. The likelihood and its profile are those of Meeker and Escobar, *Statistical Methods for
Reliability Data*, chapter 8.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from workorder_core.reliability.survival import Survival

LEAST_FAILURES = 3
"""Fewer failures say nothing of the shape."""
SHAPES = (0.1, 20.0)
"""The shapes that are looked for; lives that are all alike have none below the upper one."""
_STEPS = 60
LONGEST_DAYS = 3650.0


@dataclass(frozen=True, slots=True)
class Life:
    """How long something worked, in days; ``failed`` False: it worked still, or was renewed before it failed."""

    days: float
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Weibull:
    """P(fails within t) = 1 - exp(-(t / scale) ^ shape).

    Parameters
    ----------
    shape
        β: below 1 failures come early, at 1 by chance, above 1 by wear.
    scale
        η, days: the life that 63 % do not reach.
    failures, lives
        What it was fitted to: ``lives`` counts those that had not failed too.
    """

    shape: float
    scale: float
    failures: int
    lives: int

    def failed_within(self, days: float, *, age: float = 0.0) -> float:
        """Return the probability that what works at an age, in days, fails within so many days more."""
        return -math.expm1(self._hazard(age) - self._hazard(age + max(days, 0.0)))

    def survival(self, at: datetime, *, age: float) -> Survival:
        """Return the survival function of what works at ``at`` at an age, in days: ten years ahead."""
        days = [float(day) for day in range(1, 29)]
        while days[-1] < LONGEST_DAYS:
            days.append(min(days[-1] * 1.1, LONGEST_DAYS))
        failed: list[float] = []
        for day in days:
            failed.append(max(self.failed_within(day, age=age), failed[-1] if failed else 0.0))
        return Survival(at, tuple(days), tuple(failed))

    def _hazard(self, days: float) -> float:
        return math.pow(days / self.scale, self.shape)


def fit(lives: Iterable[Life]) -> Weibull | None:
    """Return the distribution under which the lives are the likeliest; None where they say too little.

    Too little is fewer than 3 failures, or lives so alike that the shape is at a bound of ``SHAPES``. A life of no
    length is left out.
    """
    known = [each for each in lives if each.days > 0 and math.isfinite(each.days)]
    ended = [each.days for each in known if each.failed]
    if len(ended) < LEAST_FAILURES:
        return None
    longest = max(each.days for each in known)
    times = [each.days / longest for each in known]
    logs = sum(math.log(each / longest) for each in ended) / len(ended)
    low, high = SHAPES
    if _slope(times, logs, low) < 0 or _slope(times, logs, high) > 0:
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _slope(times, logs, middle) > 0 else (low, middle)
    shape = (low + high) / 2
    scale = longest * (sum(each**shape for each in times) / len(ended)) ** (1 / shape)
    return Weibull(shape=shape, scale=scale, failures=len(ended), lives=len(known))


def _slope(times: Sequence[float], logs: float, shape: float) -> float:
    """Return the slope of the profile likelihood, up to a factor above 0; it falls as the shape grows."""
    powers = [math.pow(each, shape) for each in times]
    weighted = math.fsum(power * math.log(each) for power, each in zip(powers, times, strict=True)) / math.fsum(powers)
    return 1 / shape + logs - weighted


def constant(at: datetime, a_day: float) -> Survival:
    """Return the survival function of something that fails with the same probability on each day, ten years ahead."""
    return Weibull(shape=1.0, scale=-1 / math.log(1 - a_day), failures=0, lives=0).survival(at, age=0.0)
