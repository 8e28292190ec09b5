"""The pages of rounds: those due, in progress and done; one round; beginning, handing over and signing it."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, SEES, WORKS_OR_PLANS, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import Number, page
from api.once import SentForm
from api.papers import round_paper
from db.errors import NotFound
from db.inspections import checklists, history, points, reports, results, rounds, stops
from db.inspections.checklists import InvalidRoute
from db.inspections.rounds import Round, Walk
from db.orders import work_orders
from db.plant import plant
from workorder_core.inspections.rounds import (
    OPEN,
    OVER,
    WALKED,
    How,
    RoundIncomplete,
    RoundStatus,
    RoundStep,
    SignedByAnother,
    StopStatus,
)
from workorder_core.language import _
from workorder_core.people.access import Who

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
A_PAGE = 30
MOST_OPEN = 200
Short = Annotated[str, Form(max_length=100)]


@router.get("/rounds", dependencies=[SEES])
def overview(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    site: str = "",
    status: str = "",
    route_id: Short = "",
    number: Number = 1,
) -> Response:
    """Show the rounds in progress and due, the routes that can be walked, and finished rounds."""
    sites = plant.sites(conn, who.sites)
    chosen = {
        "site": next((each.code for each in sites if each.code == site), ""),
        "status": status if status in OVER else "",
        "route_id": route_id if _is_number(route_id) else "",
    }
    asked: dict[str, Any] = {"site": chosen["site"] or None, "within": who.sites}
    routes = checklists.routes(conn, **asked)
    asked["route_id"] = int(chosen["route_id"]) if chosen["route_id"] else None
    open_ = rounds.page(conn, **asked, statuses=OPEN, limit=MOST_OPEN)
    over = [RoundStatus(chosen["status"])] if chosen["status"] else sorted(OVER)
    done = rounds.page(conn, **asked, statuses=over, limit=A_PAGE + 1, offset=A_PAGE * (number - 1))
    missed = rounds.page(conn, **asked, statuses=[RoundStatus.MISSED], since=now - 2 * results.RECENTLY, limit=A_PAGE)
    query = urlencode({name: value for name, value in chosen.items() if value})
    return page(
        request,
        "inspections/rounds.html",
        now=now,
        sites=sites,
        chosen=chosen,
        query=query,
        for_file=urlencode({**{name: value for name, value in chosen.items() if value}, "status": over}, doseq=True),
        over=sorted(OVER),
        missed=[each for each in missed if each.finished_at and each.finished_at > now - results.RECENTLY],
        under_way=[each for each in open_ if each.status in WALKED],
        due=sorted((each for each in open_ if each.status is RoundStatus.DUE), key=lambda each: each.due_at),
        done=done[:A_PAGE],
        number=number,
        more=len(done) > A_PAGE,
        routes=routes,
    )


@router.post("/rounds", dependencies=[WORKS_OR_PLANS])
@shown_on(
    lambda _, form: f"/inspection-routes/{form['route_id']}" if form.get("route_id", "").isdecimal() else "/rounds"
)
def begin(
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    route_id: Short = "",
    asset_id: Short = "",
    checklist_id: Short = "",
    how: Short = "hand",
) -> Response:
    """Begin a round along a route, or at one asset, and show its first stop."""
    by = How.CODE if how == How.CODE.value else How.HAND
    try:
        site_id, walk = _walk(conn, route_id, asset_id, checklist_id, who, now)
        made = rounds.begin(conn, site_id, walk, how=by, actor=who.actor, at=now)
    except (InvalidRoute, NotFound) as wrong:
        raise InvalidForm(str(wrong)) from None
    return sent.leads_to(f"/rounds/{made.id}/stops/1")


def _walk(conn: Connection, route_id: str, asset_id: str, checklist_id: str, who: Who, now: Now) -> tuple[int, Walk]:
    """Return the site, and the route or asset of the round. Raises NotFound, InvalidForm."""
    if _is_number(route_id):
        route = checklists.route(conn, int(route_id))
        if not who.sees(route.site):
            raise NotFound("route", route_id)
        return route.site_id, Walk(route_id=route.id)
    if not _is_number(asset_id) or not _is_number(checklist_id):
        raise InvalidForm(_("choose a route, or an asset with a checklist"))
    asset = plant.asset(conn, int(asset_id), now=now, within=who.sites)
    return asset.site_id, Walk(stops=((asset.id, int(checklist_id)),))


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 10


@router.get("/rounds/{round_id}", dependencies=[SEES])
def one(request: Request, round_id: int, conn: Conn, now: Now, who: Asking) -> Response:
    """Show a round: its stops, failed points, walker and signed report."""
    found = rounds.get(conn, round_id)
    answered = stops.answered(conn, round_id)
    walk = stops.of_round(conn, round_id)
    return page(
        request,
        "inspections/round.html",
        now=now,
        round=found,
        zone=found.time_zone,
        walk=walk,
        texts={(each.position, item.key): item.text for each in walk for item in each.asks.items},
        kinds={(each.position, item.key): item.kind for each in walk for item in each.asks.items},
        failed=[each for each in answered if each.verdict == "failed"],
        open_points=points.open_points(conn, round_id),
        missing=[each for each in walk if each.status is StopStatus.OPEN],
        next=next((each for each in walk if each.status is StopStatus.OPEN), None),
        walked=found.status in WALKED,
        is_open=found.status in OPEN,
        route=None if found.route_id is None else checklists.route(conn, found.route_id),
        order=None if found.order_id is None else work_orders.get(conn, found.order_id),
        report=_report(conn, found),
        history=history.of_round(conn, round_id),
        mine=found.walker == who.actor,
    )


def _report(conn: Connection, of: Round) -> reports.Report | None:
    try:
        return reports.get(conn, of.id)
    except NotFound:
        return None


@router.post("/rounds/{round_id}/finish", dependencies=[WORKS_OR_PLANS])
@shown_on("/rounds/{round_id}", at={RoundIncomplete: "name", SignedByAnother: "name"})
def finish(
    round_id: int,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    name: Annotated[str, Form(max_length=200)] = "",
    drawn: Annotated[str, Form(max_length=200_000)] = "",
) -> Response:
    """Sign a round; its report is stored with its hash."""
    with Fields() as read:
        read.need("name", name.strip(), _("sign with your name"))
    round_paper.finish(conn, round_id, name.strip(), round_paper.readable(drawn), actor=who.actor, at=now)
    return sent.leads_to(f"/rounds/{round_id}")


@router.post("/rounds/{round_id}/cancel", dependencies=[WORKS_OR_PLANS])
@shown_on("/rounds/{round_id}")
def cancel(
    round_id: int,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    why: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Cancel a round, with the reason."""
    with Fields() as read:
        read.need("why", why.strip(), _("say why"))
    rounds.take_step(conn, round_id, RoundStep.CANCEL, actor=who.actor, at=now, why=why)
    return sent.leads_to(f"/rounds/{round_id}")


