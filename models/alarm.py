"""The alarm of a detector, and each signal's part in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contribution:
    """One signal's part in an anomaly.

    ``value`` is the signal's smoothed value; the usual range is what is expected at this operating point, three
    standard deviations to either side. Both in the signal's unit. The shares of an anomaly add up to 1.
    """

    signal: str
    value: float
    usual_low: float
    usual_high: float
    share: float


@dataclass(frozen=True, slots=True)
class Anomaly:
    """An alarm that is active.

    ``since_us`` is the event time at which the surprise began to add up; ``score`` is how far it has: 0 ordinary,
    ``limit`` where the alarm is raised, 1 full. Contributions come with the largest share first.
    """

    since_us: int
    score: float
    limit: float
    contributions: tuple[Contribution, ...]
