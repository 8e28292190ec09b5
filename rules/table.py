"""Reads one table of a rulebook, each key by its type; errors name the document, the rule and what to do."""

import math
import re
from collections.abc import Collection, Mapping
from typing import Any

from ingest.toml_text import shortened
from workorder_core.sentences import kept

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*(s|min|h|d)$")
_LONGEST = 200
"""The most characters of a name, so that it fits on a page."""
_MOST_NUMBER = 1.7e308
_MOST_S = 100 * 366 * 86_400
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


class InvalidRulebook(ValueError):
    """A rulebook that cannot be used: says the document, the rule, the key and what to do."""

    def __init__(self, source: str, place: str, problem: str) -> None:
        super().__init__(shortened(f"{source}: {place}: {problem}"))
        self.source, self.place, self.problem = source, place, problem


class Table:
    """One table of the document, with its location for errors: its kind, and its id or number."""

    def __init__(self, table: Any, source: str, kind: str, number: int) -> None:
        self.source, self.location = source, f"{kind} {number}"
        if not isinstance(table, Mapping):
            raise InvalidRulebook(source, self.location, kept("must be a table"))
        self.table: Mapping[str, Any] = table
        if isinstance(table.get("id"), str):
            self.location = f"{kind} {table['id']!r}"

    def __contains__(self, key: str) -> bool:
        return key in self.table

    def wrong(self, key: str, problem: str) -> InvalidRulebook:
        return InvalidRulebook(self.source, self.location, f"{key}: {problem}")

    def only(self, keys: Collection[str]) -> None:
        known(self.table, keys, self.source, self.location)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.table.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, kept("is missing; it must be text"))
        if not is_storable(value):
            raise self.wrong(key, kept("{text!r} contains a NUL or half a character", text=value[:40]))
        return value

    def name(self, key: str, default: str | None = None) -> str:
        """Return a text that can be stored, and printed on one line."""
        value = self.text(key, default)
        if not is_name(value):
            raise self.wrong(
                key,
                kept("{text!r} is not a name: write up to {most} printable characters", text=value[:40], most=_LONGEST),
            )
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            raise self.wrong(key, kept("must be a list of texts, not {text!r}", text=value))
        if not all(map(is_storable, value)):
            raise self.wrong(key, kept("contains a NUL or half a character"))
        return tuple(value)

    def number(self, key: str, default: float | None = None) -> float:
        value = self.table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) == math.inf or value != value:
            raise self.wrong(key, kept("is missing; it must be a number in the signal's unit"))
        if abs(value) > _MOST_NUMBER:
            raise self.wrong(key, kept("is too large; it must be a number in the signal's unit"))
        return float(value)

    def count(self, key: str, least: int, default: int | None = None) -> int:
        value = self.table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.wrong(
                key, kept("must be a whole number of at least {least}, not {text!r}", least=least, text=value)
            )
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.table.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, kept("must be true or false"))
        return value

    def duration_us(self, key: str, default: int | None = None) -> int:
        value = self.table.get(key)
        if value is None and default is not None:
            return default
        found = _DURATION.match(value) if isinstance(value, str) else None
        if found is None:
            said = kept("is missing") if value is None else kept("{text!r} is not a duration", text=value)
            raise self.wrong(key, kept('{said}; write it like "30 s", "5 min", "2 h" or "1 d"', said=said))
        seconds = float(found[1]) * _SECONDS[found[2]]
        if seconds > _MOST_S:
            raise self.wrong(key, kept("{text!r} is longer than a hundred years", text=str(value)[:40]))
        return round(seconds * 1_000_000)

    def one_of(self, key: str, names: Mapping[str, Any], default: str | None = None) -> Any:
        value = self.table.get(key, default)
        if not isinstance(value, str) or value not in names:
            raise self.wrong(key, kept("{text!r} is not known; use one of {names}", text=value, names=", ".join(names)))
        return names[value]


def tables(document: Mapping[str, Any], kind: str, source: str) -> list[Table]:
    """Return the tables of one kind, ``[[kind]]``."""
    found = document.get(kind, [])
    if not isinstance(found, list):
        raise InvalidRulebook(source, kind, kept("must be a list of tables; write [[{kind}]]", kind=kind))
    return [Table(table, source, kind, number) for number, table in enumerate(found, start=1)]


def known(table: Mapping[str, Any], keys: Collection[str], source: str, location: str) -> None:
    """Refuse an unknown key: it is a typo."""
    for key in table:
        if key not in keys:
            raise InvalidRulebook(
                source,
                location,
                kept("{key!r} is not a known key; the keys are {keys}", key=key, keys=", ".join(sorted(keys))),
            )


def is_name(text: str) -> bool:
    """Whether a text can be stored, and shown in a line."""
    return len(text) <= _LONGEST and text.isprintable()


def is_storable(text: str) -> bool:
    """Return whether a text can be stored in the database: no NUL, no lone surrogate."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def in_words(us: float) -> str:
    """Format a duration as a rulebook writes it: in the largest unit that keeps it whole, or rounded."""
    for unit in ("d", "h", "min"):
        if us >= 2 * _SECONDS[unit] * 1_000_000 or (us and us % (_SECONDS[unit] * 1_000_000) == 0):
            return f"{us / (_SECONDS[unit] * 1_000_000):.3g} {unit}"
    return f"{us / 1_000_000:.3g} s"
