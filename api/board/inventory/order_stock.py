"""The stock section of an order's page: its lines, missing parts, and the items that can be reserved."""

from typing import Any

from psycopg import Connection

from db.inventory import items, order_lines
from db.plant.plant import Asset
from workorder_core.errors import IllegalMove, NotAllowed
from workorder_core.orders import edits
from workorder_core.orders.edits import Edit
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who

MOST_ITEMS = 500


def facts(conn: Connection, order: WorkOrder, asset: Asset | None, who: Who) -> dict[str, Any]:
    """Return the facts for the template of an order's stock; items of the asset's class come first."""
    lines = order_lines.of_order(conn, order.id)
    offers = _may(order, who)
    site = order.number.rpartition("-")[0]
    found = items.page(conn, within=[site], site=site, limit=MOST_ITEMS) if offers else []
    of_class = set()
    if offers and asset is not None:
        bill = items.bills(conn, within=[site], site=site, asset_class=asset.asset_class, limit=MOST_ITEMS)
        of_class = {each.item_id for each in bill}
    return {
        "stock_lines": lines,
        "waits_for_parts": order_lines.waiting(conn, [order.id]).get(order.id),
        "offers_stock": offers,
        "stock_items": sorted(found, key=lambda each: (each.id not in of_class, each.code)),
    }


def _may(order: WorkOrder, who: Who) -> bool:
    """Return whether somebody may reserve parts for an order now."""
    try:
        edits.permit(order, Edit.STOCK, who)
    except (IllegalMove, NotAllowed):
        return False
    return True
