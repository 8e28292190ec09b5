"""Work orders: found, read, made, and taken through their lifecycle."""

from collections.abc import Callable
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from api.asking import PLANS, REQUESTS, SEES, WORKS, Actor, Asking, Conn, Now, Version
from api.shapes.orders import (
    AssignIn,
    CloseOutIn,
    ListedOut,
    NoteIn,
    OrderIn,
    ProposalOut,
    ReasonIn,
    WholeOrderOut,
    WorkOrderOut,
    WorkOrderPage,
)
from db import assignments, plant, work_orders
from workorder_core import lifecycle
from workorder_core.decisions import Urgency
from workorder_core.orders import WorkOrder
from workorder_core.words import OrderType, Origin, Priority, Status

router = APIRouter(prefix="/work-orders", tags=["work orders"])


class Taking:
    """A step about to be taken: by whom, when, and on which version of the order."""

    def __init__(self, conn: Conn, now: Now, actor: Actor, version: Version, response: Response) -> None:
        self.conn, self.now, self.actor, self.version, self.response = conn, now, actor, version, response

    def __call__(self, order_id: UUID, step: Callable[[WorkOrder], WorkOrder], why: str) -> WorkOrderOut:
        """Take the step and return the order with its new ETag."""
        order = work_orders.change(
            self.conn, order_id, step, actor=self.actor, at=self.now, why=why, expected_version=self.version
        )
        return _tagged(order, self.response)


Step = Annotated[Taking, Depends(Taking)]
NOTHING_SAID = NoteIn()


def _tagged(order: WorkOrder, response: Response) -> WorkOrderOut:
    response.headers["ETag"] = f'"{order.version}"'
    return WorkOrderOut.of(order)


