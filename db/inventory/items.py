"""Items, their units and prices; stores and their bins; bills of material. The caller owns the transaction.

Changes are logged by triggers, prices apart from the rest.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, kwargs_row, scalar_row

from db import scope, sql
from db.errors import AlreadyExists, NotFound
from workorder_core.inventory.errors import ItemInUse, ItemRetired
from workorder_core.inventory.quantities import Units

_QUERIES = sql.load("inventory_items")
MOST_ASSETS = 200
MOST_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item kept in stores. ``price`` is per unit; None: unknown."""

    id: int
    site_id: int
    site: str
    time_zone: str
    code: str
    name: str
    units: Units
    item_class: str = ""
    supplier: str = ""
    lead_time_days: int | None = None
    price: Decimal | None = None
    currency: str | None = None
    retired_at: datetime | None = None

    @property
    def unit(self) -> str:
        return self.units.own


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFacts:
    """The facts of an item. ``units`` are other units as multiples of its own."""

    name: str
    item_class: str = ""
    supplier: str = ""
    lead_time_days: int | None = None
    units: Mapping[str, Decimal]
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    id: int
    code: str
    store_id: int
    store: str
    store_name: str
    site_id: int
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    id: int
    site_id: int
    site: str
    code: str
    name: str
    bins: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """A line of a bill of material: how many of an item an asset of a class has."""

    site: str
    asset_class: str
    item: str
    item_id: int
    name: str
    unit: str
    quantity: Decimal
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InPlan:
    key: str
    title: str
    quantity: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InAsset:
    id: int
    code: str
    name: str
    asset_class: str
    quantity: Decimal


def words_of(text: str | None) -> list[str] | None:
    """Return the words of a filter as patterns; None for no filter."""
    said = (text or "").replace("\0", "").split()[:MOST_WORDS]
    return ["%" + each.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" for each in said] or None


def page(
    conn: Connection,
    *,
    within: Collection[str] | None,
    site: str | None = None,
    text: str | None = None,
    item_class: str | None = None,
    retired: bool = False,
    after: tuple[str, str] | None = None,
    limit: int,
) -> list[Item]:
    """Return items by site and code."""
    after_site, after_code = after or (None, None)
    asked: dict[str, Any] = {
        "within": scope.codes(within),
        "site": site,
        "words": words_of(text),
        "item_class": item_class,
    }
    asked |= {"retired": retired, "after_site": after_site, "after_code": after_code, "limit": limit}
    with conn.cursor(row_factory=kwargs_row(_item)) as cursor:
        return cursor.execute(_QUERIES["items"], asked).fetchall()


def get(conn: Connection, item_id: int) -> Item:
    """Return an item. Raises NotFound."""
    with conn.cursor(row_factory=kwargs_row(_item)) as cursor:
        found = cursor.execute(_QUERIES["item"], {"id": item_id}).fetchone()
    if found is None:
        raise NotFound("item", item_id)
    return found


def by_code(conn: Connection, site_id: int, code: str) -> Item:
    """Return a site's item by its code. Raises NotFound."""
    with conn.cursor(row_factory=kwargs_row(_item)) as cursor:
        found = cursor.execute(_QUERIES["by_code"], {"site_id": site_id, "code": code}).fetchone()
    if found is None:
        raise NotFound("item", code)
    return found


def find(conn: Connection, site_id: int, code: str) -> Item | None:
    """Return a site's item by its code; None if there is none."""
    with conn.cursor(row_factory=kwargs_row(_item)) as cursor:
        return cursor.execute(_QUERIES["by_code"], {"site_id": site_id, "code": code}).fetchone()


def of_order(conn: Connection, order_id: UUID, codes: Collection[str]) -> dict[str, Item]:
    """Return the items of an order's site with those codes, by code; unknown codes are left out."""
    with conn.cursor(row_factory=kwargs_row(_item)) as cursor:
        found = cursor.execute(_QUERIES["of_order"], {"order_id": order_id, "codes": sorted(codes)}).fetchall()
    return {each.code: each for each in found}


def add(conn: Connection, site_id: int, site: str, code: str, unit: str, facts: ItemFacts) -> Item:
    """Store a new item. Raises AlreadyExists."""
    row = _row(facts) | {"site_id": site_id, "code": code, "unit": unit, "price": None, "currency": None}
    with conn.cursor(row_factory=scalar_row) as cursor:
        item_id = cursor.execute(_QUERIES["add_item"], row).fetchone()
    if item_id is None:
        raise AlreadyExists("item", f"{site}/{code}")
    _put_units(conn, item_id, site_id, unit, facts.units)
    return get(conn, item_id)


def save(conn: Connection, item: Item, facts: ItemFacts, *, at: datetime) -> Item:
    """Change an item's facts. Raises ItemInUse for retiring one that orders need or that has an open request."""
    if facts.retired and item.retired_at is None:
        conn.execute(_QUERIES["lock_item"], {"id": item.id})
        found = conn.execute(_QUERIES["in_use"], {"id": item.id}).fetchall()
        if found:
            orders = dict.fromkeys(order for order, _ in found if order is not None)
            raise ItemInUse(item.code, list(orders), [request for _, request in found if request is not None])
    conn.execute(_QUERIES["save_item"], _row(facts) | {"id": item.id, "retired": facts.retired, "at": at})
    _put_units(conn, item.id, item.site_id, item.unit, facts.units)
    return get(conn, item.id)


def get_in_use(conn: Connection, item_id: int) -> Item:
    """Return an item of which more may be received, reserved and bought. Raises NotFound, ItemRetired."""
    item = get(conn, item_id)
    if item.retired_at is not None:
        raise ItemRetired(item.code)
    return item


def lot_prices(conn: Connection, item: Item) -> dict[str, tuple[Decimal, str]]:
    """Return the prices of an item's lots, by lot; any other lot has the item's price."""
    rows = conn.execute(_QUERIES["lot_prices"], {"item_id": item.id}).fetchall()
    return {lot: (unit_cost, currency) for lot, unit_cost, currency in rows}


def classes(conn: Connection, within: Collection[str] | None) -> list[str]:
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["classes"], {"within": scope.codes(within)}).fetchall()


