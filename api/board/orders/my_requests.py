"""A requester's own page: what they asked for, and what has become of it."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board.rendering import page
from db.orders import work_orders
from workorder_core.orders import lifecycle, planned_dates
from workorder_core.words import Status

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])
MOST = 50
_NEXT: Mapping[Status, str] = {
    Status.DRAFT: "Not sent yet. Open it and send it for approval.",
    Status.AWAITING_APPROVAL: "Waiting for a planner’s approval.",
    Status.OPEN: "Approved, not assigned yet.",
    Status.PLANNED: "Planned, not scheduled yet.",
    Status.SCHEDULED: "Scheduled.",
    Status.DISPATCHED: "Assigned to a technician.",
    Status.IN_PROGRESS: "Work is in progress.",
    Status.ON_HOLD: "Work is on hold.",
    Status.COMPLETED: "Completed, awaiting verification.",
    Status.VERIFIED: "Completed and verified.",
    Status.CLOSED: "Completed and closed.",
    Status.CANCELLED: "Cancelled. The order’s history says why.",
    Status.CANNOT_COMPLETE: "Could not be completed. The order’s history says why.",
}


@router.get("/my-requests", dependencies=[SEES])
def mine(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show the orders that whoever asks has asked for, the unfinished ones first."""
    filters = work_orders.Filters(requested_by=who.actor, within=who.sites)
    return page(
        request,
        "my_requests.html",
        now=now,
        found=work_orders.page(conn, filters, limit=MOST),
        next=_NEXT,
        dated=planned_dates.DATED,
        final=lifecycle.FINAL,
    )
