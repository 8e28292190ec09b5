"""A planner decides what becomes of work that was kept, or of a conflict. The caller owns the transaction."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection, OperationalError

from db.errors import StoreError
from db.orders import order_history, work_orders
from db.sync import acts, operations
from db.sync.acts import Act, Moment
from db.sync.operations import Stored
from db.sync.receiving import facts_of
from workorder_core.people.access import Who
from workorder_core.sentences import say
from workorder_core.sync import clocks
from workorder_core.sync.words import Decision


class OperationDecided(StoreError):
    """An operation does not wait for a decision: it was applied, or somebody has decided."""

    def __init__(self, op_id: UUID) -> None:
        super().__init__(say("nothing is to be decided about this any more; read the order again"))
        self.op_id = op_id


class SetAsideWithoutReason(StoreError):
    """Work that happened is not set aside without saying why."""

    def __init__(self) -> None:
        super().__init__(say("say why it is set aside, so that who did the work can read it"))


def take_over(
    conn: Connection, op_id: UUID, meaning: Callable[[Stored], Act], *, who: Who, now: datetime, why: str = ""
) -> Stored:
    """Take an operation over into the record, and return it.

    It is carried out for the person who did the work, with the planner's permissions. What the order's rules do not
    allow any more, such as work on a cancelled order, becomes a row of its history. Raises NotFound, OperationDecided,
    and, for an operation without an order, what its rules raise.
    """
    stored = _waiting(conn, op_id, who)
    happened = stored.received_at
    if stored.occurred_at is not None:
        happened = clocks.corrected(stored.occurred_at, stored.skew_s, now=stored.received_at)
    when = Moment(now=now, happened=happened, decided=True)
    facts = facts_of(op_id, stored.device_id, stored.occurred_at, stored.skew_s) | {"taken_over_by": who.actor}
    worker = Who(stored.person, who.roles, who.sites)
    try:
        with conn.transaction():
            order_history.reported(conn, facts)
            acts.perform(conn, meaning(stored), stored.order_id, who=worker, when=when)
            order_history.reported(conn, None)
    except Exception as error:
        if stored.order_id is None or isinstance(error, OperationalError):
            raise
        _record(conn, stored, "reported", who=who, now=now, why=why)
    operations.decide(conn, op_id, Decision.TAKEN_OVER, actor=who.actor, now=now, why=why)
    return operations.lock(conn, op_id, who.sites)


def set_aside(conn: Connection, op_id: UUID, *, who: Who, now: datetime, why: str) -> Stored:
    """Set an operation aside with a reason, and return it; the order's history keeps both. Raises NotFound,
    OperationDecided and SetAsideWithoutReason.
    """
    stored = _waiting(conn, op_id, who)
    if not why.strip():
        raise SetAsideWithoutReason
    if stored.order_id is not None:
        _record(conn, stored, "set aside", who=who, now=now, why=why)
    operations.decide(conn, op_id, Decision.SET_ASIDE, actor=who.actor, now=now, why=why)
    return operations.lock(conn, op_id, who.sites)


def _waiting(conn: Connection, op_id: UUID, who: Who) -> Stored:
    stored = operations.lock(conn, op_id, who.sites)
    if not stored.waits:
        raise OperationDecided(op_id)
    return stored


def _record(conn: Connection, stored: Stored, step: str, *, who: Who, now: datetime, why: str) -> None:
    assert stored.order_id is not None
    work_orders.lock(conn, stored.order_id)
    reported = facts_of(stored.op_id, stored.device_id, stored.occurred_at, stored.skew_s)
    new: dict[str, Any] = {f"operation {stored.kind}": dict(stored.body), "reported": reported | {"by": stored.person}}
    order_history.append(conn, stored.order_id, at=now, actor=who.actor, step=step, new=new, why=why[:500])
