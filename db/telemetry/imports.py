"""The progress of importing recorded files."""

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import sql

_QUERIES = sql.load("imports")


@dataclass(slots=True)
class Progress:
    """One file's progress: rows read, readings stored, rows and values refused. ``finished`` when all of it is
    stored.
    """

    rows_done: int
    stored: int
    refused: int
    finished: bool


def begin(conn: Connection, digest: bytes, file: str) -> Progress:
    """Return a file's progress."""
    with conn.cursor(row_factory=class_row(Progress)) as cursor:
        found = cursor.execute(_QUERIES["begin"], {"digest": digest, "file": file}).fetchone()
    assert found is not None, "an INSERT … DO UPDATE … RETURNING gives a row"
    return found


def advance(conn: Connection, digest: bytes, progress: Progress) -> None:
    """Store a file's progress, in the transaction that stores its rows."""
    facts = {"digest": digest, "rows_done": progress.rows_done, "stored": progress.stored}
    conn.execute(_QUERIES["advance"], facts | {"refused": progress.refused, "finished": progress.finished})


def lock(conn: Connection) -> int:
    """Lock the sequence of inputs for this transaction and return its next free number."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        first: int | None = cursor.execute(_QUERIES["lock"]).fetchone()
    assert first is not None, "the position has its one row"
    return first


def move(conn: Connection, first: int, next_arrival: int) -> None:
    """Record the sequence numbers used from ``first`` on, in the transaction that has locked the sequence."""
    conn.execute(_QUERIES["move"], {"next_arrival": next_arrival})
    if first < next_arrival:
        taken = {"first": first, "last": next_arrival - 1}
        if not conn.execute(_QUERIES["extend_places"], taken).rowcount:
            conn.execute(_QUERIES["add_places"], taken)


def classify(conn: Connection, asset_id: int, asset_class: str) -> None:
    """Set the class of an asset that has none."""
    conn.execute(_QUERIES["classify"], {"asset_id": asset_id, "asset_class": asset_class})
