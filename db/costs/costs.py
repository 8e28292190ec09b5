"""The costs of work and failures: a site's currency, labour rates, prices of parts, the cost model. The caller owns the
transaction. Changes of rates and of the model are logged by triggers.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import ForeignKeyViolation
from psycopg.rows import class_row, dict_row, scalar_row

from db import sql
from db.errors import NotFound, StoreError
from db.orders import order_history, work_orders
from workorder_core.costs import money, order_cost
from workorder_core.costs.cost_model import PRICES, CostModel, Entry, Priced, Prices
from workorder_core.costs.order_cost import CostFacts, OrderCost, PricedPart
from workorder_core.orders import edits
from workorder_core.orders.edits import Edit
from workorder_core.people.access import Who
from workorder_core.sentences import say

_QUERIES = sql.load("costs")


class NoCurrency(StoreError):
    """An amount was given for a site that has no currency."""

    def __init__(self, site: str) -> None:
        super().__init__(say("{site} has no currency yet; choose the site's currency first", site=site))
        self.site = site


class CurrencyInUse(StoreError):
    """A site's currency cannot change while there are amounts in it."""

    def __init__(self, site: str, currency: str) -> None:
        super().__init__(
            say(
                "{site} has labour rates, a cost model or prices of items in {currency}; remove them first, as another "
                "currency would not convert them",
                site=site,
                currency=currency,
            )
        )
        self.site, self.currency = site, currency


@dataclass(frozen=True, slots=True, kw_only=True)
class LabourRate:
    """The hourly rate of a trade from a local day on; the skill "" is work without a stated trade."""

    skill: str
    from_date: date
    per_hour: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPrice:
    """A part of an order with its unit price; ``unit_cost`` None: unknown."""

    line: int
    part: str
    quantity: float
    unit: str
    unit_cost: Decimal | None
    currency: str | None


def currency_of(conn: Connection, site_id: int) -> str | None:
    """Return a site's currency; None if none is set."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        found: str | None = cursor.execute(_QUERIES["currency"], {"site_id": site_id}).fetchone()
    return found


def set_currency(conn: Connection, site_id: int, site: str, currency: str | None) -> None:
    """Store a site's currency. Raises NoSuchCurrency, and CurrencyInUse while there are amounts in another."""
    if currency is not None:
        money.check_currency(currency)
    before = currency_of(conn, site_id)
    try:
        with conn.transaction():
            conn.execute(_QUERIES["set_currency"], {"site_id": site_id, "currency": currency})
    except ForeignKeyViolation:
        raise CurrencyInUse(site, before or "") from None


def rates(conn: Connection, site_id: int) -> list[LabourRate]:
    """Return a site's labour rates by skill, the newest first."""
    with conn.cursor(row_factory=class_row(LabourRate)) as cursor:
        return cursor.execute(_QUERIES["rates"], {"site_id": site_id}).fetchall()


def put_rate(conn: Connection, site_id: int, site: str, skill: str, from_date: date, per_hour: Decimal | None) -> None:
    """Store the hourly rate of a trade from a day on; None removes it. Raises NoCurrency, NotFound."""
    facts = {"site_id": site_id, "skill": skill, "from_date": from_date, "per_hour": per_hour}
    stored = conn.execute(_QUERIES["drop_rate" if per_hour is None else "put_rate"], facts).fetchone()
    if stored is None and per_hour is None:
        raise NotFound("labour rate", f"of {skill or 'work without a trade'} from {from_date}")
    if stored is None:
        raise NoCurrency(site)


