"""The days of a recurrence rule (RFC 5545, section 3.3.10), without a zone. Pure; python-dateutil does the rare rules.

Deliberate choices, all said in docs/planned-work.md:

- A rule that names a day which a month does not have (the 31st, 29 February) falls on that month's last day
  (``SKIP=BACKWARD`` of RFC 7529). A rule with BYDAY, BYSETPOS or negative days goes by RFC 5545 alone, which leaves
  it out.
- ``starts`` is the first day on which the rule may fall; it is an occurrence only where the rule says so.
- COUNT is refused, because it would count anew with each version of a plan: write UNTIL. Weeks begin on Monday.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import count

from dateutil.rrule import rrule, rrulestr

from workorder_core.errors import WorkOrderError
from workorder_core.sentences import kept, marked, say

_SIMPLE = ("FREQ", "INTERVAL", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYHOUR", "BYMINUTE", "WKST")
_RARE = frozenset(("BYSETPOS", "BYYEARDAY", "BYWEEKNO"))
_PARTS = _RARE.union(_SIMPLE)
_WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_LAST_YEAR = 2200
"""The horizon of every plan; the search for a date that never occurs (30 February) ends here."""


class InvalidRule(WorkOrderError):
    """A recurrence rule that a plan cannot have."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(say("the rule {text!r} cannot be used: {problem}", text=text, problem=problem))
        self.text, self.problem = text, problem


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed rule; the lists of absent parts are empty.

    Parameters
    ----------
    times
        Times of the day by BYHOUR and BYMINUTE; empty: the plan's own.
    by_library
        Whether the library computes its days, because it has more than simple parts.
    """

    text: str
    freq: str
    interval: int
    until: date | None
    weekdays: tuple[int, ...]
    month_days: tuple[int, ...]
    months: tuple[int, ...]
    times: tuple[time, ...]
    by_library: bool


@lru_cache(maxsize=20_000)
def parse(text: str) -> Rule:
    """Read a rule such as ``FREQ=MONTHLY;BYMONTHDAY=31``. Raises InvalidRule."""
    parts = _parts(text)
    freq = parts.get("FREQ", "")
    if freq not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise InvalidRule(
            text, say("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY; for several times a day use BYHOUR")
        )
    if parts.get("WKST", "MO") != "MO":
        raise InvalidRule(text, say("weeks begin on Monday, WKST=MO"))
    interval = _numbers(text, parts, "INTERVAL", 1, 1000) or (1,)
    weekdays = _weekdays(parts)
    month_days = _numbers(text, parts, "BYMONTHDAY", -31, 31)
    by_library = bool(
        _RARE & parts.keys()
        or weekdays is None
        or any(day < 1 for day in month_days)
        or (freq in ("DAILY", "WEEKLY") and (month_days or "BYMONTH" in parts))
        or (freq != "WEEKLY" and weekdays)
    )
    rule = Rule(
        text=text,
        freq=freq,
        interval=interval[0],
        until=_until(text, parts),
        weekdays=weekdays or (),
        month_days=month_days,
        months=_numbers(text, parts, "BYMONTH", 1, 12),
        times=_times(text, parts),
        by_library=by_library,
    )
    if by_library:
        _try_library(rule)
    return rule


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for each in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, equals, value = each.partition("=")
        if name == "COUNT":
            raise InvalidRule(
                text,
                say("COUNT is not supported, since a new version of the plan would start counting again; use UNTIL"),
            )
        if not equals or not value or name not in _PARTS:
            raise InvalidRule(
                text,
                say(
                    "{part!r} is not a part of a rule; the known parts are {known}",
                    part=each,
                    known=", ".join(sorted(_PARTS)),
                ),
            )
        if name in parts:
            raise InvalidRule(text, say("it has {name} twice", name=name))
        parts[name] = value
    return parts


def _numbers(text: str, parts: dict[str, str], name: str, low: int, high: int) -> tuple[int, ...]:
    if name not in parts:
        return ()
    found = []
    for each in parts[name].split(","):
        if not each.lstrip("+-").isdecimal() or not low <= int(each) <= high or (int(each) == 0 and low != 0):
            raise InvalidRule(
                text,
                say("{name}={value} is not a number from {low} to {high}", name=name, value=each, low=low, high=high),
            )
        found.append(int(each))
    return tuple(sorted(set(found)))


def _weekdays(parts: dict[str, str]) -> tuple[int, ...] | None:
    """Return the weekdays of BYDAY, 0 = Monday; None where it has more than names of days."""
    names = parts["BYDAY"].split(",") if "BYDAY" in parts else []
    return tuple(sorted({_WEEKDAYS[name] for name in names})) if all(name in _WEEKDAYS for name in names) else None


def _until(text: str, parts: dict[str, str]) -> date | None:
    if "UNTIL" not in parts:
        return None
    try:
        return datetime.strptime(parts["UNTIL"][:8], "%Y%m%d").date()  # noqa: DTZ007 - a day without a zone is meant
    except ValueError:
        raise InvalidRule(text, say("UNTIL={day} is not a day; write it like 20291231", day=parts["UNTIL"])) from None


def _times(text: str, parts: dict[str, str]) -> tuple[time, ...]:
    if "BYHOUR" not in parts and "BYMINUTE" in parts:
        raise InvalidRule(text, say("BYMINUTE needs BYHOUR"))
    hours, minutes = _numbers(text, parts, "BYHOUR", 0, 23), _numbers(text, parts, "BYMINUTE", 0, 59) or (0,)
    return tuple(time(hour, minute) for hour in hours for minute in minutes)


def _library_text(rule: Rule) -> str:
    dropped = ("BYHOUR=", "BYMINUTE=", "UNTIL=", "RRULE:")
    parts = rule.text.strip().upper().removeprefix("RRULE:").split(";")
    return ";".join(part for part in parts if not part.startswith(dropped))


def _try_library(rule: Rule) -> None:
    try:
        rrulestr(_library_text(rule), dtstart=datetime.combine(date(2024, 1, 1), time()))
    except (ValueError, TypeError) as error:
        raise InvalidRule(rule.text, str(error)) from None


def days(rule: Rule, starts: date, *, after: date | None = None) -> Iterator[date]:
    """Yield the days on which a rule falls from ``starts`` on, in order; only those later than ``after``.

    UNTIL is ignored: the caller, which moves the days, compares it with the moved ones.
    """
    first = starts if after is None or after < starts else after + timedelta(days=1)
    if rule.by_library:
        found = _by_library(rule, starts, first)
    elif rule.freq == "DAILY":
        found = _daily(starts, rule.interval, first)
    elif rule.freq == "WEEKLY":
        found = _weekly(rule, starts, first)
    else:
        found = _by_month_days(rule, starts, first)
    return found


def _by_library(rule: Rule, starts: date, first: date) -> Iterator[date]:
    limit = datetime.combine(date(_LAST_YEAR, 1, 1), time())
    for at in _library(rule, starts).xafter(datetime.combine(first, time()), inc=True):
        if at >= limit:
            return
        yield at.date()


@lru_cache(maxsize=2000)
def _library(rule: Rule, starts: date) -> rrule:
    """Return the library's rule, which caches the days that it has found."""
    return rrulestr(_library_text(rule), dtstart=datetime.combine(starts, time()), cache=True)


