"""Movements of stock by people: receive, issue, return, count, adjust, transfer. The caller owns the transaction. Each
locks its order, then the levels; writes rows of the ledger; then reserves free stock for waiting orders, and requests
more if it is low.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection

from db import sql
from db.errors import NotFound
from db.inventory import items, levels, order_lines, prices
from db.inventory.amounts import Amount, Where, place
from db.inventory.issues import Issuer, lines_of
from db.inventory.items import Item
from db.inventory.levels import Level
from db.inventory.order_lines import OrderLine
from db.inventory.prices import Cost, costing
from db.orders import order_history, work_orders
from workorder_core.inventory import issuing
from workorder_core.inventory.errors import BookChanged, LotNeeded, NotEnough, WhyNeeded, not_in_bin, not_issued
from workorder_core.inventory.ledger import Kind, Movement
from workorder_core.inventory.quantities import ZERO
from workorder_core.orders import edits, record
from workorder_core.orders.edits import Edit
from workorder_core.orders.job_plans import PartLine
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who

_QUERIES = sql.load("inventory_stock")


def receive(
    conn: Connection, item_id: int, amount: Amount, to: Where, *, who: Who, at: datetime,
    request_id: int | None = None, unit_cost: Decimal | None = None, expires_on: date | None = None,
) -> Level:  # fmt: skip
    """Receive a delivery. ``unit_cost`` is per own unit: of the lot, or of the item from now on.

    ``expires_on`` is the last day of the lot, which has to be named. Raises NotFound, UnknownUnit, NoPlaceForIt,
    NoCurrency, ItemRetired, LotNeeded.
    """
    item = items.get_in_use(conn, item_id)
    quantity = item.units.in_own(amount.quantity, amount.unit)
    store_id, bin_id = place(conn, item, to)
    levels.lock(conn, item_id, store_id)
    lot = to.lot or ""
    if expires_on is not None and not lot:
        raise LotNeeded
    if lot and (unit_cost is not None or expires_on is not None):
        prices.put_lot(conn, item, lot, unit_cost, expires_on)
    if unit_cost is not None and (not lot or item.price is None):
        item = prices.set_price(conn, item, unit_cost)
    cost = prices.of_lot(conn, item, lot)
    came = Movement(kind=Kind.RECEIVE, quantity=quantity, bin_id=bin_id, lot=lot)
    more = {"request_id": request_id, "said": amount.said(item), "why": amount.why}
    levels.write(conn, item_id, store_id, came, actor=who.actor, at=at, **more, **costing(cost))
    levels.settle(conn, item_id, store_id, at=at)
    return levels.get(conn, item_id, store_id)


def issue(
    conn: Connection, item_id: int, amount: Amount, out_of: Where, *, who: Who, at: datetime,
    order_id: UUID | None = None, emergency: bool = False,
) -> Level:  # fmt: skip
    """Issue an item to an order, or, with a reason, to none.

    It uses the order's reservation and free stock. An emergency issue, with its reason, uses all stock, and records the
    rest as a shortage that a count settles: the stock is never below zero. Raises NotFound, NotEnough, LotExpired,
    WhyNeeded, UnknownUnit, NoPlaceForIt, IllegalMove, NotAllowed.
    """
    item = items.get(conn, item_id)
    quantity = item.units.in_own(amount.quantity, amount.unit)
    if (emergency or order_id is None) and not amount.why.strip():
        raise WhyNeeded
    order = None if order_id is None else _order(conn, order_id, item, Edit.STOCK, who)
    store_id, bin_id = place(conn, item, out_of, order=order)
    level = levels.lock(conn, item_id, store_id)
    lines = [] if order is None else lines_of(conn, order.id, item_id, store_id)
    own = sum((each.reserved for each in lines), ZERO)
    lots = levels.lots(conn, item_id, store_id=store_id, bin_id=out_of.bin_id, lot=out_of.lot)
    plan = issuing.issue(
        [each.for_issue for each in lots],
        quantity=quantity,
        own=own,
        free=level.free,
        emergency=emergency,
        default_bin=bin_id,
        default_lot=out_of.lot or "",
        unit=item.unit,
        today=at.astimezone(ZoneInfo(item.time_zone)).date(),
    )
    if plan.cut > 0:
        why = f"an emergency issue{f' to {order.number}' if order else ''}"
        levels.cut(conn, item_id, store_id, plan.cut, but=order_id, at=at, why=why)
    issuer = Issuer(conn, item, store_id, order, amount, emergency, who.actor, at)
    for pick in plan.picks:
        issuer.issue(pick)
    levels.settle(conn, item_id, store_id, at=at)
    if order is not None:
        _tell_order(conn, order, item_id, at=at, actor=who.actor, why=amount.why)
    return levels.get(conn, item_id, store_id)


def bring_back(
    conn: Connection, item_id: int, amount: Amount, to: Where, *, who: Who, at: datetime, order_id: UUID | None = None
) -> Level:
    """Return parts that were issued to an order and not used, or, with a reason, to none. The order's used quantity is
    then at most what it still has. Raises NotFound, NotThatMany, WhyNeeded, IllegalMove,
    NotAllowed.
    """
    item = items.get(conn, item_id)
    quantity = item.units.in_own(amount.quantity, amount.unit)
    if order_id is None:
        if not amount.why.strip():
            raise WhyNeeded
        store_id, bin_id = place(conn, item, to)
        levels.lock(conn, item_id, store_id)
        back = Movement(kind=Kind.RETURN, quantity=quantity, bin_id=bin_id, lot=to.lot or "")
        _write_back(conn, item, store_id, back, amount, prices.of_lot(conn, item, to.lot or ""), who.actor, at)
        levels.settle(conn, item_id, store_id, at=at)
        return levels.get(conn, item_id, store_id)
    order = _order(conn, order_id, item, Edit.RETURNS, who)
    lines = [each for each in order_lines.of_order(conn, order_id) if each.item_id == item_id and each.issued > 0]
    issued = sum((each.issued for each in lines), ZERO)
    if quantity > issued:
        raise not_issued(quantity, issued, order.number)
    levels.lock_all(conn, [(item_id, each.store_id) for each in lines])
    stores = set[int]()
    for line in sorted(lines, key=lambda each: (-each.to_return, -each.line)):
        part = min(quantity, line.issued)
        if part > 0:
            _line_back(conn, item, line, part, amount, to, who.actor, at)
            stores.add(line.store_id)
            quantity -= part
    for store_id in sorted(stores):
        levels.settle(conn, item_id, store_id, at=at)
    _tell_order(conn, order, item_id, at=at, actor=who.actor, why=amount.why)
    return levels.get(conn, item_id, min(stores))


def count(
    conn: Connection, item_id: int, found: Decimal, where: Where, *, who: Who, at: datetime, why: str = "",
    said: Decimal | None = None,
) -> Level:  # fmt: skip
    """Record the counted quantity of a lot in a bin, in the item's own unit; 0 for none. It settles the shortage of
    that bin. If less is there than orders have reserved, the newest reservations shrink.

    ``said`` is the book quantity at the time of counting: raises BookChanged if it is different now.
    """
    item = items.get(conn, item_id)
    exact = ZERO if found == 0 else item.units.in_own(found)
    store_id, bin_id = place(conn, item, where)
    level = levels.lock(conn, item_id, store_id)
    lot = _lot_in(conn, item_id, bin_id, where)
    there = next(iter(levels.lots(conn, item_id, bin_id=bin_id, lot=lot)), None)
    book, short = (ZERO, ZERO) if there is None else (there.quantity, there.shortage)
    if said is not None and said != book:
        raise BookChanged(item.code, items.get_bin(conn, bin_id).code, said, book, of=(item_id, bin_id, lot))
    change = issuing.count(book, short, exact)
    lost = max(ZERO, level.reserved - (level.on_hand + change.quantity))
    levels.cut(conn, item_id, store_id, lost, but=None, at=at, why="a count found less")
    counted = Movement(
        kind=Kind.COUNT, quantity=change.quantity, shortage=change.shortage, bin_id=bin_id, lot=lot
    )  # fmt: skip
    cost = costing(prices.of_lot(conn, item, lot))
    levels.write(conn, item_id, store_id, counted, actor=who.actor, at=at, why=why, **cost)
    levels.settle(conn, item_id, store_id, at=at)
    return levels.get(conn, item_id, store_id)


def adjust(conn: Connection, item_id: int, change: Decimal, where: Where, *, who: Who, at: datetime, why: str) -> Level:
    """Correct the book by an amount, up or down, with a reason: scrapped, found, spoilt.

    Raises WhyNeeded, NotThatMany.
    """
    if not why.strip():
        raise WhyNeeded
    item = items.get(conn, item_id)
    exact = item.units.in_own(abs(change)).copy_sign(change)
    store_id, bin_id = place(conn, item, where)
    level = levels.lock(conn, item_id, store_id)
    lot = _lot_in(conn, item_id, bin_id, where)
    if exact < 0:
        there = sum((each.quantity for each in levels.lots(conn, item_id, bin_id=bin_id, lot=lot)), ZERO)
        lost = issuing.removal(there, -exact, on_hand=level.on_hand, reserved=level.reserved)
        levels.cut(conn, item_id, store_id, lost, but=None, at=at, why=f"an adjustment: {why}")
    adjusted = Movement(kind=Kind.ADJUST, quantity=exact, bin_id=bin_id, lot=lot)
    cost = costing(prices.of_lot(conn, item, lot))
    levels.write(conn, item_id, store_id, adjusted, actor=who.actor, at=at, why=why, **cost)
    levels.settle(conn, item_id, store_id, at=at)
    return levels.get(conn, item_id, store_id)


def transfer(
    conn: Connection, item_id: int, amount: Amount, *, from_bin: int, to_bin: int, lot: str = "", who: Who, at: datetime
) -> Level:
    """Move stock from a bin to another one of the site. Reservations stay in their store. Returns the level of the
    target store. Raises NotFound, NotThatMany, NotEnough.
    """
    item = items.get(conn, item_id)
    quantity = item.units.in_own(amount.quantity, amount.unit)
    source, target = items.get_bin(conn, from_bin), items.get_bin(conn, to_bin)
    for each in (source, target):
        if each.site_id != item.site_id:
            raise NotFound("bin", each.id)
    levels.lock_all(conn, [(item_id, source.store_id), (item_id, target.store_id)])
    there = sum((each.quantity for each in levels.lots(conn, item_id, bin_id=from_bin, lot=lot)), ZERO)
    if quantity > there:
        raise not_in_bin(quantity, there)
    free = levels.get(conn, item_id, source.store_id).free
    if source.store_id != target.store_id and quantity > free:
        raise NotEnough(quantity, free, item.unit)
    more = {"said": amount.said(item), "why": amount.why}
    # The receipt is written first, so that no reservation loses its stock meanwhile.
    for each, change in ((target, quantity), (source, -quantity)):
        moved = Movement(kind=Kind.TRANSFER, quantity=change, bin_id=each.id, lot=lot)
        levels.write(conn, item_id, each.store_id, moved, actor=who.actor, at=at, **more)
    for store_id in sorted({source.store_id, target.store_id}):
        levels.settle(conn, item_id, store_id, at=at)
    return levels.get(conn, item_id, target.store_id)


def _lot_in(conn: Connection, item_id: int, bin_id: int, where: Where) -> str:
    """Return the lot of a movement: the named one, otherwise the bin's only one."""
    if where.lot is not None:
        return where.lot
    there = levels.lots(conn, item_id, bin_id=bin_id)
    return there[0].lot if len(there) == 1 else ""


