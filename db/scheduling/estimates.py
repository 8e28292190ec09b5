"""How long work took at a site, for estimates. The caller owns the transaction."""

from datetime import datetime

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql
from db.plant import plant
from workorder_core.orders.order import WorkOrder
from workorder_core.scheduling.estimates import Alike, Key, Learned, learned

_QUERIES = sql.load("scheduling")


def of_site(conn: Connection, site_id: int) -> dict[Key, Learned]:
    """Return the medians of the hours worked at a site, by job plan, by class and type, and by type."""
    found: dict[Key, Learned] = {}
    with conn.cursor(row_factory=tuple_row) as cursor:
        for alike, plan, asset_class, kind, hours, count in cursor.execute(_QUERIES["medians"], {"site_id": site_id}):
            named = {Alike.PLAN: (plan, ""), Alike.CLASS: (asset_class, kind), Alike.TYPE: (None, kind)}[Alike(alike)]
            if alike == Alike.TYPE or named[0] is not None:
                found[Alike(alike), *named] = Learned(hours=float(hours), count=count, alike=Alike(alike))
    return found


def of_order(conn: Connection, order: WorkOrder, *, now: datetime) -> Learned | None:
    """Return the median of the hours worked on done orders like one; None if there is none like it."""
    asset_class = None if order.asset_id is None else plant.asset(conn, order.asset_id, now=now).asset_class
    known = of_site(conn, order.site_id)
    return learned(known, plan=order.plan, asset_class=asset_class, order_type=order.type.value)
