"""Known failures from a file: TOML with ``[[failure]]`` tables, or CSV with a header."""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest import toml_text
from ingest.border import Bad, microseconds
from ingest.toml_text import NotToml
from judge.moments import moment
from runtime.backtest.outcomes import Failure

_TIMES = ("failed_at", "begins_at", "ends_at")
_KEYS = ("asset", *_TIMES, "component", "what")


class InvalidFailures(ValueError):
    """A file of failures cannot be used; says file, entry, key and what to do."""

    def __init__(self, problem: str) -> None:
        super().__init__(toml_text.shortened(problem))


def read(path: Path) -> list[Failure]:
    """Return the failures of a file. Raises InvalidFailures.

    ``asset`` (``<site>/<asset>``) and ``failed_at`` are needed. Times are ISO 8601 with a zone, or TOML's own.
    """
    try:
        return [_failure(f"{path}, failure {i}", entry) for i, entry in enumerate(_entries(path), start=1)]
    except FileNotFoundError:
        raise InvalidFailures(f"{path}: there is no such file") from None
    except (NotToml, UnicodeDecodeError, csv.Error) as error:
        raise InvalidFailures(f"{path}: {error}") from None


def _entries(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as lines:
            yield from ({key: value for key, value in row.items() if value} for row in csv.DictReader(lines))
        return
    document = toml_text.read(path)
    entries = document.get("failure")
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries) or len(document) > 1:
        raise InvalidFailures(f"{path}: write a [[failure]] table for each failure, and nothing else")
    yield from entries


def _failure(label: str, entry: Mapping[str, Any]) -> Failure:
    unknown = [key for key in entry if key not in _KEYS]
    if unknown:
        raise InvalidFailures(f"{label}: {unknown[0]!r} is not known; the keys are {', '.join(_KEYS)}")
    for key in ("asset", "failed_at"):
        if key not in entry:
            raise InvalidFailures(f"{label}: {key} is missing")
    times = {key: _time(label, key, entry[key]) for key in _TIMES if key in entry}
    failure = Failure(
        asset=str(entry["asset"]),
        component=entry.get("component"),
        what=str(entry.get("what", "")),
        **times,
    )
    if failure.asset.count("/") != 1:
        raise InvalidFailures(f"{label}: asset is {failure.asset!r}; write <site>/<asset>, such as NTH/P-101")
    begins, ends = failure.begins_at or failure.failed_at, failure.ends_at or failure.failed_at
    if not begins <= failure.failed_at <= ends:
        raise InvalidFailures(f"{label}: failed_at must lie from begins_at to ends_at")
    return failure


def _time(label: str, key: str, value: object) -> datetime:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidFailures(f"{label}: {key} has no zone; add Z or an offset")
        return value.astimezone(UTC)
    try:
        if not isinstance(value, str):
            raise InvalidFailures(f"{label}: {key} is {value!r}; write an ISO 8601 time with its zone")
        return moment(microseconds(value))
    except Bad as wrong:
        raise InvalidFailures(f"{label}: {key}: {wrong.problem}") from None