@router.get("", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    status: Annotated[list[Status] | None, Query()] = None,
    kind: Annotated[list[OrderType] | None, Query(alias="type")] = None,
    origin: Annotated[list[Origin] | None, Query()] = None,
    priority: Annotated[list[Priority] | None, Query(description="1 emergency, 2 high, 3 medium, 4 low")] = None,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    asset: Annotated[str | None, Query(description="an asset's code")] = None,
    assignee: Annotated[str | None, Query(description="a technician's code; - for orders that nobody has")] = None,
    unfinished: Annotated[bool | None, Query(description="true: neither closed nor cancelled")] = None,
    opened_from: AwareDatetime | None = None,
    opened_to: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> WorkOrderPage:
    """List orders, the most urgent first and the finished ones last."""
    filters = work_orders.Filters(
        status=status,
        type=kind,
        origin=origin,
        priority=priority,
        site=site,
        within=who.sites,
        asset=asset,
        assignee=assignee,
        unfinished=unfinished,
        opened_from=opened_from,
        opened_to=opened_to,
    )
    items = [ListedOut.listed(each) for each in work_orders.page(conn, filters, limit=limit, offset=offset)]
    return WorkOrderPage(items=items, total=work_orders.count(conn, filters), limit=limit, offset=offset)


@router.post("", status_code=201, dependencies=[REQUESTS])
def create(body: OrderIn, conn: Conn, now: Now, who: Asking, response: Response) -> WorkOrderOut:
    """Make an order by hand."""
    actor = who.actor
    urgency = None
    if body.priority is not None:
        urgency = Urgency(body.priority, f"{body.priority.name.capitalize()}: set by {actor}.")
    order = work_orders.create_by_hand(
        conn,
        asset=plant.asset(conn, body.asset_id, now=now, within=who.sites),
        kind=body.type,
        title=body.title,
        component=body.component,
        failure_mode=body.failure_mode,
        actor=actor,
        at=now,
        urgency=urgency,
        why=body.why,
    )
    response.headers["Location"] = f"/api/v1/work-orders/{order.id}"
    return _tagged(order, response)


@router.get("/by-number/{number}", dependencies=[SEES])
def by_number(number: str, conn: Conn, response: Response) -> WorkOrderOut:
    """Find the order that people mean by a number."""
    return _tagged(work_orders.get(conn, work_orders.id_of_number(conn, number)), response)


@router.get("/{order_id}", dependencies=[SEES])
def read(order_id: UUID, conn: Conn, response: Response) -> WholeOrderOut:
    """Read one order with its evidence, the newest first, its history, and the steps that are possible."""
    order = work_orders.get(conn, order_id)
    response.headers["ETag"] = f'"{order.version}"'
    return WholeOrderOut.whole(order, work_orders.evidence(conn, order_id), work_orders.history(conn, order_id))


@router.get("/{order_id}/proposal", dependencies=[SEES])
def proposal(order_id: UUID, conn: Conn, now: Now) -> ProposalOut:
    """Weigh every technician of the site for an order, with the reasons for and against each."""
    return ProposalOut.of(assignments.proposal(conn, work_orders.get(conn, order_id), now=now))


@router.post("/{order_id}/assign", dependencies=[PLANS])
def assign(order_id: UUID, body: AssignIn, take: Step) -> WorkOrderOut:
    """Give the order to a technician, or to whoever is proposed."""
    give = partial(assignments.accept, take.conn, order_id)
    if body.technician is not None:
        give = partial(assignments.assign_to, take.conn, order_id, body.technician)
    return _tagged(give(actor=take.actor, at=take.now, why=body.why, expected_version=take.version), take.response)


@router.post("/{order_id}/unassign", dependencies=[PLANS])
def unassign(order_id: UUID, body: ReasonIn, take: Step) -> WorkOrderOut:
    """Take the order back from its technician; people, not the timetable, decide who gets it next."""
    return take(order_id, lambda order: lifecycle.unassign(order, body.reason, at=take.now), body.reason)


@router.post("/{order_id}/start", dependencies=[WORKS])
def start(order_id: UUID, take: Step, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Record that the technician is at the machine."""
    return take(order_id, lambda order: lifecycle.start(order, at=take.now), body.why)


@router.post("/{order_id}/hold", dependencies=[WORKS])
def hold(order_id: UUID, body: ReasonIn, take: Step) -> WorkOrderOut:
    """Record that the work waits for something."""
    return take(order_id, lambda order: lifecycle.hold(order, body.reason, at=take.now), body.reason)


@router.post("/{order_id}/resume", dependencies=[WORKS])
def resume(order_id: UUID, take: Step, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Record that what the work waited for has come."""
    return take(order_id, lambda order: lifecycle.resume(order, at=take.now), body.why)


@router.post("/{order_id}/complete", dependencies=[WORKS])
def complete(order_id: UUID, body: CloseOutIn, take: Step) -> WorkOrderOut:
    """Record that the work is done, with what was found and done."""
    return take(order_id, lambda order: lifecycle.complete(order, body.close_out(), at=take.now), body.note)


@router.post("/{order_id}/verify", dependencies=[PLANS])
def verify(order_id: UUID, take: Step, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Record that the machine does its work again."""
    return take(order_id, lambda order: lifecycle.verify(order, at=take.now), body.why)


@router.post("/{order_id}/close", dependencies=[PLANS])
def close(order_id: UUID, take: Step, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Record that nothing is left to do."""
    return take(order_id, lambda order: lifecycle.close(order, at=take.now), body.why)


@router.post("/{order_id}/rework", dependencies=[PLANS])
def rework(order_id: UUID, body: ReasonIn, take: Step) -> WorkOrderOut:
    """Send the order back: the work did not help."""
    return take(order_id, lambda order: lifecycle.rework(order, body.reason, at=take.now), body.reason)


@router.post("/{order_id}/cancel", dependencies=[PLANS])
def cancel(order_id: UUID, body: ReasonIn, take: Step) -> WorkOrderOut:
    """Record that the work will not be done."""
    return take(order_id, lambda order: lifecycle.cancel(order, body.reason, at=take.now), body.reason)
