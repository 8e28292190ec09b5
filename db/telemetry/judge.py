"""The judge's position in the sequence of inputs: the writer, the events, and the checkpoints."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql, storable
from judge.inputs import Event
from judge.moments import micros
from judge.parts import Part, PartName

_QUERIES = sql.load("judge")
PART_MOST_BYTES = 256 * 1024 * 1024
"""The largest part of a checkpoint, compressed: a quarter of PostgreSQL's limit for one value."""
PIECE_BYTES = 8 * 1024 * 1024
"""Bytes of a checkpoint that one statement writes."""
PART_COSTS_BYTES = 100
"""Overhead of each part in a statement, besides its state."""


class PartTooLarge(Exception):
    """A part of the judge's state is too large for a checkpoint."""

    def __init__(self, name: PartName, size: int) -> None:
        judge, kind, asset = name
        super().__init__(
            f"the state of {asset or kind} ({judge}) is {size:,} bytes, and may have {PART_MOST_BYTES:,}: "
            "give the asset's class a model that remembers less, or fewer signals"
        )
        self.name, self.size = name, size


class NotTheWriter(Exception):
    """Another process has taken over the judging of this plant; this one must not write any more."""

    def __init__(self, fence: int, holder: str | None) -> None:
        super().__init__(
            f"this process was the writer with fencing number {fence}, but now {holder or 'nobody'} is; "
            "it stops. Run one ingest process for a plant."
        )
        self.fence, self.holder = fence, holder


def take_over(conn: Connection, holder: str) -> int:
    """Become the writer of this plant and return the new fencing number."""
    row: Any = conn.execute(_QUERIES["take_over"], {"holder": holder}).fetchone()
    return int(row[0])


def lock_position(conn: Connection, fence: int) -> int:
    """Lock the sequence for this transaction and return its next free number. Raises NotTheWriter."""
    row: Any = conn.execute(_QUERIES["lock_position"], {"fence": fence}).fetchone()
    if row is None:
        now: Any = conn.execute(_QUERIES["holder"]).fetchone()
        raise NotTheWriter(fence, now[0])
    return int(row[0])


def advance(conn: Connection, fence: int, next_arrival: int) -> None:
    """Store the position in the sequence, in the batch's own transaction."""
    conn.execute(_QUERIES["advance"], {"fence": fence, "next_arrival": next_arrival})


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event without a sequence number."""

    id: int
    kind: str
    asset: str | None
    payload: dict[str, Any]


def number_waiting(conn: Connection, first: int) -> list[Event]:
    """Number the waiting events from ``first`` on and return them in that order."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return number(conn, [Waiting(*row) for row in cursor.execute(_QUERIES["waiting"])], first)


def written(conn: Connection, after: int = 0) -> list[Waiting]:
    """Return the unnumbered events that this transaction has written, oldest first, ``after`` that id.

    Events committed by others wait for the next batch.
    """
    with conn.cursor(row_factory=tuple_row) as cursor:
        return [Waiting(*row) for row in cursor.execute(_QUERIES["written"], {"after": after})]


def number(conn: Connection, waiting: Sequence[Waiting], first: int | Sequence[int]) -> list[Event]:
    """Number events: with the given numbers, or from ``first`` on."""
    arrivals = range(first, first + len(waiting)) if isinstance(first, int) else first
    if waiting:
        conn.execute(_QUERIES["number"], {"ids": [each.id for each in waiting], "arrivals": list(arrivals)})
    return [Event.of(at, each.kind, each.asset, each.payload) for at, each in zip(arrivals, waiting, strict=True)]


def add(conn: Connection, kind: str, payload: dict[str, Any], actor: str, asset_id: int | None = None) -> None:
    """Write an event; the pipeline numbers it later."""
    facts = {"kind": kind, "asset_id": asset_id, "payload": storable.json(payload), "actor": actor}
    conn.execute(_QUERIES["add"], facts)


def newest_tick_us(conn: Connection) -> int | None:
    """Return the wall clock of the newest tick, in epoch microseconds; None without one."""
    row: Any = conn.execute(_QUERIES["newest_tick"]).fetchone()
    return None if row is None else micros(datetime.fromisoformat(row[0]))


def events_after(conn: Connection, after: int, upto: int) -> list[Event]:
    """Return the events with ``after < arrival <= upto`` in their order."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_QUERIES["events_after"], {"after": after, "upto": upto})
        return [Event.of(*row) for row in cursor]


def save_checkpoint(
    conn: Connection,
    arrival: int,
    *,
    format_: int,
    code_version: str,
    changed: Iterable[Part],
) -> None:
    """Store the judge's state after input ``arrival``: the parts that have ``changed`` since the last one, in pieces.

    Raises PartTooLarge. The checkpoint of other code is dropped a day after it was written.
    """
    conn.execute(_QUERIES["put_checkpoint"], {"format": format_, "arrival": arrival, "code_version": code_version})
    piece: list[Part] = []
    size = 0
    for part in changed:
        packed = part._replace(state=zlib.compress(part.state, 1))
        if len(packed.state) > PART_MOST_BYTES:
            raise PartTooLarge(part.name, len(packed.state))
        piece.append(packed)
        size += len(packed.state) + PART_COSTS_BYTES
        if size > PIECE_BYTES:
            _put(conn, format_, piece)
            piece, size = [], 0
    if piece:
        _put(conn, format_, piece)
    conn.execute(_QUERIES["drop_other_checkpoints"], {"format": format_})


def drop_parts(conn: Connection, names: Sequence[PartName], *, format_: int) -> None:
    """Drop parts that the judge's state no longer has."""
    if names:
        conn.execute(_QUERIES["drop_parts"], {"format": format_, **_columns(names)})


def drop_checkpoint(conn: Connection, *, format_: int) -> None:
    """Drop the checkpoint of this format with all its parts."""
    conn.execute(_QUERIES["drop_checkpoint"], {"format": format_})


def _put(conn: Connection, format_: int, parts: Sequence[Part]) -> None:
    facts = {"format": format_, **_columns([part.name for part in parts]), "states": [part.state for part in parts]}
    with conn.cursor(binary=True) as cursor:
        cursor.execute(_QUERIES["put_parts"], facts)


def _columns(names: Sequence[PartName]) -> dict[str, list[str]]:
    judges, kinds, assets = (list(column) for column in zip(*names, strict=True))
    return {"judges": judges, "kinds": kinds, "assets": assets}


def checkpointed(conn: Connection, *, format_: int) -> int | None:
    """Return the input of the newest checkpoint of this format; None without one."""
    row: Any = conn.execute(_QUERIES["checkpoint"], {"format": format_}).fetchone()
    return None if row is None else int(row[0])


def checkpoint_parts(conn: Connection, *, format_: int) -> Iterator[Part]:
    """Yield the newest checkpoint of this format: for each judge the state of the whole plant, then its assets.

    The connection is busy until the last of them.
    """
    with conn.cursor(row_factory=tuple_row, binary=True) as cursor:
        for judge, kind, asset, state in cursor.stream(_QUERIES["checkpoint_parts"], {"format": format_}):
            yield Part(judge, kind, asset, zlib.decompress(state))


def holder_now(conn: Connection) -> tuple[str | None, int, int]:
    """Return the plant's writer, its fencing number, and the next free sequence number."""
    row: Any = conn.execute(_QUERIES["holder"]).fetchone()
    return row[0], int(row[1]), int(row[2])
