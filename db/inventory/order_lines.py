"""The lines of orders that come from stores: quantities needed, reserved, issued and lacking.

The caller owns the transaction and has locked the order. Lines are the order's parts (``order_parts``), which have its
cost; a reservation ties one of them to an item and a store.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import scope, sql
from db.inventory import items, levels
from db.inventory.items import Item
from workorder_core.inventory import reserving
from workorder_core.inventory.errors import InvalidQuantity, NoStore, UnknownUnit
from workorder_core.inventory.quantities import ZERO, of_number
from workorder_core.inventory.reserving import Waiting
from workorder_core.orders.job_plans import PartLine

_QUERIES = sql.load("inventory_orders")
PIECES = "pcs"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A line of an order that comes from a store. ``used`` None: not recorded; ``lacks`` is the quantity that it waits
    for."""

    order_id: UUID
    order_number: str
    title: str
    status: str
    site: str
    time_zone: str
    line: int
    part: str
    item_id: int
    item: str
    name: str
    unit: str
    store_id: int
    store: str
    needed: Decimal
    reserved: Decimal
    issued: Decimal
    used: Decimal | None
    unit_cost: Decimal | None
    currency: str | None
    asked_at: datetime
    lacks: Decimal

    @property
    def key(self) -> tuple[UUID, int]:
        return self.order_id, self.line

    @property
    def to_return(self) -> Decimal:
        """The quantity issued and not used."""
        return ZERO if self.used is None else max(ZERO, self.issued - self.used)


def of_orders(conn: Connection, order_ids: Collection[UUID]) -> list[OrderLine]:
    """Return the lines of orders that come from stores, by order and line."""
    with conn.cursor(row_factory=class_row(OrderLine)) as cursor:
        return cursor.execute(_QUERIES["lines"], {"order_ids": list(order_ids)}).fetchall()


def of_order(conn: Connection, order_id: UUID) -> list[OrderLine]:
    """Return the lines of one order."""
    return of_orders(conn, [order_id])


def page(
    conn: Connection,
    *,
    within: Collection[str] | None,
    site: str | None = None,
    item_id: int | None = None,
    lacking: bool = False,
    after: tuple[datetime, UUID, int] | None = None,
    limit: int,
) -> list[OrderLine]:
    """Return the lines of unfinished orders, in the order in which they are served."""
    after_at, after_order, after_line = after or (None, None, None)
    asked: dict[str, Any] = {
        "within": scope.codes(within),
        "site": site,
        "item_id": item_id,
        "lacking": lacking,
        "limit": limit,
    }
    asked |= {"after_at": after_at, "after_order": after_order, "after_line": after_line}
    with conn.cursor(row_factory=class_row(OrderLine)) as cursor:
        return cursor.execute(_QUERIES["reservations"], asked).fetchall()


def expected(conn: Connection, lines: Sequence[OrderLine]) -> dict[tuple[UUID, int], date | None]:
    """Return when the parts of waiting lines are expected, by order and line."""
    found: dict[tuple[UUID, int], date | None] = {}
    for item_id, store_id in sorted({(each.item_id, each.store_id) for each in lines if each.lacks > 0}):
        found |= levels.expected(conn, levels.get(conn, item_id, store_id))
    return found


def waiting(conn: Connection, order_ids: Collection[UUID]) -> dict[UUID, Waiting]:
    """Return the orders that wait for parts, with the items and expected dates."""
    lines = [each for each in of_orders(conn, order_ids) if each.lacks > 0]
    dates = expected(conn, lines)
    by_order: dict[UUID, list[tuple[str, Decimal, date | None]]] = {}
    for each in lines:
        by_order.setdefault(each.order_id, []).append((each.item, each.lacks, dates.get(each.key)))
    found = {order_id: reserving.waiting(rows) for order_id, rows in by_order.items()}
    return {order_id: each for order_id, each in found.items() if each is not None}


