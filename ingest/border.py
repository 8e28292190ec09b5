"""Checks that every payload must pass: times with a zone and within bounds, finite numbers, valid names."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest import units
from ingest.messages import Details, Message, Reason, Refused
from workorder_core.sentences import kept

MAX_BYTES = 256 * 1024
_SIGNAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,127}")
_LONGEST_UNIT = 40
_PADDING = "\0 \t\r\n"
"""Characters that controllers pad fixed-length texts with."""
_COMMA_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:[. '\u00a0\u202f]\d{3})+|\d+)?(?:,\d*)?(?:[eE][-+]?\d+)?")
_POINT_NUMBER = re.compile(r"[-+]?\d*\.\d*(?:[eE][-+]?\d+)?")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_DIGITS = re.compile(r"[-+]?\d{9,}(?:\.\d*)?")
_COUNTS = {"seconds": 1e6, "milliseconds": 1e3, "microseconds": 1.0, "nanoseconds": 1e-3}
"""The units in which a time may count from 1970, in microseconds."""
_LIKELY_US = (1e15, 4e15)
"""Times of the years 2001 to 2096: a number that is such a time in only one unit is likely meant in it."""
_MIDNIGHT = re.compile(r"(\d{4}-?\d\d-?\d\d[T ])24((?::?00){0,2}(?:[.,]0+)?(?:Z|[+-].*)?)")
_LEAP = re.compile(r"[T ]\d\d:?\d\d:?60")
_DAYS_A_YEAR = 365.2425
_GROUPING = re.compile(r"[. '\u00a0\u202f]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = datetime.resolution
_FIRST_US = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Which times a device may claim, against the wall clock at reception, in microseconds."""

    oldest_us: int = 20 * 366 * 86_400_000_000
    skew_us: int = 300_000_000


@dataclass(slots=True)
class Bad(Exception):
    """Something in a message that is refused. ``problem`` is a sentence with the facts and what to do."""

    reason: Reason
    problem: str


class Problems(list[Bad]):
    """What is wrong with a message so far.

    An exception keeps every stack frame that it has passed alive, and the exception before it: thousands of them would
    cost seconds, and hundreds of megabytes.
    """

    def append(self, wrong: Bad) -> None:
        """Append an exception without its traceback and context."""
        wrong.__context__ = wrong.__cause__ = None
        super().append(wrong.with_traceback(None))


def refusals(message: Message, bad: Sequence[Bad]) -> list[Refused]:
    """Return the quarantine entries of a message: one for each reason, not for each value in it."""
    problems: dict[Reason, list[str]] = {}
    for each in bad:
        problems.setdefault(each.reason, []).append(each.problem)
    return [
        Refused(message.topic, message.payload, message.received_us, reason, summary(listed))
        for reason, listed in problems.items()
    ]


def unreadable(message: Message, error: Exception) -> Refused:
    """Return the quarantine entry of a message that made the program fail."""
    bad = failed(error)
    return Refused(message.topic, message.payload, message.received_us, bad.reason, bad.problem)


def failed(error: Exception) -> Bad:
    """Describe an unexpected error: its name and message."""
    said = str(error).strip().partition("\n")[0]
    problem = kept(
        "{error}; an error in the program, which skipped it: report it, then run `plantwright quarantine retry`",
        error=f"{type(error).__name__}{f': {said[:120]}' if said else ''}",
    )
    return Bad(Reason.UNREADABLE, problem)


def summary(problems: Sequence[str]) -> str:
    """Summarise several problems of one kind: the first, and how many more."""
    if len(problems) == 1:
        return problems[0]
    return kept("{problem}; {count} more like it", problem=problems[0], count=len(problems) - 1)


def check_size(payload: bytes, size: int = 0) -> None:
    """Raise Bad for a payload that is too large. ``size`` is the size sent, where only the head was kept."""
    size = max(size, len(payload))
    if size > MAX_BYTES:
        raise Bad(
            Reason.TOO_LARGE,
            kept("{count} bytes; a message may have {most}: send smaller arrays", count=size, most=MAX_BYTES),
        )


def within(at_us: int, received_us: int, bounds: Bounds, *, us_each: float | None = None) -> int:
    """Return a time if a device may claim it. ``us_each`` is the unit of a count, None for text. Raises Bad."""
    if received_us - bounds.oldest_us <= at_us <= received_us + bounds.skew_us:
        return at_us
    advice = (other_count(at_us / us_each, us_each) if us_each else "") or kept("set the device's clock")
    if at_us > received_us:
        raise Bad(Reason.IN_FUTURE, kept("ts {at} is in the future: {advice}", at=text_of(at_us), advice=advice))
    raise Bad(Reason.TOO_OLD, kept("ts {at} is too old: {advice}", at=text_of(at_us), advice=advice))


