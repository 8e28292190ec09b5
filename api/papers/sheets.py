"""Rows as CSV and as XLSX."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from api.papers.columns import Cell
from workorder_core.tables.cells import guarded

BOM = "\ufeff"
"""The mark by which Excel recognises UTF-8."""
MOST_ROWS = 50_000
"""The most rows of an XLSX, which is complete before its first byte is sent: about fifteen seconds of work."""
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST_CELL = 32_767
_EXCEL_YEARS = range(1901, 9999)
_WIDEST = 60


def csv_lines(rows: Iterable[Sequence[Cell]], *, comma: bool = False) -> bytes:
    """Return rows as CSV (RFC 4180), in UTF-8.

    A text that a spreadsheet would run as a formula begins with an apostrophe; numbers are left as they are.
    ``comma``: as spreadsheets read it where the decimal sign is a comma, with semicolons between cells.
    """
    out = io.StringIO()
    lines = ([_plain(cell) for cell in row] for row in rows)
    if comma:
        lines = ([str(cell).replace(".", ",") if isinstance(cell, float) else cell for cell in row] for row in lines)
    csv.writer(out, delimiter=";" if comma else ",").writerows(lines)
    return out.getvalue().encode("utf-8", "replace")


def _plain(cell: Cell) -> str | int | float:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.isoformat(timespec="seconds")
        case str():
            return guarded(cell)
        case _:
            return cell


class Sheet:
    """An XLSX written row by row, with little memory whatever its length. Text is always text: no cell is a formula."""

    def __init__(self, title: str, headers: Sequence[str]) -> None:
        self._book = Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet(title[:31])
        self._sheet.freeze_panes = "A2"
        for n, header in enumerate(headers, 1):
            widest = max(len(header), 20 if header.endswith(("time)", "(UTC)")) else 12)
            self._sheet.column_dimensions[get_column_letter(n)].width = min(widest + 2, _WIDEST)
        self._sheet.append([self._cell(header, Font(bold=True)) for header in headers])
        self._width, self.rows = len(headers), 0

    def __enter__(self) -> "Sheet":
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the temporary files of a sheet that was not saved."""
        for each in self._book.worksheets:
            if not each.closed:
                each.close()
            with suppress(FileNotFoundError):
                each._writer.cleanup()

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Append rows."""
        for row in rows:
            self._sheet.append([self._cell(cell) for cell in row])
        self.rows += len(rows)

    def save(self, file: IO[bytes]) -> None:
        """Write the file; nothing can be added afterwards."""
        self._sheet.auto_filter.ref = f"A1:{get_column_letter(self._width)}{self.rows + 1}"
        self._book.save(file)

    def _cell(self, value: Cell, font: Font | None = None) -> Any:
        if isinstance(value, datetime):
            if value.year not in _EXCEL_YEARS:
                return self._text(value.isoformat(timespec="seconds"))
            cell = WriteOnlyCell(self._sheet, value.replace(tzinfo=None, microsecond=0))
            cell.number_format = "yyyy-mm-dd hh:mm:ss"
            return cell
        if not isinstance(value, str):
            return value
        cell = self._text(value)
        if font is not None:
            cell.font = font
        return cell

    def _text(self, value: str) -> Any:
        text = _NOT_IN_XML.sub("\ufffd", value)
        if len(text) > _LONGEST_CELL:
            text = text[: _LONGEST_CELL - 1] + "…"
        cell = WriteOnlyCell(self._sheet, None)
        cell._value, cell.data_type = text, "s"
        return cell
