"""The columns of each exported list: header, field and type. An export is made from the list's own answers, so that its
filters, and who may see which row, are decided there only. A field that is not named here is left out of the file.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from workorder_core.language import pgettext
from workorder_core.sentences import say

Cell = str | int | float | bool | datetime | None
"""A time is aware, in the local time of the row's site."""
Item = Mapping[str, Any]
COLUMN = "column"
"""The context of headers in the catalogues."""
OWN_HEADERS = ("site time", "UTC", "time zone")
"""What lists say of clocks, beside the headers of their columns."""


FORMATS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "csv-bom": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class TooManyFiles(Exception):
    """The process is already writing its maximum number of files."""

    def __init__(self) -> None:
        super().__init__(say("too many lists are being written to files; try again in a moment"))


class PartOfFile(Exception):
    """A part of a list was requested as a file, which always has the whole list."""

    def __init__(self) -> None:
        super().__init__(
            say("a file has the whole list: leave out 'limit' and 'cursor', or leave out 'format' for a page of it")
        )


class FileTooLong(Exception):
    """A list has more rows than a spreadsheet allows."""

    def __init__(self, most: int) -> None:
        super().__init__(
            say(
                "a spreadsheet can have at most {most} rows, and the list has more; filter it, or ask for CSV",
                most=most,
            )
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file.

    Parameters
    ----------
    field
        The path of its value in a row of the answer, with dots.
    header
        The header for people, with the unit if the values have one.
    is_time
        Whether the values are moments; the header then names the time zone.
    is_decimal
        Whether the values are numbers that answers have as text, to keep all digits.
    """

    field: str
    header: str
    is_time: bool = False
    is_decimal: bool = False

    def value(self, item: Item, zone: ZoneInfo) -> Cell:
        """Return the value of a row; None if it has none."""
        found: Any = item
        for name in self.field.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        if self.is_time and isinstance(found, str):
            return _local(datetime.fromisoformat(found), zone)
        return float(found) if self.is_decimal and isinstance(found, str) else _said(found)


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    """Convert a moment to a zone's local time; days at the ends of the calendar stay in UTC."""
    return at.astimezone(zone) if 1 < at.year < 9999 else at.astimezone(UTC)


def _said(value: Any) -> Cell:
    """Return a value for a cell: a list is joined with commas, an object is JSON."""
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(_said(each)) for each in value)
    found: Cell = value
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFile:
    """A list as a file.

    Parameters
    ----------
    name
        The beginning of the file's name.
    columns
        Text, numbers and, marked so, times.
    of_sites
        Whether rows belong to sites, whose local time is used; otherwise times are in UTC.
    rows_a_page
        How many rows are requested at once.
    split
        Makes several rows of one of the list's.
    within
        The field of the answer that has the rows, where it is no list itself.
    paged
        Whether the list is answered page by page.
    """

    name: str
    columns: Sequence[Column]
    of_sites: bool = True
    rows_a_page: int = 500
    split: Callable[[dict[str, Any]], Sequence[dict[str, Any]]] | None = None
    within: str = "items"
    paged: bool = True

    @property
    def headers(self) -> list[str]:
        """The first line. If there are times, the last column names the time zone of each row."""
        clock = header("site time" if self.of_sites else "UTC")
        named = [header(each.header) + (f" ({clock})" if each.is_time else "") for each in self.columns]
        return [*named, header("time zone")] if self._has_zone else named

    def row(self, item: Item, zone: str) -> list[Cell]:
        """Return the cells of a row whose site has a zone."""
        clock = ZoneInfo(zone)
        cells = [each.value(item, clock) for each in self.columns]
        return [*cells, zone] if self._has_zone else cells

    @property
    def _has_zone(self) -> bool:
        return self.of_sites and any(each.is_time for each in self.columns)


def header(english: str) -> str:
    """Return a header in the reader's language; the catalogues have those of all lists."""
    return pgettext(COLUMN, english)


def columns(**named: str) -> list[Column]:
    """Return columns by field, with ``__`` for a dot; a header that ends in ``@`` is of times, in ``#`` of decimals."""
    return [
        Column(field.replace("__", "."), header.rstrip("@#"), header.endswith("@"), header.endswith("#"))
        for field, header in named.items()
    ]
