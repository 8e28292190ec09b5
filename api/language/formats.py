"""Formats times, spans and numbers for the reader's language. Texts for programs are not affected."""

from datetime import date, datetime, timedelta
from functools import cache

from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol

from workorder_core.language import N_, _, current

ZONES = (N_("CET"), N_("CEST"), N_("EET"), N_("EEST"))
"""Names of time zones that languages translate."""


@cache
def _locale(code: str) -> Locale:
    return Locale(code)


@cache
def _signs(code: str) -> dict[int, str]:
    return {ord(","): get_group_symbol(_locale(code)), ord("."): get_decimal_symbol(_locale(code))}


@cache
def _names(code: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the short names of weekdays, from Monday on, and of months."""
    days, months = _locale(code).days["stand-alone"]["abbreviated"], _locale(code).months["format"]["abbreviated"]
    return tuple(days[n] for n in range(7)), tuple(months[n] for n in range(1, 13))


def digits(text: str) -> str:
    """Convert a number from English format, ``1,234.50``, to the reader's: "1.234,50" in German."""
    return text.translate(_signs(current().code))


def whole(value: float) -> str:
    """Format a number without what is behind its point, in groups of three: "39,479"."""
    return digits(f"{value:,.0f}")


def moment(at: datetime, *, year: bool = True, seconds: bool = False) -> str:
    """Return a local time: "Mon 2 Mar 2026, 09:14 CET"."""
    time = f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"
    facts = _named(at) | {"time": time, "zone": _(at.tzname() or "UTC")}
    if year:
        return _("%(weekday)s %(day)s %(month)s %(year)s, %(time)s %(zone)s", **facts)
    return _("%(weekday)s %(day)s %(month)s, %(time)s %(zone)s", **facts)


def short(at: datetime) -> str:
    """Return a short local time: "2 Mar, 09:14"."""
    return _("%(day)s %(month)s, %(time)s", time=f"{at:%H:%M}", **_named(at))


def day(on: date) -> str:
    """Return a day: "2 Mar 2026"."""
    return _("%(day)s %(month)s %(year)s", **_named(on))


def month(on: date) -> str:
    """Return the month of a day: "Mar 2026"."""
    return _("%(month)s %(year)s", **_named(on))


def weekdays() -> tuple[str, ...]:
    """Return the short names of the days of a week, from Monday on."""
    return _names(current().code)[0]


def _named(on: date) -> dict[str, object]:
    weekdays, months = _names(current().code)
    return {"weekday": weekdays[on.weekday()], "day": on.day, "month": months[on.month - 1], "year": on.year}


def span(length: timedelta) -> str:
    """Return a duration in its two largest units: "3 h 20 min"."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return _("less than a minute")
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days >= 10 or (days and not hours):
        return _("%(days)s d", days=days)
    if days:
        return _("%(days)s d %(hours)s h", days=days, hours=hours)
    if hours and (hours >= 10 or not minutes):
        return _("%(hours)s h", hours=hours)
    if hours:
        return _("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
    return _("%(minutes)s min", minutes=minutes)
