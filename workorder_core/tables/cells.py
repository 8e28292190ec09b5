"""Columns of a table that people import, and how the text of a cell is parsed in each. No clock, no I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from workorder_core.sentences import joined, say

Value = str | int | bool | Decimal | date
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?"),
    ",": re.compile(r"[+-]?\d{1,3}([. ]\d{3})+(,\d*)?"),
}
_PLAIN = {".": re.compile(r"[+-]?\d+(\.\d*)?"), ",": re.compile(r"[+-]?\d+(,\d*)?")}
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""The characters by which spreadsheets recognise a formula; the wide ones are from Chinese and Japanese keyboards."""
_YES = frozenset({"yes", "y", "true", "1", "x", "ja", "j", "wahr"})
_NO = frozenset({"no", "n", "false", "0", "nein", "falsch"})
MOST_LETTERS = 500


class CellKind(StrEnum):
    """The type of a column's cells."""

    TEXT = "text"
    CODE = "code"
    """A code as topics carry it: letters, digits, ``_ . -``, 64 at most."""
    WHOLE = "whole number"
    DECIMAL = "number"
    YES_NO = "yes or no"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    title
        Its name for people.
    needed
        Whether a new row must have it; in the row of an existing object an empty cell keeps the present value.
    choices
        The possible values, by spelling; none: any. Letter case, blanks, ``_`` and ``-`` are ignored.
    also
        Alternative headers.
    most
        The most letters of a text.
    """

    name: str
    title: str
    kind: CellKind = CellKind.TEXT
    needed: bool = False
    choices: Mapping[str, Value] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    most: int = MOST_LETTERS

    @property
    def offered(self) -> list[str]:
        """The first spelling of each choice."""
        first: dict[Value, str] = {}
        for name, value in self.choices.items():
            first.setdefault(value, name)
        return list(first.values())


class InvalidCell(ValueError):
    """A cell cannot be used; says what to write instead."""


def plain(text: str) -> str:
    """Normalise a header or a choice for comparison: without case, blanks and punctuation.

    >>> plain("Work_Centre "), plain("work centre")
    ('workcentre', 'workcentre')
    """
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def guarded(text: str) -> str:
    """Return a text for a file so that no spreadsheet runs it as a formula: such a one begins with an apostrophe.

    >>> guarded("+24 V supply"), unguarded("'+24 V supply"), unguarded("'s-Hertogenbosch")
    ("'+24 V supply", '+24 V supply', "'s-Hertogenbosch")
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Return a text of a file without the apostrophe that ``guarded`` has put before it."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def read_cell(column: Column, text: str, *, decimal: str = ".") -> Value | None:
    """Parse a cell, None for an empty one. Raises InvalidCell. ``decimal`` is the decimal separator, ``.`` or ``,``."""
    said = unguarded(text.strip())
    if not said:
        return None
    if any(ord(letter) < 32 and letter not in "\t\r\n" for letter in said):
        raise InvalidCell(say("contains control characters; type it again"))
    if column.choices:
        return _choice(column, said)
    if column.kind is CellKind.YES_NO:
        return _yes_no(said)
    if column.kind is CellKind.WHOLE or column.kind is CellKind.DECIMAL:
        return _number(said, decimal, whole=column.kind is CellKind.WHOLE)
    if column.kind is CellKind.DATE:
        return _date(said)
    if column.kind is CellKind.CODE and _CODE.fullmatch(said) is None:
        raise InvalidCell(say("is not a code: use letters, digits and _ . - only, 64 at most, a letter or digit first"))
    if len(said) > column.most:
        raise InvalidCell(
            say("has {count:,} characters; at most {most} are allowed", count=len(said), most=column.most)
        )
    return said


def _choice(column: Column, said: str) -> Value:
    by_plain = {plain(name): value for name, value in column.choices.items()}
    if plain(said) not in by_plain:
        raise InvalidCell(say("is not known; write one of {offered}", offered=joined(column.offered)))
    return by_plain[plain(said)]


def _yes_no(said: str) -> bool:
    if said.casefold() in _YES:
        return True
    if said.casefold() in _NO:
        return False
    raise InvalidCell(say("is neither yes nor no"))


def _number(said: str, decimal: str, *, whole: bool) -> int | Decimal:
    text = said.replace("\u00a0", " ").replace("\u202f", " ")
    if _GROUPED[decimal].fullmatch(text):
        text = re.sub(r"[. ]" if decimal == "," else ",", "", text)
    if _PLAIN[decimal].fullmatch(text) is None:
        other = "," if decimal == "." else "."
        if _PLAIN[other].fullmatch(text):
            raise InvalidCell(say("is not a number; the file's decimal sign is {decimal!r}", decimal=decimal))
        raise InvalidCell(say("is not a number"))
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise InvalidCell(say("is not a number")) from None
    if abs(number) >= Decimal(10) ** 15:
        raise InvalidCell(say("is too large"))
    if not whole:
        return number
    if number != int(number):
        raise InvalidCell(say("is not a whole number"))
    return int(number)


def _date(said: str) -> date:
    try:
        return date.fromisoformat(said[:10] if said[10:] in ("T00:00:00", " 00:00:00") else said)
    except ValueError:
        raise InvalidCell(say("is not a date; write it as 2026-03-31")) from None
