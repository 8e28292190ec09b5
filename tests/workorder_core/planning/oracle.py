"""A slow second opinion on maintenance plans, written from the definitions in docs/planned-work.md alone.

Walks day by day and minute by minute. Shares no code with workorder_core.planning: a plan here is a ``Spec``.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass
class Spec:
    """A plan in plain facts. ``pattern`` is one of daily, weekly, monthday, yearday, nth weekday."""

    zone: str
    country: str | None
    weekdays: frozenset[int]
    starts: datetime
    pattern: Any = None
    times: tuple[time, ...] = ()
    until: date | None = None
    season: tuple | None = None
    free: str = "keep"
    meter_every: int | None = None
    condition: bool = False
    factor_hundredths: int = 0
    early: int = 0
    late: int = 0
    lead: int = 0
    when_open: str = "skip"
    outage: str = "skip"
    packages: tuple[int, ...] = ()


@dataclass
class Walker:
    """Goes through one plan's life tick by tick and notes what it decided."""

    spec: Spec
    begun: datetime
    number: int = 0
    after: datetime | None = None
    shift: int = 0
    last_due: datetime | None = None
    used_up_to: float = 0.0
    owed: set = field(default_factory=set)
    notes: list = field(default_factory=list)
    _candidate: tuple | None = None

    def tick(self, now, meter, condition_since, is_open):
        """Decide as of ``now``; ``meter`` is (total, per day, newest sample's time) or None. Returns the new notes."""
        new = []
        while (found := self._first(meter, condition_since)) is not None:
            at, cause = found
            lead = self.spec.lead
            if cause == "condition" or (is_open and (self.spec.factor_hundredths or self.spec.when_open != "stack")):
                lead = 0
            if now < at - lead * DAY:
                break
            self._step(at, cause, meter)
            becomes = self._becomes(at, now, meter, condition_since, is_open)
            self.owed |= {every for every in self.spec.packages if self.number % every == 0}
            largest = max(self.owed, default=None)
            new.append((self.number, at, becomes, largest))
            if becomes == "generated":
                self.owed.clear()
                is_open = True
        self.notes += new
        return new

    def done(self, number, due, at):
        """Move what comes next by a completion."""
        off = (self._local(at).date() - self._local(due).date()).days
        if -self.spec.early <= off <= self.spec.late or number != self.number:
            return
        moved = abs(off) * self.spec.factor_hundredths // 100 * (1 if off > 0 else -1)
        if self.spec.pattern is not None:
            self.shift += moved
        self._candidate = None

    def _becomes(self, at, now, meter, condition_since, is_open):
        if self.spec.outage == "skip" and at <= now:
            later = self._first(meter, condition_since)
            if later is not None and later[0] <= now:
                return "missed"
        if is_open and self.spec.when_open != "stack":
            return {"skip": "skipped", "merge": "merged"}[self.spec.when_open]
        return "generated"

    def _step(self, at, cause, meter):
        dated = self._dated()
        self.number += 1
        self.last_due = at
        if dated is not None:
            _, nominal, unmoved = dated
            self.after = nominal
            if cause != "calendar":
                self.shift += (self._local(at).date() - unmoved.date()).days
        if self.spec.meter_every is not None:
            if cause == "meter":
                self.used_up_to += self.spec.meter_every
            elif meter is not None:
                total, rate, newest = meter
                self.used_up_to = total + max((at - newest) / DAY, 0.0) * (rate or 0.0)
            else:
                self.used_up_to = 0.0
        self._candidate = None

    def _reached(self):
        return self.begun if self.last_due is None else max(self.begun, self.last_due)

    def _first(self, meter, condition_since):
        """Return when it is due next and by what, the calendar first where two are equal."""
        found = []
        dated = self._dated()
        if dated is not None:
            found.append((dated[0], 0, "calendar"))
        if self.spec.meter_every is not None and meter is not None:
            total, rate, newest = meter
            left = self.spec.meter_every - (total - self.used_up_to)
            at = newest if left <= 0 else newest + (left / rate) * DAY if rate else None
            if at is not None:
                day = max(self._local(at).date(), self._local(self._reached()).date() + DAY)
                found.append((self._moment(datetime.combine(day, time())), 1, "meter"))
        if self.spec.condition and condition_since is not None and condition_since > self._reached():
            found.append((condition_since, 2, "condition"))
        return min(found)[::2] if found else None

    def _dated(self):
        """Return the calendar's next date: its moment, the rule's local time, and that as moved by completions."""
        if self.spec.pattern is None:
            return None
        if self._candidate is None:
            self._candidate = (self._search(),)
        return self._candidate[0]

    def _search(self):
        reached = self._reached()
        day = self.spec.starts.date() if self.after is None else self.after.date()
        if self.after is None:
            day = max(day, self._local(reached).date() - abs(self.shift) * DAY - 400 * DAY)
        end = self._local(reached).date() + 3000 * DAY + abs(self.shift) * DAY
        while day < end:
            for at_time in self.spec.times if self._falls(day) else ():
                nominal = datetime.combine(day, at_time)
                if nominal < self.spec.starts or (self.after is not None and nominal <= self.after):
                    continue
                unmoved = nominal + self.shift * DAY
                worked = self._worked(unmoved.date()) if self._in_season(unmoved.date()) else None
                if worked is not None:
                    at = self._moment(datetime.combine(worked, at_time))
                    if at > reached:
                        return at, nominal, unmoved
            day += DAY
        return None

    def _in_season(self, day):
        """Whether work may be due on a day, as completions have moved it."""
        if self.spec.until is not None and day > self.spec.until:
            return False
        if self.spec.season is None:
            return True
        (first, last), at = self.spec.season, (day.month, day.day)
        return first <= at <= last if first <= last else (at >= first or at <= last)

    def _falls(self, day):
        """Whether the rule falls on a day, from what the rule means."""
        spec, starts = self.spec, self.spec.starts.date()
        kind, interval, *rest = spec.pattern
        months = (day.year - starts.year) * 12 + day.month - starts.month
        last_of_month = (day + DAY).day == 1
        if kind == "daily":
            return (day - starts).days % interval == 0
        if kind == "weekly":
            weeks = ((day - day.weekday() * DAY) - (starts - starts.weekday() * DAY)).days // 7
            return weeks % interval == 0 and day.isoweekday() in rest[0]
        if kind == "monthday":
            return months % interval == 0 and (day.day == rest[0] or (last_of_month and day.day < rest[0]))
        if kind == "yearday":
            of_year = (day.year - starts.year) % interval == 0 and day.month == rest[0]
            return of_year and (day.day == rest[1] or (last_of_month and day.day < rest[1]))
        assert kind == "nth weekday"
        return months % interval == 0 and day.isoweekday() == rest[1] and (day.day - 1) // 7 + 1 == rest[0]

    def _worked(self, day):
        if self.spec.free == "keep" or self._is_worked(day):
            return day
        if self.spec.free == "skip":
            return None
        while not self._is_worked(day):
            day += DAY if self.spec.free == "next" else -DAY
        return day

    def _is_worked(self, day):
        if day.isoweekday() not in self.spec.weekdays:
            return False
        return self.spec.country is None or day not in holidays_of(self.spec.country, day.year)

    def _local(self, at):
        return at.astimezone(ZoneInfo(self.spec.zone)).replace(tzinfo=None)

    def _moment(self, local):
        """Return the first minute whose local time is not before ``local``, found by walking."""
        offset = (local - DAY).replace(tzinfo=ZoneInfo(self.spec.zone)).utcoffset()
        at = (local - offset).replace(tzinfo=UTC) - timedelta(hours=2)
        while self._local(at) < local:
            at += MINUTE
        return at


_HOLIDAYS: dict = {}


def holidays_of(country, year):
    if (country, year) not in _HOLIDAYS:
        _HOLIDAYS[country, year] = set(holidays.country_holidays(country, years=year).keys())
    return _HOLIDAYS[country, year]
