"""What it costs to do an order later."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.asking import SEES_COSTS, Asking, Conn, Now
from api.shapes.scheduling.delays import DelayCostOut
from db.orders import work_orders
from db.scheduling import failing

router = APIRouter(tags=["schedules"])
MOST_DAYS = 365


@router.get("/work-orders/{order_id}/delay-cost", dependencies=[SEES_COSTS])
def of_order(
    order_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    days: Annotated[float, Query(gt=0, le=MOST_DAYS, description="how many days later")] = 7,
) -> DelayCostOut:
    """Read what it costs that an order is done so many days later than it is scheduled; unscheduled, later than now."""
    order = work_orders.get(conn, order_id, who)
    return DelayCostOut.of(failing.of_order(conn, order, days=[days], now=now))
