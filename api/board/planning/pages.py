"""The pages of maintenance plans: the list, one plan, and writing one with a look at its next dates."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, PLANS, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.planning.written import UNITS, Written, fields_of, read
from api.board.rendering import page
from api.once import SentForm
from db.errors import AlreadyExists, NotFound
from db.inspections import checklists
from db.orders import job_plans
from db.planning import generating, meter_entries, outlook, plans
from db.planning.plans import UnknownObject
from db.plant import plant
from workorder_core.people.access import Who
from workorder_core.planning.plans import AfterOutage, InvalidPlan, ObjectKind, OnFreeDay, WhenOpen
from workorder_core.planning.recurrence import InvalidRule
from workorder_core.sentences import say
from workorder_core.words import OrderType

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
PlanId = Annotated[int, Path(ge=1, le=2**31 - 1)]
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
_OCCURRENCE = re.compile(r"(\d{1,9})-(\d{1,9})")
PLANS_A_PAGE = 100
_AT: Mapping[type[Exception], str] = {
    InvalidRule: "rule",
    InvalidPlan: "rule",
    UnknownObject: "objects",
    AlreadyExists: "code",
}


@router.get("/planned-work/plans", dependencies=[SEES])
def listed(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    text: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[str, Query(max_length=130)] = "",
    site: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """List the maintenance plans by site and code, those that come after one in pages."""
    begin = (after.partition("/")[0], after.partition("/")[2]) if after else None
    found = plans.listed(
        conn, within=who.sites, site=site or None, text=text or None, after=begin, limit=PLANS_A_PAGE + 1
    )
    shown = found[:PLANS_A_PAGE]
    return page(
        request,
        "planning/plans.html",
        now=now,
        plans=shown,
        text=text,
        after=after,
        following=shown[-1].plan.key if len(found) > len(shown) else None,
        site=next((each for each in plant.sites(conn, who.sites) if each.code == site), None),
        sites=plant.sites(conn, who.sites),
    )


@router.get("/planned-work/new", dependencies=[PLANS])
def new(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show the form of a new plan."""
    starts = f"{now.date() + timedelta(days=1)}T08:00"
    empty = Written(active="yes", unit="monthly", starts=starts)
    return page(request, "planning/new.html", now=now, filled=empty, **_choices(conn, who, now))


@router.post("/planned-work/new", dependencies=[PLANS])
@shown_on("/planned-work/new", at=_AT)
def create(conn: Conn, now: Now, who: Asking, sent: SentForm, form: Annotated[Written, Form()]) -> Response:
    """Create a plan and show it."""
    site = plant.site_by_code(conn, form.site, who.sites)
    if not CODE.match(form.code.strip()):
        raise InvalidForm(fields={"code": say("letters, digits and . _ - only, beginning with a letter or digit")})
    with _walk_at_its_field():
        made = plans.add(conn, read(form, site=site.code), actor=who.actor, at=now, why=form.why.strip())
    return sent.leads_to(f"/planned-work/plans/{made.id}")


@router.get("/planned-work/preview", dependencies=[PLANS])
def preview(request: Request, conn: Conn, now: Now, who: Asking, form: Annotated[Written, Query()]) -> Response:
    """Preview the next dates of a plan as entered in the form so far."""
    problem, dates, zone = "", [], "UTC"
    try:
        site = plant.site_by_code(conn, form.site, who.sites)
        zone = site.time_zone
        dates = outlook.preview(conn, read(_begun(form), site=site.code, code="new"), site.id, now=now, count=8)
    except (InvalidPlan, InvalidRule, InvalidForm, NotFound, ValueError) as error:
        problem = str(error)
    return page(request, "planning/preview.html", now=now, dates=dates, problem=problem, zone=zone)


