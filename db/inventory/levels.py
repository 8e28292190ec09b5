"""The stock of items in stores: read, locked, and changed by rows of the ledger. The caller owns the transaction.

To change the stock of an item in a store, lock its level first, several in the order of their ids, and an order before
its levels: so there are no deadlocks.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import class_row, kwargs_row, scalar_row

from db import scope, sql
from db.errors import NotFound
from db.inventory.items import words_of
from workorder_core.inventory import issuing, reordering, reserving
from workorder_core.inventory.errors import InvalidReorderRule
from workorder_core.inventory.issuing import Lot
from workorder_core.inventory.ledger import Kind, Movement
from workorder_core.inventory.quantities import ZERO
from workorder_core.inventory.reserving import Coming, Offer

_QUERIES = sql.load("inventory_stock")
_OF_ORDERS = sql.load("inventory_orders")
_PURCHASES = sql.load("inventory_purchases")
STOCK = "system:stock"
"""The actor that reserves free parts for waiting orders, and requests more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """An item in a store. Quantities are in the item's unit.

    Parameters
    ----------
    free
        On hand and not reserved.
    shortage
        Issued beyond the book stock; a count settles it.
    lacking
        Needed by orders, and neither issued nor reserved.
    request, request_state, coming, expected_on
        The open purchase request, its outstanding quantity, and its date; None: there is none.
    """

    item_id: int
    store_id: int
    site_id: int
    site: str
    time_zone: str
    item: str
    name: str
    unit: str
    item_class: str
    supplier: str
    lead_time_days: int | None
    store: str
    on_hand: Decimal
    reserved: Decimal
    free: Decimal
    shortage: Decimal
    minimum: Decimal | None
    reorder_point: Decimal | None
    reorder_quantity: Decimal | None
    lacking: Decimal
    is_low: bool
    retired: bool
    worth: Decimal | None
    currency: str | None
    request: int | None
    request_state: str | None
    coming: Decimal | None
    expected_on: date | None

    @property
    def for_buying(self) -> reordering.Level:
        """The level in the core's terms."""
        return reordering.Level(
            free=self.free,
            lacking=self.lacking,
            reorder_point=self.reorder_point,
            reorder_quantity=self.reorder_quantity,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LotInBin:
    """The quantity of a lot in a bin."""

    bin_id: int
    bin: str
    store_id: int
    store: str
    lot: str
    quantity: Decimal
    shortage: Decimal
    since: int
    expires_on: date | None

    @property
    def for_issue(self) -> Lot:
        """The lot in the core's terms."""
        return Lot(
            bin_id=self.bin_id, lot=self.lot, quantity=self.quantity, shortage=self.shortage, since=self.since,
            expires_on=self.expires_on,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class InBin:
    """An item that is in a bin."""

    item_id: int
    item: str
    name: str
    unit: str
    lot: str
    quantity: Decimal
    shortage: Decimal
    expires_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """A movement as people read it."""

    id: int
    site: str
    time_zone: str
    item_id: int
    item: str
    name: str
    unit: str
    store: str
    bin: str | None
    lot: str
    kind: Kind
    quantity: Decimal
    reserved: Decimal
    shortage: Decimal
    order_id: UUID | None
    order_number: str | None
    line: int | None
    request_id: int | None
    emergency: bool
    unit_cost: Decimal | None
    currency: str | None
    said: str
    at: datetime
    actor: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much of the stock needs attention."""

    low: int
    short: int
    requests: int
    reservations: int
    expired: int
    booked: int
    lent: int
    overdue: int
    waiting: int


After = tuple[bool, str, str, str]


def page(
    conn: Connection,
    *,
    within: Collection[str] | None,
    site: str | None = None,
    store: str | None = None,
    item_id: int | None = None,
    item_class: str | None = None,
    text: str | None = None,
    low: bool = False,
    short: bool = False,
    after: After | None = None,
    limit: int,
    offset: int = 0,
) -> list[Level]:
    """Return levels: those below their reorder point or with a shortage first, then by site, item and store."""
    calm, after_site, after_item, after_store = after or (None, None, None, None)
    asked: dict[str, Any] = {"within": scope.codes(within), "site": site, "store": store, "item_id": item_id}
    asked |= {"item_class": item_class, "words": words_of(text), "low": low, "short": short}
    asked |= {"after_calm": calm, "after_site": after_site, "after_item": after_item, "after_store": after_store}
    with conn.cursor(row_factory=class_row(Level)) as cursor:
        return cursor.execute(_QUERIES["levels"], asked | {"limit": limit, "offset": offset}).fetchall()


def get(conn: Connection, item_id: int, store_id: int) -> Level:
    """Return the level of an item in a store. Raises NotFound if it was never kept there."""
    with conn.cursor(row_factory=class_row(Level)) as cursor:
        found = cursor.execute(_QUERIES["level"], {"item_id": item_id, "store_id": store_id}).fetchone()
    if found is None:
        raise NotFound("stock of the item in store", store_id)
    return found


def lock(conn: Connection, item_id: int, store_id: int) -> Level:
    """Lock a level until the transaction ends and return it; a new one is empty. Raises NotFound if item and store are
    not of one site.
    """
    asked = {"item_id": item_id, "store_id": store_id}
    conn.execute(_QUERIES["open_level"], asked)
    conn.execute(_QUERIES["lock_level"], asked)
    return get(conn, item_id, store_id)


def lock_all(conn: Connection, pairs: Iterable[tuple[int, int]]) -> None:
    """Lock the levels of several items and stores, in the common order."""
    for item_id, store_id in sorted(set(pairs)):
        lock(conn, item_id, store_id)


def lots(
    conn: Connection, item_id: int, *, store_id: int | None = None, bin_id: int | None = None, lot: str | None = None
) -> list[LotInBin]:
    """Return an item's lots by bin."""
    asked = {"item_id": item_id, "store_id": store_id, "bin_id": bin_id, "lot": lot}
    with conn.cursor(row_factory=class_row(LotInBin)) as cursor:
        return cursor.execute(_QUERIES["lots"], asked).fetchall()


def in_bin(conn: Connection, bin_id: int) -> list[InBin]:
    """Return the content of a bin."""
    with conn.cursor(row_factory=class_row(InBin)) as cursor:
        return cursor.execute(_QUERIES["in_bin"], {"bin_id": bin_id}).fetchall()


def first_bin(conn: Connection, item_id: int, store_id: int) -> int | None:
    """Return the bin into which an item is received in a store; None if the store has none."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["first_bin"], {"item_id": item_id, "store_id": store_id}).fetchone()


def first_store(conn: Connection, item_id: int) -> int | None:
    """Return the store with most of an item, otherwise the first of its site; None if it has none."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["first_store"], {"item_id": item_id}).fetchone()


def offers(conn: Connection, item_id: int) -> list[Offer]:
    """Return the stores of an item's site, with its free quantity in each."""
    with conn.cursor(row_factory=class_row(Offer)) as cursor:
        return cursor.execute(_QUERIES["offers"], {"item_id": item_id}).fetchall()


def set_rule(
    conn: Connection,
    item_id: int,
    store_id: int,
    *,
    minimum: Decimal | None,
    reorder_point: Decimal | None,
    reorder_quantity: Decimal | None,
    at: datetime,
) -> Level:
    """Set an item's reorder rule for a store; if the stock is below it, more is requested at once.

    Raises InvalidReorderRule if the minimum is above the reorder point.
    """
    if minimum is not None and reorder_point is not None and minimum > reorder_point:
        raise InvalidReorderRule
    lock(conn, item_id, store_id)
    rule = {"minimum": minimum, "reorder_point": reorder_point, "reorder_quantity": reorder_quantity}
    conn.execute(_QUERIES["set_rule"], rule | {"item_id": item_id, "store_id": store_id})
    settle(conn, item_id, store_id, at=at)
    return get(conn, item_id, store_id)


def write(
    conn: Connection, item_id: int, store_id: int, movement: Movement, *, actor: str, at: datetime, **more: Any
) -> int:
    """Add a row to the ledger, which changes the stock, and return its number. The level is locked.

    ``more``: request_id, emergency, unit_cost, currency, said, why.
    """
    facts: dict[str, Any] = {"item_id": item_id, "store_id": store_id, "actor": actor, "at": at}
    facts |= {"request_id": None, "emergency": False, "unit_cost": None, "currency": None, "said": "", "why": ""}
    facts |= {"kind": movement.kind.value, "quantity": movement.quantity, "reserved": movement.reserved}
    facts |= {"shortage": movement.shortage, "bin_id": movement.bin_id, "lot": movement.lot}
    facts |= {"order_id": movement.order_id, "line": movement.line}
    with conn.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute(_QUERIES["move"], facts | more).fetchone() or 0)


def movements(
    conn: Connection,
    *,
    within: Collection[str] | None,
    site: str | None = None,
    item_id: int | None = None,
    store_id: int | None = None,
    order_id: UUID | None = None,
    kind: Kind | None = None,
    after: int | None = None,
    limit: int,
) -> list[LedgerRow]:
    """Return rows of the ledger, the newest first."""
    asked: dict[str, Any] = {"within": scope.codes(within), "site": site, "item_id": item_id, "order_id": order_id}
    asked |= {"kind": kind, "store_id": store_id, "after": after, "limit": limit}
    with conn.cursor(row_factory=kwargs_row(_ledger_row)) as cursor:
        return cursor.execute(_QUERIES["movements"], asked).fetchall()


def ledger(conn: Connection, item_id: int, store_id: int) -> list[Movement]:
    """Return the whole ledger of an item in a store, the oldest row first."""
    with conn.cursor(row_factory=kwargs_row(_movement)) as cursor:
        return cursor.execute(_QUERIES["ledger"], {"item_id": item_id, "store_id": store_id}).fetchall()


def counts(conn: Connection, *, now: datetime) -> Counts:
    """Count what needs attention."""
    with conn.cursor(row_factory=class_row(Counts)) as cursor:
        found = cursor.execute(_QUERIES["counts"], {"now": now}).fetchone()
    assert found is not None, "an aggregate has a row"
    return found


def moved(conn: Connection) -> dict[str, int]:
    """Count all movements, by kind."""
    return dict(conn.execute(_QUERIES["moved"]).fetchall())


def settle(conn: Connection, item_id: int, store_id: int, *, at: datetime) -> None:
    """Reserve free stock for waiting orders, and request more if it is low. The level is locked."""
    key = {"item_id": item_id, "store_id": store_id}
    queue = [((row[0], row[1]), row[3]) for row in conn.execute(_OF_ORDERS["queue"], key).fetchall()]
    level = get(conn, item_id, store_id)
    for (order_id, line), part in reserving.allocate(queue, level.free):
        reserve = Movement(kind=Kind.RESERVE, reserved=part, order_id=order_id, line=line)
        write(conn, item_id, store_id, reserve, actor=STOCK, at=at, why="the parts are there")
    _ask_for_more(conn, get(conn, item_id, store_id), at)


def cut(
    conn: Connection, item_id: int, store_id: int, quantity: Decimal, *, but: UUID | None, at: datetime, why: str
) -> None:
    """Reduce the reservations of orders by a quantity, the newest first, except one order's. The level is locked."""
    rows = conn.execute(_OF_ORDERS["reserved"], {"item_id": item_id, "store_id": store_id}).fetchall()
    others = [((row[0], row[1]), row[2]) for row in rows if row[0] != but]
    for (order_id, line), lost in issuing.cuts(others, quantity):
        release = Movement(kind=Kind.RELEASE, reserved=-lost, order_id=order_id, line=line)
        write(conn, item_id, store_id, release, actor=STOCK, at=at, why=why)


def expected(conn: Connection, level: Level) -> dict[tuple[UUID, int], date | None]:
    """Return when the parts of waiting lines are expected, by order and line."""
    key = {"item_id": level.item_id, "store_id": level.store_id}
    queue = [((row[0], row[1]), row[3]) for row in conn.execute(_OF_ORDERS["queue"], key).fetchall()]
    coming = None if level.coming is None else Coming(level.coming, level.expected_on)
    return reserving.expected(queue, coming)


def to_settle(conn: Connection) -> Sequence[tuple[int, int]]:
    """Return the items and stores with free stock for waiting orders, or with something to request."""
    return [(row[0], row[1]) for row in conn.execute(_OF_ORDERS["waiting_levels"]).fetchall()]


def _ask_for_more(conn: Connection, level: Level, at: datetime) -> None:
    wanted = None if level.retired else reordering.proposal(level.for_buying)
    if wanted is None:
        return
    facts: dict[str, Any] = {"item_id": level.item_id, "store_id": level.store_id, "quantity": wanted}
    if level.request is not None:
        conn.execute(_PURCHASES["raise_quantity"], facts)
        return
    today = at.astimezone(ZoneInfo(level.time_zone)).date()
    expected_on = reordering.expected_on(today, level.lead_time_days)
    why = "orders lack it" if level.lacking > ZERO and level.reorder_point is None else "below the reorder point"
    conn.execute(_PURCHASES["add"], facts | {"expected_on": expected_on, "why": why, "at": at, "actor": STOCK})


def _movement(kind: str, **row: Any) -> Movement:
    return Movement(kind=Kind(kind), **row)


def _ledger_row(kind: str, **row: Any) -> LedgerRow:
    return LedgerRow(kind=Kind(kind), **row)
