"""Operations of devices, each stored once with the verdict on it. The caller owns the transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row

from db import scope, sql
from db.errors import NotFound
from workorder_core.sync.words import Decision, Verdict

QUERIES = sql.load("sync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An operation as it was received.

    Parameters
    ----------
    seq
        Its number on the device; None: the device had used the number before.
    occurred_at
        The device's clock, which was ``skew_s`` seconds ahead; None: it was not readable.
    answer
        What the device was answered besides the verdict.
    decision
        What a person made of one that waited; None: nothing yet.
    """

    op_id: UUID
    device_id: UUID
    person: str
    seq: int | None
    order_id: UUID | None
    kind: str
    body: Mapping[str, Any]
    fingerprint: bytes
    occurred_at: datetime | None
    skew_s: float
    received_at: datetime
    verdict: Verdict
    answer: Mapping[str, Any]
    decision: Decision | None
    decided_by: str | None
    decided_at: datetime | None
    decided_why: str
    number: str | None
    site: str | None
    zone: str
    device_name: str

    @property
    def waits(self) -> bool:
        """Whether a person has to decide."""
        return self.verdict in (Verdict.KEPT, Verdict.CONFLICT) and self.decision is None


def known(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Stored]:
    """Return those operations that were received before, by id."""
    found = _rows(conn, "known", {"ids": list(ids)}) if ids else []
    return {each.op_id: each for each in found}


def lock(conn: Connection, op_id: UUID, within: Collection[str] | None) -> Stored:
    """Lock an operation until the transaction ends, and return it. Raises NotFound."""
    found = _rows(conn, "operation", {"op_id": op_id, "within": scope.codes(within)})
    if not found:
        raise NotFound("operation", op_id)
    return found[0]


def of_order(conn: Connection, order_id: UUID) -> list[Stored]:
    """Return what was kept on an order or is in conflict, decided or not, the oldest first; 200 at most."""
    return _rows(conn, "of_order", {"order_id": order_id})


def waiting(
    conn: Connection,
    *,
    within: Collection[str] | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int | None = None,
) -> list[Stored]:
    """Return what waits for a decision, the oldest first."""
    received_at, last = after or (None, None)
    asked = {"within": scope.codes(within), "received_at": received_at, "after": last, "limit": limit}
    return _rows(conn, "waiting", asked)


def seq_taken(conn: Connection, device_id: UUID, seq: int) -> bool:
    """Return whether a device has used a number for an operation."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return bool(cursor.execute(QUERIES["seq_taken"], {"device": device_id, "seq": seq}).fetchone())


def decide(conn: Connection, op_id: UUID, decision: Decision, *, actor: str, now: datetime, why: str) -> None:
    """Store what a person made of an operation that waited."""
    facts = {"op_id": op_id, "decision": decision.value, "actor": actor, "now": now, "why": why}
    conn.execute(QUERIES["decide"], facts)


def _rows(conn: Connection, query: str, asked: Mapping[str, Any]) -> list[Stored]:
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(QUERIES[query], asked).fetchall()
    return [_stored(row) for row in found]


def _stored(row: dict[str, Any]) -> Stored:
    decision = None if row["decision"] is None else Decision(row["decision"])
    told = {"verdict": Verdict(row["verdict"]), "decision": decision, "fingerprint": bytes(row["fingerprint"])}
    return Stored(**row | told)
