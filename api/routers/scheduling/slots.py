"""The cheapest times for an order, or for work that nobody has ordered yet."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.asking import SEES, Asking, Conn, Now
from api.shapes.scheduling.schedules import SlotsOut
from db.orders import work_orders
from db.plant import plant
from db.scheduling import slots

router = APIRouter(tags=["schedules"])
MOST_MINUTES = 7 * 24 * 60


@router.get("/work-orders/{order_id}/slots", dependencies=[SEES])
def of_order(order_id: UUID, conn: Conn, now: Now, who: Asking) -> SlotsOut:
    """Find the three cheapest times for an order in the plans of this week and the next, with nothing else moved."""
    order = work_orders.get(conn, order_id, who)
    return SlotsOut.of(slots.of_order(conn, order.site_id, order.id, now=now), costs=who.sees_costs)


@router.get("/sites/{site_code}/slots", dependencies=[SEES])
def of_work(
    site_code: str,
    conn: Conn,
    now: Now,
    who: Asking,
    minutes: Annotated[int, Query(ge=1, le=MOST_MINUTES, description="how long it takes")],
    skill: Annotated[str | None, Query(max_length=200, description="a skill that it asks for")] = None,
    level: Annotated[int, Query(ge=1, le=5, description="the least level of the skill")] = 1,
    location: Annotated[str | None, Query(max_length=64, description="the code of a location of the site")] = None,
    priority: Annotated[int, Query(ge=1, le=5, description="1 is the most urgent")] = 3,
) -> SlotsOut:
    """Find the three cheapest times for work that nobody has ordered yet."""
    site = plant.site_by_code(conn, site_code, who.sites)
    found = slots.of_work(
        conn, site.code, minutes=minutes, skill=skill, level=level, location=location, priority=priority, now=now
    )
    return SlotsOut.of(found, costs=who.sees_costs)
