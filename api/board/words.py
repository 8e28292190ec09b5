"""Formats times, ages, numbers and codes for pages. Every time of day is the site's and shows its zone."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from urllib.parse import quote
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from api.language import formats
from db.plant.plant import Site
from db.scheduling.order_facts import MyVisit, OrderFacts
from workorder_core import language
from workorder_core.costs.money import decimals
from workorder_core.digits import in_field
from workorder_core.language import _
from workorder_core.orders.lifecycle import BEGUN, WAITING
from workorder_core.orders.order import WorkOrder
from workorder_core.planning import plans, recurrence
from workorder_core.sentences import coded, say, stored, translated
from workorder_core.words import Origin, Priority

_SHORT_UNITS = {"degC": "°C", "degF": "°F", "m3/h": "m³/h", "m3/s": "m³/s", "m/s2": "m/s²", "um": "µm", "ohm": "Ω"}

_STEP_LABELS = {
    "open": say("opened"),
    "submit": say("sent for approval"),
    "approve": say("approved"),
    "reject": say("sent back for correction"),
    "plan": say("planned"),
    "schedule": say("scheduled"),
    "assign": say("assigned"),
    "unassign": coded("unassigned"),
    "start": say("started"),
    "hold": say("put on hold"),
    "resume": say("resumed"),
    "complete": say("completed"),
    "prices": say("parts priced"),
    "detach": say("file deleted"),
    "verify": say("verified"),
    "close": say("closed"),
    "rework": say("returned for rework"),
    "reopen": say("reopened"),
    "cannot_complete": say("could not be completed"),
    "cancel": say("cancelled"),
    "warn": say("warned"),
    "comment": say("commented"),
    "attach": say("file attached"),
    "step": say("step done"),
    "link": say("linked"),
    "unlink": say("unlinked"),
    "step taken": say("asked to acknowledge"),
    "asked": say("asked to acknowledge"),
    "acknowledged": say("acknowledged"),
    "taken over": say("taken over"),
    "declined": say("declined"),
    "handed on": say("handed on"),
    "not acknowledged": say("acknowledged by nobody; everybody of the site is asked"),
    "parts": say("parts recorded"),
    "need": say("parts needed"),
    "travel": say("on the way"),
    "nobody eligible": say("no eligible technician"),
    "step undone": say("step undone"),
    "note": say("noted"),
    "kept": say("reported from a device, kept for the planner"),
    "conflict": say("reported from a device, in conflict with a change"),
    "reported": say("report of a device taken over"),
    "set aside": say("report of a device set aside"),
    "reading": say("reading taken"),
    "photo": say("photo taken"),
    "signature": say("signed"),
    "migrate": say("history chained"),
    "escalate": say("escalated"),
    "change": say("changed"),
    "foresee": say("due date brought forward"),
}
_ALARM_MOVES = {
    "raise": say("raised"),
    "clear": say("returned to normal"),
    "suppress": say("suppressed"),
    "release": say("no longer suppressed"),
    "acknowledge": say("acknowledged"),
    "reset": say("reset"),
    "shelve": say("shelved"),
    "unshelve": say("unshelved"),
    "take_out_of_service": say("taken out of service"),
    "return_to_service": say("returned to service"),
}


def site_time(at: datetime | None, zone: str) -> Markup:
    """Return a time on the site's clock, ``Mon 2 Mar, 09:14 CET``, as an element with the exact one."""
    if at is None:
        return Markup("–")
    if not 1 < at.year < 9999:
        # Converting days at the ends of the calendar to another zone could overflow.
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), formats.day(at.date()))
    local = at.astimezone(ZoneInfo(zone))
    text = formats.moment(local, year=local.year != datetime.now(local.tzinfo).year)
    exact = f"{formats.moment(local, seconds=True)} ({zone})"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), exact, text)


_EXACT = re.compile(r"(?:^ts )?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d))")


