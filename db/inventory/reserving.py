"""Reservations that people make and release, and those that the timetable makes. The caller owns the transaction."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import scalar_row

from db import sql
from db.errors import NotFound
from db.inventory import items, levels, order_lines, prices
from db.inventory.amounts import Amount
from db.inventory.order_lines import OrderLine
from db.orders import order_content, order_history, work_orders
from workorder_core.inventory.ledger import Kind, Movement
from workorder_core.inventory.quantities import ZERO
from workorder_core.orders import edits, record
from workorder_core.orders.edits import Edit
from workorder_core.orders.job_plans import PartLine
from workorder_core.people.access import Who

_QUERIES = sql.load("inventory_orders")
AT_ONCE = 50
"""The most orders that the timetable handles in one run."""


def reserve(
    conn: Connection, order_id: UUID, item_id: int, amount: Amount, *, who: Who, at: datetime,
    store_id: int | None = None,
) -> OrderLine:  # fmt: skip
    """Add to an order's need of an item, and reserve free stock for it; the order waits for the rest.

    Raises NotFound, UnknownUnit, NoPlaceForIt, IllegalMove, NotAllowed.
    """
    order = work_orders.lock(conn, order_id, who)
    edits.permit(order, Edit.STOCK, who)
    item = items.get_in_use(conn, item_id)
    if item.site_id != order.site_id:
        raise NotFound("item of the order's site", item_id)
    needed = item.units.in_own(amount.quantity, amount.unit)
    chosen = order_lines.store_for(conn, item, needed) if store_id is None else items.store(conn, store_id).id
    level = levels.lock(conn, item.id, chosen)
    there = [
        each for each in order_lines.of_order(conn, order_id) if (each.item_id, each.store_id) == (item.id, chosen)
    ]
    if there:
        line = there[0].line
        order_lines.set_needed(conn, order_id, line, there[0].needed + needed)
    else:
        line = order_lines.add(conn, order_id, item, chosen, needed, prices.of_item(item), at=at)
    part = min(level.free, needed)
    if part > 0:
        own = Movement(kind=Kind.RESERVE, reserved=part, order_id=order_id, line=line)
        levels.write(conn, item.id, chosen, own, actor=who.actor, at=at, said=amount.said(item), why=amount.why)
    levels.settle(conn, item.id, chosen, at=at)
    made = _line(conn, order_id, line)
    _tell(conn, made, at=at, actor=who.actor, why=amount.why)
    return made


def give_up(conn: Connection, order_id: UUID, line: int, *, who: Who, at: datetime) -> None:
    """Reduce a line's need to what was issued: its reservation is released. A line without issues is removed. Raises
    NotFound, IllegalMove, NotAllowed.
    """
    order = work_orders.lock(conn, order_id, who)
    edits.permit(order, Edit.STOCK, who)
    before = _line(conn, order_id, line)
    levels.lock(conn, before.item_id, before.store_id)
    before = _line(conn, order_id, line)
    if before.reserved > 0:
        free = Movement(kind=Kind.RELEASE, reserved=-before.reserved, order_id=order_id, line=line)
        levels.write(conn, before.item_id, before.store_id, free, actor=who.actor, at=at, why="not needed")
    if before.issued == 0 and before.used is None:
        order_lines.drop(conn, order_id, line)
        _tell(conn, before, at=at, actor=who.actor, why="Not needed.", needed=ZERO)
    else:
        order_lines.set_needed(conn, order_id, line, before.issued)
        _tell(conn, _line(conn, order_id, line), at=at, actor=who.actor, why="No more is needed.")
    levels.settle(conn, before.item_id, before.store_id, at=at)


def unreserved(conn: Connection) -> list[UUID]:
    """Return approved orders whose job plan needs items without reservations yet, the most urgent first."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["unreserved"], {"limit": AT_ONCE}).fetchall()


def reserve_planned(conn: Connection, order_id: UUID, *, at: datetime) -> None:
    """Reserve the parts of an order's job plan that are items, which the engine left to the timetable."""
    work_orders.lock(conn, order_id)
    order_lines.reserve_planned(conn, order_id, order_content.parts(conn, order_id), at=at)


def _line(conn: Connection, order_id: UUID, line: int) -> OrderLine:
    found = next((each for each in order_lines.of_order(conn, order_id) if each.line == line), None)
    if found is None:
        raise NotFound("reserved part with line", line)
    return found


def _tell(
    conn: Connection, line: OrderLine, *, at: datetime, actor: str, why: str, needed: Decimal | None = None
) -> None:
    told = PartLine(
        line=line.line,
        part=line.part,
        needed=float(line.needed if needed is None else needed),
        unit=line.unit,
        used=None if line.used is None else float(line.used),
    )
    new = {f"part {line.line}": record.plain(told)}
    order_history.append(conn, line.order_id, at=at, actor=actor, step="parts", new=new, why=why)
