"""Reads the rows of recorded files, CSV or Parquet, as cells by column, for a mapping document."""

import csv
import gzip
import io
import lzma
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from ingest.formats.mapping import Mapping
from ingest.replay import InvalidMapping
from ingest.tables import delimited
from ingest.tables.delimited import EXCELS_OWN, BrokenRows

PARQUET = (".parquet", ".pq")
_MAGIC = b"PAR1"


def rows(path: Path, mapping: Mapping) -> Iterator[dict[str, Any]]:
    """Yield a file's rows. Raises InvalidMapping for a file that cannot be read, or lacks the column of the time.

    Cells of a row that the header does not name are under None.
    """
    if mapping.time is None:
        raise InvalidMapping(mapping.source, "[time] is missing: history needs a time for every row")
    if path.suffix in PARQUET:
        for number, row in enumerate(_parquet(path)):
            if number == 0:
                _check_columns(path, mapping, list(row))
            yield row
    else:
        yield from _csv(path, mapping)


def _check_columns(path: Path, mapping: Mapping, columns: list[str]) -> None:
    assert mapping.time is not None
    time = mapping.time.path.text
    there = ", ".join(repr(name) for name in columns)
    if time not in columns:
        raise InvalidMapping(str(path), f"has no column {time!r}; it has {there}")
    wanted = [signal.path.text for signal in mapping.signals]
    if mapping.bag is None and not any(name in columns for name in wanted):
        raise InvalidMapping(str(path), f"has none of the columns {', '.join(wanted)}; it has {there}")
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if wrong := [name for name in twice if mapping.bag is not None or name in (time, *wanted)]:
        raise InvalidMapping(
            str(path), f"has two columns {', '.join(map(repr, wrong))}: it is unclear which one is meant"
        )


def _csv(path: Path, mapping: Mapping) -> Iterator[dict[str, Any]]:
    try:
        with _open(path, mapping.encoding) as file:
            for _ in range(mapping.skip_rows):
                if not file.readline():
                    break
            head, before = file.readline(), mapping.skip_rows
            delimiter, said = mapping.delimiter, EXCELS_OWN.fullmatch(head)
            if said is not None:  # Excel's own line before the header
                delimiter, head, before = said[1], file.readline(), before + 1
            _check_head(path, head)
            found = _rows(path, csv.reader(chain([head], file), delimiter=delimiter), delimiter, before)
            columns = [name.strip() for name in next(found, [])]
            _check_columns(path, mapping, columns)
            if mapping.units_row:
                next(found, None)
            yield from (_cells(columns, row) for row in found if row)
    except UnicodeError as error:
        action = 'say encoding = "latin-1" (or cp1252, utf-16, …) in the mapping'
        raise InvalidMapping(str(path), f"cannot be read: {error}; {action}") from None
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise InvalidMapping(str(path), f"cannot be read: {error}") from None


def _check_head(path: Path, head: str) -> None:
    if not head:
        raise InvalidMapping(str(path), "has no header: it is empty, or skip_rows passes all of it")
    if "\0" in head:
        raise InvalidMapping(str(path), 'has NULs in its header: say encoding = "utf-16" (or utf-16-le) in the mapping')


def _rows(path: Path, reader: delimited.Reader, delimiter: str, before: int) -> Iterator[list[str]]:
    """Yield the rows. Raises InvalidMapping, with its line, for one that has others inside a quote of it."""
    try:
        yield from delimited.whole_rows(reader, delimiter, before)
    except BrokenRows as broken:
        raise InvalidMapping(str(path), f"cannot be read: {broken}") from None


def _cells(columns: list[str], row: list[str]) -> dict[Any, Any]:
    cells: dict[Any, Any] = dict.fromkeys(columns)
    cells.update(zip(columns, row, strict=False))
    if beyond := [cell for cell in row[len(columns) :] if cell.strip()]:
        cells[None] = beyond
    return cells


def _open(path: Path, encoding: str) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    if path.suffix == ".xz":
        return io.TextIOWrapper(lzma.open(path), encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    from arro3.io import read_parquet

    try:
        with path.open("rb") as file:
            begin = file.read(4)
            file.seek(-4, io.SEEK_END)
            if begin != _MAGIC or file.read(4) != _MAGIC:
                raise InvalidMapping(str(path), "is no Parquet file, or not a whole one")
        for batch in read_parquet(path):
            names = batch.schema.names
            for cells in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
                yield dict(zip(names, cells, strict=True))
    except OSError as error:
        raise InvalidMapping(str(path), f"cannot be read: {error}") from None