def clocked(text: str, zone: str) -> Markup:
    """Return a sentence of the engine with the exact times in it on the site's clock."""
    said, end = Markup(""), 0
    for found in _EXACT.finditer(text):
        try:
            at = site_time(datetime.fromisoformat(found[1]), zone)
        except (ValueError, OverflowError):
            continue  # looks like one
        said += text[end : found.start()] + (
            Markup(_("its time %(time)s")) % {"time": at} if found[0] != found[1] else at
        )
        end = found.end()
    return said + text[end:]


def site_span(start: datetime, end: datetime | None, zone: str) -> Markup:
    """Return a range on the site's clock; the day is given once if both are on it."""
    if end is None:
        return site_time(start, zone)
    local = end.astimezone(ZoneInfo(zone))
    if start.astimezone(local.tzinfo).date() != local.date():
        return Markup(_("%(start)s to %(end)s")) % {"start": site_time(start, zone), "end": site_time(end, zone)}
    until = Markup('<time datetime="{}">{}</time>').format(end.isoformat(), f"{local:%H:%M}")
    return Markup(_("%(start)s to %(end)s")) % {"start": site_time(start, zone), "end": until}


def clock_span(start: datetime, end: datetime, on: date, zone: str) -> str:
    """Return which part of a day a span covers, on the site's clock: "07:00 to 15:00", "from 07:00", "all day"."""
    place = ZoneInfo(zone)
    begins, ends = start.astimezone(place), end.astimezone(place)
    after, before = begins.date() < on, ends.date() > on
    if after and before:
        return _("all day")
    if after:
        return _("until %(time)s", time=f"{ends:%H:%M}")
    if before:
        return _("from %(time)s", time=f"{begins:%H:%M}")
    return _("%(start)s to %(end)s", start=f"{begins:%H:%M}", end=f"{ends:%H:%M}")


def local_date(at: datetime, zone: str) -> date:
    """Return the date of a moment on the site's clock."""
    return at.astimezone(ZoneInfo(zone)).date()


def day_of(at: datetime, zone: str) -> str:
    """Return the day of a moment on the site's clock, for people."""
    return formats.day(local_date(at, zone))


