"""The amount of a movement, and its bins. The caller owns the transaction."""

from dataclasses import dataclass
from decimal import Decimal

from psycopg import Connection

from db.errors import NotFound
from db.inventory import items, levels, order_lines
from db.inventory.items import Item
from workorder_core.inventory.errors import NoBin, NoStore
from workorder_core.orders.order import WorkOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The source or target of a movement; None: the program chooses. An item is issued from the store that has most of
    it, from its earliest lot; and received into its present bin.
    """

    store_id: int | None = None
    bin_id: int | None = None
    lot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """An amount, in a unit of the item; None: its own. Some movements require ``why``."""

    quantity: Decimal
    unit: str | None = None
    why: str = ""

    def said(self, item: Item) -> str:
        """As entered, if in another unit."""
        return "" if self.unit in (None, item.unit) else f"{self.quantity:f} {self.unit}"[:60]


def place(conn: Connection, item: Item, where: Where, *, order: WorkOrder | None = None) -> tuple[int, int]:
    """Return the store and the bin of a movement, of the item's site. Raises NotFound, NoPlaceForIt."""
    if where.bin_id is not None:
        place = items.get_bin(conn, where.bin_id)
        if place.site_id != item.site_id or where.store_id not in (None, place.store_id):
            raise NotFound("bin", where.bin_id)
        return place.store_id, place.id
    store_id = where.store_id or _reserved_in(conn, item, order) or levels.first_store(conn, item.id)
    if store_id is None:
        raise NoStore(item.site)
    store = items.store(conn, store_id)
    if store.site_id != item.site_id:
        raise NotFound("store", store_id)
    bin_id = levels.first_bin(conn, item.id, store_id)
    if bin_id is None:
        raise NoBin(store.code)
    return store_id, bin_id


def _reserved_in(conn: Connection, item: Item, order: WorkOrder | None) -> int | None:
    """Return the store in which an order has reserved an item; None if it has not."""
    lines = [] if order is None else [each for each in order_lines.of_order(conn, order.id) if each.item_id == item.id]
    best = max(lines, key=lambda each: (each.reserved, each.lacks, -each.line), default=None)
    return None if best is None else best.store_id
