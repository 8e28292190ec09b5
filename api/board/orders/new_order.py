"""The form for a manual order: the work and its location and, for a planner, job plan, date and technician."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, REQUESTS, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm, figure
from api.board.forms.forms import FormRoute, shown_on
from api.board.orders import suggested
from api.board.orders.step_form import local
from api.board.rendering import page
from api.naming import FormNames, Naming
from api.once import SentForm
from db.errors import NotFound, TechnicianUnknown
from db.orders import job_plans, work_orders
from db.people import assignments, technicians
from db.plant import plant
from workorder_core.errors import NotQualified
from workorder_core.intake.decisions import Urgency
from workorder_core.orders import lifecycle
from workorder_core.orders.job_plans import JobPlan
from workorder_core.orders.lifecycle import MOVES, Step
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who
from workorder_core.plant.new_names import NameKind
from workorder_core.sentences import say
from workorder_core.triage.suggestions import Field
from workorder_core.words import FailureMode, OrderType, Priority, Status

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
Short = Annotated[str, Form(max_length=100)]
Line = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Form(max_length=4000)]
Words = Annotated[str, Form(max_length=2000)]
Looked = Annotated[str, Query(max_length=2000)]


class NewOrderForm:
    """The fields of the form, as they were typed."""

    def __init__(
        self,
        asset_id: Short = "",
        kind: Short = "",
        title: Line = "",
        component: Line = "",
        failure_mode: Short = "UNK",
        priority: Short = "",
        why: Text = "",
        plan: Short = "",
        skill: Line = "",
        hours: Short = "",
        starts_at: Short = "",
        ends_at: Short = "",
        technician: Line = "",
        why_them: Text = "",
        draft: Short = "",
        said: Words = "",
    ) -> None:
        self.typed: dict[str, str] = {name: value.strip() for name, value in locals().items() if name != "self"}

    def __getitem__(self, name: str) -> str:
        return self.typed[name]


@router.get("/new-order", dependencies=[REQUESTS])
def new_order(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    asset: int | None = None,
    text: Looked = "",
    site: Annotated[str, Query(max_length=64)] = "",
    use: Annotated[tuple[Field, ...], Query(max_length=len(Field))] = (),
) -> Response:
    """Show the form of a new order, with suggestions for a text."""
    return _form(request, conn, now, who, {"asset_id": str(asset or "")}, (text.replace("\0", "").strip(), site, use))


@router.post("/new-order", dependencies=[REQUESTS])
@shown_on("/new-order", at={NotQualified: "why_them"})
def create(
    conn: Conn, now: Now, who: Asking, form: Annotated[NewOrderForm, Depends()], names: FormNames, sent: SentForm
) -> Response:
    """Create an order and show it."""
    made = _made(conn, form, names, who, now)
    if form["said"]:
        suggested.note(conn, made, plant.site(conn, made.site_id), form["said"], actor=who.actor, at=now)
    return sent.leads_to(f"/orders/{made.id}")


def plans(who: Who) -> bool:
    """Return whether somebody may set an order's date and technician."""
    return bool(who.may(MOVES[Step.SCHEDULE].roles))


def _made(conn: Connection, form: NewOrderForm, names: Naming, who: Who, now: datetime) -> WorkOrder:
    """Create the order that the form describes. Raises InvalidForm with all errors, or NotQualified."""
    with Fields() as read:
        asset = read("asset_id", None, lambda: _asset(conn, form["asset_id"], who, now))
        read.need("kind", form["kind"] in set(OrderType), say("choose a type"))
        read.need("title", form["title"], say("say in a few words what is to be done"))
        hours = read("hours", None, lambda: figure(form["hours"], most=100_000))
        read.ask("skill", names.question(NameKind.SKILL, [form["skill"]], form["skill"]))
        plan = read("plan", None, lambda: _plan(conn, form["plan"], asset.site_code if asset else ""))
        zone = ZoneInfo(asset.time_zone if asset else "UTC")
        start = read("starts_at", None, lambda: local(form["starts_at"], zone) if form["starts_at"] else None)
        end = read("ends_at", None, lambda: local(form["ends_at"], zone) if form["ends_at"] else None)
        read.need("starts_at", start or not end, say("say when it begins as well, or leave out the end"))
        read.need(
            "ends_at", not (start and end) or start < end, say("the work must end after it begins; choose a later end")
        )
        if form["draft"] and plans(who):
            problem = "a draft has none yet: leave it out, or open the order"
            read.need("starts_at", not start, problem)
            read.need("technician", not form["technician"], problem)
        if asset is not None and form["technician"]:
            read("technician", None, lambda: _technician(conn, asset.site_id, form["technician"]))
    assert asset is not None, "its lack is an error of its field"
    order = _create(conn, form, asset, hours, plan, None if plans(who) else start, who, now)
    if plans(who) and order.status is Status.OPEN:
        return _given(conn, order, form, start, end, who, now)
    return order