def _daily(starts: date, interval: int, first: date) -> Iterator[date]:
    begin = starts.toordinal()
    steps = -(-(first.toordinal() - begin) // interval)
    last = date(_LAST_YEAR, 1, 1).toordinal()
    return map(date.fromordinal, range(begin + max(steps, 0) * interval, last, interval))


def _weekly(rule: Rule, starts: date, first: date) -> Iterator[date]:
    weekdays = rule.weekdays or (starts.weekday(),)
    monday = starts.toordinal() - starts.weekday()
    span = 7 * rule.interval
    steps = max((first.toordinal() - monday) // span, 0)
    low = first.toordinal()
    for week in range(monday + steps * span, date(_LAST_YEAR, 1, 1).toordinal(), span):
        for weekday in weekdays:
            if week + weekday >= low:
                yield date.fromordinal(week + weekday)


def _by_month_days(rule: Rule, starts: date, first: date) -> Iterator[date]:
    """Yield days of months, a missing one as the month's last."""
    wanted = rule.month_days or (starts.day,)
    months = rule.months
    if rule.freq == "YEARLY" and not months and not rule.month_days:
        months = (starts.month,)
    one = wanted[0] if len(wanted) == 1 else None
    for year, month in _months(rule, starts, first, months):
        length = _length(year, month)
        for day in (min(one, length),) if one is not None else sorted({min(each, length) for each in wanted}):
            found = date(year, month, day)
            if found >= first:
                yield found


@lru_cache(maxsize=10_000)
def _length(year: int, month: int) -> int:
    return monthrange(year, month)[1]


def _months(rule: Rule, starts: date, first: date, only: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield the months that the frequency and the interval reach, from about ``first`` on; ``only`` empty: all."""
    yearly = rule.freq == "YEARLY"
    inner = tuple(month - 1 for month in only or range(1, 13)) if yearly else (0,)
    begin = starts.year * 12 if yearly else starts.year * 12 + starts.month - 1
    span = 12 * rule.interval if yearly else rule.interval
    steps = max((first.year * 12 + first.month - 1 - begin) // span, 0)
    for reached in count(begin + steps * span, span):
        year, month = divmod(reached, 12)
        if year >= _LAST_YEAR:
            return
        if yearly:
            for each in inner:
                yield year, each + 1
        elif not only or month + 1 in only:
            yield year, month + 1


_UNITS = {
    "DAILY": (kept("every day"), marked("every {count} days")),
    "WEEKLY": (kept("every week"), marked("every {count} weeks")),
    "MONTHLY": (kept("every month"), marked("every {count} months")),
    "YEARLY": (kept("every year"), marked("every {count} years")),
}
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def said(rule: Rule, starts: date) -> str:
    """Return a rule in words, such as ``every 3 months on day 31``; its text if words would be too long."""
    one, many = _UNITS[rule.freq]
    every = one if rule.interval == 1 else many.format(count=rule.interval)
    if rule.by_library or (rule.freq == "YEARLY" and rule.month_days and not rule.months):
        return kept("the rule {rule}", rule=rule.text)
    if rule.freq == "DAILY":
        return every
    if rule.freq == "WEEKLY":
        days = ", ".join(_DAY_NAMES[day] for day in rule.weekdays or (starts.weekday(),))
        return kept("{every} on {weekdays}", every=every, weekdays=days)
    days = ", ".join(map(str, rule.month_days or (starts.day,)))
    months = rule.months or ((starts.month,) if rule.freq == "YEARLY" else ())
    names = ", ".join(date(2000, month, 1).strftime("%B") for month in months)
    if names:
        return kept("{every} on day {numbers} of {months}", every=every, numbers=days, months=names)
    return kept("{every} on day {numbers}", every=every, numbers=days)
