"""A requester's own page: the problems that they have reported, the orders that they have requested, and the status of
each."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board.rendering import page
from db.orders import work_orders
from db.requests import listing
from workorder_core.language import N_
from workorder_core.orders import lifecycle, planned_dates
from workorder_core.words import Status

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])
MOST = 50
_NEXT: Mapping[Status, str] = {
    Status.DRAFT: N_("Not sent yet. Open it and send it for approval."),
    Status.AWAITING_APPROVAL: N_("Waiting for a planner’s approval."),
    Status.OPEN: N_("Approved, not assigned yet."),
    Status.PLANNED: N_("Planned, not scheduled yet."),
    Status.SCHEDULED: N_("Scheduled."),
    Status.DISPATCHED: N_("Assigned to a technician."),
    Status.IN_PROGRESS: N_("Work is in progress."),
    Status.ON_HOLD: N_("Work is on hold."),
    Status.COMPLETED: N_("Completed, awaiting verification."),
    Status.VERIFIED: N_("Completed and verified."),
    Status.CLOSED: N_("Completed and closed."),
    Status.CANCELLED: N_("Cancelled. The order’s history says why."),
    Status.CANNOT_COMPLETE: N_("Could not be completed. The order’s history says why."),
}


@router.get("/my-requests", dependencies=[SEES])
def mine(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show the user's own requests, the unfinished ones first."""
    filters = work_orders.Filters(requested_by=who.actor, within=who.sites)
    return page(
        request,
        "my_requests.html",
        now=now,
        found=work_orders.page(conn, filters, limit=MOST),
        reported=listing.newest_first(conn, who.sites, made_by=who.actor, limit=MOST),
        next=_NEXT,
        dated=planned_dates.DATED,
        final=lifecycle.FINAL,
    )
