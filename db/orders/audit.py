"""Whether the history of the orders is as it was written: the chain of each order, and the anchors that tie them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from db import sql

_QUERIES = sql.load("audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first thing that is wrong with an order's history. ``number`` is None where the order itself is gone."""

    order_id: UUID
    number: str | None
    seq: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a look at the whole history found.

    Parameters
    ----------
    anchor
        The number and hash of the newest anchor: noted elsewhere, it proves later that all before it is as it was.
    broken_anchors
        The anchors whose hash is not that of what they hold.
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
    """Look at every row of history. ``expected`` is the hash of an anchor that was noted and must be there still."""
    with conn.cursor(row_factory=class_row(Broken)) as cursor:
        broken = tuple(cursor.execute(_QUERIES["broken"]).fetchall())
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows, orders = cursor.execute(_QUERIES["counted"]).fetchone() or (0, 0)
        anchors = cursor.execute(_QUERIES["anchors"]).fetchall()
    hashes = [(number, bytes(found).hex()) for number, _, found, _ in anchors]
    there = expected is None or expected.lower() in {found for _, found in hashes}
    return Verdict(
        orders=orders,
        rows=rows,
        broken=broken,
        anchor=hashes[-1] if hashes else None,
        broken_anchors=tuple(
            number
            for place, (number, _, found, told) in enumerate(anchors, 1)
            if bytes(found) != bytes(told) or number != place
        ),
        missing_anchor=None if there else expected,
    )


def anchor(conn: Connection, *, at: datetime) -> int:
    """Tie the chains that have moved since the last anchor into the next one; return how many there were."""
    return conn.execute(_QUERIES["anchor"], {"at": at}).rowcount
