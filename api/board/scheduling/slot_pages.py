"""The page on which a requester or planner sees when an order could be done."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board.rendering import page
from db.orders import work_orders
from db.people import technicians
from db.plant import plant
from db.scheduling import schedules, slots
from workorder_core.scheduling.weeks import State

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])


@router.get("/orders/{order_id}/slots", dependencies=[SEES])
def shown(order_id: UUID, request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show the three cheapest times for an order, each with a button that puts it into the plan."""
    order = work_orders.get(conn, order_id, who)
    site = plant.site(conn, order.site_id)
    found = slots.of_order(conn, order.site_id, order.id, now=now)
    plans = {each: schedules.get(conn, each) for each in {one.schedule_id for one in found.offers} if each is not None}
    return page(
        request,
        "scheduling/slots.html",
        now=now,
        order=order,
        site=site.code,
        zone=site.time_zone,
        found=found,
        names={each.code: each.name for each in technicians.listed(conn, site.id)},
        editable={each: plan.version for each, plan in plans.items() if plan.state is State.ACCEPTED},
    )
