"""Rows of recorded files, CSV or Parquet, as cells by column: what a mapping document makes frames of."""

import csv
import gzip
import io
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from ingest.mapping import Mapping
from ingest.replay import WrongMapping

PARQUET = (".parquet", ".pq")
_MAGIC = b"PAR1"


def rows(path: Path, mapping: Mapping) -> Iterator[dict[str, Any]]:
    """Yield a file's rows. Raises WrongMapping for a file that cannot be read, or lacks the column of the time."""
    if mapping.time is None:
        raise WrongMapping(mapping.source, "[time] is missing: history has to say when it was")
    found = _parquet(path) if path.suffix in PARQUET else _csv(path, mapping)
    for number, row in enumerate(found):
        if number == 0:
            _check_columns(path, mapping, row)
        yield row


def _check_columns(path: Path, mapping: Mapping, row: dict[str, Any]) -> None:
    assert mapping.time is not None
    if mapping.time.path.text not in row:
        raise WrongMapping(str(path), f"has no column {mapping.time.path.text!r}; it has {', '.join(map(str, row))}")
    wanted = [signal.path.text for signal in mapping.signals]
    if mapping.bag is None and not any(name in row for name in wanted):
        raise WrongMapping(str(path), f"has none of the columns {', '.join(wanted)}; it has {', '.join(map(str, row))}")


def _csv(path: Path, mapping: Mapping) -> Iterator[dict[str, Any]]:
    try:
        with _open(path) as file:
            yield from csv.DictReader(file, delimiter=mapping.delimiter)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, lzma.LZMAError) as error:
        raise WrongMapping(str(path), f"cannot be read: {error}") from None


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    if path.suffix == ".xz":
        return io.TextIOWrapper(lzma.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


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
