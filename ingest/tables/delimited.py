"""Tables in delimited text: encoding, delimiter and rows."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Protocol

from workorder_core.sentences import say

EXCELS_OWN = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""A line before the header, by which Excel declares the delimiter."""
DELIMITERS = (",", ";", "\t", "|")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SNIFFED = 20


class BrokenRows(ValueError):
    """Rows that cannot be separated; says where, and why."""


class Reader(Protocol):
    """The type of `csv.reader`."""

    line_num: int

    def __next__(self) -> list[str]: ...


def whole_rows(reader: Reader, delimiter: str, before: int = 0) -> Iterator[list[str]]:
    """Yield the rows, and raise BrokenRows, with its line, for one that has others inside a quote of it.

    ``before`` is the number of the lines skipped. A text of several lines stays one cell, if none of them has a row's
    cells.
    """
    most = 0
    while True:
        line = before + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            advice = "is a quote opened there and never closed?"
            raise BrokenRows(
                say("the row in line {line}: {error}; {advice}", line=line, error=error, advice=advice)
            ) from None
        inside = [each for cell in row for each in cell.splitlines()[1:]] if before + reader.line_num > line else []
        most = most or max(len(row), *(each.count(delimiter) + 1 for each in inside), 2)
        if any(each.count(delimiter) + 1 == most for each in inside):
            raise BrokenRows(
                say(
                    "the row in line {line} opens a quote that is not closed in it, and the rows after it are inside",
                    line=line,
                )
            )
        yield row


def encoding_of(content: bytes) -> str:
    """Detect a file's encoding: by its byte order mark, otherwise UTF-8 if it is valid, otherwise cp1252."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def delimiter_of(text: str) -> str:
    """Detect the delimiter: the character that most of the first rows have equally often, in rows of more than one
    cell.

    >>> delimiter_of("Code;Name\\nP-1;Pump, small\\nP-2;Pump, large\\n")
    ';'
    """
    lines = list(islice(io.StringIO(text, newline=""), 2 * _SNIFFED))
    if lines and (said := EXCELS_OWN.fullmatch(lines[0])) is not None:
        return said[1]

    def agreement(delimiter: str) -> tuple[int, int]:
        try:
            counts = [len(row) for row in islice(csv.reader(lines, delimiter=delimiter), _SNIFFED)]
        except csv.Error:
            return 0, 0
        wide = [count for count in counts if count > 1]
        usual = max(set(wide), key=wide.count, default=0)
        return wide.count(usual), usual

    return max(DELIMITERS, key=agreement)


def rows_of(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows of a text, without Excel's own line. Raises BrokenRows."""
    source = io.StringIO(text, newline="")
    first = source.readline()
    before = 0
    if EXCELS_OWN.fullmatch(first) is not None:
        first, before = source.readline(), 1
    yield from whole_rows(csv.reader(chain([first], source), delimiter=delimiter), delimiter, before)