@router.post("/rounds/{round_id}/start", dependencies=[WORKS_OR_PLANS])
@shown_on("/rounds/{round_id}")
def start(round_id: int, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Begin a round that is due."""
    return sent.leads_to(_on(conn, rounds.take_step(conn, round_id, RoundStep.START, actor=who.actor, at=now)))


@router.post("/rounds/{round_id}/pause", dependencies=[WORKS_OR_PLANS])
@shown_on("/rounds/{round_id}")
def pause(round_id: int, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Pause a round, for later or for somebody else."""
    rounds.take_step(conn, round_id, RoundStep.PAUSE, actor=who.actor, at=now)
    return sent.leads_to(f"/rounds/{round_id}")


@router.post("/rounds/{round_id}/resume", dependencies=[WORKS_OR_PLANS])
@shown_on("/rounds/{round_id}")
def resume(round_id: int, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Continue a paused round, one's own or somebody else's."""
    return sent.leads_to(_on(conn, rounds.take_step(conn, round_id, RoundStep.RESUME, actor=who.actor, at=now)))


def _on(conn: Connection, walked: Round) -> str:
    """Return the page on which a round continues: its first open stop, or the page for signing."""
    return next_page(walked.id, stops.outline(conn, walked.id))


def next_page(round_id: int, there: Mapping[int, StopStatus], after: int = 0) -> str:
    """Return the page of the next open stop after a position, else of the first open one, else of the round."""
    left = [position for position, status in there.items() if status is StopStatus.OPEN]
    ahead = [position for position in left if position > after] or left
    return f"/rounds/{round_id}/stops/{ahead[0]}" if ahead else f"/rounds/{round_id}"
