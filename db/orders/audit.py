"""Verifies that the history of orders is as it was written: each order's hash chain, and the anchors that tie them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, scalar_row, tuple_row

from db import scope, sql
from workorder_core.language import N_

_QUERIES = sql.load("audit")
PROBLEMS = (
    N_("a row before it is missing"),
    N_("the row was changed or put in"),
    N_("rows after the head were put in, or the end was taken off"),
    N_("the last row is not the one that the head knows"),
    N_("the row is of another thing"),
    N_("the thing has no head"),
    N_("the order has no history"),
    N_("an anchor knows another row here, or a row that is gone"),
)
"""What the query finds, as it says it."""


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
    elsewhere
        How many chains are broken beside ``broken``, of sites that whoever asks does not see.
    """

    orders: int
    rows: int
    broken: tuple[Broken, ...]
    anchor: tuple[int, str] | None
    broken_anchors: tuple[int, ...]
    missing_anchor: str | None = None
    elsewhere: int = 0

    @property
    def sound(self) -> bool:
        return not (self.broken or self.elsewhere or self.broken_anchors or self.missing_anchor)


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


def within(conn: Connection, found: Verdict, sites: Collection[str] | None) -> Verdict:
    """Return what somebody of some sites may read of a verdict: of chains of other sites, just how many are broken."""
    if sites is None or not found.broken:
        return found
    ids = [each.order_id for each in found.broken]
    with conn.cursor(row_factory=scalar_row) as cursor:
        seen = set(cursor.execute(_QUERIES["of_sites"], {"ids": ids, "within": scope.codes(sites)}))
    theirs = tuple(each for each in found.broken if each.order_id in seen)
    return replace(found, broken=theirs, elsewhere=len(found.broken) - len(theirs))


def anchor(conn: Connection, *, at: datetime) -> int:
    """Tie the chains that have grown since the last anchor into a new one; return how many there were."""
    return conn.execute(_QUERIES["anchor"], {"at": at}).rowcount
