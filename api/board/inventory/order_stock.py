"""The stock section of an order's page: its lines, missing parts, and the items that can be reserved."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from db.inventory import bookings, items, order_lines, order_tools, tools
from db.inventory.items import BillLine
from db.orders.order_lists import Listed
from db.plant.plant import Asset
from workorder_core.errors import IllegalMove, NotAllowed
from workorder_core.inventory.reserving import Waiting
from workorder_core.orders import edits, statuses
from workorder_core.orders.edits import Edit
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who

MOST_ITEMS, MOST_TOOLS = 500, 100
OVER = statuses.DONE | statuses.FINAL
"""It needs no tools any more."""


def facts(conn: Connection, order: WorkOrder, asset: Asset | None, who: Who, now: datetime) -> dict[str, Any]:
    """Return the facts for the template of an order's stock; items of the asset's class come first."""
    lines = order_lines.of_order(conn, order.id)
    needed = [] if order.status in OVER else order_tools.of_order(conn, order, now=now)
    named = {each.booking.id for each in needed if each.booking is not None}
    offers = _may(order, who)
    site = order.number.rpartition("-")[0]
    found = items.page(conn, within=[site], site=site, limit=MOST_ITEMS) if offers else []
    bill: list[BillLine] = []
    if offers and asset is not None:
        bill = items.bills(conn, within=[site], site=site, asset_class=asset.asset_class, limit=MOST_ITEMS)
    of_class = {each.item_id: each.quantity for each in bill}
    return {
        "stock_lines": lines,
        "waits_for_parts": order_lines.waiting(conn, [order.id]).get(order.id),
        "offers_stock": offers,
        "bill_items": [(each, of_class[each.id]) for each in found if each.id in of_class],
        "other_items": [each for each in found if each.id not in of_class],
        "needed_tools": needed,
        "order_bookings": [
            each
            for each in bookings.page(conn, within=[site], order_id=order.id, limit=MOST_TOOLS)
            if each.id not in named
        ],
        "order_tools": tools.page(conn, within=[site], site=site, limit=MOST_TOOLS) if offers else [],
    }


def waits(conn: Connection, listed: Sequence[Listed]) -> Mapping[UUID, Waiting]:
    """Return which orders of a list wait for parts, with what and until when."""
    return order_lines.waiting(conn, [each.order.id for each in listed])


def _may(order: WorkOrder, who: Who) -> bool:
    """Return whether somebody may reserve parts for an order now. The store is closed to contractors."""
    if who.contractor is not None:
        return False
    try:
        edits.permit(order, Edit.STOCK, who)
    except (IllegalMove, NotAllowed):
        return False
    return True
