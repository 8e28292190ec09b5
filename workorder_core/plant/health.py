"""The health of an asset, as the judge computes it and the pages show it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The health of one asset at ``at``. All times are its event time.

    Parameters
    ----------
    index
        0 to 100 %: 100 while every signal is within its usual range, 0 where one has no room left to its limit.
    signal, value, limit
        The worst signal, its smoothed value, and the value at which it has no room left; in its unit.
    known
        Whether the limit is one of the rulebook's.
    change, change_low, change_high
        Of the index, % a day, with the 90 % interval; None where it has no trend.
    likely_at, earliest_at, latest_at
        When the limit is likely crossed, with the 90 % interval; None: not at this pace.
    unit
        The signal's unit, if known.
    """

    at: datetime
    index: float
    signal: str
    value: float
    limit: float
    known: bool
    change: float | None = None
    change_low: float | None = None
    change_high: float | None = None
    likely_at: datetime | None = None
    earliest_at: datetime | None = None
    latest_at: datetime | None = None
    unit: str = ""
