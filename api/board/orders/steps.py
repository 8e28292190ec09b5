"""Actions of people on the board: steps of an order, planned downtimes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response
from psycopg import Connection

from api.asking import ENGINEERS, KNOWN, PLANS, REQUESTS, Actor, Asking, Conn, Now
from api.board.forms.form_errors import Fields, figure
from api.board.forms.forms import FormRoute, shown_on
from api.board.orders.step_form import StepForm, local
from api.naming import FormNames
from api.once import SentForm
from db.errors import NotFound
from db.orders import closing, order_work, work_orders
from db.people import assignments
from db.plant import downtimes, hierarchy, plant
from db.telemetry import quarantine
from workorder_core.orders.lifecycle import Step
from workorder_core.people.access import Who
from workorder_core.plant.new_names import NameKind
from workorder_core.sentences import say
from workorder_core.words import Criticality

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


@router.post("/orders/{order_id}/{step}", dependencies=[REQUESTS])
@shown_on("/orders/{order_id}")
def take(
    order_id: UUID,
    step: Step,
    conn: Conn,
    now: Now,
    who: Asking,
    form: Annotated[StepForm, Depends()],
    sent: SentForm,
) -> Response:
    """Perform a step of the lifecycle; a refusal is shown on the order's page beside the typed values."""
    _take(conn, order_id, step, form, who, now)
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
        work_orders.take_step(conn, order_id, step, form.details(step), why=form.why, **asked)


def _schedule(conn: Connection, order_id: UUID, form: StepForm, asked: Mapping[str, Any]) -> None:
    order = work_orders.get(conn, order_id, asked["who"])
    start, end = form.span(ZoneInfo(plant.site(conn, order.site_id).time_zone))
    assignments.schedule(conn, order_id, start, end, technician=form.technician or None, why=form.why, **asked)


@router.post("/assets/{asset_id}/downtimes", dependencies=[PLANS])
@shown_on("/assets/{asset_id}")
def plan_downtime(
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
    """Plan a downtime, in the site's time; an open-ended one lasts until it is cancelled."""
    zone = ZoneInfo(plant.asset(conn, asset_id, now=now).time_zone)
    with Fields() as read:
        start = read("starts_at", None, lambda: local(starts_at, zone))
        end = None if open_ended else read("ends_at", None, lambda: local(ends_at, zone))
        read.need(
            "ends_at",
            not (start and end) or start < end,
            say("a downtime must end after it begins; choose a later end"),
        )
        read.need("reason", reason.strip(), say("say what the downtime is for"))
    assert start is not None, "its lack is an error of its field"
    downtimes.create(conn, asset_id, starts_at=start, ends_at=end, reason=reason.strip(), actor=actor, at=now)
    return sent.leads_to(f"/assets/{asset_id}")


@router.post("/assets/{asset_id}/judged-as", dependencies=[PLANS])
@shown_on("/assets/{asset_id}", at={NotFound: "parent"})
def judge_as(
    asset_id: int,
    conn: Conn,
    now: Now,
    actor: Actor,
    sent: SentForm,
    names: FormNames,
    asset_class: Annotated[str, Form(max_length=100)] = "",
    criticality: Annotated[int, Form(ge=1, le=4)] = 2,
    parent: Annotated[str, Form(max_length=64)] = "",
    safety_critical: Annotated[bool | None, Form()] = None,
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Change an asset's class, criticality and upstream asset, and whether its work is verified by a second person."""
    with Fields() as read:
        read.need("asset_class", asset_class.strip(), say("name the class whose rules apply to it"))
        read.ask("asset_class", names.question(NameKind.CLASS, [asset_class.strip()], asset_class))
    hierarchy.change(
        conn,
        asset_id,
        asset_class=asset_class.strip(),
        criticality=Criticality(criticality),
        safety_critical=safety_critical,
        parent=parent or None,
        actor=actor,
        at=now,
        why=why,
    )
    return sent.leads_to(f"/assets/{asset_id}")


@router.post("/downtimes/{downtime_id}/cancel", dependencies=[PLANS])
@shown_on("/assets")
def cancel_downtime(downtime_id: int, conn: Conn, now: Now, actor: Actor, sent: SentForm) -> Response:
    """Cancel a planned downtime."""
    gone = downtimes.cancel(conn, downtime_id, actor=actor, at=now)
    return sent.leads_to(f"/assets/{gone.asset_id}")


@router.post("/quarantine/{kept_id}/retry", dependencies=[ENGINEERS])
@shown_on("/quarantine")
def retry(kept_id: int, conn: Conn, actor: Actor, now: Now, sent: SentForm) -> Response:
    """Ask the engine to retry a refused message."""
    quarantine.ask_retry(conn, ids=[kept_id], actor=actor, at=now)
    return sent.leads_to("/quarantine")


@router.post("/quarantine/{kept_id}/drop", dependencies=[ENGINEERS])
@shown_on("/quarantine")
def drop(kept_id: int, conn: Conn, sent: SentForm) -> Response:
    """Delete a kind of refused message."""
    quarantine.drop(conn, ids=[kept_id])
    return sent.leads_to("/quarantine")