def other_count(number: float, us_each: float) -> str:
    """Return a hint in which other unit a number is likely a time; empty without one."""
    first, last = _LIKELY_US
    likely = next((name for name, each in _COUNTS.items() if first / each <= number < last / each), None)
    own = next((name for name, each in _COUNTS.items() if each == us_each), None)
    if likely is None or own is None or likely == own:
        return ""
    return kept("that looks like {likely}; ts counts {unit}", likely=likely, unit=own)


def digits(text: str, us_each: float = 1000) -> str:
    """Return the problem of a time that is a string of digits; empty for another text."""
    plain = text.strip()
    if not _DIGITS.fullmatch(plain):
        return ""
    advice = other_count(float(plain), us_each)
    if not advice:
        return kept("ts {ts!r} is a string of digits; send a number of milliseconds", ts=text[:40])
    return kept("ts {ts!r} is a string of digits; send a number: {advice}", ts=text[:40], advice=advice)


def microseconds(ts: object) -> int:
    """Read an ISO 8601 time with its zone, or epoch milliseconds. Raises Bad."""
    if ts is None:
        raise Bad(Reason.NO_TIME, kept("ts is missing; send an ISO 8601 time with its zone, or epoch milliseconds"))
    if isinstance(ts, str):
        if said := digits(ts):
            raise Bad(Reason.WRONG_TIME, said)
        try:
            moment = iso(ts)
        except (ValueError, OverflowError):
            raise Bad(
                Reason.WRONG_TIME, kept("ts {ts!r} is not an ISO 8601 time", ts=ts[:40]) + wrong_in_iso(ts)
            ) from None
        if moment.tzinfo is None:
            raise Bad(Reason.NAIVE_TIME, kept("ts {ts!r} has no zone; add Z or an offset", ts=ts[:40]))
        return since_epoch(moment)
    if isinstance(ts, bool) or not isinstance(ts, int | float):
        raise Bad(Reason.WRONG_TIME, kept("ts must be an ISO 8601 time with its zone, or epoch milliseconds"))
    return counted(ts, 1000)


def iso(text: str) -> datetime:
    """Read an ISO 8601 time; 24:00 is the midnight that ends its day. Raises ValueError, OverflowError."""
    midnight = _MIDNIGHT.fullmatch(text)
    if midnight is None:
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(f"{midnight[1]}00{midnight[2]}") + timedelta(days=1)


def wrong_in_iso(text: str) -> str:
    """Return a hint about a time that could not be read; empty without one."""
    return "; " + kept("a leap second cannot be stored: send the second after it") if _LEAP.search(text) else ""


def counted(ts: float, us_each: float) -> int:
    """Read a number of milliseconds, seconds and so on since 1970. Raises Bad."""
    if not -1e18 / us_each < ts < 1e18 / us_each:  # a whole number may be too large to be multiplied
        advice = other_count(ts, us_each)
        own = next((name for name, each in _COUNTS.items() if each == us_each), "milliseconds")
        raise Bad(
            Reason.WRONG_TIME,
            kept(
                "ts {ts} is out of range: {advice}",
                ts=str(ts)[:40],
                advice=advice or kept("it counts {unit} from 1970", unit=own),
            ),
        )
    return round(ts * us_each)


def since_epoch(moment: datetime) -> int:
    """Return a time with a zone as epoch microseconds."""
    return (moment - _EPOCH) // _MICROSECOND


def is_on_calendar(at_us: int) -> bool:
    """Return whether a time is within the years 1 to 9999 in UTC."""
    return _FIRST_US <= at_us <= _LAST_US


def text_of(at_us: int) -> str:
    """Format a time for people."""
    try:
        return (_EPOCH + at_us * _MICROSECOND).isoformat()
    except OverflowError:
        return f"of about the year {int(1970 + at_us / 86_400e6 / _DAYS_A_YEAR)}"


def signal(name: str) -> str:
    """Return a signal's name if it can be stored unchanged. Raises Bad."""
    if _SIGNAL.fullmatch(name) is None:
        if not _is_unicode(name):
            raise _no_text(name)
        raise Bad(
            Reason.WRONG_SIGNAL,
            kept("{name!r} is not a signal name: up to 128 letters, digits and _ . : / -", name=name[:80]),
        )
    return name


def unit(name: str, said: str) -> str:
    """Return the unit that a device names for a signal, as the plant spells it. Raises Bad if it cannot be stored."""
    if not _is_unicode(said):
        raise _no_text(said)
    made = units.spelled(said)
    if len(made) > _LONGEST_UNIT or not made.isprintable():
        raise Bad(
            Reason.WRONG_UNIT,
            kept(
                "{name}: {text!r} is not a unit: up to {most} printable characters",
                name=name[:80],
                text=said[:40],
                most=_LONGEST_UNIT,
            ),
        )
    return made