def stores(conn: Connection, within: Collection[str] | None, site: str | None = None) -> list[Store]:
    """Return the visible stores, with their bins, by site and code."""
    with conn.cursor(row_factory=class_row(Store)) as cursor:
        asked = {"within": scope.codes(within), "site": site, "id": None}
        return cursor.execute(_QUERIES["stores"], asked).fetchall()


def store(conn: Connection, store_id: int) -> Store:
    """Return one store. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Store)) as cursor:
        found = cursor.execute(_QUERIES["stores"], {"within": None, "site": None, "id": store_id}).fetchone()
    if found is None:
        raise NotFound("store", store_id)
    return found


def add_store(conn: Connection, site_id: int, site: str, code: str, name: str, bins: Sequence[str]) -> Store:
    """Store a new store with its bins. Raises AlreadyExists."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        made = cursor.execute(_QUERIES["add_store"], {"site_id": site_id, "code": code, "name": name}).fetchone()
    if made is None:
        raise AlreadyExists("store", f"{site}/{code}")
    for each in dict.fromkeys(bins):
        add_bin(conn, made, each)
    return store(conn, made)


def add_bin(conn: Connection, store_id: int, code: str) -> Bin:
    """Store a new bin of a store. Raises AlreadyExists."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        made = cursor.execute(_QUERIES["add_bin"], {"store_id": store_id, "code": code}).fetchone()
    if made is None:
        raise AlreadyExists("bin", code)
    return get_bin(conn, made)


def get_bin(conn: Connection, bin_id: int) -> Bin:
    """Return one bin. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Bin)) as cursor:
        found = cursor.execute(_QUERIES["bin"], {"id": bin_id}).fetchone()
    if found is None:
        raise NotFound("bin", bin_id)
    return found


def put_bill(conn: Connection, item: Item, asset_class: str, quantity: Decimal | None, note: str = "") -> None:
    """Set how many of an item the assets of a class have; None: none. Raises NotFound."""
    facts = {"item_id": item.id, "asset_class": asset_class, "quantity": quantity, "note": note}
    if quantity is not None:
        conn.execute(_QUERIES["put_bill"], facts)
    elif conn.execute(_QUERIES["drop_bill"], facts).fetchone() is None:
        raise NotFound(f"{item.code} in the bill of material of", asset_class)


def bills(
    conn: Connection,
    *,
    within: Collection[str] | None,
    site: str | None = None,
    asset_class: str | None = None,
    item_id: int | None = None,
    after: tuple[str, str, str] | None = None,
    limit: int,
) -> list[BillLine]:
    """Return bills of material by site, class and item."""
    after_site, after_class, after_code = after or (None, None, None)
    asked = {"within": scope.codes(within), "site": site, "asset_class": asset_class, "item_id": item_id}
    asked |= {"after_site": after_site, "after_class": after_class, "after_code": after_code, "limit": limit}
    with conn.cursor(row_factory=class_row(BillLine)) as cursor:
        return cursor.execute(_QUERIES["bills"], asked).fetchall()


def used_in_plans(conn: Connection, item_id: int) -> list[InPlan]:
    """Return the job plans in force that need an item, by its code."""
    with conn.cursor(row_factory=class_row(InPlan)) as cursor:
        return cursor.execute(_QUERIES["used_in_plans"], {"item_id": item_id}).fetchall()


def used_by_assets(conn: Connection, item_id: int) -> list[InAsset]:
    """Return the assets whose class has an item; 200 at most."""
    with conn.cursor(row_factory=class_row(InAsset)) as cursor:
        return cursor.execute(_QUERIES["used_by_assets"], {"item_id": item_id, "limit": MOST_ASSETS}).fetchall()


def _row(facts: ItemFacts) -> dict[str, Any]:
    names = ("name", "item_class", "supplier", "lead_time_days")
    return {name: getattr(facts, name) for name in names}


def _put_units(conn: Connection, item_id: int, site_id: int, own: str, units: Mapping[str, Decimal]) -> None:
    others = {unit: factor for unit, factor in units.items() if unit != own}
    conn.execute(_QUERIES["drop_units"], {"item_id": item_id, "units": list(others)})
    for unit, factor in others.items():
        facts = {"item_id": item_id, "site_id": site_id, "unit": unit, "factor": factor}
        conn.execute(_QUERIES["put_unit"], facts)


def _item(*, unit: str, units: Mapping[str, str], **row: Any) -> Item:
    return Item(**row, units=Units(unit, {name: Decimal(factor) for name, factor in units.items()}))
