"""The native payload: one JSON object or an array of them, ``{"ts": …, "values": {"flow": 71.3, …}}``.

``ts`` is an ISO 8601 time with a zone, or epoch milliseconds. The topic is ``plantwright/v1/<site>/<asset>``. ``units``
by signal and ``quality`` (of the whole frame: good, uncertain, bad, stale, or 0 to 3) may accompany ``values``. A
value is a number, true or false (1 and 0), or a text: a number, or the name of one of the signal's states. Good values
next to a bad one are kept; what cannot be read is refused with the reason. No payload makes this module raise.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from typing import Annotated, Any

import msgspec

from ingest import border
from ingest.border import MAX_BYTES, Bad, Bounds, FrameValues
from ingest.formats import json_text
from ingest.formats.format import Format
from ingest.messages import Details, Frame, Message, Reason, Refused
from workorder_core.sentences import kept

__all__ = ["MAX_BYTES", "TOPIC_FILTER", "Bounds", "parse"]

TOPIC_FILTER = "plantwright/#"
_SIGN = re.compile(r"[A-Za-z0-9_.-]")
_TOPIC = re.compile(r"plantwright/v1/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})")


class _Document(msgspec.Struct):
    ts: str | int | float
    values: dict[str, float]
    units: dict[str, str] | None = None
    quality: str | int | None = None


class Plain(msgspec.Struct, gc=False):
    """A document of values and a time in milliseconds, without units or quality."""

    ts: Annotated[int, msgspec.Meta(ge=0, le=10**14)]
    values: Annotated[dict[str, float], msgspec.Meta(min_length=1)]
    units: None = None
    quality: None = None


_QUALITIES = {"good": 0, "uncertain": 1, "bad": 2, "stale": 3}
_exact = msgspec.json.Decoder(_Document)
_plain = msgspec.json.Decoder(Plain)
_anything = msgspec.json.Decoder()
_COLONS = 2
"""The colons of a plain document, besides those of its values' names."""
_OURS = (b'"ts"', b'"values"', b'"units"', b'"quality"')
_DIGITS = b"0123456789.-"
_LONGEST_FORM = 2_000
_MOST_FORMS = 10_000
_forms: dict[bytes, int] = {}
"""Documents without their digits, with other keys and no name twice: how many values each has."""
_REMEMBERED = 100_000
_places: dict[str, tuple[str, str]] = {}
_names: set[str] = set()


class Native(Format):
    """The native payload. Its names are codes already and need no translation."""

    has_time = True

    def filters(self) -> list[str]:
        """Return nothing: the settings list the native topics to subscribe to."""
        return []

    def accepts(self, topic: str) -> bool:
        """Return whether a topic is a native one."""
        return topic.startswith("plantwright/")

    def parse(self, message: Message, bounds: Bounds, _: object = None) -> tuple[list[Frame], list[Refused]]:
        """Return the frames of a message, in its own order, and what of it is refused."""
        return parse(message, bounds)


def parse(message: Message, bounds: Bounds) -> tuple[list[Frame], list[Refused]]:
    """Return the frames of a message, in its own order, and what of it is refused: once for each reason."""
    frame = ordinary(message, bounds)
    if frame is not None:
        return [frame], []
    frames: list[Frame] = []
    bad = border.Problems()
    try:
        place = _place(message.topic)
        for document in _documents(message.payload, bad):
            try:
                at_us = _time(document, message.received_us, bounds)
                values = FrameValues()
                for name, value in _values(document):
                    try:
                        values.put(_signal(name), border.value(name, value))
                    except Bad as wrong:
                        bad.append(wrong)
                details = _details(document)
                if details is not None and details.units:
                    details = _with_units(details, values, bad)
                if values:
                    details = values.details(details)
                    frames.append(Frame(*place, at_us, message.received_us, values.values, details))
            except Bad as wrong:
                bad.append(wrong)
            except Exception as error:  # noqa: BLE001 - the documents beside it can be read
                bad.append(border.failed(error))
    except Bad as wrong:
        bad.append(wrong)
    return frames, border.refusals(message, bad) if bad else []


