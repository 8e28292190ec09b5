"""The tables of stores that people import: a site's present rows, and storing an import's plan. The caller commits."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.inventory import items, levels, moving, prices
from db.inventory.amounts import Amount, Where
from db.inventory.items import Item, ItemFacts
from db.plant.plant import Site
from workorder_core.people.access import Role, Who
from workorder_core.tables import stock_tables
from workorder_core.tables.tables import Facts, Plan, Row, Table

_QUERIES = sql.load("inventory_tables")
NAMES = (stock_tables.ITEMS.name, stock_tables.STOCK.name, stock_tables.BILLS.name)


def known(conn: Connection, name: str, site: Site) -> tuple[Table, Mapping[str, Facts]]:
    """Return a table of a site by its name, with the items that it can refer to, and the facts by key."""
    rows = _rows(conn, name, site)
    if name == stock_tables.ITEMS.name:
        return stock_tables.ITEMS, {row["code"]: row for row in rows}
    codes = frozenset(row["code"] for row in _rows(conn, stock_tables.ITEMS.name, site))
    table = stock_tables.stock(codes) if name == stock_tables.STOCK.name else stock_tables.bills(codes)
    return table, {row.pop("key"): row for row in rows}


def store(
    conn: Connection, site: Site, name: str, facts: Mapping[str, Facts], plan: Plan, *, actor: str, at: datetime
) -> None:
    """Store what a plan creates and changes. Raises NoCurrency for a price at a site without one."""
    who = Who(actor, frozenset({Role.STOREKEEPER}))
    for row in plan.wanted:
        if name == stock_tables.ITEMS.name:
            _item(conn, site, row, at)
        elif name == stock_tables.STOCK.name:
            _stock(conn, site, row, facts.get(row.key), who, at)
        else:
            item = items.by_code(conn, site.id, str(row.values["item"]))
            many = Decimal(str(_or(row, facts, "quantity")))
            items.put_bill(conn, item, str(row.values["asset_class"]), many, str(_or(row, facts, "note") or ""))


def _or(row: Row, facts: Mapping[str, Facts], name: str) -> Any:
    """Return a row's value, otherwise the present one."""
    said = row.values.get(name)
    return facts.get(row.key, {}).get(name) if said is None else said


def _item(conn: Connection, site: Site, row: Row, at: datetime) -> None:
    """Create an item, or change it by a row; its unit stays."""
    said = {name: value for name, value in row.values.items() if value is not None}
    found = items.find(conn, site.id, row.key)
    before: dict[str, Any] = {} if found is None else _facts_of(found)
    units = dict(before.pop("units", {}))
    if "pack" in said:
        units[str(said["pack"])] = Decimal(str(said["pack_size"]))
    names = ("name", "item_class", "supplier", "lead_time_days")
    facts = ItemFacts(**{**before, **{name: said[name] for name in names if name in said}}, units=units)
    if found is None:
        made = items.add(conn, site.id, site.code, row.key, str(said.get("unit") or "pcs"), facts)
    else:
        made = items.save(conn, found, facts, at=at)
    if "price" in said:
        prices.set_price(conn, made, Decimal(str(said["price"])))


def _facts_of(item: Item) -> dict[str, Any]:
    names = ("name", "item_class", "supplier", "lead_time_days")
    return {name: getattr(item, name) for name in names} | {"units": item.units.others}


def _stock(conn: Connection, site: Site, row: Row, before: Facts | None, who: Who, at: datetime) -> None:
    """Receive new stock and count existing stock; missing stores and bins are created."""
    item = items.by_code(conn, site.id, str(row.values["item"]))
    store_id, bin_id = _bin(conn, site, str(row.values["store"]), str(row.values["bin"]))
    lot = None if row.values.get("lot") is None else str(row.values["lot"])
    if row.values.get("quantity") is not None:
        many, where = Decimal(str(row.values["quantity"])), Where(bin_id=bin_id, lot=lot or "")
        if before is None and many > 0:
            moving.receive(conn, item.id, Amount(quantity=many, why="opening stock"), where, who=who, at=at)
        elif before is not None and many != before.get("quantity"):
            moving.count(conn, item.id, many, where, who=who, at=at, why="import")
    names = ("minimum", "reorder_point", "reorder_quantity")
    if any(row.values.get(name) is not None for name in names):
        level = levels.lock(conn, item.id, store_id)
        rule = {
            name: getattr(level, name) if row.values.get(name) is None else Decimal(str(row.values[name]))
            for name in names
        }
        levels.set_rule(conn, item.id, store_id, **rule, at=at)


def _bin(conn: Connection, site: Site, store: str, code: str) -> tuple[int, int]:
    known_stores = {each.code: each for each in items.stores(conn, None, site.code)}
    there = known_stores.get(store) or items.add_store(conn, site.id, site.code, store, store, [])
    found = next((each["id"] for each in there.bins if each["code"] == code), None)
    return there.id, found or items.add_bin(conn, there.id, code).id


def _rows(conn: Connection, name: str, site: Site) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES[name], {"site_id": site.id}).fetchall()
