"""What people do on the board: steps of an order, a new order, a planned downtime."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from psycopg import Connection

from api.asking import ENGINEERS, KNOWN, PLANS, REQUESTS, WORKS_OR_PLANS, Actor, Asking, Conn, Now
from api.board.pages import asset_page, order_page
from api.board.rendering import page
from api.problems import STATUS
from db import assignments, downtimes, hierarchy, plant, quarantine, work_orders
from db.assignments import NobodyEligible
from db.errors import NotFound, StoreError
from workorder_core import lifecycle
from workorder_core.access import Who
from workorder_core.close_out import Cause, Remedy
from workorder_core.decisions import Urgency
from workorder_core.errors import WorkOrderError
from workorder_core.lifecycle import Step
from workorder_core.orders import CloseOut, WorkOrder
from workorder_core.words import CloseFinding, Criticality, FailureMode, OrderType, Priority

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])


class FormWrong(Exception):
    """Something in a form is missing or cannot be read; says what to write."""


class StepForm:
    """The fields that the forms of an order send; each step reads its own."""

    def __init__(
        self,
        version: Annotated[int | None, Form()] = None,
        technician: Annotated[str, Form(max_length=200)] = "",
        why: Annotated[str, Form(max_length=4000)] = "",
        finding: Annotated[str, Form(max_length=100)] = "",
        failure_mode: Annotated[str, Form(max_length=100)] = "",
        cause: Annotated[str, Form(max_length=100)] = "",
        remedy: Annotated[str, Form(max_length=100)] = "",
    ) -> None:
        self.version = version
        self.technician, self.why = technician.strip(), why.strip()
        self.finding, self.failure_mode, self.cause, self.remedy = finding, failure_mode, cause, remedy

    def close_out(self) -> CloseOut:
        """Return the close-out that the form describes. Raises FormWrong."""
        if self.finding not in set(CloseFinding):
            raise FormWrong("say what was found: choose one of the three findings")
        if self.cause not in set(Cause):
            raise FormWrong("choose a cause; 'unknown' is one")
        if self.remedy not in set(Remedy):
            raise FormWrong("choose what was done; 'nothing was done' is possible too")
        mode = FailureMode(self.failure_mode) if self.failure_mode in set(FailureMode) else None
        return CloseOut(
            finding=CloseFinding(self.finding), failure_mode=mode, cause=self.cause, remedy=self.remedy, note=self.why
        )

    def filled(self) -> dict[str, str]:
        names = ("technician", "why", "finding", "failure_mode", "cause", "remedy")
        return {name: getattr(self, name) for name in names}


_TAKE: Mapping[Step, Callable[[WorkOrder, StepForm, datetime], WorkOrder]] = {
    Step.UNASSIGN: lambda order, form, at: lifecycle.unassign(order, form.why, at=at),
    Step.START: lambda order, _, at: lifecycle.start(order, at=at),
    Step.HOLD: lambda order, form, at: lifecycle.hold(order, form.why, at=at),
    Step.RESUME: lambda order, _, at: lifecycle.resume(order, at=at),
    Step.COMPLETE: lambda order, form, at: lifecycle.complete(order, form.close_out(), at=at),
    Step.VERIFY: lambda order, _, at: lifecycle.verify(order, at=at),
    Step.CLOSE: lambda order, _, at: lifecycle.close(order, at=at),
    Step.REWORK: lambda order, form, at: lifecycle.rework(order, form.why, at=at),
    Step.CANCEL: lambda order, form, at: lifecycle.cancel(order, form.why, at=at),
}


@router.post("/orders/{order_id}/{step}", dependencies=[WORKS_OR_PLANS])
def take(
    request: Request,
    order_id: UUID,
    step: Step,
    conn: Conn,
    now: Now,
    actor: Actor,
    form: Annotated[StepForm, Depends()],
) -> Response:
    """Take a step of the lifecycle; what is refused is shown on the order's page beside what was typed."""
    try:
        with conn.transaction():
            _take(conn, order_id, step, form, actor, now)
    except (WorkOrderError, StoreError, NobodyEligible, FormWrong) as refused:
        status = next((STATUS[kind] for kind in type(refused).__mro__ if kind in STATUS), 422)
        problem, filled = str(refused), form.filled()
        return order_page(
            request, conn, order_id, now=now, status=status, problem=problem, filled=filled, tried=step.value
        )
    return RedirectResponse(f"/orders/{order_id}", 303)


def _take(conn: Connection, order_id: UUID, step: Step, form: StepForm, actor: str, at: datetime) -> None:
    if step is not Step.ASSIGN:
        work_orders.change(
            conn,
            order_id,
            lambda order: _TAKE[step](order, form, at),
            actor=actor,
            at=at,
            why=form.why,
            expected_version=form.version,
        )
    elif form.technician:
        assignments.assign_to(
            conn, order_id, form.technician, actor=actor, at=at, why=form.why, expected_version=form.version
        )
    else:
        assignments.accept(conn, order_id, actor=actor, at=at, why=form.why, expected_version=form.version)


