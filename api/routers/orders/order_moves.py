"""The steps of an order's lifecycle, one path each. The core's table has their roles and requirements."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from api.asking import PLANS, REQUESTS, WORKS_OR_PLANS, Asking, Conn, Now, Version
from api.routers.orders.work_orders import tagged
from api.shapes.order_steps import AssignIn, CloseOutIn, HoldIn, NoteIn, PlanIn, ReasonIn, ScheduleIn
from api.shapes.orders import WorkOrderOut
from db.orders import closing, order_work, work_orders
from db.people import assignments
from workorder_core.orders.details import NOTHING, Cancel, Details, Hold, Reason
from workorder_core.orders.lifecycle import Step

router = APIRouter(prefix="/work-orders/{order_id}", tags=["work orders: steps"])


class Performing:
    """A requested step: by whom, when, and on which version of the order."""

    def __init__(self, order_id: UUID, conn: Conn, now: Now, who: Asking, version: Version, response: Response) -> None:
        self.order_id, self.conn, self.now, self.who = order_id, conn, now, who
        self.version, self.response = version, response

    def __call__(self, step: Step, details: Details, why: str) -> WorkOrderOut:
        """Perform the step and return the order with its new ETag."""
        order = work_orders.take_step(
            self.conn, self.order_id, step, details, who=self.who, at=self.now, why=why, expected_version=self.version
        )
        return tagged(order, self.response)


Perform = Annotated[Performing, Depends(Performing)]
NOTHING_SAID = NoteIn()


@router.post("/submit", dependencies=[REQUESTS])
def submit(perform: Perform, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Submit a draft for approval."""
    return perform(Step.SUBMIT, NOTHING, body.why)


@router.post("/approve", dependencies=[PLANS])
def approve(perform: Perform, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Approve the work; its targets count from now."""
    return perform(Step.APPROVE, NOTHING, body.why)


@router.post("/reject", dependencies=[PLANS])
def reject(body: ReasonIn, perform: Perform) -> WorkOrderOut:
    """Return a request to its author."""
    return perform(Step.REJECT, Reason(body.reason), body.reason)


@router.post("/plan", dependencies=[PLANS])
def plan(perform: Perform, body: PlanIn) -> WorkOrderOut:
    """Record that the work is planned; a job plan named here gives the order its steps."""
    order = order_work.plan(
        perform.conn,
        perform.order_id,
        code=body.plan,
        hours=body.estimated_hours,
        who=perform.who,
        at=perform.now,
        why=body.why,
        expected_version=perform.version,
    )
    return tagged(order, perform.response)


@router.post("/schedule", dependencies=[PLANS])
def schedule(body: ScheduleIn, perform: Perform) -> WorkOrderOut:
    """Schedule the work, and optionally name a technician; one who lacks a skill or certificate needs a reason."""
    order = assignments.schedule(
        perform.conn,
        perform.order_id,
        body.start,
        body.end,
        technician=body.technician,
        who=perform.who,
        at=perform.now,
        why=body.why,
        expected_version=perform.version,
    )
    return tagged(order, perform.response)


@router.post("/assign", dependencies=[PLANS])
def assign(order_id: UUID, body: AssignIn, perform: Perform) -> WorkOrderOut:
    """Assign the order to a technician: the given one, the scheduled one, or the proposed one."""
    give = partial(assignments.accept, perform.conn, order_id)
    if body.technician is not None:
        give = partial(assignments.assign_to, perform.conn, order_id, body.technician)
    return tagged(
        give(who=perform.who, at=perform.now, why=body.why, expected_version=perform.version), perform.response
    )


@router.post("/unassign", dependencies=[WORKS_OR_PLANS])
def unassign(body: ReasonIn, perform: Perform) -> WorkOrderOut:
    """Unassign the order; people, not the timetable, decide who gets it next."""
    return perform(Step.UNASSIGN, Reason(body.reason), body.reason)


@router.post("/start", dependencies=[WORKS_OR_PLANS])
def start(perform: Perform, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Record that a technician is at the machine; an unassigned order becomes theirs."""
    order = assignments.start(
        perform.conn, perform.order_id, who=perform.who, at=perform.now, why=body.why, expected_version=perform.version
    )
    return tagged(order, perform.response)


@router.post("/hold", dependencies=[WORKS_OR_PLANS])
def hold(body: HoldIn, perform: Perform) -> WorkOrderOut:
    """Put the work on hold."""
    return perform(Step.HOLD, Hold(body.reason, body.waits_for), body.reason)


@router.post("/resume", dependencies=[WORKS_OR_PLANS])
def resume(perform: Perform, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Resume work that was on hold."""
    return perform(Step.RESUME, NOTHING, body.why)


@router.post("/complete", dependencies=[WORKS_OR_PLANS])
def complete(order_id: UUID, body: CloseOutIn, perform: Perform) -> WorkOrderOut:
    """Complete the work, with its findings, remedy and parts, and create the follow-up orders."""
    order = closing.complete(
        perform.conn,
        order_id,
        body.closing(),
        who=perform.who,
        at=perform.now,
        expected_version=perform.version,
    )
    return tagged(order, perform.response)


@router.post("/verify", dependencies=[WORKS_OR_PLANS])
def verify(perform: Perform, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Verify that the machine works again."""
    return perform(Step.VERIFY, NOTHING, body.why)


@router.post("/close", dependencies=[PLANS])
def close(perform: Perform, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Close the order."""
    return perform(Step.CLOSE, NOTHING, body.why)


@router.post("/rework", dependencies=[WORKS_OR_PLANS])
def rework(body: ReasonIn, perform: Perform) -> WorkOrderOut:
    """Send the order back for rework: the work did not help."""
    return perform(Step.REWORK, Reason(body.reason), body.reason)


@router.post("/reopen", dependencies=[PLANS])
def reopen(body: ReasonIn, perform: Perform) -> WorkOrderOut:
    """Reopen a closed order, within two weeks of its close."""
    return perform(Step.REOPEN, Reason(body.reason), body.reason)


@router.post("/cannot-complete", dependencies=[WORKS_OR_PLANS])
def cannot_complete(body: ReasonIn, perform: Perform) -> WorkOrderOut:
    """Record that the work cannot be done."""
    return perform(Step.CANNOT_COMPLETE, Reason(body.reason), body.reason)


@router.post("/cancel", dependencies=[REQUESTS])
def cancel(body: ReasonIn, perform: Perform) -> WorkOrderOut:
    """Record that the work will not be done."""
    return perform(Step.CANCEL, Cancel(body.reason), body.reason)
