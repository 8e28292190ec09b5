"""What people do on the board: steps of an order, a planned downtime."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from psycopg import Connection

from api.asking import ENGINEERS, KNOWN, PLANS, REQUESTS, Actor, Asking, Conn, Now
from api.board.form_errors import Fields, FormWrong, figure
from api.board.order_page import Refused, order_page
from api.board.pages import asset_page
from api.board.step_form import StepForm, local
from api.once import SentForm
from api.problems import STATUS
from db.errors import StoreError
from db.orders import closing, order_work, work_orders
from db.people import assignments
from db.people.assignments import NobodyEligible
from db.plant import calendars, downtimes, hierarchy, plant
from db.telemetry import quarantine
from workorder_core.errors import WorkOrderError
from workorder_core.orders import lifecycle
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import WorkOrder
from workorder_core.orders.targets import Targets
from workorder_core.people.access import Who
from workorder_core.words import Criticality

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])


@dataclass(frozen=True, slots=True)
class _Asked:
    form: StepForm
    at: datetime
    who: Who
    by: Targets


_TAKE: Mapping[Step, Callable[[WorkOrder, _Asked], WorkOrder]] = {
    Step.SUBMIT: lambda order, to: lifecycle.submit(order, at=to.at),
    Step.APPROVE: lambda order, to: lifecycle.approve(order, at=to.at, by=to.by),
    Step.REJECT: lambda order, to: lifecycle.reject(order, to.form.why, at=to.at),
    Step.UNASSIGN: lambda order, to: lifecycle.unassign(order, to.form.why, at=to.at),
    Step.HOLD: lambda order, to: lifecycle.hold(order, to.form.why, at=to.at, waits_for=to.form.waits_for()),
    Step.RESUME: lambda order, to: lifecycle.resume(order, at=to.at, by=to.by),
    Step.VERIFY: lambda order, to: lifecycle.verify(order, at=to.at),
    Step.CLOSE: lambda order, to: lifecycle.close(order, at=to.at),
    Step.REWORK: lambda order, to: lifecycle.rework(order, to.form.why, at=to.at, by=to.by),
    Step.REOPEN: lambda order, to: lifecycle.reopen(order, to.form.why, at=to.at, by=to.by),
    Step.CANNOT_COMPLETE: lambda order, to: lifecycle.cannot_complete(order, to.form.why, at=to.at),
    Step.CANCEL: lambda order, to: lifecycle.cancel(order, to.form.why, at=to.at),
}


@router.post("/orders/{order_id}/{step}", dependencies=[REQUESTS])
def take(
    request: Request,
    order_id: UUID,
    step: Step,
    conn: Conn,
    now: Now,
    who: Asking,
    form: Annotated[StepForm, Depends()],
    sent: SentForm,
) -> Response:
    """Take a step of the lifecycle; what is refused is shown on the order's page beside what was typed."""
    try:
        with conn.transaction():
            _take(conn, order_id, step, form, who, now)
    except (WorkOrderError, StoreError, NobodyEligible, FormWrong) as refused:
        return order_page(
            request, conn, order_id, now=now, who=who, refused=Refused(refused, tried=step.value, filled=form.filled())
        )
    return sent.leads_to(f"/orders/{order_id}")


def _take(conn: Connection, order_id: UUID, step: Step, form: StepForm, who: Who, at: datetime) -> None:
    asked: dict[str, Any] = {"who": who, "at": at, "expected_version": form.version}
    if step is Step.COMPLETE:
        closing.complete(conn, order_id, form.closing(), **asked)
    elif step is Step.ASSIGN and form.technician:
        assignments.assign_to(conn, order_id, form.technician, why=form.why, **asked)
    elif step is Step.ASSIGN:
        assignments.accept(conn, order_id, why=form.why, **asked)
    elif step is Step.SCHEDULE:
        _schedule(conn, order_id, form, asked)
    elif step is Step.PLAN:
        with Fields() as read:
            hours = read("hours", None, lambda: figure(form.hours, most=100_000))
        order_work.plan(conn, order_id, code=form.plan or None, hours=hours, why=form.why, **asked)
    elif step is Step.START:
        assignments.start(conn, order_id, why=form.why, **asked)
    else:
        order = work_orders.get(conn, order_id, who)
        to = _Asked(form, at, who, calendars.of_site(conn, order.site_id, at=at))
        work_orders.take(conn, order_id, step, lambda order: _TAKE[step](order, to), why=form.why, **asked)


