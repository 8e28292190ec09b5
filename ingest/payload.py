"""The native payload: one JSON object or an array of them, ``{"ts": …, "values": {"flow": 71.3, …}}``.

``ts`` is an ISO 8601 time with a zone, or epoch milliseconds. The topic is ``plantwright/v1/<site>/<asset>``. Good
values beside a bad one are kept; what cannot be read is refused with the reason. No bytes make this module raise.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from ingest.messages import Frame, Message, Reason, Refused

TOPIC_FILTER = "plantwright/#"
MAX_BYTES = 256 * 1024
_TOPIC = re.compile(r"plantwright/v1/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})")
_SIGNAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,127}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Which times a device may claim, against the wall clock at reception, in microseconds."""

    oldest_us: int = 20 * 366 * 86_400_000_000
    skew_us: int = 300_000_000


class _Document(msgspec.Struct):
    ts: str | int | float
    values: dict[str, float]


_exact = msgspec.json.Decoder(_Document)
_loose = msgspec.json.Decoder()


@dataclass(slots=True)
class _Bad(Exception):
    reason: Reason
    problem: str


def parse(message: Message, bounds: Bounds) -> tuple[list[Frame], list[Refused]]:
    """Return the frames of a message, in its own order, and what of it is refused: once for each reason."""
    frames: list[Frame] = []
    bad: list[_Bad] = []
    try:
        place = _TOPIC.fullmatch(message.topic)
        if place is None:
            raise _Bad(Reason.WRONG_TOPIC, "the topic must be plantwright/v1/<site>/<asset>")
        for document in _documents(message.payload):
            try:
                at_us = _time(document, message.received_us, bounds)
                values = {}
                for name, value in _values(document):
                    try:
                        values[_signal(name)] = _number(name, value)
                    except _Bad as wrong:
                        bad.append(wrong)
                if values:
                    frames.append(Frame(place[1], place[2], at_us, message.received_us, values))
            except _Bad as wrong:
                bad.append(wrong)
    except _Bad as wrong:
        bad.append(wrong)
    return frames, _refusals(message, bad) if bad else []


def _refusals(message: Message, bad: Sequence[_Bad]) -> list[Refused]:
    # A refusal keeps the message: it must not be multiplied by the values in it.
    problems: dict[Reason, list[str]] = {}
    for each in bad:
        problems.setdefault(each.reason, []).append(each.problem)
    return [
        Refused(message.topic, message.payload, message.received_us, reason, _told(told))
        for reason, told in problems.items()
    ]


def _told(problems: Sequence[str]) -> str:
    return problems[0] if len(problems) == 1 else f"{problems[0]}; {len(problems) - 1} more like it"


def _documents(payload: bytes) -> list[Any]:
    if len(payload) > MAX_BYTES:
        raise _Bad(Reason.TOO_LARGE, f"{len(payload)} bytes; a message may have {MAX_BYTES}: send smaller arrays")
    try:
        return [_exact.decode(payload)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        found = _loose.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _Bad(Reason.NOT_JSON, f"{error}; NaN and Infinity are not JSON") from None
    if not isinstance(found, list):
        return [found]
    if not found:
        raise _Bad(Reason.NO_VALUES, "an empty array")
    return found


def _time(document: Any, received_us: int, bounds: Bounds) -> int:
    if isinstance(document, _Document):
        ts: object = document.ts
    elif isinstance(document, dict):
        if not document:
            raise _Bad(Reason.NO_VALUES, 'an empty object; expected {"ts": …, "values": {…}}')
        ts = document.get("ts")
    else:
        raise _Bad(Reason.WRONG_SHAPE, 'expected an object {"ts": …, "values": {…}} or an array of them')
    at_us = _microseconds(ts)
    if at_us > received_us + bounds.skew_us:
        raise _Bad(Reason.IN_FUTURE, f"ts {_text(at_us)} was in the future when it came: set the device's clock")
    if at_us < received_us - bounds.oldest_us:
        raise _Bad(Reason.TOO_OLD, f"ts {_text(at_us)} is older than is accepted: set the device's clock")
    return at_us


def _microseconds(ts: object) -> int:
    if ts is None:
        raise _Bad(Reason.NO_TIME, "ts is missing; send an ISO 8601 time with its zone, or epoch milliseconds")
    if isinstance(ts, str):
        try:
            moment = datetime.fromisoformat(ts)
        except ValueError:
            raise _Bad(Reason.WRONG_TIME, f"ts {ts[:40]!r} is no ISO 8601 time") from None
        if moment.tzinfo is None:
            raise _Bad(Reason.NAIVE_TIME, f"ts {ts[:40]!r} has no zone; add Z or an offset")
        return (moment - _EPOCH) // _MICROSECOND
    if isinstance(ts, bool) or not isinstance(ts, int | float):
        raise _Bad(Reason.WRONG_TIME, "ts must be an ISO 8601 time with its zone, or epoch milliseconds")
    if not -1e15 < ts < 1e15:
        raise _Bad(Reason.WRONG_TIME, f"ts {ts!r} is out of range; it counts milliseconds from 1970")
    return round(ts * 1000)


def _values(document: Any) -> Iterator[tuple[str, object]]:
    values = document.values if isinstance(document, _Document) else document.get("values")
    if not isinstance(values, dict):
        raise _Bad(Reason.WRONG_SHAPE, 'values is missing; it must be an object like {"bearing_temp": 71.3}')
    if not values:
        raise _Bad(Reason.NO_VALUES, "values is empty")
    return iter(values.items())


def _signal(name: str) -> str:
    if _SIGNAL.fullmatch(name) is None:
        raise _Bad(Reason.WRONG_SIGNAL, f"{name[:80]!r} is no signal name: letters, digits and _ . : / - up to 128")
    return name


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Bad(Reason.NOT_A_NUMBER, f"{name[:80]}: {str(value)[:80]!r} is not a number")
    try:
        return float(value)
    except OverflowError:
        raise _Bad(Reason.NOT_A_NUMBER, f"{name[:80]}: the number is too large") from None


def _text(at_us: int) -> str:
    try:
        return (_EPOCH + at_us * _MICROSECOND).isoformat()
    except OverflowError:
        return f"{at_us} µs"


_MICROSECOND = datetime.resolution
