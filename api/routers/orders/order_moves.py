"""The steps of an order's lifecycle, one path each. Who may take each and what it needs is the core's table."""

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


class Taking:
    """A step about to be taken: by whom, when, and on which version of the order."""

    def __init__(self, order_id: UUID, conn: Conn, now: Now, who: Asking, version: Version, response: Response) -> None:
        self.order_id, self.conn, self.now, self.who = order_id, conn, now, who
        self.version, self.response = version, response

    def __call__(self, step: Step, details: Details, why: str) -> WorkOrderOut:
        """Take the step and return the order with its new ETag."""
        order = work_orders.take_step(
            self.conn, self.order_id, step, details, who=self.who, at=self.now, why=why, expected_version=self.version
        )
        return tagged(order, self.response)


Take = Annotated[Taking, Depends(Taking)]
NOTHING_SAID = NoteIn()


@router.post("/submit", dependencies=[REQUESTS])
def submit(take: Take, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Ask for a draft to be approved."""
    return take(Step.SUBMIT, NOTHING, body.why)


@router.post("/approve", dependencies=[PLANS])
def approve(take: Take, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Let the work be done; its targets count from now."""
    return take(Step.APPROVE, NOTHING, body.why)


@router.post("/reject", dependencies=[PLANS])
def reject(body: ReasonIn, take: Take) -> WorkOrderOut:
    """Give a request back to who made it."""
    return take(Step.REJECT, Reason(body.reason), body.reason)


@router.post("/plan", dependencies=[PLANS])
def plan(take: Take, body: PlanIn) -> WorkOrderOut:
    """Record that what the work needs is known; a job plan named here gives the order its steps."""
    order = order_work.plan(
        take.conn,
        take.order_id,
        code=body.plan,
        hours=body.estimated_hours,
        who=take.who,
        at=take.now,
        why=body.why,
        expected_version=take.version,
    )
    return tagged(order, take.response)


@router.post("/schedule", dependencies=[PLANS])
def schedule(body: ScheduleIn, take: Take) -> WorkOrderOut:
    """Record when the work is done, and maybe by whom; who lacks a skill or certificate is named with a reason only."""
    order = assignments.schedule(
        take.conn,
        take.order_id,
        body.start,
        body.end,
        technician=body.technician,
        who=take.who,
        at=take.now,
        why=body.why,
        expected_version=take.version,
    )
    return tagged(order, take.response)


@router.post("/assign", dependencies=[PLANS])
def assign(order_id: UUID, body: AssignIn, take: Take) -> WorkOrderOut:
    """Give the order to a technician, to whom it is scheduled for, or to whoever is proposed."""
    give = partial(assignments.accept, take.conn, order_id)
    if body.technician is not None:
        give = partial(assignments.assign_to, take.conn, order_id, body.technician)
    return tagged(give(who=take.who, at=take.now, why=body.why, expected_version=take.version), take.response)


@router.post("/unassign", dependencies=[WORKS_OR_PLANS])
def unassign(body: ReasonIn, take: Take) -> WorkOrderOut:
    """Take the order back from its technician; people, not the timetable, decide who gets it next."""
    return take(Step.UNASSIGN, Reason(body.reason), body.reason)


@router.post("/start", dependencies=[WORKS_OR_PLANS])
def start(take: Take, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Record that somebody is at the machine; an order that nobody had is theirs, if they are a technician."""
    order = assignments.start(
        take.conn, take.order_id, who=take.who, at=take.now, why=body.why, expected_version=take.version
    )
    return tagged(order, take.response)


@router.post("/hold", dependencies=[WORKS_OR_PLANS])
def hold(body: HoldIn, take: Take) -> WorkOrderOut:
    """Record that the work waits for something."""
    return take(Step.HOLD, Hold(body.reason, body.waits_for), body.reason)


@router.post("/resume", dependencies=[WORKS_OR_PLANS])
def resume(take: Take, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Record that what the work waited for has come."""
    return take(Step.RESUME, NOTHING, body.why)


@router.post("/complete", dependencies=[WORKS_OR_PLANS])
def complete(order_id: UUID, body: CloseOutIn, take: Take) -> WorkOrderOut:
    """Record that the work is done, with what was found, done and used, and make the orders that follow from it."""
    order = closing.complete(
        take.conn,
        order_id,
        body.closing(),
        who=take.who,
        at=take.now,
        expected_version=take.version,
    )
    return tagged(order, take.response)


@router.post("/verify", dependencies=[WORKS_OR_PLANS])
def verify(take: Take, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Record that the machine does its work again."""
    return take(Step.VERIFY, NOTHING, body.why)


@router.post("/close", dependencies=[PLANS])
def close(take: Take, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Record that nothing is left to do."""
    return take(Step.CLOSE, NOTHING, body.why)


@router.post("/rework", dependencies=[WORKS_OR_PLANS])
def rework(body: ReasonIn, take: Take) -> WorkOrderOut:
    """Send the order back: the work did not help."""
    return take(Step.REWORK, Reason(body.reason), body.reason)


@router.post("/reopen", dependencies=[PLANS])
def reopen(body: ReasonIn, take: Take) -> WorkOrderOut:
    """Open a closed order again, within two weeks of its close."""
    return take(Step.REOPEN, Reason(body.reason), body.reason)


@router.post("/cannot-complete", dependencies=[WORKS_OR_PLANS])
def cannot_complete(body: ReasonIn, take: Take) -> WorkOrderOut:
    """Record that the work cannot be done."""
    return take(Step.CANNOT_COMPLETE, Reason(body.reason), body.reason)


@router.post("/cancel", dependencies=[REQUESTS])
def cancel(body: ReasonIn, take: Take) -> WorkOrderOut:
    """Record that the work will not be done."""
    return take(Step.CANCEL, Cancel(body.reason), body.reason)