def number(name: str, value: object) -> float:
    """Return a JSON number. Raises Bad."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        once(value)
        if isinstance(value, dict):
            raise Bad(Reason.NOT_A_NUMBER, kept("{name}: an object, not a number", name=name[:80]))
        raise Bad(Reason.NOT_A_NUMBER, kept("{name}: {text!r} is not a number", name=name[:80], text=str(value)[:80]))
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        problem = kept("NaN is not a number") if found != found else kept("the number is infinite, or too large")
        raise Bad(Reason.NOT_A_NUMBER, kept("{name}: {problem}", name=name[:80], problem=problem))
    return found


def value(name: str, sent: object) -> float | str:
    """Interpret a value: true is 1, "21.5" is 21.5, any other text may be the name of a state. Raises Bad."""
    if isinstance(sent, bool):
        return float(sent)
    if not isinstance(sent, str):
        return number(name, sent)
    text = sent.strip().rstrip(_PADDING)
    if text.lower() in ("true", "false"):
        return float(text.lower() == "true")
    try:
        found = float(text)
    except ValueError:
        if not text:
            raise Bad(Reason.NOT_A_NUMBER, kept("{name}: the text is empty", name=name[:80])) from None
        if not (text.isascii() or _is_unicode(text)):
            raise _no_text(text) from None
        return text
    if not math.isfinite(found) or "_" in text:
        raise Bad(Reason.NOT_A_NUMBER, kept("{name}: {text!r} is not a number", name=name[:80], text=sent[:80]))
    return found


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_text(text: str) -> Bad:
    return Bad(
        Reason.NOT_JSON,
        kept("the text {text!r} is not UTF-8, or has half a character; send texts in UTF-8", text=text[:80]),
    )


def with_point(name: str, text: str) -> str:
    """Rewrite a number with a decimal comma, ``1.312,5``, with a decimal point. Raises Bad."""
    plain = text.strip()
    if _COMMA_NUMBER.fullmatch(plain):
        return _GROUPING.sub("", plain).replace(",", ".")
    if _POINT_NUMBER.fullmatch(plain):
        raise Bad(
            Reason.NOT_A_NUMBER,
            kept(
                "{name}: {text!r} has a decimal point, but the mapping sets decimal to a comma",
                name=name[:80],
                text=text[:40],
            ),
        )
    return text


def looks_like_a_number(text: str) -> bool:
    """Return whether a text is a number with a decimal comma, or with commas between thousands."""
    return ("," in text and _COMMA_NUMBER.fullmatch(text) is not None) or _THOUSANDS.fullmatch(text) is not None


def measure(name: str, sent: object) -> float:
    """Interpret a value that must be a number. Raises Bad."""
    found = value(name, sent)
    if isinstance(found, str):
        raise Bad(Reason.NOT_A_NUMBER, kept("{name}: {text!r} is not a number", name=name[:80], text=found[:80]))
    return found


class Twice:
    """Different values under one name of one JSON object: which is meant cannot be known."""

    def __init__(self, name: str, said: Sequence[object]) -> None:
        self.name, self.said = name, said


def once(sent: Any) -> Any:
    """Return a value of a document. Raises Bad if it is there twice, with different values."""
    if isinstance(sent, Twice):
        values, times = " and ".join(str(each)[:40] for each in sent.said[:3]), len(sent.said)
        raise Bad(
            Reason.WRONG_SHAPE,
            kept(
                "{name} is there {times} times in one object: {values}; send it once",
                name=sent.name[:80],
                times=times,
                values=values,
            ),
        )
    return sent


@dataclass(slots=True)
class FrameValues:
    """The values of a frame: numbers, and texts that may be states."""

    values: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def put(self, signal: str, found: float | str) -> None:
        """Add a value."""
        if isinstance(found, str):
            self.texts[signal] = found
        else:
            self.values[signal] = found

    def __bool__(self) -> bool:
        return bool(self.values or self.texts)

    def details(self, said: Details | None = None) -> Details | None:
        """Return the frame's details with its texts; None if it has none."""
        return replace(said or Details(), texts=self.texts) if self.texts else said


def scaled(name: str, value: float, factor: float, offset: float = 0.0) -> float:
    """Convert a value to another unit. Raises Bad on overflow."""
    made = value * factor + offset
    if not math.isfinite(made):
        raise Bad(
            Reason.NOT_A_NUMBER, kept("{name}: {number!r} is too large for its unit", name=name[:80], number=value)
        )
    return made