def _create(
    conn: Connection,
    form: NewOrderForm,
    asset: plant.Asset,
    hours: float | None,
    plan: JobPlan | None,
    wanted: datetime | None,
    who: Who,
    now: datetime,
) -> WorkOrder:
    urgency = None
    mode = FailureMode(form["failure_mode"]) if form["failure_mode"] in set(FailureMode) else FailureMode.UNK
    if form["priority"] in {str(each.value) for each in Priority}:
        chosen = Priority(int(form["priority"]))
        urgency = Urgency(chosen, f"{chosen.name.capitalize()}: set by {who.actor}.")
    said: dict[str, Any] = {"estimated_hours": hours, "requested_for": wanted}
    if form["skill"]:
        said["required_skill"] = form["skill"]
    return work_orders.create_by_hand(
        conn,
        asset=asset,
        kind=OrderType(form["kind"]),
        title=form["title"],
        component=form["component"] or "machine",
        failure_mode=mode,
        actor=who.actor,
        at=now,
        urgency=urgency,
        why=form["why"],
        status=lifecycle.first_status(who, Status.DRAFT if form["draft"] else None),
        plan=plan or job_plans.fitting(conn, asset.id, mode),
        **said,
    )


def _given(
    conn: Connection,
    order: WorkOrder,
    form: NewOrderForm,
    start: datetime | None,
    end: datetime | None,
    who: Who,
    now: datetime,
) -> WorkOrder:
    """Schedule a new order, or assign it at once, as the form says. Raises NotQualified."""
    asked: dict[str, Any] = {"who": who, "at": now, "why": form["why_them"]}
    if start is not None:
        return assignments.schedule(conn, order.id, start, end, technician=form["technician"] or None, **asked)
    if form["technician"]:
        return assignments.assign_to(conn, order.id, form["technician"], **asked)
    return order


def _asset(conn: Connection, text: str, who: Who, now: datetime) -> plant.Asset:
    if not text.isdecimal() or len(text) > 9:
        raise InvalidForm(say("choose an asset"))
    try:
        return plant.asset(conn, int(text), now=now, within=who.sites)
    except NotFound:
        raise InvalidForm(say("there is no asset with this number; choose another one")) from None


def _plan(conn: Connection, code: str, site: str) -> JobPlan | None:
    try:
        return job_plans.for_order(conn, code, site) if code else None
    except NotFound:
        raise InvalidForm(say("there is no job plan {code} in force; choose another one", code=code)) from None


def _technician(conn: Connection, site_id: int, code: str) -> None:
    try:
        technicians.get(conn, site_id, code)
    except TechnicianUnknown as unknown:
        raise InvalidForm(str(unknown)) from None


def _form(
    request: Request,
    conn: Connection,
    now: datetime,
    who: Who,
    filled: Mapping[str, str],
    asked: tuple[str, str, Sequence[Field]] = ("", "", ()),
) -> Response:
    sites, assets = plant.sites(conn, who.sites), plant.assets(conn, now=now, within=who.sites)
    text, site, use = asked
    chosen = int(filled["asset_id"]) if filled.get("asset_id", "").isdecimal() else None
    shown, more = suggested.facts(conn, sites, assets, text=text, site=site, asset=chosen, use=use)
    people = technicians.listed(conn, within=who.sites)
    return page(
        request,
        "new_order.html",
        assets=assets,
        types=list(OrderType),
        modes=list(FailureMode),
        priorities=list(Priority),
        job_plans=job_plans.in_force(conn, who.sites),
        sites=sites,
        **shown,
        field_labels=suggested.LABELS,
        in_words=suggested.value_in_words,
        people=[each for each in people if each.active],
        skills=sorted({skill for each in people for skill in each.skills}),
        planner=plans(who),
        approves=who.may(MOVES[Step.APPROVE].roles),
        filled=dict.fromkeys(NewOrderForm().typed, "")
        | {"failure_mode": "UNK", "kind": "inspection"}
        | dict(filled)
        | more,
    )
