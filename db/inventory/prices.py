"""The prices of items and lots, in the currency of their site. The caller owns the transaction."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from psycopg import Connection

from db import sql
from db.costs import costs
from db.costs.costs import NoCurrency
from db.inventory import items
from db.inventory.items import Item

_QUERIES = sql.load("inventory_items")
Cost = tuple[Decimal, str] | None
"""A unit price and its currency; None: unknown."""


def set_price(conn: Connection, item: Item, price: Decimal | None) -> Item:
    """Set an item's unit price from now on, in its site's currency. Raises NoCurrency."""
    currency = None
    if price is not None:
        currency = costs.currency_of(conn, item.site_id)
        if currency is None:
            raise NoCurrency(item.site)
    if (price, currency) != (item.price, item.currency):
        conn.execute(_QUERIES["set_price"], {"id": item.id, "price": price, "currency": currency})
    return replace(item, price=price, currency=currency)


def put_lot(conn: Connection, item: Item, lot: str, unit_cost: Decimal | None, expires_on: date | None = None) -> None:
    """Set a lot's unit price, in the site's currency, and its last day; None keeps it. Raises NoCurrency."""
    currency = None
    if unit_cost is not None:
        currency = costs.currency_of(conn, item.site_id)
        if currency is None:
            raise NoCurrency(item.site)
    facts = {"item_id": item.id, "site_id": item.site_id, "lot": lot, "unit_cost": unit_cost, "currency": currency}
    conn.execute(_QUERIES["put_lot"], facts | {"expires_on": expires_on})


def of_lot(conn: Connection, item: Item, lot: str) -> Cost:
    """Return a lot's unit price: its own, otherwise the item's."""
    of_lots = items.lot_prices(conn, item) if lot else {}
    return of_lots.get(lot, of_item(item))


def of_item(item: Item) -> Cost:
    """Return an item's unit price."""
    return None if item.price is None or item.currency is None else (item.price, item.currency)


def costing(cost: Cost) -> dict[str, Decimal | str | None]:
    """Return a price as the columns of the ledger."""
    unit_cost, currency = cost or (None, None)
    return {"unit_cost": unit_cost, "currency": currency}
