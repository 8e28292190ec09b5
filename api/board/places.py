"""The pages of functional locations and labels, and the redirects of scanned codes."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response
from psycopg import Connection

from api.asking import KNOWN, PLANS, SEES, WORKS_OR_PLANS, Asking, Conn, Now
from api.board.forms.forms import FormRoute, shown_on
from api.board.inventory import order_stock
from api.board.rendering import page
from api.once import SentForm
from db.files import files
from db.files.files import Of, Owner
from db.inspections import checklists, rounds, stops
from db.inspections.rounds import Round
from db.orders import work_orders
from db.plant import plant, scanning
from db.plant.plant import Asset, Location
from workorder_core.inspections.rounds import OPEN

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
MOST_ORDERS = 20


@router.get("/q/{token}", dependencies=[SEES])
def scanned(token: Annotated[str, Path(max_length=100)], conn: Conn, who: Asking) -> Response:
    """Redirect a scanned code to its page."""
    found = scanning.led_to(conn, token, who.sites, who.contractor)
    page_ = found.page
    if found.asset_id is not None and who.contractor is None and WORKS_OR_PLANS.dependency.lets(who):
        # During a round, lead to its stop at the asset; otherwise offer to begin one.
        stop = next((each for each in rounds.at_asset(conn, found.asset_id) if each.walker == who.actor), None)
        if stop is not None:
            page_ = f"/rounds/{stop.round_id}/stops/{stop.position}?scanned=true"
        elif checklists.routes(conn, assets=[found.asset_id], limit=1):
            page_ += "?scanned=true"
    return RedirectResponse(page_, 303)


@router.get("/locations/{location_id}", dependencies=[SEES])
def location(request: Request, location_id: int, conn: Conn, now: Now) -> Response:
    """Show a functional location: what is installed there and below it, and the work."""
    shown = plant.location(conn, location_id)
    site = plant.site(conn, shown.site_id)
    every = plant.locations(conn, shown.site_id)
    below = _below(shown, every)
    assets = [each for each in plant.assets(conn, now=now, site=site.code) if each.location_id in below]
    return page(
        request,
        "location.html",
        now=now,
        place=shown,
        site=site,
        zone=site.time_zone,
        files=files.of(conn, Owner(Of.LOCATION, shown.id)),
        above=_above(shown, every),
        inside=[each for each in every if each.parent_id == shown.id],
        assets=assets,
        orders=(found := _orders(conn, location_id)),
        lacking=order_stock.waits(conn, found),
        routes=checklists.routes(conn, site=site.code, assets=[each.id for each in assets], limit=MOST_ORDERS),
        rounds=_rounds(conn, site, {each.id for each in assets}),
    )


def _orders(conn: Connection, location_id: int) -> list[work_orders.Listed]:
    return work_orders.page(conn, work_orders.Filters(location_id=location_id, unfinished=True), limit=MOST_ORDERS)


@router.post("/locations/{location_id}/label", dependencies=[PLANS])
@shown_on("/locations/{location_id}")
def void_location(location_id: int, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Void the code of a location's labels; new labels have another."""
    scanning.replace(conn, {"location_id": location_id}, actor=who.actor, at=now)
    return sent.leads_to(f"/locations/{location_id}#label")


@router.post("/assets/{asset_id}/label", dependencies=[PLANS])
@shown_on("/assets/{asset_id}")
def void_asset(asset_id: int, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Void the code of an asset's labels; new labels have another."""
    scanning.replace(conn, {"asset_id": asset_id}, actor=who.actor, at=now)
    return sent.leads_to(f"/assets/{asset_id}#label")


@router.post("/orders/{order_id}/label/void", dependencies=[PLANS])
@shown_on("/orders/{order_id}")
def void_order(order_id: UUID, conn: Conn, now: Now, who: Asking, sent: SentForm) -> Response:
    """Void the code on an order's prints; new prints have another."""
    work_orders.get(conn, order_id, who)
    scanning.replace(conn, {"order_id": order_id}, actor=who.actor, at=now)
    return sent.leads_to(f"/orders/{order_id}")


@router.get("/labels", dependencies=[SEES])
def choose(request: Request, conn: Conn, now: Now, who: Asking, site: str = "") -> Response:
    """Show the objects for which labels can be printed."""
    sites = plant.sites(conn, who.sites)
    chosen = next((each for each in sites if each.code == site), sites[0] if sites else None)
    return page(
        request,
        "labels.html",
        sites=sites,
        site=chosen,
        assets=_assets(conn, chosen, now),
        locations=plant.locations(conn, chosen.id) if chosen else [],
    )


def _rounds(conn: Connection, site: plant.Site, there: set[int]) -> list[Round]:
    """Return the rounds that are due or under way and stop at one of some assets."""
    found = rounds.page(conn, site=site.code, statuses=OPEN, limit=MOST_ORDERS)
    return [each for each in found if there & {stop.asset_id for stop in stops.of_round(conn, each.id)}]


def _assets(conn: Connection, site: plant.Site | None, now: Now) -> list[Asset]:
    return [] if site is None else plant.assets(conn, now=now, site=site.code)


def _below(shown: Location, every: Sequence[Location]) -> set[int]:
    """Return the ids of a location and of all within it."""
    found, size = {shown.id}, 0
    while len(found) > size:
        size = len(found)
        found |= {each.id for each in every if each.parent_id in found}
    return found


def _above(shown: Location, every: Sequence[Location]) -> list[Location]:
    """Return the locations that one is within, the outermost first."""
    by_id, found = {each.id: each for each in every}, list[Location]()
    parent = by_id.get(shown.parent_id or 0)
    while parent is not None and parent not in found:
        found.insert(0, parent)
        parent = by_id.get(parent.parent_id or 0)
    return found
