"""A mapping document: how to read foreign JSON, a bare value or a row of a file. Checked as a whole when loaded.

``docs/connect.md`` documents the keys with examples; ``ingest/mappings/`` has the ready-made ones.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Callable
from collections.abc import Mapping as Table
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest import border, names, times, toml_text, units
from ingest.border import Bad
from ingest.formats.paths import MISSING, JsonPath, Text
from ingest.replay import InvalidMapping
from ingest.times import Time
from ingest.toml_text import NotToml

READY_MADE = ("homie", "skab", "umh")
_TOP = {
    "topic", "site", "asset", "location", "class", "delimiter", "each", "time", "quality", "values", "value", "signal",
    "unit", "signals", "decimal", "encoding", "skip_rows", "units_row",
}  # fmt: skip
_NATIVE = "plantwright"
"""The first level of the topics of the native payload, which always reads them."""
_LONGEST_FILTER = 1_000
_MOST_SCALE = 1e300
_MOST_SEVERAL = 2
_LONGEST_CLASS = 200
"""The most multi-level fields of one topic: matching costs the topic's length to this power."""
_NO_DELIMITERS = '\r\n\0"'
_LEVEL = re.compile(r"([^{}]*)\{([A-Za-z_][A-Za-z0-9_]*)(\*?)\}([^{}]*)|([^{}]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The quality of a value as the device reports it; what is in neither list is bad."""

    path: JsonPath
    good: tuple[Any, ...]
    uncertain: tuple[Any, ...]

    def read(self, value: object) -> int:
        """Return 0 good, 1 uncertain or 2 bad; good without a value."""
        if value is MISSING or value is None or _among(value, self.good):
            return 0
        return 1 if _among(value, self.uncertain) else 2


def _among(value: object, listed: tuple[Any, ...]) -> bool:
    # True is 1 in Python, but not in JSON. 192.0 is 192 in both.
    return any(isinstance(value, bool) == isinstance(each, bool) and value == each for each in listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A value's path, its signal, and its unit (empty if unknown). ``scale`` turns counts into units."""

    path: JsonPath
    signal: Text
    unit: Text
    scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """How a topic's messages, or a file's rows, become frames.

    Parameters
    ----------
    topic, filter
        The pattern of topics, and the subscription for them; None for a mapping of files only.
    each
        An array, or an object, whose elements are read one by one; None: the payload is the one element. ``{#key}`` is
        an element's name in the object, or its index in the array.
    time
        None if the time of reception is used.
    bag
        An object of numbers by signal name, all of which are read.
    bare
        Whether the payload itself is the value, which need not be JSON.
    decimal, encoding, skip_rows, units_row
        Of files: the decimal separator (of messages' texts too), the text encoding, how many lines precede the header,
        and whether the line after it names units and is skipped.
    version
        A hash of the document.
    """

    source: str
    topic: re.Pattern[str] | None
    filter: str | None
    site: Text
    asset: Text
    location: Text | None
    asset_class: str
    delimiter: str
    each: JsonPath | None
    time: Time | None
    quality: Quality | None
    signals: tuple[Signal, ...]
    bag: JsonPath | None
    bare: bool = False
    decimal: str = "."
    encoding: str = "utf-8-sig"
    skip_rows: int = 0
    units_row: bool = False
    version: str = ""


def ready_made(name: str) -> Mapping:
    """Return a ready-made mapping."""
    text = (files("ingest") / "mappings" / f"{name}.toml").read_text(encoding="utf-8")
    return parse(tomllib.loads(text), source=name)


def read(name: str | Path) -> Mapping:
    """Return a ready-made mapping, or one of a file. Raises InvalidMapping with file, key and what to do."""
    if str(name) in READY_MADE:
        return ready_made(str(name))
    try:
        return parse(toml_text.read(Path(name)), source=str(name))
    except NotToml as error:
        raise InvalidMapping(str(name), f"{error.problem}; name a file, or one of {', '.join(READY_MADE)}") from None


def parse(document: Table[str, Any], *, source: str) -> Mapping:
    """Check a document and make a mapping of it. Raises InvalidMapping."""
    keys = _Keys(document, source, _TOP)
    topic, filter_, levels = (None, None, {"stem"})
    if "topic" in document:
        topic, filter_, levels = _topic(keys)
    if "each" in document:
        levels.add("#key")
    signals = tuple(_signals(keys, levels))
    bag = None if "values" not in document else JsonPath.of(keys.text("values"))
    if not signals and bag is None:
        raise keys.wrong(
            "signals", 'is missing; write [signals] "path" = "signal", or values = "path", or value and signal'
        )
    return Mapping(
        source=source,
        topic=topic,
        filter=filter_,
        site=keys.template("site", levels, "{site}" if "site" in levels else None, makes=names.code),
        asset=keys.template("asset", levels, "{asset}" if "asset" in levels else None, makes=names.code),
        location=keys.template("location", levels, makes=names.code) if "location" in document else None,
        asset_class=_asset_class(keys),
        delimiter=_delimiter(keys),
        each=JsonPath.of(keys.text("each")) if "each" in document else None,
        time=_time(keys) if "time" in document else None,
        quality=_quality(keys) if "quality" in document else None,
        signals=signals,
        bag=bag,
        decimal=_decimal(keys),
        encoding=_encoding(keys),
        skip_rows=_skip_rows(keys),
        units_row=_units_row(keys),
        version=hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()[:12],
        bare=any(not each.path.keys and not each.path.from_root for each in signals) and "each" not in document,
    )


def _topic(keys: "_Keys") -> tuple[re.Pattern[str], str, set[str]]:
    pattern, filter_, levels = [], [], set[str]()
    topic = keys.text("topic")
    if not topic or len(topic.encode()) > _LONGEST_FILTER or "\0" in topic or topic.startswith("$share/"):
        fault = "is not a topic: it has 1 to 1,000 characters, no NUL, and no $share/ prefix"
        raise keys.wrong("topic", f"{topic[:40]!r} {fault}")
    if topic.split("/")[0] == _NATIVE:
        fault = "is under plantwright/, which is reserved for the native payload"
        raise keys.wrong("topic", f"{topic[:40]!r} {fault}")
    for level in topic.split("/"):
        found = _LEVEL.fullmatch(level)
        if level == "":  # a slash at the start or the end, or two in a row, make an empty level
            pattern.append("")
            filter_.append("")
            continue
        if found is None or "+" in level or "#" in level:
            raise keys.wrong(
                "topic", f"{level!r} is not a level; write a text, {{name}} for one level, {{name*}} for several"
            )
        before, name, several, after, plain = found.groups()
        if plain is not None:
            pattern.append(re.escape(plain))
            filter_.append(plain)
            continue
        if name in levels:
            raise keys.wrong("topic", f"has {{{name}}} twice")
        if several and filter_.count("#") == _MOST_SEVERAL:
            raise keys.wrong("topic", f"has more than {_MOST_SEVERAL} names for several levels; name the levels")
        levels.add(name)
        body = r"[^/]+(?:/[^/]+)*?" if several else r"[^/]+?"
        pattern.append(f"{re.escape(before)}(?P<{name}>{body}){re.escape(after)}")
        filter_.append("#" if several else "+")
    whole = "/".join(filter_)
    filter_text = whole if "#" not in whole else f"{whole.split('#')[0]}#"
    return re.compile("/".join(pattern)), filter_text, levels


def _signals(keys: "_Keys", levels: set[str]) -> list[Signal]:
    made = []
    if "value" in keys.table:
        unit, signal = (
            keys.template("unit", levels, "", makes=_unit),
            keys.template("signal", levels, makes=names.signal),
        )
        made.append(Signal(path=JsonPath.of(keys.text("value")), signal=signal, unit=unit))
    elif "signal" in keys.table:
        raise keys.wrong("value", 'is missing; write value = "" if the payload itself is the value')
    table = keys.table.get("signals", {})
    if not isinstance(table, dict):
        raise keys.wrong("signals", "must be a table of path = signal")
    for path, entry in table.items():
        given = {"signal": entry} if isinstance(entry, str) else entry
        if not isinstance(given, dict):
            raise keys.wrong(f"signals.{path}", 'write "flow", or { signal = "flow", unit = "L/min" }')
        inner = _Keys(given, f"{keys.source}: [signals] {path!r}", {"signal", "unit", "scale"})
        scale = given.get("scale", 1.0)
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < abs(scale) < _MOST_SCALE:
            raise inner.wrong("scale", "must be a number other than 0")
        made.append(
            Signal(
                path=JsonPath.of(path),
                signal=inner.template("signal", levels, makes=names.signal),
                unit=inner.template("unit", levels, "", makes=_unit),
                scale=float(scale),
            )
        )
    return made


def _time(keys: "_Keys") -> Time:
    table = _Keys(keys.inner("time"), f"{keys.source}: [time]", {"path", "column", "format", "zone"})
    if "column" in table.table and "path" in table.table:
        raise table.wrong("column", "is the same as path; give one of them")
    path = table.text("column" if "column" in table.table else "path")
    format_ = table.text("format", "auto")
    if wrong := times.wrong_format(format_):
        raise table.wrong("format", f"{format_!r} {wrong}")
    zone = None
    if "zone" in table.table:
        try:
            zone = ZoneInfo(table.text("zone"))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise table.wrong("zone", f"{table.text('zone')!r} is not an IANA time zone, like Europe/Oslo") from None
    return Time(path=JsonPath.of(path), format=format_, zone=zone)


def _quality(keys: "_Keys") -> Quality:
    table = _Keys(keys.inner("quality"), f"{keys.source}: [quality]", {"path", "good", "uncertain"})
    lists = {}
    for key in ("good", "uncertain"):
        listed = table.table.get(key, [])
        if not isinstance(listed, list) or (key == "good" and not listed):
            raise table.wrong(key, "must be a list of the device's values, like [192] or ['GOOD']")
        lists[key] = tuple(listed)
    return Quality(path=JsonPath.of(table.text("path")), good=lists["good"], uncertain=lists["uncertain"])


def _unit(said: str) -> str:
    return border.unit("the unit", said) if said else ""


def _asset_class(keys: "_Keys") -> str:
    asset_class = keys.text("class", "unclassified")
    if not asset_class.strip() or len(asset_class) > _LONGEST_CLASS or not asset_class.isprintable():
        raise keys.wrong(
            "class", f"{asset_class[:40]!r} is no name: 1 to {_LONGEST_CLASS} characters that can be printed"
        )
    return asset_class


def _delimiter(keys: "_Keys") -> str:
    delimiter = keys.text("delimiter", ",")
    if len(delimiter) != 1 or delimiter in _NO_DELIMITERS:
        raise keys.wrong("delimiter", f"{delimiter!r} is not a single character that can separate cells")
    return delimiter


def _decimal(keys: "_Keys") -> str:
    decimal = keys.text("decimal", ".")
    if decimal not in (".", ","):
        raise keys.wrong("decimal", f'{decimal!r} is neither "." nor ","')
    return decimal


def _encoding(keys: "_Keys") -> str:
    name = keys.text("encoding", "utf-8-sig")
    try:
        "text".encode(name)  # a codec that is not a text encoding, like hex, raises LookupError too
    except (LookupError, ValueError):
        raise keys.wrong("encoding", f"{name!r} is not known; write one like utf-8, latin-1, cp1252, utf-16") from None
    return name


def _skip_rows(keys: "_Keys") -> int:
    rows = keys.table.get("skip_rows", 0)
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
        raise keys.wrong("skip_rows", "must be the number of lines before the header")
    return rows


def _units_row(keys: "_Keys") -> bool:
    there = keys.table.get("units_row", False)
    if not isinstance(there, bool):
        raise keys.wrong("units_row", "must be true if the line after the header names units")
    return there


class _Keys:
    """A table of the document, with its location for errors."""

    def __init__(self, table: Table[str, Any], source: str, known: set[str]) -> None:
        self.table, self.source = table, source
        for key in table:
            if key not in known:
                raise self.wrong(key, f"is not known here; the keys are {', '.join(sorted(known))}")

    def wrong(self, key: str, problem: str) -> InvalidMapping:
        return InvalidMapping(self.source, f"{key} {problem}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.table.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "is missing; it must be text")
        return value

    def inner(self, key: str) -> Table[str, Any]:
        value = self.table[key]
        if not isinstance(value, dict):
            raise self.wrong(key, "must be a table")
        return value

    def template(self, key: str, levels: set[str], default: str | None = None, *, makes: Callable[[str], str]) -> Text:
        """Return the text under a key, with its fields. A text without fields is checked at once, because it never
        changes."""
        text = Text.of(self.text(key, default))
        if text.stray_brace:
            raise self.wrong(key, f"{self.text(key, default)!r} has an unmatched brace; write fields as {{name}}")
        for level in sorted(text.levels - levels):
            there = ", ".join(sorted(levels)) or "none"
            raise self.wrong(key, f"names {{{level}}}, which is not a level of the topic (levels: {there})")
        if text.plain is not None:
            try:
                makes(text.plain)
            except Bad as wrong:
                raise self.wrong(key, f"cannot be so: {wrong.problem}") from None
        return text


def unit_of(signal: Signal, levels: Table[str, str], root: Any, element: Any) -> str:
    """Return the unit of a value; empty if unknown."""
    return units.spelled(signal.unit.fill(levels, root, element)) if signal.unit.parts else ""
