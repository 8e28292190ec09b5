"""The end of the work: what was found, done and used, and the orders that follow from it, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from psycopg import Connection

from db.orders import order_content, order_history, order_links, work_orders
from db.orders.order_links import LinkKind
from db.plant import plant
from workorder_core.orders import record
from workorder_core.orders.details import Complete
from workorder_core.orders.job_plans import PartLine
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import CloseOut, WorkOrder
from workorder_core.people.access import Who
from workorder_core.words import FailureMode, OrderType, Status

PIECES = "pcs"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """An order found necessary during the work; ``component`` None: that of the order itself."""

    title: str
    type: OrderType
    failure_mode: FailureMode = FailureMode.UNK
    component: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartUsed:
    part: str
    used: float
    unit: str = PIECES


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What is recorded when work is completed. ``hours`` and ``cost`` None: not stated."""

    close_out: CloseOut
    hours: float | None = None
    cost: Decimal | None = None
    currency: str | None = None
    parts_used: tuple[PartUsed, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()


def complete(
    conn: Connection,
    order_id: UUID,
    closing: Closing,
    *,
    who: Who,
    at: datetime,
    expected_version: int | None = None,
) -> WorkOrder:
    """Complete an order and return it; create and link its follow-ups, and record the parts used."""
    done = Complete(closing.close_out, who.actor, closing.hours, closing.cost, closing.currency)
    note = closing.close_out.note
    order = work_orders.take_step(
        conn, order_id, Step.COMPLETE, done, who=who, at=at, why=note, expected_version=expected_version
    )
    if closing.parts_used:
        use_parts(conn, order_id, closing.parts_used, actor=who.actor, at=at)
    for follow_up in closing.follow_ups:
        make_linked(conn, order, follow_up, LinkKind.FOLLOW_UP_OF, actor=who.actor, at=at)
    return order


def use_parts(conn: Connection, order_id: UUID, used: Sequence[PartUsed], *, actor: str, at: datetime) -> None:
    """Record which parts an order, locked by this transaction, has used; the last statement counts.

    A part in a different unit from the one ordered is a line of its own. Pieces, the default unit, match the unit that
    was ordered.
    """
    lines = {(line.part, line.unit): line for line in order_content.parts(conn, order_id)}
    changed: dict[int, PartLine] = {}
    for each in used:
        line = lines.get((each.part, each.unit))
        if line is None and each.unit == PIECES:
            line = next((there for (part, _), there in lines.items() if part == each.part), None)
        if line is None:
            number = max((there.line for there in lines.values()), default=0) + 1
            line = PartLine(line=number, part=each.part, needed=0, unit=each.unit)
        line = replace(line, used=each.used)
        lines[line.part, line.unit] = changed[line.line] = line
    order_content.put_parts(conn, order_id, list(changed.values()))
    facts = {f"part {line.line}": record.plain(line) for line in changed.values()}
    order_history.append(conn, order_id, at=at, actor=actor, step="parts", new=facts)


def make_linked(
    conn: Connection,
    order: WorkOrder,
    asked: FollowUp,
    kind: LinkKind,
    *,
    actor: str,
    at: datetime,
    status: Status = Status.OPEN,
) -> WorkOrder:
    """Create an order at the location of one that this transaction has locked, link the two, and return the new one."""
    if order.asset_id is not None:
        where: plant.Asset | plant.Location = plant.asset(conn, order.asset_id, now=at)
    else:
        where = plant.location(conn, order.location_id or 0)
    made = work_orders.create_by_hand(
        conn,
        asset=where,
        kind=asked.type,
        title=asked.title,
        component=asked.component or order.component,
        failure_mode=asked.failure_mode,
        actor=actor,
        at=at,
        status=status,
        why=asked.why or f"{kind.value.replace('_', ' ').capitalize()} {order.number}.",
    )
    order_links.add(conn, made.id, kind, order.id, actor=actor, at=at)
    return made
