"""Asking for an audit report: of which site and time, of whom, of what."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from psycopg import Connection

from api import long_work
from api.asking import KNOWN, PLANS, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.orders.step_form import local
from api.board.rendering import page
from api.board.words import zone_of
from api.once import SentForm
from api.shapes.runs import AuditReportIn
from db.errors import NotFound
from db.plant import plant
from workorder_core.people.access import Who
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
_HEX = frozenset("0123456789abcdefABCDEF")


@router.get("/audit-report", dependencies=[PLANS])
def form(request: Request, conn: Conn, who: Asking) -> Response:
    """Ask what the report is to be of."""
    sites = plant.sites(conn, who.sites)
    return page(
        request,
        "runs/new_audit_report.html",
        sites=sites,
        zone=zone_of(sites),
        every_site=who.sites is None,
        kinds=long_work.trail_kinds(who),
    )


@router.post("/audit-report", dependencies=[PLANS])
@shown_on("/audit-report")
def ask(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=100)] = "",
    since: Annotated[str, Form(max_length=40)] = "",
    until: Annotated[str, Form(max_length=40)] = "",
    actor: Annotated[str, Form(max_length=200)] = "",
    subject: Annotated[str, Form(max_length=300)] = "",
    kind: Annotated[str, Form(max_length=60)] = "",
    anchor: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Put a report into the queue and show it."""
    zone = ZoneInfo(zone_of(plant.sites(conn, who.sites)))
    noted = anchor.strip()
    with Fields() as read:
        read("site", None, lambda: _seen(conn, who, site))
        start = read("since", None, lambda: local(since, zone) if since else None)
        end = read("until", None, lambda: local(until, zone) if until else None)
        read.need(
            "until", not (start and end) or start < end, say("the end must be after the beginning; choose a later one")
        )
        read.need("kind", not kind or kind in long_work.trail_kinds(who), say("choose one from the list"))
        read.need(
            "anchor",
            not noted or (len(noted) == 64 and _HEX.issuperset(noted)),
            say("an anchor is 64 letters and digits, as a report or the command line shows it"),
        )
    asked = AuditReportIn(
        site=site or None,
        since=start,
        until=end,
        actor=actor.replace("\0", "").strip() or None,
        subject=subject.replace("\0", "").strip() or None,
        kinds=[kind] if kind else None,
        anchor=noted or None,
    )
    return sent.leads_to(f"/runs/{long_work.ask_for_audit_report(conn, who, asked, at=now).id}")


def _seen(conn: Connection, who: Who, site: str) -> None:
    if not site and who.sites is None:
        return
    try:
        plant.site_by_code(conn, site.replace("\0", ""), who.sites)
    except NotFound:
        raise InvalidForm(say("choose one from the list")) from None