def form_time(at: datetime, zone: str) -> str:
    """Return a time as a form's field of a day and a time has it, on the site's clock."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


def minutes(span: int) -> str:
    """Format minutes for people: ``3 h 20 min``; None is "none"."""
    return formats.span(timedelta(minutes=span)) if span else _("none")


def age(since: datetime, now: datetime) -> Markup:
    """Return how long ago something was, to the two largest units: ``3 h 20 min``. The page keeps counting it."""
    return Markup('<span data-age="{}">{}</span>').format(since.isoformat(), formats.span(now - since))


def due(at: datetime | None, now: datetime) -> Markup:
    """Return how far off a target is: ``in 3 h``, or ``overdue by 20 min``. The page keeps counting it."""
    if at is None:
        return Markup("")
    left = formats.span(abs(at - now))
    text = _("in %(span)s", span=left) if at > now else _("overdue by %(span)s", span=left)
    return Markup('<span data-due="{}">{}</span>').format(at.isoformat(), text)


def target(order: WorkOrder) -> tuple[str, datetime] | None:
    """Return the target that applies now: for waiting orders the response, for begun ones the completion. None if none
    applies: before approval, once the work is done, and while the clock is stopped.
    """
    if order.hold_reason is not None and order.hold_reason.stops_clock:
        return None
    if order.status in WAITING and order.response_due is not None:
        return "start", order.response_due
    if order.status in BEGUN and order.completion_due is not None:
        return "completion", order.completion_due
    return None


def number(value: float | None) -> str:
    """Format a value with three or four significant digits."""
    if value is None:
        return "–"
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-3:
        return formats.digits(f"{value:.3g}")
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 or size == 0 else 4
    whole, point, part = f"{value:,.{digits}f}".replace("-", "\u2212").partition(".")
    return whole.replace(",", "\u202f") + formats.digits(point) + part


def rate(value: float) -> str:
    """Format a frequency or a share: nobody acts on more than two decimals."""
    if value < 0.01:
        return _("under %(number)s", number=formats.digits("0.01")) if value else "0"
    return formats.digits(f"{value:.2f}") if value < 0.1 else number(value)


def amount(value: float) -> str:
    """Format a quantity as a person would write it: 2, 2.5."""
    return formats.digits(f"{value:.3f}".rstrip("0").rstrip("."))


def money(value: Decimal | None, currency: str) -> str:
    """Format an amount of money: "1,234.50 EUR"; a unit price keeps its digits beyond the cent."""
    if value is None:
        return "–"
    places = max(decimals(currency), -int(value.normalize().as_tuple().exponent))
    return f"{formats.digits(f'{value:,.{places}f}')} {currency}"


def size(count: int) -> str:
    """Format a number of bytes for people: "10 B", "840 kB", "1.4 MB".

    >>> size(10), size(839_600), size(1_440_000)
    ('10 B', '840 kB', '1.4 MB')
    """
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else formats.digits(f"{count / 1_000_000:.1f} MB")


def plain_amount(value: Decimal | float | None) -> str:
    """Format an amount for a field of a form: "84.5", in German "84,5", "" for None."""
    if value is None:
        return ""
    return in_field(round(value, 3) if isinstance(value, float) else value)


def usual(low: float | None, high: float | None) -> str:
    """Format a usual range; an unknown side is left open."""
    if low is None and high is None:
        return _("not known")
    if low is None:
        return _("up to %(high)s", high=number(high))
    return _("from %(low)s", low=number(low)) if high is None else f"{number(low)} – {number(high)}"


def recurs(calendar: plans.ByCalendar) -> str:
    """Return when work is due by a calendar, in words: "every 3 months on day 8"."""
    return stored(recurrence.said(recurrence.parse(calendar.rule), calendar.starts.date()))


def path_part(name: str) -> str:
    """Return a signal's name as a part of a path. Browsers resolve ``..`` and what is empty between slashes: where a
    name has such parts its slashes are escaped, so that it is one part.
    """
    odd = any(part in ("", ".", "..") for part in name.split("/"))
    return quote(name, safe="" if odd else "/")


def unit(code: str) -> str:
    """Return a unit as people write it."""
    return _SHORT_UNITS.get(code, code)


def with_code(text: str) -> Markup:
    """Return a text for a page, in the reader's language: escaped, with what stands between backticks as code."""
    return Markup(re.sub(r"`+([^`]+)`+", r"<code>\1</code>", str(escape(translated(text)))))


def who(actor: str, full_names: Mapping[str, str]) -> str:
    """Return an actor of the history for people, a person by their full name where ``full_names`` has it."""
    kind, _, name = actor.partition(":")
    return {"system": f"plantwright ({name})", "key": f"{name} (API key)"}.get(kind) or full_names.get(name, name)


def step(name: str) -> str:
    """Return what was done, in words, for a row of history."""
    return translated(_STEP_LABELS[name]) if name in _STEP_LABELS else words(name)


def move(name: str) -> str:
    """Return an alarm's move, in words, for its history."""
    return translated(_ALARM_MOVES[name]) if name in _ALARM_MOVES else words(name)


def words(code: str) -> str:
    """Return a code as words in the reader's language, or several with commas between them."""
    return language.code(code)


def sentence(text: str) -> str:
    """Return a text in the reader's language, if it has one of its own there, that begins as a sentence does."""
    said = translated(text)
    return said[:1].upper() + said[1:]


def headline(order: WorkOrder | OrderFacts | MyVisit) -> str:
    """Return an order's title as a sentence begins; the engine's own in the reader's language."""
    return sentence(stored(order.title) if order.origin == Origin.ENGINE else order.title)


def said_again(text: str | None) -> str:
    """Return a sentence of the engine, which is stored in English, in the reader's language."""
    return stored(text) if text else ""


