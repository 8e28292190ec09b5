"""Verifies that the history of orders is as it was written: each order's hash chain, and the anchors that tie them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from db import sql

_QUERIES = sql.load("audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first error in an order's history. ``number`` is None if the order itself is gone."""

    order_id: UUID
    number: str | None
    seq: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of verifying the whole history.

    Parameters
    ----------
    anchor
        The number and hash of the newest anchor: recorded elsewhere, it proves later that nothing before it has
        changed.
    broken_anchors
        The anchors whose hash is not that of their content.
    """

    orders: int
    rows: int
    broken: tuple[Broken, ...]
    anchor: tuple[int, str] | None
    broken_anchors: tuple[int, ...]
    missing_anchor: str | None = None

    @property
    def sound(self) -> bool:
        return not (self.broken or self.broken_anchors or self.missing_anchor)


def verify(conn: Connection, *, expected: str | None = None) -> Verdict:
    """Verify every row of history. ``expected`` is the hash of an anchor recorded elsewhere that must still exist."""
    with conn.cursor(row_factory=class_row(Broken)) as cursor:
        broken = tuple(cursor.execute(_QUERIES["broken"]).fetchall())
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows, orders = cursor.execute(_QUERIES["counted"]).fetchone() or (0, 0)
        anchors = cursor.execute(_QUERIES["anchors"]).fetchall()
    hashes = [(number, bytes(computed).hex()) for number, _, computed, _ in anchors]
    is_there = expected is None or expected.lower() in {each for _, each in hashes}
    return Verdict(
        orders=orders,
        rows=rows,
        broken=broken,
        anchor=hashes[-1] if hashes else None,
        broken_anchors=tuple(
            number
            for expected_number, (number, _, computed, stored) in enumerate(anchors, 1)
            if bytes(computed) != bytes(stored) or number != expected_number
        ),
        missing_anchor=None if is_there else expected,
    )


def anchor(conn: Connection, *, at: datetime) -> int:
    """Tie the chains that have grown since the last anchor into a new one; return how many there were."""
    return conn.execute(_QUERIES["anchor"], {"at": at}).rowcount
