"""Replays recorded telemetry: the sample plant, and any CSV file with a small mapping."""

import csv
import gzip
import io
import json
import lzma
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest import border, local_time, names, toml_text
from ingest.border import Bad
from ingest.local_time import RowOrder
from ingest.toml_text import NotToml

MINUTES = 30_240
"""The sample plant's three weeks; the day recorded after them is repeated forever."""
LOOP_MINUTES = 1_440
_ENDINGS = (".csv", ".tsv", ".txt", ".log", ".dat", ".gz", ".xz", ".parquet", ".pq")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InvalidMapping(ValueError):
    """An invalid mapping, or a file that does not fit it; says which, where and what to do."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(toml_text.shortened(f"{source}: {problem}"))
        self.source, self.problem = source, problem


@dataclass(frozen=True, slots=True)
class Publication:
    """A message to send, and when it was sent in the recording (UTC)."""

    topic: str
    payload: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class _Row:
    clock: str
    values: str


class SamplePlant:
    """The recorded pump station, from its first minute on, forever.

    Parameters
    ----------
    folder
        A folder with a file ``<asset>.csv.xz`` for each asset.
    anchor
        The time of minute 30,240; a minute is that much before or after it.
    """

    def __init__(self, folder: Path, *, site: str, anchor: datetime) -> None:
        self.site, self.anchor = site, anchor
        self._rows = {path.name.removesuffix(".csv.xz"): _sample_rows(path) for path in sorted(folder.glob("*.csv.xz"))}
        if not self._rows:
            raise InvalidMapping(str(folder), "has no sample plant (files named <asset>.csv.xz)")
        for asset, rows in self._rows.items():
            if len(rows) < MINUTES + LOOP_MINUTES:
                raise InvalidMapping(
                    str(folder / f"{asset}.csv.xz"), f"has {len(rows)} minutes, not {MINUTES + LOOP_MINUTES}"
                )

    @property
    def assets(self) -> tuple[str, ...]:
        return tuple(self._rows)

    def time_of(self, minute: int) -> datetime:
        """Return the time of a minute of the recording."""
        return self.anchor + timedelta(minutes=minute - MINUTES)

    def minute_at(self, at: datetime) -> int:
        """Return the minute of the recording at a time."""
        return MINUTES + (at - self.anchor) // timedelta(minutes=1)

    def frames(self, first: int, last: int) -> Iterator[Publication]:
        """Yield what the plant sends from minute ``first`` to before minute ``last``."""
        for minute in range(first, last):
            recorded = minute if minute < MINUTES else MINUTES + (minute - MINUTES) % LOOP_MINUTES
            at = self.time_of(minute)
            for asset, rows in self._rows.items():
                row = rows[recorded]
                ts = _claimed(row.clock, at)
                payload = f'{{"ts":"{ts}","values":{row.values}}}'.encode()
                yield Publication(f"plantwright/v1/{self.site}/{asset}", payload, at)


def stem(path: Path) -> str:
    """Return a file's name without its known endings: ``P.101.csv.gz`` is ``P.101``."""
    name = path.name
    while (ending := name[name.rfind(".") :].lower()) in _ENDINGS and ending != name.lower():
        name = name[: -len(ending)]
    return name


def _sample_rows(path: Path) -> list[_Row]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        reader = csv.reader(file)
        signals = next(reader)[2:]
        heads = [f'"{signal}":' for signal in signals]
        return [
            _Row(clock, "{" + ",".join(head + value for head, value in zip(heads, values, strict=True) if value) + "}")
            for _, clock, *values in reader
        ]


def _claimed(clock: str, at: datetime) -> str:
    if not clock:
        return at.isoformat()
    if clock.lstrip("+-").isdigit():
        return (at + timedelta(seconds=int(clock))).isoformat()
    return clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a file: its signal and unit."""

    column: str
    signal: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMapping:
    """How a CSV file becomes messages. ``asset`` may contain ``{stem}``, the file's name without its endings."""

    site: str
    asset: str
    asset_class: str
    delimiter: str
    time_column: str
    time_format: str | None
    zone: ZoneInfo
    columns: tuple[Column, ...]

    def asset_of(self, path: Path) -> str:
        """Return the asset that a file is of."""
        return self.asset.replace("{stem}", stem(path))

    def check(self, path: Path) -> None:
        """Raise InvalidMapping where no asset can be called what a file makes."""
        _code(self.asset_of(path), f"{path}: asset")


def _code(said: str, place: str) -> str:
    if names.is_code(said):
        return said
    raise InvalidMapping(
        place, f"{said[:80]!r} is no code: letters, digits and _ . - up to 64, a letter or digit first"
    )


