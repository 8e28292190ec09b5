"""The pages of routes: the list, one with its stops and its code to scan, and its editor."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, PLANS, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.inspections.checklist_pages import Typed, listed
from api.board.rendering import Number, page
from api.once import SentForm
from api.papers.prints import as_pdf, code_of
from api.papers.typeset import pdf, qr
from db.errors import AlreadyExists
from db.inspections import checklists, doubts, rounds
from db.inspections.checklists import InvalidRoute
from db.plant import plant, scanning
from workorder_core.inspections.rounds import OPEN
from workorder_core.language import _

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
BLANK = 4


@router.get("/inspection-routes", dependencies=[SEES])
def overview(
    request: Request, conn: Conn, who: Asking, site: str = "", archived: bool = False, number: Number = 1
) -> Response:
    """Show the routes, and those that are archived where they are asked for."""
    return listed(
        request, conn, who, "inspections/routes.html", checklists.routes, site=site, archived=archived, number=number
    )


@router.get("/inspection-routes/new", dependencies=[PLANS])
def new(request: Request, conn: Conn, now: Now, who: Asking, site: str = "") -> Response:
    """Show the form of a new route."""
    sites = plant.sites(conn, who.sites)
    chosen = next((each for each in sites if each.code == site), sites[0] if sites else None)
    offered = {"assets": [], "checklists": []} if chosen is None else _offered(conn, chosen.code, now)
    blank: list[Any] = [None] * (2 * BLANK)
    return page(request, "inspections/route.html", route=None, sites=sites, site=chosen, rows=blank, **offered)


@router.get("/inspection-routes/{route_id}", dependencies=[SEES])
def one(request: Request, route_id: int, conn: Conn, now: Now, scanned: Annotated[bool, Query()] = False) -> Response:
    """Show a route: its stops in walking order, its rounds in progress, and its editor."""
    route = checklists.route(conn, route_id)
    site = plant.site(conn, route.site_id)
    return page(
        request,
        "inspections/route.html",
        now=now,
        route=route,
        site=site,
        sites=[],
        scanned=scanned,
        doubts=[] if route.archived_at else doubts.of_route(conn, route),
        rounds=rounds.page(conn, route_id=route_id, statuses=OPEN, limit=20),
        rows=[*route.walk, *([None] * BLANK)],
        **_offered(conn, site.code, now),
    )


def _offered(conn: Connection, site: str, now: Now) -> dict[str, Any]:
    return {
        "assets": plant.assets(conn, now=now, site=site),
        "checklists": checklists.page(conn, site=site, limit=1000),
    }


@router.get("/inspection-routes/{route_id}/label", dependencies=[SEES])
def label(request: Request, route_id: int, conn: Conn) -> Response:
    """Print the code for the start of a route."""
    route = checklists.route(conn, route_id)
    found = scanning.address(conn, {"route_id": route_id})
    it = {"code": route.code, "name": route.title, "kind": _("Inspection round"), "qr": qr(code_of(request, found))}
    return as_pdf(pdf("route_label", it), f"{route.code}.pdf")


@router.post("/inspection-routes", dependencies=[PLANS])
@shown_on(lambda _, form: f"/inspection-routes/new?site={form.get('site', '')}", at={AlreadyExists: "code"})
def create(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    typed: Typed,
    site: Annotated[str, Form(max_length=100)] = "",
    code: Annotated[str, Form(max_length=64, pattern=r"^\s*([A-Za-z0-9][A-Za-z0-9_.-]*)?\s*$")] = "",
) -> Response:
    """Create a route."""
    there = {each.code: each for each in plant.sites(conn, who.sites)}
    with Fields() as read:
        read.need("site", site in there, _("choose one from the list"))
        read.need("code", code.strip(), _("use letters, digits and _ . - only, 64 at most"))
        title, stops = _read(conn, read, typed, there[site].id if site in there else None)
    made = checklists.add_route(conn, there[site].id, code.strip(), title, stops, actor=who.actor, at=now)
    return sent.leads_to(f"/inspection-routes/{made.id}")


@router.post("/inspection-routes/{route_id}", dependencies=[PLANS])
@shown_on("/inspection-routes/{route_id}")
def change(route_id: int, conn: Conn, now: Now, who: Asking, sent: SentForm, typed: Typed) -> Response:
    """Change the stops of a route."""
    before = checklists.route(conn, route_id)
    with Fields() as read:
        title, stops = _read(conn, read, typed, before.site_id)
    checklists.change_route(conn, route_id, title, stops, actor=who.actor, at=now, why=typed.get("why", "")[:2000])
    return sent.leads_to(f"/inspection-routes/{route_id}")


@router.post("/inspection-routes/{route_id}/archive", dependencies=[PLANS])
@shown_on("/inspection-routes/{route_id}")
def archive(route_id: int, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Archive a route: no new round follows it."""
    checklists.archive_route(conn, route_id, actor=who.actor, at=now)
    return sent.leads_to(f"/inspection-routes/{route_id}")


def _read(
    conn: Connection, read: Fields, typed: Mapping[str, str], site_id: int | None
) -> tuple[str, list[tuple[int, int]]]:
    """Return the title and the stops from the editor's fields; record errors at their fields."""
    title = typed.get("title", "").strip()
    read.need("title", title and len(title) <= 200, _("give it a title of 200 characters at most"))
    rows: list[tuple[float, int, tuple[int, int]]] = []
    for name, asset in typed.items():
        number = name.removeprefix("asset_")
        if not name.startswith("asset_") or not number.isdecimal() or not asset:
            continue
        checklist, order = typed.get(f"checklist_{number}", ""), typed.get(f"order_{number}", "").strip()
        read.need(name, asset.isdecimal() and len(asset) < 10, _("choose one from the list"))
        read.need(f"checklist_{number}", checklist.isdecimal() and len(checklist) < 10, _("choose a checklist"))
        read.need(f"order_{number}", not order or order.isdecimal(), _("write a whole number"))
        if not read.wrong:
            rows.append((int(order or number), int(number), (int(asset), int(checklist))))
    stops = [each[2] for each in sorted(rows)]
    read.need("asset_1", stops or read.wrong, _("choose at least one stop"))
    if site_id is not None and not read.wrong:
        try:
            checklists.check_stops(conn, site_id, stops)
        except InvalidRoute as wrong:
            read.need("asset_1", False, str(wrong))
    return title, stops
