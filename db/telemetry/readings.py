"""Storing readings, each once, and reading them back in the order in which they were judged."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql
from judge.columns import Columns, Numbers
from judge.inputs import JudgedFrame, LateFrame

IMPLAUSIBLE = 4
"""The quality of a reading whose value is implausible; 2 is that of one that its device calls bad."""
_QUERIES = sql.load("readings")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POSTGRES_EPOCH_US = 946_684_800_000_000  # 2000-01-01, the epoch of PostgreSQL's binary timestamps

# One row in COPY's binary format: the number of columns, then each column's length and big-endian value.
_ROW = np.dtype(
    [
        ("columns", ">i2"),
        ("signal_bytes", ">i4"), ("signal", ">i4"),
        ("observed_bytes", ">i4"), ("observed", ">i8"),
        ("received_bytes", ">i4"), ("received", ">i8"),
        ("arrival_bytes", ">i4"), ("arrival", ">i8"),
        ("value_bytes", ">i4"), ("value", ">f8"),
        ("quality_bytes", ">i4"), ("quality", ">i2"),
        ("late_bytes", ">i4"), ("late", "u1"),
    ]
)  # fmt: skip
_BLANK = np.array((7, 4, 0, 8, 0, 8, 0, 8, 0, 8, 0.0, 2, 0, 1, 0), dtype=_ROW)
_JUDGED = np.dtype([("arrival", ">i8"), ("signal", ">i4"), ("observed", ">i8"), ("value", ">f8"), ("quality", ">i2")])
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"


def stored(conn: Connection, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float]:
    """Return the stored values of readings given by (signal id, event time in µs); those not stored are absent."""
    if not keys:
        return {}
    times = [_EPOCH + timedelta(microseconds=at_us) for _, at_us in keys]
    with conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_QUERIES["stored_values"], {"signals": [key[0] for key in keys], "times": times})
        return {(signal, at_us): value for signal, at_us, value in cursor}


def newest(conn: Connection, signals: Sequence[int]) -> dict[int, int]:
    """Return the newest stored event time (epoch µs) by signal id; signals without a reading are absent."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_QUERIES["newest"], {"signals": list(signals)}).fetchall())


def insert_new(conn: Connection, columns: Columns) -> None:
    """Store readings known not to be stored yet; one that is stored makes the transaction fail."""
    with storing(conn, columns):
        pass


@contextmanager
def storing(conn: Connection, *columns: Columns) -> Iterator[None]:
    """Like ``insert_new``, as a context: its body runs while the database works, and errors of storing are raised at
    its end.
    """
    rows = np.full(sum(map(len, columns)), _BLANK)
    if not len(rows):
        yield
        return
    begin = 0
    for each in columns:
        _put(rows[begin : begin + len(each)], each)
        begin += len(each)
    with conn.cursor() as cursor, cursor.copy(_QUERIES["copy_in"]) as copy:
        copy.write(_HEADER + rows.tobytes() + _TRAILER)
        yield


def _put(rows: Numbers, columns: Columns) -> None:
    """Write readings as rows in COPY's binary format."""
    rows["signal"] = columns.signal
    rows["observed"] = np.asarray(columns.observed_us, dtype=np.int64) - _POSTGRES_EPOCH_US
    rows["received"] = np.asarray(columns.received_us, dtype=np.int64) - _POSTGRES_EPOCH_US
    rows["arrival"] = columns.arrival
    rows["value"] = columns.value
    rows["quality"] = 0 if columns.quality is None else columns.quality
    rows["late"] = columns.late


def mark_stale(conn: Connection, signals: Sequence[int], *, at_us: int, arrival: int) -> None:
    """Mark signals as stale since a time of the wall clock, with their last value."""
    facts = {"signals": list(signals), "at": _EPOCH + timedelta(microseconds=at_us), "arrival": arrival}
    conn.execute(_QUERIES["mark_stale"], facts)


def judged_after(
    conn: Connection, after: int, upto: int, assets: Collection[str] | None = None
) -> Iterator[JudgedFrame]:
    """Yield the judged frames with ``after < arrival <= upto`` in their order; late readings were never judged.

    With ``assets`` (``<site>/<asset>``) only theirs. All rows are read at once.
    """
    return _frames(conn, "judged_after", after, upto, assets)


def late_after(conn: Connection, after: int, upto: int, assets: Collection[str] | None = None) -> Iterator[LateFrame]:
    """Yield the late frames with ``after < arrival <= upto`` in their order, except imported history."""
    for frame in _frames(conn, "late_after", after, upto, assets):
        yield LateFrame(frame.arrival, frame.asset, frame.at_us, frame.values)


def _frames(
    conn: Connection, query: str, after: int, upto: int, assets: Collection[str] | None
) -> Iterator[JudgedFrame]:
    names = {
        signal_id: (asset, signal)
        for signal_id, asset, signal in conn.execute(
            _QUERIES["signals"], {"assets": None if assets is None else sorted(assets)}
        )
    }
    asked = {"after": after, "upto": upto, "signals": None if assets is None else sorted(names)}
    packed: Any = conn.execute(_QUERIES[query], asked, binary=True).fetchone()
    rows = np.frombuffer(packed[0] or b"", dtype=_JUDGED)
    arrivals, values = rows["arrival"].tolist(), rows["value"].tolist()
    times = (rows["observed"] + _POSTGRES_EPOCH_US).tolist()
    doubted = set(np.flatnonzero(rows["quality"] == IMPLAUSIBLE).tolist())
    frame: JudgedFrame | None = None
    for i, (arrival, signal_id, at_us, value) in enumerate(
        zip(arrivals, rows["signal"].tolist(), times, values, strict=True)
    ):
        asset, signal = names[signal_id]
        if frame is not None and frame.arrival == arrival:
            frame.values[signal] = value
        else:
            if frame is not None:
                yield frame
            frame = JudgedFrame(arrival, asset, at_us, {signal: value})
        if i in doubted:
            frame = msgspec.structs.replace(frame, doubtful=(*frame.doubtful, signal))
    if frame is not None:
        yield frame


def count(conn: Connection) -> tuple[int, int]:
    """Return how many readings are stored, and how many of them were late."""
    row: Any = conn.execute(_QUERIES["count_all"]).fetchone()
    return int(row[0]), int(row[1])


def newest_of_site(conn: Connection, site: str) -> dict[str, datetime | None]:
    """Return the newest stored event time of each asset of a site, by code; None if it has sent nothing."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_QUERIES["newest_of_site"], {"site": site}).fetchall())
