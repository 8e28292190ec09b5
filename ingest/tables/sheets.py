"""Reads an uploaded file as a table of texts: CSV in any usual form, or the first sheet of an XLSX workbook.

Every bound is checked before the bounded object is built: the file's size, a workbook's unpacked size, rows, columns.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ingest.tables import delimited, osrm
from ingest.tables.delimited import BrokenRows
from workorder_core.sentences import kept, say

MOST_BYTES = 10_000_000
MOST_UNPACKED = 80_000_000
"""The most bytes of all parts of a workbook together, unpacked."""
MOST_ROWS = 50_000
MOST_COLUMNS = 200
MOST_LETTERS = 10_000
"""The most letters of a cell."""
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


class InvalidFile(ValueError):
    """A file that is not a table, or too large; says what to do."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(say("{name}: {problem}", name=name, problem=problem))
        self.name, self.problem = name, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table as texts.

    Parameters
    ----------
    form
        How it was read, for people: ``CSV in cp1252, with ; between cells``.
    rows
        All rows, including those before the header.
    decimal
        The decimal separator if the format fixes it; None: as people write it.
    by_coordinates
        Whether places are coordinates (``osrm.places_of``) instead of codes.
    """

    name: str
    form: str
    rows: Sequence[Sequence[str]]
    decimal: str | None = None
    by_coordinates: bool = False


def read(name: str, content: bytes, *, first: int | None = None) -> Sheet:
    """Read a file, or its ``first`` rows only. Raises InvalidFile."""
    if len(content) > MOST_BYTES:
        raise InvalidFile(name, say("is larger than {most_bytes} MB; split it", most_bytes=MOST_BYTES // 1_000_000))
    if content.startswith(_OLD_EXCEL):
        raise InvalidFile(name, say("is an old Excel file (XLS), or one with a password; save it as XLSX or CSV"))
    if osrm.is_document(content):
        return _travel_matrix(name, content, first)
    sheet = (_workbook if content.startswith(_ZIP) else _text)(name, content, first)
    if not any(cell.strip() for row in sheet.rows for cell in row):
        raise InvalidFile(name, say("has no cell with anything in it"))
    return sheet


def _travel_matrix(name: str, content: bytes, first: int | None) -> Sheet:
    try:
        rows = osrm.rows(content, most=MOST_ROWS)
    except osrm.NotATable as error:
        raise InvalidFile(name, say("is JSON, but no table of OSRM: {error}", error=error)) from None
    return Sheet(name=name, form=kept("travel matrix of OSRM"), rows=rows[:first], decimal=".", by_coordinates=True)


def _text(name: str, content: bytes, first: int | None) -> Sheet:
    encoding = delimited.encoding_of(content)
    try:
        text = content.decode(encoding)
    except UnicodeError as error:
        raise InvalidFile(name, say("is not text: {error}; save it as CSV in UTF-8, or as XLSX", error=error)) from None
    if "\0" in text:
        raise InvalidFile(name, say("is not text: it contains NULs; save it as CSV in UTF-8, or as XLSX"))
    delimiter = delimited.delimiter_of(text)
    try:
        rows = list(islice(_bounded(name, delimited.rows_of(text, delimiter)), first))
    except BrokenRows as broken:
        raise InvalidFile(name, say("cannot be read: {broken}", broken=broken)) from None
    shown = {"\t": kept("tabs"), " ": kept("blanks")}.get(delimiter, delimiter)
    return Sheet(
        name=name, form=kept("CSV in {encoding}, {sign} between cells", encoding=encoding, sign=shown), rows=rows
    )


def _workbook(name: str, content: bytes, first: int | None) -> Sheet:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # A part is never read beyond its declared size.
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MOST_UNPACKED:
            raise InvalidFile(
                name,
                say("is larger than {most_unpacked} MB unpacked; split it", most_unpacked=MOST_UNPACKED // 1_000_000),
            )
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # a file's declared size may be wrong
            cells = sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1)
            rows = list(islice(_bounded(name, ([_as_text(cell) for cell in row] for row in cells)), first))
            return Sheet(name=name, form=kept("XLSX, sheet {name}", name=sheet.title), rows=rows, decimal=".")
        finally:
            book.close()
    except InvalidFile:
        raise
    except (
        zipfile.BadZipFile, InvalidFileException, DefusedXmlException, ParseError, KeyError, ValueError, IndexError,
        TypeError, AttributeError, OSError, EOFError, NotImplementedError,
    ) as error:  # fmt: skip
        raise InvalidFile(
            name, say("is not a readable XLSX workbook ({name}); save it again", name=type(error).__name__)
        ) from None


def _as_text(cell: Any) -> str:
    """Return a workbook's cell as a person would type it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date | datetime | time) else str(cell)


def _bounded(name: str, rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Yield rows within the bounds; empty cells at a row's end, and empty rows at the table's, are left out."""
    empty = 0
    count = 0
    for row in rows:
        cells = list(row)
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            empty += 1
            continue
        count += empty + 1
        if count > MOST_ROWS:
            raise InvalidFile(name, say("has more than {most_rows:,} rows; split it", most_rows=MOST_ROWS))
        if len(cells) > MOST_COLUMNS:
            raise InvalidFile(
                name,
                say(
                    "has a row of more than {most_columns} columns; leave out what is not imported",
                    most_columns=MOST_COLUMNS,
                ),
            )
        if any(len(cell) > MOST_LETTERS for cell in cells):
            raise InvalidFile(
                name,
                say(
                    "has a cell of more than {most_letters:,} letters in row {count}",
                    most_letters=MOST_LETTERS,
                    count=count,
                ),
            )
        yield from ([] for _ in range(empty))
        empty = 0
        yield cells