def add(
    conn: Connection, order_id: UUID, item: Item, store_id: int, needed: Decimal, cost: tuple[Decimal, str] | None,
    *, at: datetime,
) -> int:  # fmt: skip
    """Add a line of an item from a store to an order, with nothing reserved yet; return its number."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        line: int = cursor.execute(_QUERIES["next_line"], {"order_id": order_id}).fetchone() or 1
    unit_cost, currency = cost or (None, None)
    facts = {"order_id": order_id, "line": line, "part": item.name, "unit": item.unit, "needed": needed}
    conn.execute(_QUERIES["add_part"], facts | {"unit_cost": unit_cost, "currency": currency})
    tie(conn, order_id, line, item, store_id, at=at)
    return line


def tie(conn: Connection, order_id: UUID, line: int, item: Item, store_id: int, *, at: datetime) -> None:
    """Assign a line of an order to a store. The store keeps the item from now on."""
    levels.lock(conn, item.id, store_id)
    facts = {"order_id": order_id, "line": line, "item_id": item.id, "store_id": store_id, "at": at}
    conn.execute(_QUERIES["tie"], facts)


def reserve_planned(conn: Connection, order_id: UUID, parts: Sequence[PartLine], *, at: datetime) -> None:
    """Tie the parts of an order that are named by an item's code to the item, and reserve them.

    A part in a unit that its item does not have stays a manual line; so does every part at a site without stores.
    Pieces, the default unit, mean the item's own unit. Missing quantities are requested.
    """
    there = {each.line for each in of_order(conn, order_id)}
    open_parts = [each for each in parts if each.line not in there]
    known = items.of_order(conn, order_id, [each.part for each in open_parts]) if open_parts else {}
    tied = list[tuple[int, int]]()
    for part in sorted(open_parts, key=lambda each: known[each.part].id if each.part in known else 0):
        if (item := known.get(part.part)) is not None and (store_id := _tied(conn, order_id, part, item, at)):
            tied.append((item.id, store_id))
    for item_id, store_id in sorted(set(tied)):
        levels.settle(conn, item_id, store_id, at=at)


def settle_order(conn: Connection, order_id: UUID, *, at: datetime) -> None:
    """Reserve what an order lacks, as far as it is in stock, and request the rest."""
    pairs = sorted({(each.item_id, each.store_id) for each in of_order(conn, order_id)})
    levels.lock_all(conn, pairs)
    for item_id, store_id in pairs:
        levels.settle(conn, item_id, store_id, at=at)


def set_needed(conn: Connection, order_id: UUID, line: int, needed: Decimal) -> None:
    conn.execute(_QUERIES["set_needed"], {"order_id": order_id, "line": line, "needed": needed})


def set_used(
    conn: Connection, order_id: UUID, line: int, used: Decimal | None, cost: tuple[Decimal, str] | None
) -> None:
    """Record how many of a line were used, and their unit price."""
    unit_cost, currency = cost or (None, None)
    facts = {"order_id": order_id, "line": line, "used": used, "unit_cost": unit_cost, "currency": currency}
    conn.execute(_QUERIES["set_used"], facts)


def drop(conn: Connection, order_id: UUID, line: int) -> None:
    """Remove a line without reservations and issues."""
    facts = {"order_id": order_id, "line": line}
    conn.execute(_QUERIES["untie"], facts)
    conn.execute(_QUERIES["drop_part"], facts)


def _tied(conn: Connection, order_id: UUID, part: PartLine, item: Item, at: datetime) -> int | None:
    """Tie a part of a plan to its item and return the store; None if it stays a manual line."""
    unit = None if part.unit == PIECES and PIECES not in item.units.others else part.unit
    try:
        needed = item.units.in_own(of_number(part.needed), unit)
    except (UnknownUnit, InvalidQuantity):
        return None
    store_id = reserving.choose_store(levels.offers(conn, item.id), needed)
    if store_id is None:
        return None
    facts = {"order_id": order_id, "line": part.line, "part": item.name, "unit": item.unit, "needed": needed}
    conn.execute(_QUERIES["name_part"], facts | {"unit_cost": item.price, "currency": item.currency})
    tie(conn, order_id, part.line, item, store_id, at=at)
    return store_id


def store_for(conn: Connection, item: Item, needed: Decimal) -> int:
    """Return the store from which a need is served. Raises NoPlaceForIt if the site has none."""
    chosen = reserving.choose_store(levels.offers(conn, item.id), needed)
    if chosen is None:
        raise NoStore(item.site)
    return chosen