@router.get("/new-order", dependencies=[REQUESTS])
def new_order(request: Request, conn: Conn, now: Now, who: Asking, asset: int | None = None) -> Response:
    """Ask what an order made by hand is about."""
    return _new_order_page(request, conn, now, who, {"asset_id": str(asset or "")})


def _new_order_page(
    request: Request,
    conn: Connection,
    now: datetime,
    who: Who,
    filled: Mapping[str, str],
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    return page(
        request,
        "new_order.html",
        status=status,
        assets=plant.assets(conn, now=now, within=who.sites),
        types=list(OrderType),
        modes=list(FailureMode),
        priorities=list(Priority),
        filled=filled,
        problem=problem,
    )


@router.post("/new-order", dependencies=[REQUESTS])
def create_order(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    asset_id: Annotated[str, Form(max_length=20)] = "",
    kind: Annotated[str, Form(max_length=40)] = "",
    title: Annotated[str, Form(max_length=200)] = "",
    component: Annotated[str, Form(max_length=200)] = "",
    failure_mode: Annotated[str, Form(max_length=40)] = "UNK",
    priority: Annotated[str, Form(max_length=2)] = "",
    why: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Make an order by hand and show it."""
    try:
        if not asset_id.isdecimal() or kind not in set(OrderType) or not title.strip():
            raise FormWrong("choose an asset and a type, and say in a title what is to be done")
        urgency = None
        if priority.isdecimal() and int(priority) in set(Priority):
            chosen = Priority(int(priority))
            urgency = Urgency(chosen, f"{chosen.name.capitalize()}: set by {who.actor}.")
        order = work_orders.create_by_hand(
            conn,
            asset=plant.asset(conn, int(asset_id), now=now, within=who.sites),
            kind=OrderType(kind),
            title=title.strip(),
            component=component.strip() or "machine",
            failure_mode=FailureMode(failure_mode) if failure_mode in set(FailureMode) else FailureMode.UNK,
            actor=who.actor,
            at=now,
            urgency=urgency,
            why=why.strip(),
        )
    except (FormWrong, NotFound) as refused:
        filled = {"asset_id": asset_id, "kind": kind, "title": title, "component": component}
        filled |= {"failure_mode": failure_mode, "priority": priority, "why": why}
        return _new_order_page(request, conn, now, who, filled, problem=str(refused), status=422)
    return RedirectResponse(f"/orders/{order.id}", 303)


@router.post("/assets/{asset_id}/downtimes", dependencies=[PLANS])
def plan_downtime(
    request: Request,
    asset_id: int,
    conn: Conn,
    now: Now,
    actor: Actor,
    starts_at: Annotated[str, Form(max_length=40)] = "",
    ends_at: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Plan a downtime, in the site's time."""
    zone = ZoneInfo(plant.asset(conn, asset_id, now=now).time_zone)
    try:
        start, end = (_local(text, zone) for text in (starts_at, ends_at))
        if not start < end or not reason.strip():
            raise FormWrong("a downtime ends after it begins and has a reason")
    except FormWrong as refused:
        filled = {"starts_at": starts_at, "ends_at": ends_at, "reason": reason}
        return asset_page(request, conn, asset_id, now=now, status=422, problem=str(refused), filled=filled)
    downtimes.create(conn, asset_id, starts_at=start, ends_at=end, reason=reason.strip(), actor=actor, at=now)
    return RedirectResponse(f"/assets/{asset_id}", 303)


@router.post("/assets/{asset_id}/judged-as", dependencies=[PLANS])
def judge_as(
    request: Request,
    asset_id: int,
    conn: Conn,
    now: Now,
    actor: Actor,
    asset_class: Annotated[str, Form(max_length=100)] = "",
    criticality: Annotated[int, Form(ge=1, le=4)] = 2,
    parent: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Change an asset's class and criticality, and what it stands behind."""
    try:
        with conn.transaction():
            hierarchy.change(
                conn,
                asset_id,
                asset_class=asset_class.strip() or None,
                criticality=Criticality(criticality),
                parent=parent or None,
                actor=actor,
                at=now,
            )
    except StoreError as refused:
        kind = next(each for each in type(refused).__mro__ if each in STATUS)
        return asset_page(request, conn, asset_id, now=now, status=STATUS[kind], problem=str(refused))
    return RedirectResponse(f"/assets/{asset_id}", 303)


@router.post("/downtimes/{downtime_id}/cancel", dependencies=[PLANS])
def cancel_downtime(downtime_id: int, conn: Conn, now: Now, actor: Actor) -> Response:
    """Take a planned downtime back."""
    gone = downtimes.cancel(conn, downtime_id, actor=actor, at=now)
    return RedirectResponse(f"/assets/{gone.asset_id}", 303)


def _local(text: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        raise FormWrong("give both times, as the site's clock shows them") from None


@router.post("/quarantine/{kept_id}/retry", dependencies=[ENGINEERS])
def retry(kept_id: int, conn: Conn, actor: Actor, now: Now) -> Response:
    """Ask the engine to read a refused message again."""
    quarantine.ask_retry(conn, ids=[kept_id], actor=actor, at=now)
    return RedirectResponse("/quarantine", 303)