def source(code: str) -> str:
    """Return a source in words: ``rule:hot_bearing`` is "rule hot bearing"."""
    kind, _colon, name = code.partition(":")
    return f"{words(kind)} {words(name).replace(':', ', ')}".strip()


def condition(code: str) -> str:
    """Return an alarm's name for people: ``rule:bearing-hot`` is "bearing hot"."""
    kind, _colon, name = code.partition(":")
    if kind == "model" and name.endswith(":lead-time"):
        return _("on its way to a limit")
    return _("unusual behaviour") if kind == "model" else name.replace("-", " ").replace("_", " ") or kind


_THEN = {
    "is": "was", "are": "were", "has": "had", "have": "had", "does not": "did not", "runs": "ran", "behaves": "behaved",
    "vibrates": "vibrated", "judges": "judged", "stays": "stayed", "rises": "rose", "falls": "fell",
    "as it usually does": "as it usually does",
}  # fmt: skip
_NOW = re.compile(rf"(?<!\S)({'|'.join(sorted(_THEN, key=len, reverse=True))})(?=[\s,;:.]|$)")


_FACT = re.compile(r"(?<=[.;] )Likely ")
"""Where a model's sentence continues with a general statement: how such a fault shows itself."""
_UNIT = re.compile(rf"(?<=\d )({'|'.join(map(re.escape, _SHORT_UNITS))})(?![\w/])")
_MOMENT = r"(\d\d) ([A-Z][a-z]{2})(?: (\d{4}),)? (\d\d):(\d\d)"
_IN_UTC = re.compile(rf"{_MOMENT} UTC(?: \({_MOMENT} to {_MOMENT}\))?")


def past(text: str) -> str:
    """Return an engine's sentence in the past tense: "was at 105 °C"."""
    found = _FACT.search(text)
    told, fact = (text[: found.start()], text[found.start() :]) if found else (text, "")
    return _NOW.sub(lambda each: _THEN[each[0]], told) + fact


def reported(text: str, zone: str, at: datetime) -> str:
    """Return an engine's sentence from the time ``at`` for people: in the past tense, their units and their clock."""
    english = language.current() is language.ENGLISH
    said = _UNIT.sub(lambda each: _SHORT_UNITS[each[0]], past(text) if english else stored(text))
    return _IN_UTC.sub(lambda each: _local(each, zone, at), said)


def _local(found: re.Match[str], zone: str, near: datetime) -> str:
    """Convert the moments in a sentence, UTC and often without a year, to the site's clock."""
    groups = found.groups()
    said = list[str]()
    for n in range(0, 15, 5):
        day, month, year, hour, minute = groups[n : n + 5]
        if day is None:
            continue
        try:
            years = [int(year)] if year else [near.year - 1, near.year, near.year + 1]
            there = [
                datetime.strptime(f"{day} {month} {each} {hour}:{minute} +0000", "%d %b %Y %H:%M %z") for each in years
            ]
        except ValueError:
            return found[0]
        local = min(there, key=lambda each: abs(each - near)).astimezone(ZoneInfo(zone))
        clock = formats.moment(local, year=False)
        said.append(clock if n == 0 else clock.rpartition(" ")[0])
    if len(said) < 3:
        return said[0]
    return f"{said[0]} ({_('%(start)s to %(end)s', start=said[1], end=said[2])})"


def zone_of(sites: Sequence[Site]) -> str:
    """Return the time zone for a page: the sites' own if they share one, otherwise UTC."""
    zones = {each.time_zone for each in sites}
    return zones.pop() if len(zones) == 1 else "UTC"


def priority_class(priority: Priority) -> str:
    """Return the class that colours an order by its urgency."""
    return f"p{int(priority)}"


def labelled(codes: Sequence[StrEnum]) -> list[tuple[str, str]]:
    """Return codes with their words, for a select field."""
    return [(code.value, words(code.value)) for code in codes]


def named(sites: Sequence[Site]) -> list[tuple[str, str]]:
    """Return sites by code with their names, for a select field."""
    return [(site.code, site.name) for site in sites]
