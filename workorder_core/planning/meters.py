"""Meters: how much was used since a time, and when a count will be reached. Pure; samples come in order of time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

RECENT = timedelta(days=90)
"""How far back "recent use" goes."""
_DAY = timedelta(days=1)
_FARTHEST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Sample:
    """A meter's count at a time. ``exchanged``: a new meter starts with this count, which is no use."""

    at: datetime
    count: float
    exchanged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterNow:
    """The known state of a meter.

    Parameters
    ----------
    used
        In the meter's unit, since the plan's last occurrence or its beginning.
    per_day
        Recent daily use; None while less than a day is known, or if nothing was used.
    at
        When its newest sample was measured.
    """

    used: float
    per_day: float | None
    at: datetime

    def reached_at(self, count: float, *, carry: float = 0.0) -> datetime | None:
        """Return when a count is reached by recent use, or the newest sample's time if it has been reached; None:
        unknown. ``carry`` is use from before, in the meter's unit.
        """
        left = count - (self.used + carry)
        if left <= 0:
            return self.at
        if self.per_day is None or left / self.per_day > _FARTHEST_DAYS:
            return None
        return self.at + timedelta(days=left / self.per_day)

    def count_at(self, at: datetime) -> float:
        """Return the count at a time, extrapolated from recent use if the time is in the future."""
        ahead = max((at - self.at) / _DAY, 0.0)
        return self.used + ahead * (self.per_day or 0.0)


def merged(*sources: Iterable[Sample]) -> list[Sample]:
    """Merge samples of several sources in order of time, including those entered late."""
    return sorted((each for source in sources for each in source), key=lambda each: each.at)


def used(samples: Sequence[Sample], *, since: datetime, wraps_at: float | None = None) -> float:
    """Return how much a meter has counted since a time.

    The last sample up to ``since`` is where counting begins; without one, the first after it. A count that falls has
    wrapped if the meter has ``wraps_at`` (the first number that it cannot show); otherwise the meter was reset to zero.
    """
    total, before = 0.0, None
    for sample in samples:
        if before is not None and sample.at > since:
            total += _between(before.count, sample, wraps_at)
        before = sample
    return total


def _between(before: float, sample: Sample, wraps_at: float | None) -> float:
    if sample.exchanged:
        return 0.0
    if sample.count >= before:
        return sample.count - before
    return sample.count if wraps_at is None else sample.count + wraps_at - before


def per_day(samples: Sequence[Sample], *, now: datetime, wraps_at: float | None = None) -> float | None:
    """Return the recent daily use; None while less than a day is known, or if nothing was used."""
    recent = [each for each in samples if now - RECENT <= each.at <= now]
    if not recent or recent[-1].at - recent[0].at < _DAY:
        return None
    total = used(recent, since=recent[0].at, wraps_at=wraps_at)
    days = (recent[-1].at - recent[0].at) / timedelta(days=1)
    return total / days if total > 0 else None
