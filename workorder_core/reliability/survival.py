"""How likely an asset is to fail within so many days: what a model of its remaining life says, as one curve."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class Survival:
    """The probability that an asset that works at ``at`` fails within so many days.

    Parameters
    ----------
    at
        The asset's event time at which it was known to work; timezone-aware.
    days
        Days from ``at``, above 0 and ascending.
    failed
        The probability of having failed within each of ``days``, 0 to 1, never falling. Nothing is known beyond the
        last: the rest of the probability lies somewhere after it.
    """

    at: datetime
    days: tuple[float, ...]
    failed: tuple[float, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.days) == len(self.failed) <= MOST_POINTS:
            raise ValueError(f"a survival function has 1 to {MOST_POINTS} days, and a probability for each")
        if not all(one < other for one, other in pairwise((0.0, *self.days))):
            raise ValueError("the days of a survival function are above 0 and ascending")
        if not all(one <= other for one, other in pairwise((0.0, *self.failed, 1.0))):
            raise ValueError("the probabilities of a survival function are 0 to 1 and never fall")

    def failed_within(self, days: float) -> float:
        """Return the probability of failing within so many days, interpolated; beyond the last day that of the last."""
        if days <= 0.0:
            return 0.0
        after = bisect_right(self.days, days)
        if after == len(self.days):
            return self.failed[-1]
        before, low = (0.0, 0.0) if after == 0 else (self.days[after - 1], self.failed[after - 1])
        return low + (self.failed[after] - low) * (days - before) / (self.days[after] - before)

    def quantile(self, p: float) -> float | None:
        """Return the days within which it fails with probability ``p``; None if they are more than is known."""
        after = bisect_left(self.failed, p)
        if after == len(self.failed):
            return None
        before, low = (0.0, 0.0) if after == 0 else (self.days[after - 1], self.failed[after - 1])
        gain = self.failed[after] - low
        return self.days[after] if gain <= 0.0 else before + (self.days[after] - before) * max(p - low, 0.0) / gain

    def date(self, p: float) -> datetime | None:
        """Return when it will have failed with probability ``p``; None if that is later than is known."""
        days = self.quantile(p)
        return None if days is None else self.at + timedelta(days=days)

    def given_works_at(self, at: datetime) -> Survival | None:
        """Return the function of an asset that still works at a later time; None if nothing is known of what follows.

        An earlier time changes nothing: the function counts from when it was made.
        """
        passed = (at - self.at).total_seconds() / 86_400
        if passed <= 0.0:
            return self
        survived = 1.0 - self.failed_within(passed)
        ahead = [(d, f) for d, f in zip(self.days, self.failed, strict=True) if d > passed]
        if survived <= 1e-9 or not ahead:
            return None
        lost = 1.0 - survived
        return Survival(
            at, tuple(d - passed for d, _ in ahead), tuple(min(max((f - lost) / survived, 0.0), 1.0) for _, f in ahead)
        )
