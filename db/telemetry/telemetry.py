"""Readings for people: downsampled for a chart, and the newest ones. The judge reads through db.telemetry.readings."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row

from db import sql

_QUERIES = sql.load("telemetry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A signal's values in one bucket. ``at`` is the bucket's start; ``low`` to ``high`` are the extremes."""

    at: datetime
    low: float
    mean: float
    high: float
    readings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """A signal's newest reading by event time. ``quality``: 0 good, 1 uncertain, 2 bad, 3 stale, 4 bad by its value."""

    asset_id: int
    signal: str
    observed_at: datetime
    received_at: datetime
    value: float
    quality: int


def series(
    conn: Connection,
    asset_id: int,
    *,
    start: datetime,
    end: datetime,
    bucket: timedelta,
    signals: Sequence[str] | None = None,
) -> Mapping[str, list[Point]]:
    """Return the readings with ``start <= observed_at < end`` by signal and bucket; empty buckets are left out."""
    asked = {"asset_id": asset_id, "start": start, "end": end, "bucket": bucket}
    by_signal: dict[str, list[Point]] = defaultdict(list)
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_QUERIES["series"], asked | {"signals": None if signals is None else list(signals)}):
            by_signal[row.pop("signal")].append(Point(**row))
    return by_signal


def newest(conn: Connection, asset_ids: Sequence[int]) -> Mapping[int, list[Newest]]:
    """Return the newest reading of every signal that has one, by asset id."""
    by_asset: dict[int, list[Newest]] = defaultdict(list)
    with conn.cursor(row_factory=class_row(Newest)) as cursor:
        for each in cursor.execute(_QUERIES["newest"], {"asset_ids": list(asset_ids)}):
            by_asset[each.asset_id].append(each)
    return by_asset


def newest_received(conn: Connection) -> datetime | None:
    """Return when the newest readings arrived (wall clock); None if there are none."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        at: datetime | None = cursor.execute(_QUERIES["newest_received"]).fetchone()
    return at