def model(conn: Connection, site_id: int) -> CostModel:
    """Return a site's cost model."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["model"], {"site_id": site_id}).fetchall()
    entries = tuple(
        Entry(asset=row.pop("asset"), asset_class=row.pop("asset_class"), prices=Prices(**row)) for row in rows
    )
    return CostModel(currency=currency_of(conn, site_id), entries=entries)


def put_entry(conn: Connection, site_id: int, site: str, entry: Entry) -> None:
    """Store prices of an asset, a class or the site; with no price the entry is removed.

    Raises NoCurrency, NotFound.
    """
    asset_id = None
    if entry.asset is not None:
        with conn.cursor(row_factory=scalar_row) as cursor:
            asset_id = cursor.execute(_QUERIES["asset_id"], {"site_id": site_id, "code": entry.asset}).fetchone()
        if asset_id is None:
            raise NotFound(f"asset of {site}", entry.asset)
    facts: dict[str, Any] = {"site_id": site_id, "asset_id": asset_id, "asset_class": entry.asset_class}
    if entry.prices == Prices():
        conn.execute(_QUERIES["drop_entry"], facts)
        return
    facts |= {name: getattr(entry.prices, name) for name in PRICES}
    if conn.execute(_QUERIES["put_entry"], facts).fetchone() is None:
        raise NoCurrency(site)


def prices_of_assets(conn: Connection) -> dict[str, Priced]:
    """Return the prices that apply to each asset of a site with a cost model, by its key: ``NTH/P-101``."""
    models = {site_id: model(conn, site_id) for site_id in _sites_with_a_model(conn)}
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["assets"], {"site_ids": list(models)}).fetchall()
    found = {}
    for row in rows:
        of_site = models[row["site_id"]]
        if of_site.currency is not None:
            found[row["key"]] = Priced(currency=of_site.currency, prices=of_site.of(row["code"], row["class"]))
    return found


def _sites_with_a_model(conn: Connection) -> list[int]:
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["sites_with_a_model"]).fetchall()


def of_orders(conn: Connection, order_ids: Collection[UUID], *, now: datetime) -> Mapping[UUID, OrderCost]:
    """Return the costs of orders, by id; orders of sites without a currency are left out."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["of_orders"], {"ids": list(order_ids), "now": now}).fetchall()
    found = {row.pop("id"): order_cost.cost_of(_facts(row)) for row in rows}
    return {order_id: cost for order_id, cost in found.items() if cost is not None}


def of_order(conn: Connection, order_id: UUID, *, now: datetime) -> OrderCost | None:
    """Return the cost of an order; None if its site has no currency."""
    return of_orders(conn, [order_id], now=now).get(order_id)


def of_asset(conn: Connection, asset_id: int, *, since: datetime, now: datetime) -> list[OrderCost]:
    """Return the costs of an asset's orders completed since a moment, the newest first."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        ids = cursor.execute(_QUERIES["finished_of_asset"], {"asset_id": asset_id, "since": since}).fetchall()
    found = of_orders(conn, ids, now=now)
    return [found[each] for each in ids if each in found]


def price_parts(
    conn: Connection, order_id: UUID, prices: Mapping[int, Decimal | None], *, who: Who, at: datetime
) -> None:
    """Store the unit prices of an order's parts, by line, in the site's currency; None removes a price. Each change is
    recorded in the order's history. Raises NoCurrency, NotFound, IllegalMove, NotAllowed.
    """
    order = work_orders.lock(conn, order_id, who)
    edits.permit(order, Edit.PRICES, who)
    currency = currency_of(conn, order.site_id)
    if currency is None:
        raise NoCurrency(order.number.rpartition("-")[0])
    new = {}
    for line, unit_cost in prices.items():
        facts = {"order_id": order_id, "line": line, "unit_cost": unit_cost, "currency": currency}
        with conn.cursor(row_factory=scalar_row) as cursor:
            part = cursor.execute(_QUERIES["price_part"], facts).fetchone()
        if part is None:
            raise NotFound(f"part of {order.number}", line)
        new[f"price {line}"] = {"part": part, "unit_cost": _plain(unit_cost), "currency": currency}
    if new:
        order_history.append(conn, order_id, at=at, actor=who.actor, step="prices", new=new)


def part_prices(conn: Connection, order_id: UUID) -> list[PartPrice]:
    """Return the parts of an order with their unit prices."""
    with conn.cursor(row_factory=class_row(PartPrice)) as cursor:
        return cursor.execute(_QUERIES["part_prices"], {"order_id": order_id}).fetchall()


def _priced(parts: Collection[Mapping[str, Any]]) -> tuple[PricedPart, ...]:
    """Return parts from the database's JSON, where prices are text so that they never pass through a float."""
    return tuple(
        PricedPart(**{**each, "unit_cost": None if each["unit_cost"] is None else Decimal(each["unit_cost"])})
        for each in parts
    )


def _facts(row: Mapping[str, Any]) -> CostFacts:
    named = {each.name: row[each.name] for each in fields(CostFacts) if each.name != "parts"}
    return CostFacts(**named, parts=_priced(row["parts"]))


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"