def _line_back(
    conn: Connection, item: Item, line: OrderLine, part: Decimal, amount: Amount, to: Where, actor: str, at: datetime
) -> None:
    row = conn.execute(_QUERIES["last_issue"], {"order_id": line.order_id, "line": line.line}).fetchone()
    bin_id, lot = row or (None, "")
    if to.bin_id is not None and items.get_bin(conn, to.bin_id).store_id == line.store_id:
        bin_id = to.bin_id
    cost = None if line.unit_cost is None or line.currency is None else (line.unit_cost, line.currency)
    back = Movement(
        kind=Kind.RETURN, quantity=part, bin_id=bin_id, lot=lot if to.lot is None else to.lot,
        order_id=line.order_id, line=line.line,
    )  # fmt: skip
    # A returned part is no longer needed, so it is not reserved for the order again.
    order_lines.set_needed(conn, line.order_id, line.line, max(ZERO, line.needed - part))
    _write_back(conn, item, line.store_id, back, amount, cost, actor, at)
    used = None if line.used is None else min(line.used, line.issued - part)
    order_lines.set_used(conn, line.order_id, line.line, used, cost)


def _write_back(
    conn: Connection, item: Item, store_id: int, back: Movement, amount: Amount, cost: Cost, actor: str, at: datetime
) -> None:
    more = {"said": amount.said(item), "why": amount.why}
    levels.write(conn, item.id, store_id, back, actor=actor, at=at, **more, **costing(cost))


def _order(conn: Connection, order_id: UUID, item: Item, edit: Edit, who: Who) -> WorkOrder:
    """Lock and return an order of the item's site whose parts the requester may move."""
    order = work_orders.lock(conn, order_id, who)
    edits.permit(order, edit, who)
    if order.site_id != item.site_id:
        raise NotFound("work order of the item's site", order.number)
    return order


def _tell_order(conn: Connection, order: WorkOrder, item_id: int, *, at: datetime, actor: str, why: str) -> None:
    """Record in an order's history the quantities of an item that it has now."""
    told = {
        f"part {each.line}": record.plain(
            PartLine(
                line=each.line,
                part=each.part,
                needed=float(each.needed),
                unit=each.unit,
                used=None if each.used is None else float(each.used),
            )
        )
        for each in order_lines.of_order(conn, order.id)
        if each.item_id == item_id
    }
    order_history.append(conn, order.id, at=at, actor=actor, step="parts", new=told, why=why)
