"""The judge's place in the sequence of inputs: who writes, the events in it, and the checkpoints."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql, storable

_QUERIES = sql.load("judge")


class NotTheWriter(Exception):
    """Another process has taken over the judging of this plant; this one must not write any more."""

    def __init__(self, fence: int, holder: str | None) -> None:
        super().__init__(
            f"this process took the plant under fencing number {fence}, but {holder or 'nobody'} holds it now; "
            "it stops. Run one ingest process for a plant."
        )
        self.fence, self.holder = fence, holder


@dataclass(frozen=True, slots=True)
class Event:
    """Something other than a reading that changes decisions, at its place in the sequence of inputs.

    ``asset`` is ``<site>/<asset>``, or None for what concerns the whole plant.
    """

    arrival: int
    kind: str
    asset: str | None
    payload: dict[str, Any]


def take_over(conn: Connection, holder: str) -> int:
    """Become the writer of this plant and return the fencing number to hold it by."""
    row: Any = conn.execute(_QUERIES["take_over"], {"holder": holder}).fetchone()
    return int(row[0])


def hold(conn: Connection, fence: int) -> int:
    """Lock the sequence for this transaction and return its next free place. Raises NotTheWriter."""
    row: Any = conn.execute(_QUERIES["hold"], {"fence": fence}).fetchone()
    if row is None:
        now: Any = conn.execute(_QUERIES["holder"]).fetchone()
        raise NotTheWriter(fence, now[0])
    return int(row[0])


def advance(conn: Connection, fence: int, next_arrival: int) -> None:
    """Record how far the sequence has come, in the batch's own transaction."""
    conn.execute(_QUERIES["advance"], {"fence": fence, "next_arrival": next_arrival})


def take_waiting(conn: Connection, first: int) -> list[Event]:
    """Give the events that wait the places from ``first`` on and return them in that order."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_QUERIES["waiting"]).fetchall()
    events = [Event(first + i, kind, asset, payload) for i, (_, kind, asset, payload) in enumerate(rows)]
    if events:
        ids, arrivals = [row[0] for row in rows], [event.arrival for event in events]
        conn.execute(_QUERIES["number"], {"ids": ids, "arrivals": arrivals})
    return events


def add(conn: Connection, kind: str, payload: dict[str, Any], actor: str, asset_id: int | None = None) -> None:
    """Write an event; it gets its place when the pipeline takes it."""
    facts = {"kind": kind, "asset_id": asset_id, "payload": storable.json(payload), "actor": actor}
    conn.execute(_QUERIES["add"], facts)


def events_after(conn: Connection, after: int, upto: int) -> list[Event]:
    """Return the events with ``after < arrival <= upto`` in their order."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_QUERIES["events_after"], {"after": after, "upto": upto})
        return [Event(*row) for row in cursor]


def save_checkpoint(conn: Connection, arrival: int, *, format_: int, code_version: str, state: bytes) -> None:
    """Store the judge's state after input ``arrival``; the newest three are kept."""
    facts = {"arrival": arrival, "format": format_, "code_version": code_version, "state": state}
    conn.execute(_QUERIES["save_checkpoint"], facts)
    conn.execute(_QUERIES["drop_old_checkpoints"])


def newest_checkpoint(conn: Connection, *, format_: int) -> tuple[int, bytes] | None:
    """Return the place and the state of the newest checkpoint of this format, or None."""
    row: Any = conn.execute(_QUERIES["newest_checkpoint"], {"format": format_}).fetchone()
    return None if row is None else (int(row[0]), bytes(row[1]))


def checkpointed(conn: Connection, *, format_: int) -> int:
    """Return the place of the newest checkpoint of this format, 0 where there is none."""
    row: Any = conn.execute(_QUERIES["checkpointed"], {"format": format_}).fetchone()
    return row[0] or 0


def holder_now(conn: Connection) -> tuple[str | None, int, int]:
    """Return who judges this plant, under which fencing number, and the next free place of the sequence."""
    row: Any = conn.execute(_QUERIES["holder"]).fetchone()
    return row[0], int(row[1]), int(row[2])
