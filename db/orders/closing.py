"""The end of the work: what was found, done and used, and the orders that follow from it, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from psycopg import Connection

from db.inventory import order_lines
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
    was ordered. What was issued at two prices is two lines: as many count as used of the first as were issued at its
    price. The store's ledger is unchanged: what is left over is returned there.
    """
    lines = _lines(conn, order_id)
    issued = {each.line: float(each.issued) for each in order_lines.of_order(conn, order_id)}
    changed: dict[int, PartLine] = {}
    for each in used:
        found = _found(lines, each)
        if not found:
            number = max((line.line for those in lines.values() for line in those), default=0) + 1
            found = [PartLine(line=number, part=each.part, needed=0, unit=each.unit)]
        now = _spread(found, each.used, issued)
        lines[now[0].part, now[0].unit] = now
        changed |= {line.line: line for line in now}
    order_content.put_parts(conn, order_id, list(changed.values()))
    facts = {f"part {line.line}": record.plain(line) for line in changed.values()}
    order_history.append(conn, order_id, at=at, actor=actor, step="parts", new=facts)


def use_more(conn: Connection, order_id: UUID, more: PartUsed, *, actor: str, at: datetime) -> None:
    """Record that an order, locked by this transaction, has used more of a part than was recorded so far."""
    before = sum(line.used or 0 for line in _found(_lines(conn, order_id), more))
    use_parts(conn, order_id, [replace(more, used=before + more.used)], actor=actor, at=at)


def need_more(conn: Connection, order_id: UUID, more: PartLine, *, actor: str, at: datetime) -> None:
    """Record that an order, locked by this transaction, needs so much more of a part: of the line that it has, else of
    a new one.
    """
    lines = order_content.parts(conn, order_id)
    found = next((each for each in lines if (each.part, each.unit) == (more.part, more.unit)), None)
    number = max((each.line for each in lines), default=0) + 1
    now = replace(more, line=number) if found is None else replace(found, needed=found.needed + more.needed)
    order_content.put_parts(conn, order_id, [now])
    order_history.append(conn, order_id, at=at, actor=actor, step="need", new={f"part {now.line}": record.plain(now)})


def _lines(conn: Connection, order_id: UUID) -> dict[tuple[str, str], list[PartLine]]:
    lines: dict[tuple[str, str], list[PartLine]] = {}
    for there in order_content.parts(conn, order_id):
        lines.setdefault((there.part, there.unit), []).append(there)
    return lines


def _found(lines: Mapping[tuple[str, str], list[PartLine]], used: PartUsed) -> list[PartLine]:
    """Return the lines of a part that was used: pieces match the unit that was ordered."""
    found = lines.get((used.part, used.unit))
    if found is None and used.unit == PIECES:
        found = next((there for (part, _), there in lines.items() if part == used.part), None)
    return found or []


def _spread(lines: Sequence[PartLine], used: float, issued: Mapping[int, float]) -> list[PartLine]:
    """Return the lines of one part with what was used of each: as many as were issued, the last one the rest."""
    now = list[PartLine]()
    for line in lines:
        part = used if line is lines[-1] else min(used, issued.get(line.line, 0))
        now.append(replace(line, used=part))
        used -= part
    return now


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
