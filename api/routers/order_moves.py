"""The steps of an order's lifecycle, one path each. Who may take each and what it needs is the core's table."""

from collections.abc import Callable
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from api.asking import PLANS, REQUESTS, WORKS_OR_PLANS, Asking, Conn, Now, Version
from api.routers.work_orders import tagged
from api.shapes.order_steps import AssignIn, CloseOutIn, HoldIn, NoteIn, PlanIn, ReasonIn, ScheduleIn
from api.shapes.orders import WorkOrderOut
from db.orders import closing, order_work, work_orders
from db.people import assignments
from db.plant import calendars
from workorder_core.orders import lifecycle
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import WorkOrder
from workorder_core.orders.targets import Targets

router = APIRouter(prefix="/work-orders/{order_id}", tags=["work orders: steps"])


class Taking:
    """A step about to be taken: by whom, when, and on which version of the order."""

    def __init__(self, order_id: UUID, conn: Conn, now: Now, who: Asking, version: Version, response: Response) -> None:
        self.order_id, self.conn, self.now, self.who = order_id, conn, now, who
        self.version, self.response = version, response

    def __call__(self, step: Step, do: Callable[[WorkOrder], WorkOrder], why: str) -> WorkOrderOut:
        """Take the step and return the order with its new ETag."""
        order = work_orders.take(
            self.conn, self.order_id, step, do, who=self.who, at=self.now, why=why, expected_version=self.version
        )
        return tagged(order, self.response)

    def targets(self) -> Targets:
        """What the order's site has promised."""
        order = work_orders.get(self.conn, self.order_id, self.who)
        return calendars.of_site(self.conn, order.site_id, at=self.now)


Take = Annotated[Taking, Depends(Taking)]
NOTHING_SAID = NoteIn()


@router.post("/submit", dependencies=[REQUESTS])
def submit(take: Take, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Ask for a draft to be approved."""
    return take(Step.SUBMIT, lambda order: lifecycle.submit(order, at=take.now), body.why)


@router.post("/approve", dependencies=[PLANS])
def approve(take: Take, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Let the work be done; its targets count from now."""
    by = take.targets()
    return take(Step.APPROVE, lambda order: lifecycle.approve(order, at=take.now, by=by), body.why)


@router.post("/reject", dependencies=[PLANS])
def reject(body: ReasonIn, take: Take) -> WorkOrderOut:
    """Give a request back to who made it."""
    return take(Step.REJECT, lambda order: lifecycle.reject(order, body.reason, at=take.now), body.reason)


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
    return take(Step.UNASSIGN, lambda order: lifecycle.unassign(order, body.reason, at=take.now), body.reason)


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
    waits_for = body.waits_for
    return take(
        Step.HOLD, lambda order: lifecycle.hold(order, body.reason, at=take.now, waits_for=waits_for), body.reason
    )


@router.post("/resume", dependencies=[WORKS_OR_PLANS])
def resume(take: Take, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Record that what the work waited for has come."""
    by = take.targets()
    return take(Step.RESUME, lambda order: lifecycle.resume(order, at=take.now, by=by), body.why)


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
    return take(Step.VERIFY, lambda order: lifecycle.verify(order, at=take.now), body.why)


@router.post("/close", dependencies=[PLANS])
def close(take: Take, body: NoteIn = NOTHING_SAID) -> WorkOrderOut:
    """Record that nothing is left to do."""
    return take(Step.CLOSE, lambda order: lifecycle.close(order, at=take.now), body.why)


@router.post("/rework", dependencies=[WORKS_OR_PLANS])
def rework(body: ReasonIn, take: Take) -> WorkOrderOut:
    """Send the order back: the work did not help."""
    by = take.targets()
    return take(Step.REWORK, lambda order: lifecycle.rework(order, body.reason, at=take.now, by=by), body.reason)


@router.post("/reopen", dependencies=[PLANS])
def reopen(body: ReasonIn, take: Take) -> WorkOrderOut:
    """Open a closed order again, within two weeks of its close."""
    by = take.targets()
    return take(Step.REOPEN, lambda order: lifecycle.reopen(order, body.reason, at=take.now, by=by), body.reason)


@router.post("/cannot-complete", dependencies=[WORKS_OR_PLANS])
def cannot_complete(body: ReasonIn, take: Take) -> WorkOrderOut:
    """Record that the work cannot be done."""
    return take(
        Step.CANNOT_COMPLETE, lambda order: lifecycle.cannot_complete(order, body.reason, at=take.now), body.reason
    )


@router.post("/cancel", dependencies=[REQUESTS])
def cancel(body: ReasonIn, take: Take) -> WorkOrderOut:
    """Record that the work will not be done."""
    return take(Step.CANCEL, lambda order: lifecycle.cancel(order, body.reason, at=take.now), body.reason)
