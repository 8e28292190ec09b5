"""Links between orders. The caller owns the transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import kwargs_row, scalar_row

from db import scope, sql
from db.errors import StoreError
from db.orders import order_history
from workorder_core.sentences import coded, say
from workorder_core.words import Status

_QUERIES = sql.load("order_links")


class LinkKind(StrEnum):
    """How an order relates to another one: "this order is … the other", or this order blocks the other."""

    DUPLICATE_OF = "duplicate_of"
    BLOCKS = "blocks"
    FOLLOW_UP_OF = "follow_up_of"
    SPLIT_FROM = "split_from"
    CHILD_OF = "child_of"


_OTHER_WAY = {
    LinkKind.DUPLICATE_OF: "has the duplicate",
    LinkKind.BLOCKS: "blocked by",
    LinkKind.FOLLOW_UP_OF: "has the follow-up",
    LinkKind.SPLIT_FROM: "was split into",
    LinkKind.CHILD_OF: "parent of",
}


class InvalidLink(StoreError):
    """Two orders cannot be linked like this."""

    def __init__(self, problem: str) -> None:
        super().__init__(say("the orders are not linked: {problem}", problem=problem))


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Another order, and how this one relates to it; ``outward`` is False if the link starts at the other order."""

    kind: LinkKind
    outward: bool
    id: UUID
    number: str
    title: str
    status: Status

    @property
    def label(self) -> str:
        return coded(self.kind.value.replace("_", " ") if self.outward else _OTHER_WAY[self.kind])


def add(
    conn: Connection, from_id: UUID, kind: LinkKind, to_id: UUID, *, actor: str, at: datetime, why: str = ""
) -> None:
    """Link two orders that this transaction has locked, and record it in both histories. Raises InvalidLink."""
    facts = {"from_id": from_id, "kind": kind.value, "to_id": to_id}
    if from_id == to_id:
        raise InvalidLink(say("an order cannot be linked to itself"))
    with conn.cursor(row_factory=scalar_row) as cursor:
        if cursor.execute(_QUERIES["reaches"], facts | {"from_id": to_id, "to_id": from_id}).fetchone():
            raise InvalidLink(
                say(
                    "the other order is already '{kind}' this one, directly or through others",
                    kind=coded(kind.value.replace("_", " ")),
                )
            )
        if cursor.execute(_QUERIES["add"], facts | {"at": at, "actor": actor}).fetchone() is None:
            return
    _tell(conn, "link", "new", facts, actor, at, why)


def remove(
    conn: Connection, from_id: UUID, kind: LinkKind, to_id: UUID, *, actor: str, at: datetime, why: str = ""
) -> None:
    """Remove a link between two orders that this transaction has locked. Raises InvalidLink if there is none."""
    facts = {"from_id": from_id, "kind": kind.value, "to_id": to_id}
    if conn.execute(_QUERIES["remove"], facts).rowcount == 0:
        raise InvalidLink(say("there is no such link to remove"))
    _tell(conn, "unlink", "old", facts, actor, at, why)


def of_order(
    conn: Connection, order_id: UUID, within: Collection[str] | None = None, given_to: int | None = None
) -> list[Link]:
    """Return an order's links, to orders of all sites or of those within; of a contractor, to their own orders."""
    asked = {"id": order_id, "within": scope.codes(within), "given_to": given_to}
    with conn.cursor(row_factory=kwargs_row(_link)) as cursor:
        return cursor.execute(_QUERIES["of_order"], asked).fetchall()


def blockers(
    conn: Connection, order_id: UUID, within: Collection[str] | None = None, given_to: int | None = None
) -> tuple[str, ...]:
    """Return the numbers of the orders that block an order; one that is not within, or that a contractor does not see,
    has no number.
    """
    asked = {"id": order_id, "within": scope.codes(within), "given_to": given_to}
    with conn.cursor(row_factory=scalar_row) as cursor:
        return tuple(cursor.execute(_QUERIES["blockers"], asked).fetchall())


def unanswered(conn: Connection, order_id: UUID) -> tuple[str, ...]:
    """Return the numbers of the order's requests whose quote nobody has answered."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return tuple(cursor.execute(_QUERIES["unanswered"], {"order_id": order_id}).fetchall())


def _tell(conn: Connection, step: str, side: str, facts: dict[str, Any], actor: str, at: datetime, why: str) -> None:
    row: dict[str, Any] = {"link": {name: str(value) for name, value in facts.items()}}
    old, new = (row, {}) if side == "old" else ({}, row)
    for order_id in (facts["from_id"], facts["to_id"]):
        order_history.append(conn, order_id, at=at, actor=actor, step=step, old=old, new=new, why=why)


def _link(**row: Any) -> Link:
    return Link(**row | {"kind": LinkKind(row["kind"]), "status": Status(row["status"])})