def ordinary(message: Message, bounds: Bounds) -> Frame | None:
    """Return the frame of one document with known names and a time in milliseconds; None if it needs ``parse``.

    Reads most messages at a quarter of the price: topics and names that were checked once are remembered.
    """
    place = _places.get(message.topic)
    if place is None or len(message.payload) > MAX_BYTES:
        return None
    try:
        document = _exact.decode(message.payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    ts, values, received_us = document.ts, document.values, message.received_us
    if type(ts) is not int or not values or not _names.issuperset(values):
        return None
    if document.units is not None or document.quality is not None:
        return None
    if not _has_names_once(message.payload, len(values)):
        return None
    at_us = ts * 1000
    if not received_us - bounds.oldest_us <= at_us <= received_us + bounds.skew_us:
        return None
    return Frame(*place, at_us, received_us, values)


def plain(messages: Sequence[Message], wanted: Sequence[object]) -> list[Plain | None]:
    """Return the document of each ``wanted`` message that is a single plain one; None for those that need ``parse``."""
    decode = _plain.decode
    try:
        found = [
            decode(message.payload) if is_wanted and len(message.payload) <= MAX_BYTES else None
            for message, is_wanted in zip(messages, wanted, strict=True)
        ]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = [_as_plain(message) if is_wanted else None for message, is_wanted in zip(messages, wanted, strict=True)]
    payloads = b"\0".join([each.payload for each in (messages if all(found) else compress(messages, found))])
    names = [len(document.values) for document in found if document is not None]
    if _all_have_names_once(payloads, names):
        return found
    return [
        None if document is None or not _has_names_once(message.payload, len(document.values)) else document
        for message, document in zip(messages, found, strict=True)
    ]


def _all_have_names_once(payloads: bytes, names: Sequence[int]) -> bool:
    """Return whether `_has_names_once` holds for many, joined by NUL; False if each has to be checked by itself.

    Each has at least the colons of its names, and at most as many names as its form: where the sums are equal, all are.
    """
    every = sum(names)
    if payloads.count(b":") == every + _COLONS * len(names):
        return True
    try:
        return sum(map(_forms.__getitem__, payloads.translate(None, _DIGITS).split(b"\0"))) == every
    except KeyError:
        return False


def _has_names_once(raw: bytes, names: int) -> bool:
    """Return whether a document that was parsed to this many ``names`` has none twice.

    It is parsed again only if it has other keys, in a form that is new: two documents that differ only in digits have
    the same names.
    """
    if raw.count(b":") == _COLONS + names:
        return True
    form = raw.translate(None, _DIGITS)
    known = _forms.get(form)
    if known is not None:
        return known == names
    try:
        if not json_text.names_are_once(raw, _anything.decode(raw)):
            return False
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False  # what it has besides is passed over while it is read, and is no text
    if len(form) <= _LONGEST_FORM and b"\\" not in raw and all(form.count(name) <= 1 for name in _OURS):
        if len(_forms) >= _MOST_FORMS:
            _forms.clear()
        _forms[form] = names
    return True


def _as_plain(message: Message) -> Plain | None:
    try:
        return _plain.decode(message.payload) if len(message.payload) <= MAX_BYTES else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _place(topic: str) -> tuple[str, str]:
    """Return site and asset of a topic. Raises Bad."""
    found = _TOPIC.fullmatch(topic)
    if found is None:
        raise Bad(
            Reason.WRONG_TOPIC,
            kept("the topic must be {topic}", topic="plantwright/v1/<site>/<asset>") + _wrong_in(topic),
        )
    if len(_places) >= _REMEMBERED:
        _places.clear()
    _places[topic] = place = (found[1], found[2])
    return place


def _wrong_in(topic: str) -> str:
    """Return what is wrong with a topic: its levels, or an invalid character."""
    levels = topic.split("/")
    if levels[:2] != ["plantwright", "v1"]:
        return ""
    if len(levels) != 4:
        return "; " + kept("it has {count} levels instead of 4", count=len(levels))
    for what, code in zip(("site", "asset"), levels[2:], strict=True):
        wrong = next((sign for sign in code if not _SIGN.fullmatch(sign)), None)
        if not code:
            return "; " + kept("the {what} is empty", what=what)
        if wrong is None and len(code) <= 64 and code[0].isalnum():
            continue
        fault = kept("has {text!r}", text=wrong)
        if wrong is None:
            long = len(code) > 64
            fault = (
                kept("has {count} characters", count=len(code)) if long else kept("begins with {text!r}", text=code[0])
            )
        return "; " + kept(
            "the {what} {code!r} {fault}: A-Z, a-z, digits and _ . - are allowed, a letter or digit first, 64 "
            "characters at most",
            what=what,
            code=code[:80],
            fault=fault,
        )
    return ""


def _signal(name: str) -> str:
    border.signal(name)
    if len(_names) >= _REMEMBERED:
        _names.clear()
    _names.add(name)
    return name


def _documents(payload: bytes, bad: list[Bad]) -> list[Any]:
    border.check_size(payload)
    try:
        document = _exact.decode(payload)
        ts = document.ts if isinstance(document.ts, str) and b"\\" not in payload else ""
        if _has_names_once(payload, len(document.values) + ts.count(":")):
            return [document]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    found: list[Any] = []
    for document in json_text.documents(payload, bad):
        if document == []:
            bad.append(Bad(Reason.NO_VALUES, kept("an empty array")))
        found += document if isinstance(document, list) else [document]
    return found


def _time(document: Any, received_us: int, bounds: Bounds) -> int:
    if isinstance(document, _Document):
        ts: object = document.ts
    elif isinstance(document, dict):
        if not document:
            raise Bad(Reason.NO_VALUES, kept('an empty object; expected {"ts": …, "values": {…}}'))
        ts = border.once(document.get("ts"))
    else:
        raise Bad(Reason.WRONG_SHAPE, kept('expected an object {"ts": …, "values": {…}} or an array of them'))
    return border.within(border.microseconds(ts), received_us, bounds, us_each=None if isinstance(ts, str) else 1000)


def _details(document: Any) -> Details | None:
    """Return the units and quality of a document, None without either. Raises Bad."""
    if isinstance(document, _Document):
        units, quality = document.units, document.quality
    else:
        units, quality = (border.once(document.get(name)) for name in ("units", "quality"))
    if units is None and quality is None:
        return None
    if units is not None and not isinstance(units, dict):
        raise Bad(Reason.WRONG_SHAPE, kept('units must be an object of texts like {"bearing_temp": "degC"}'))
    known: object = _QUALITIES.get(quality.strip().lower()) if isinstance(quality, str) else quality
    if quality is None:
        known = 0
    elif isinstance(quality, float) and float(quality).is_integer():
        known = int(quality)
    if isinstance(quality, bool) or not isinstance(known, int) or known not in _QUALITIES.values():
        raise Bad(
            Reason.WRONG_SHAPE,
            kept("quality {quality!r} must be good, uncertain, bad, stale, or 0 to 3", quality=str(quality)[:40]),
        )
    return Details(quality=known, units=units or {})


def _with_units(details: Details, values: FrameValues, bad: list[Bad]) -> Details:
    """Return the details with the units of the values; a value with an invalid unit is removed."""
    made = {}
    said: Mapping[str, object] = details.units
    for name in sorted(said.keys() & (values.values.keys() | values.texts.keys())):
        unit = said[name]
        if unit is None:
            continue
        try:
            if not isinstance(unit, str):
                border.once(unit)
                raise Bad(
                    Reason.WRONG_UNIT,
                    kept("{name}: {unit!r} is not a unit: send a text like degC", name=name[:80], unit=str(unit)[:40]),
                )
            made[name] = border.unit(name, unit)
        except Bad as wrong:
            bad.append(wrong)
            values.values.pop(name, None)
            values.texts.pop(name, None)
    return replace(details, units=made)


def _values(document: Any) -> Iterator[tuple[str, object]]:
    values = document.values if isinstance(document, _Document) else document.get("values")
    if not isinstance(border.once(values), dict):
        raise Bad(Reason.WRONG_SHAPE, kept('values is missing; it must be an object like {"bearing_temp": 71.3}'))
    if not values:
        raise Bad(Reason.NO_VALUES, kept("values is empty"))
    return iter(values.items())
