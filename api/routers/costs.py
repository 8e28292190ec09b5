"""Costs: a site's currency, labour rates and cost model, and the cost of an order, for users who may see costs."""

from uuid import UUID

from fastapi import APIRouter
from psycopg import Connection

from api.asking import PLANS, SEES_COSTS, Asking, Conn, Now, Why
from api.naming import Names
from api.paging import AS_FILE
from api.shapes.costs import (
    CurrencyIn,
    EntryIn,
    EntryOut,
    OrderCostOut,
    PartPricesIn,
    RateIn,
    RateOut,
    SiteCostsOut,
)
from db.costs import costs
from db.orders import work_orders
from db.plant import plant
from workorder_core.costs.cost_model import Prices
from workorder_core.plant.new_names import NameKind

router = APIRouter(tags=["costs"])


@router.get("/sites/{site_code}/costs", dependencies=[SEES_COSTS])
def read(site_code: str, conn: Conn, who: Asking) -> SiteCostsOut:
    """Read a site's currency, labour rates and cost model."""
    return _costs(conn, plant.site_by_code(conn, site_code, who.sites).id)


@router.get("/sites/{site_code}/costs/labour-rates", dependencies=[SEES_COSTS, AS_FILE])
def rates(site_code: str, conn: Conn, who: Asking) -> list[RateOut]:
    """List what an hour of each trade costs from which day on."""
    return _costs(conn, plant.site_by_code(conn, site_code, who.sites).id).labour_rates


@router.get("/sites/{site_code}/costs/cost-model", dependencies=[SEES_COSTS, AS_FILE])
def entries(site_code: str, conn: Conn, who: Asking) -> list[EntryOut]:
    """List what failures, downtime and wasted visits cost, by asset, class and site."""
    return _costs(conn, plant.site_by_code(conn, site_code, who.sites).id).cost_model


@router.put("/sites/{site_code}/costs/currency", dependencies=[PLANS])
def put_currency(site_code: str, body: CurrencyIn, conn: Conn, who: Asking, _: Why) -> SiteCostsOut:
    """Choose a site's currency; refused while there are labour rates or a cost model in another one."""
    site = plant.site_by_code(conn, site_code, who.sites)
    costs.set_currency(conn, site.id, site.code, body.currency)
    return _costs(conn, site.id)


@router.put("/sites/{site_code}/costs/labour-rate", dependencies=[PLANS])
def put_rate(site_code: str, body: RateIn, conn: Conn, names: Names, who: Asking, _: Why) -> SiteCostsOut:
    """Set a trade's hourly rate from a day on; earlier work keeps the rate of its day."""
    site = plant.site_by_code(conn, site_code, who.sites)
    if body.per_hour is not None:
        names.require((NameKind.SKILL, [body.skill]))
    costs.put_rate(conn, site.id, site.code, body.skill, body.from_date, body.per_hour)
    return _costs(conn, site.id)


@router.put("/sites/{site_code}/costs/model", dependencies=[PLANS])
def put_entry(site_code: str, body: EntryIn, conn: Conn, names: Names, who: Asking, _: Why) -> SiteCostsOut:
    """Set the costs of failures, downtime and wasted visits, for an asset, a class or the whole site."""
    site, entry = plant.site_by_code(conn, site_code, who.sites), body.entry()
    if entry.prices != Prices():
        names.require((NameKind.CLASS, [entry.asset_class]))
    costs.put_entry(conn, site.id, site.code, entry)
    return _costs(conn, site.id)


@router.get("/work-orders/{order_id}/cost", dependencies=[SEES_COSTS])
def of_order(order_id: UUID, conn: Conn, now: Now, who: Asking) -> OrderCostOut | None:
    """Read the cost of an order; null if its site has no currency."""
    work_orders.get(conn, order_id, who)
    found = costs.of_order(conn, order_id, now=now)
    return None if found is None else OrderCostOut.of(found)


@router.put("/work-orders/{order_id}/part-prices", dependencies=[PLANS])
def price_parts(order_id: UUID, body: PartPricesIn, conn: Conn, now: Now, who: Asking) -> OrderCostOut | None:
    """Set the unit prices of an order's parts, in the site's currency."""
    costs.price_parts(conn, order_id, body.unit_costs, who=who, at=now)
    found = costs.of_order(conn, order_id, now=now)
    return None if found is None else OrderCostOut.of(found)


def _costs(conn: Connection, site_id: int) -> SiteCostsOut:
    return SiteCostsOut.of(costs.model(conn, site_id), costs.rates(conn, site_id))
