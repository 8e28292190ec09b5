"""A site's local time: its working days, and local times as moments. Pure; a maintained library has the holidays."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from workorder_core.sentences import kept

EVERY_DAY = frozenset(range(1, 8))
_SEARCHED_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTime:
    """A site's clock and the days on which it works.

    Parameters
    ----------
    zone
        IANA name.
    weekdays
        ISO weekdays on which a shift begins; every day for a site that works round the clock.
    country, subdivision
        ISO 3166 codes of the public holidays; None: none.
    closed_on, works_on
        Additional days off, and holidays that are worked.
    """

    zone: str
    weekdays: frozenset[int] = EVERY_DAY
    country: str | None = None
    subdivision: str | None = None
    closed_on: frozenset[date] = frozenset()
    works_on: frozenset[date] = frozenset()

    def why_no_working_day(self, day: date) -> str | None:
        """Return why a day is not worked; None for a working day."""
        if day.isoweekday() not in self.weekdays:
            return kept("{weekday} has no shift", weekday=f"{day:%A}")
        if day in self.works_on:
            return None
        if day in self.closed_on:
            return kept("the site is closed")
        return public_holidays(self.country, self.subdivision, day.year).get(day)

    def nearest_working_day(self, day: date, step: int) -> date | None:
        """Return the day, or the nearest worked one after (``step`` 1) or before it (-1); None within a year."""
        for _ in range(_SEARCHED_DAYS):
            if self.why_no_working_day(day) is None:
                return day
            day += timedelta(days=step)
        return None

    def moment(self, local: datetime) -> datetime:
        """Return the moment of a local time, in UTC.

        A time that summer time leaves out is the first moment that exists after it; one that occurs twice is the first.
        """
        return _moment(local, self.zone)

    def local(self, at: datetime) -> datetime:
        """Return the site's local time of a moment, without its zone."""
        return at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)


@lru_cache(maxsize=1000)
def public_holidays(country: str | None, subdivision: str | None, year: int) -> dict[date, str]:
    """Return the public holidays of a year with their names. An unknown country has none."""
    if country is None:
        return {}
    try:
        found = holidays.country_holidays(country, subdiv=subdivision, years=year)
    except NotImplementedError:
        return {}
    return {day: str(name) for day, name in found.items()}


@lru_cache(maxsize=100_000)
def _moment(local: datetime, name: str) -> datetime:
    zone = ZoneInfo(name)
    first = local.replace(tzinfo=zone, fold=0)
    before, after = first.utcoffset(), local.replace(tzinfo=zone, fold=1).utcoffset()
    assert before is not None and after is not None
    at = first.astimezone(UTC)
    if before >= after:  # an ordinary time, or the first of two
        return at
    # Skipped: by either offset it is on the wrong side of the change, which lies between the two meanings.
    low, high = (local - after).replace(tzinfo=UTC), (local - before).replace(tzinfo=UTC)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
