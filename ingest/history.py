"""Rows of recorded files, CSV or Parquet, as cells by column: what a mapping document makes frames of."""

import csv
import gzip
import io
import lzma
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from ingest.formats.mapping import Mapping
from ingest.replay import WrongMapping

PARQUET = (".parquet", ".pq")
_MAGIC = b"PAR1"
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


def rows(path: Path, mapping: Mapping) -> Iterator[dict[str, Any]]:
    """Yield a file's rows. Raises WrongMapping for a file that cannot be read, or lacks the column of the time.

    Cells of a row that the header does not name are under None.
    """
    if mapping.time is None:
        raise WrongMapping(mapping.source, "[time] is missing: history has to say when it was")
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
        raise WrongMapping(str(path), f"has no column {time!r}; it has {there}")
    wanted = [signal.path.text for signal in mapping.signals]
    if mapping.bag is None and not any(name in columns for name in wanted):
        raise WrongMapping(str(path), f"has none of the columns {', '.join(wanted)}; it has {there}")
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if wrong := [name for name in twice if mapping.bag is not None or name in (time, *wanted)]:
        raise WrongMapping(
            str(path), f"has two columns {', '.join(map(repr, wrong))}: which one is meant cannot be known"
        )


def _csv(path: Path, mapping: Mapping) -> Iterator[dict[str, Any]]:
    try:
        with _open(path, mapping.encoding) as file:
            for _ in range(mapping.skip_rows):
                if not file.readline():
                    break
            head = file.readline()
            delimiter, said = mapping.delimiter, _SEP.fullmatch(head)
            if said is not None:  # Excel's own line before the header
                delimiter, head = said[1], file.readline()
            reader = csv.reader(chain([head], file), delimiter=delimiter)
            columns = [name.strip() for name in next(reader, [])]
            _check_columns(path, mapping, columns)
            if mapping.units_row:
                next(reader, None)
            yield from (_cells(columns, row) for row in reader if row)
    except UnicodeError as error:
        mend = 'say encoding = "latin-1" (or cp1252, utf-16, …) in the mapping'
        raise WrongMapping(str(path), f"cannot be read: {error}; {mend}") from None
    except (OSError, EOFError, csv.Error, lzma.LZMAError) as error:
        raise WrongMapping(str(path), f"cannot be read: {error}") from None


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
                raise WrongMapping(str(path), "is no Parquet file, or not a whole one")
        for batch in read_parquet(path):
            names = batch.schema.names
            for cells in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
                yield dict(zip(names, cells, strict=True))
    except OSError as error:
        raise WrongMapping(str(path), f"cannot be read: {error}") from None