def read_mapping(path: Path) -> FileMapping:
    """Read a mapping file. Raises InvalidMapping with file, key and what to do."""
    try:
        document = toml_text.read(path)
    except NotToml as error:
        raise InvalidMapping(str(path), error.problem) from None
    table = _Keys(document, str(path))
    time = _Keys(table.table("time"), f"{path}: [time]")
    signals = table.table("signals")
    if not signals:
        raise InvalidMapping(
            str(path), '[signals] is empty; write: "Column name" = { signal = "flow", unit = "L/min" }'
        )
    columns = []
    for name, entry in signals.items():
        keys = _Keys(entry if isinstance(entry, dict) else {}, f"{path}: [signals] {name!r}")
        signal, unit = keys.text("signal"), keys.text("unit", "")
        try:
            columns.append(Column(column=name, signal=border.signal(signal), unit=unit and border.unit(signal, unit)))
        except Bad as wrong:
            raise InvalidMapping(str(path), f"[signals] {name!r}: {wrong.problem}") from None
    try:
        zone = ZoneInfo(time.text("zone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidMapping(
            str(path), f"[time] zone {time.text('zone')!r} is not an IANA time zone, like Europe/Oslo"
        ) from None
    delimiter = table.text("delimiter", ",")
    if len(delimiter) != 1 or delimiter in '\r\n\0"':
        raise InvalidMapping(str(path), f"delimiter {delimiter!r} is not a single character that can separate cells")
    return FileMapping(
        site=_code(table.text("site"), f"{path}: site"),
        asset=table.text("asset"),
        asset_class=table.text("class", "unclassified"),
        delimiter=delimiter,
        time_column=time.text("column"),
        time_format=time.text("format", "") or None,
        zone=zone,
        columns=tuple(columns),
    )


def file_frames(path: Path, mapping: FileMapping) -> Iterator[Publication]:
    """Yield a recorded file's rows as messages; an empty field is absent from its frame.

    What is no number is sent unchanged, and ends in the engine's quarantine. Raises InvalidMapping for a file without
    the columns, one that cannot be read to its end, or a time that cannot be read.
    """
    mapping.check(path)
    try:
        yield from _publications(path, mapping)
    except (OSError, EOFError, lzma.LZMAError, UnicodeError, csv.Error) as error:
        raise InvalidMapping(str(path), f"cannot be read: {error}") from None


def _publications(path: Path, mapping: FileMapping) -> Iterator[Publication]:
    topic = f"plantwright/v1/{mapping.site}/{mapping.asset_of(path)}"
    with _open(path) as file:
        reader = csv.DictReader(file, delimiter=mapping.delimiter)
        missing = {mapping.time_column, *(each.column for each in mapping.columns)} - set(reader.fieldnames or ())
        if missing:
            raise InvalidMapping(str(path), f"has no column {', '.join(sorted(missing))}; it has {reader.fieldnames}")
        names = [mapping.time_column, *(each.column for each in mapping.columns)]
        if twice := [name for name in names if list(reader.fieldnames or ()).count(name) > 1]:
            raise InvalidMapping(
                str(path), f"has two columns {', '.join(map(repr, twice))}; it is unclear which is meant"
            )
        order = RowOrder()
        for row in reader:
            meant = _row_times(row[mapping.time_column], mapping, f"{path}, line {reader.line_num}")
            at = _EPOCH + timedelta(microseconds=order.choose(meant, "", ()))
            values = {each.signal: _value(row[each.column]) for each in mapping.columns if row[each.column]}
            if values:
                yield Publication(topic, json.dumps({"ts": at.isoformat(), "values": values}).encode(), at)


def _row_times(text: str | None, mapping: FileMapping, location: str) -> tuple[int, ...]:
    if text is None:
        raise InvalidMapping(location, f"the line ends before its column {mapping.time_column}")
    try:
        # A naive time is put into the mapping's zone below.
        at = datetime.strptime(text, mapping.time_format) if mapping.time_format else datetime.fromisoformat(text)  # noqa: DTZ007
    except (ValueError, OverflowError) as error:
        raise InvalidMapping(location, f"{error}; set [time] format") from None
    try:
        meant = local_time.moments(at, mapping.zone) if at.tzinfo is None else (border.since_epoch(at),)
    except Bad as wrong:
        raise InvalidMapping(location, wrong.problem) from None
    if not all(border.is_on_calendar(each) for each in meant):
        raise InvalidMapping(location, f"{text!r} is at the edge of the calendar: no device measured then")
    return meant


def _value(text: str) -> float | str:
    # "nan" stays a string: as a number it would make the message invalid JSON, and lose the other values.
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    if path.suffix == ".xz":
        return io.TextIOWrapper(lzma.open(path), encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


class _Keys:
    """A table of the mapping, with its location for errors."""

    def __init__(self, table: Mapping[str, Any], location: str) -> None:
        self._table, self._location = table, location

    def text(self, key: str, default: str | None = None) -> str:
        value = self._table.get(key, default)
        if not isinstance(value, str):
            raise InvalidMapping(self._location, f"{key} is missing; it must be text")
        return value

    def table(self, key: str) -> Mapping[str, Any]:
        value = self._table.get(key)
        if not isinstance(value, dict):
            raise InvalidMapping(self._location, f"[{key}] is missing")
        return value