@router.get("/planned-work/plans/{plan_id}", dependencies=[SEES])
def one(request: Request, plan_id: PlanId, conn: Conn, now: Now, who: Asking) -> Response:
    """Show a plan: its next dates, its occurrences, its versions, and its editor."""
    stored = plans.get(conn, plan_id, who.sites)
    return page(
        request,
        "planning/plan.html",
        now=now,
        stored=stored,
        plan=stored.plan,
        filled=fields_of(stored.plan),
        zone=plant.site(conn, stored.site_id).time_zone,
        series=outlook.series_of_plan(conn, plan_id, limit=100),
        expected=outlook.preview_series(conn, plan_id, count=8),
        upcoming=outlook.next_of_each(conn, plan_id),
        meters=meter_entries.of_plan(conn, plan_id, stored.plan.meter.signal) if stored.plan.meter else [],
        occurrences=outlook.of_plan(conn, plan_id, limit=30),
        versions=plans.versions(conn, plan_id)[:20],
        **_choices(conn, who, now),
    )


@router.post("/planned-work/plans/{plan_id}", dependencies=[PLANS])
@shown_on("/planned-work/plans/{plan_id}", at=_AT)
def change(
    plan_id: PlanId, conn: Conn, now: Now, who: Asking, sent: SentForm, form: Annotated[Written, Form()]
) -> Response:
    """Store the next version of a plan, and show it."""
    before = plans.get(conn, plan_id, who.sites).plan
    with _walk_at_its_field():
        plan = read(form, site=before.site, code=before.code)
        plans.save(conn, plan_id, plan, actor=who.actor, at=now, why=form.why.strip())
    return sent.leads_to(f"/planned-work/plans/{plan_id}")


@router.post("/planned-work/plans/{plan_id}/skip", dependencies=[PLANS])
@shown_on("/planned-work/plans/{plan_id}")
def skip(
    plan_id: PlanId,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    occurrence: Annotated[str, Form(max_length=21)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Skip the next occurrence of one of a plan's objects, with the reason, and show the plan.

    ``occurrence`` is the series and the number, ``12-4``: two who skip the same one skip one.
    """
    plans.get(conn, plan_id, who.sites)
    chosen = _OCCURRENCE.fullmatch(occurrence)
    with Fields() as fields:
        fields.need("occurrence", chosen, say("choose one from the list"))
        fields.need("reason", reason.strip(), say("say why it is skipped"))
    assert chosen is not None
    generating.skip(conn, int(chosen[1]), int(chosen[2]), plan_id=plan_id, actor=who.actor, at=now, why=reason.strip())
    return sent.leads_to(f"/planned-work/plans/{plan_id}")


@contextmanager
def _walk_at_its_field() -> Iterator[None]:
    """Report an error about a round's checklist or route at its own field."""
    try:
        yield
    except (InvalidPlan, UnknownObject) as error:
        if error.field not in ("checklist", "inspection_route"):
            raise
        raise InvalidForm(fields={error.field: str(error)}) from error


def _begun(form: Written) -> Written:
    """Complete an unfinished form with the fields on which its dates do not depend."""
    objects, title = form.objects or "x", form.title or "x"
    return form.model_copy(update={"objects": objects, "title": title, "object": "asset", "location": ""})


def _choices(conn: Connection, who: Who, now: datetime) -> dict[str, Any]:
    """Return the choices of the form."""
    return {
        "sites": plant.sites(conn, who.sites),
        "assets": plant.assets(conn, now=now, within=who.sites),
        "locations": plant.locations(conn, within=who.sites),
        "job_plans": job_plans.in_force(conn, who.sites),
        "checklists": checklists.page(conn, within=who.sites),
        "routes": checklists.routes(conn, within=who.sites),
        "objects": list(ObjectKind),
        "types": (OrderType.PREVENTIVE, OrderType.PROACTIVE, OrderType.INSPECTION),
        "free_days": list(OnFreeDay),
        "when_open": list(WhenOpen),
        "after_outage": list(AfterOutage),
        "units": UNITS,
    }