def _schedule(conn: Connection, order_id: UUID, form: StepForm, asked: Mapping[str, Any]) -> None:
    order = work_orders.get(conn, order_id, asked["who"])
    start, end = form.span(ZoneInfo(plant.site(conn, order.site_id).time_zone))
    assignments.schedule(conn, order_id, start, end, technician=form.technician or None, why=form.why, **asked)


@router.post("/assets/{asset_id}/downtimes", dependencies=[PLANS])
def plan_downtime(
    request: Request,
    asset_id: int,
    conn: Conn,
    now: Now,
    actor: Actor,
    sent: SentForm,
    starts_at: Annotated[str, Form(max_length=40)] = "",
    ends_at: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=200)] = "",
    open_ended: Annotated[bool, Form()] = False,
) -> Response:
    """Plan a downtime, in the site's time; an open-ended one lasts until it is taken back."""
    zone = ZoneInfo(plant.asset(conn, asset_id, now=now).time_zone)
    try:
        start, end = local(starts_at, zone), None if open_ended else local(ends_at, zone)
        if (end is not None and not start < end) or not reason.strip():
            raise FormWrong("a downtime ends after it begins and has a reason")
    except FormWrong as refused:
        filled = {"starts_at": starts_at, "ends_at": ends_at, "reason": reason}
        filled |= {"open_ended": "true" if open_ended else ""}
        return asset_page(request, conn, asset_id, now=now, status=422, problem=str(refused), filled=filled)
    downtimes.create(conn, asset_id, starts_at=start, ends_at=end, reason=reason.strip(), actor=actor, at=now)
    return sent.leads_to(f"/assets/{asset_id}")


@router.post("/assets/{asset_id}/judged-as", dependencies=[PLANS])
def judge_as(
    request: Request,
    asset_id: int,
    conn: Conn,
    now: Now,
    actor: Actor,
    sent: SentForm,
    asset_class: Annotated[str, Form(max_length=100)] = "",
    criticality: Annotated[int, Form(ge=1, le=4)] = 2,
    parent: Annotated[str, Form(max_length=64)] = "",
    safety_critical: Annotated[bool | None, Form()] = None,
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Change an asset's class and criticality, what it stands behind, and whether its work is verified by another."""
    try:
        with conn.transaction():
            hierarchy.change(
                conn,
                asset_id,
                asset_class=asset_class.strip() or None,
                criticality=Criticality(criticality),
                safety_critical=safety_critical,
                parent=parent or None,
                actor=actor,
                at=now,
                why=why,
            )
    except StoreError as refused:
        kind = next(each for each in type(refused).__mro__ if each in STATUS)
        return asset_page(request, conn, asset_id, now=now, status=STATUS[kind], problem=str(refused))
    return sent.leads_to(f"/assets/{asset_id}")


@router.post("/downtimes/{downtime_id}/cancel", dependencies=[PLANS])
def cancel_downtime(downtime_id: int, conn: Conn, now: Now, actor: Actor) -> Response:
    """Take a planned downtime back."""
    gone = downtimes.cancel(conn, downtime_id, actor=actor, at=now)
    return RedirectResponse(f"/assets/{gone.asset_id}", 303)


@router.post("/quarantine/{kept_id}/retry", dependencies=[ENGINEERS])
def retry(kept_id: int, conn: Conn, actor: Actor, now: Now) -> Response:
    """Ask the engine to read a refused message again."""
    quarantine.ask_retry(conn, ids=[kept_id], actor=actor, at=now)
    return RedirectResponse("/quarantine", 303)


@router.post("/quarantine/{kept_id}/drop", dependencies=[ENGINEERS])
def drop(kept_id: int, conn: Conn) -> Response:
    """Drop what is kept of a kind of refused message."""
    quarantine.drop(conn, ids=[kept_id])
    return RedirectResponse("/quarantine", 303)
