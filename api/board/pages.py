"""The pages: orders by urgency, assets, one asset, quarantine."""

from datetime import datetime, timedelta
from math import ceil
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from psycopg import Connection

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board import drawing
from api.board.inspections.of_pages import at_asset
from api.board.inventory import order_stock
from api.board.rendering import Number, page
from api.board.words import zone_of
from api.routers.quarantine import READERS
from api.shapes.plant import SeriesOut
from db.costs import costs
from db.documents import documents
from db.files import files
from db.files.files import Of, Owner
from db.inspections import results
from db.orders import work_orders
from db.people import technicians
from db.plant import changes, downtimes, health, plant, safety
from db.reliability import survival
from db.telemetry import late_excursions, quarantine, telemetry
from workorder_core.costs.order_cost import CostSum, summed
from workorder_core.orders import lifecycle
from workorder_core.people.access import Who
from workorder_core.sentences import coded
from workorder_core.words import Criticality, OrderType, Priority, Status

PAGE_SIZE, MACHINES_A_PAGE = 25, 100
SPANS = {"6h": 6, "24h": 24, "7d": 168, "21d": 504}
_COSTED = timedelta(days=365)
"""How far back an asset's page adds up the costs of its orders."""
_LATE = timedelta(days=30)
"""How far back an asset's page shows late readings."""
_SHOWN_BUCKETS = 400
_SHOWN_OF_PAYLOAD = 400
router = APIRouter(include_in_schema=False, dependencies=[KNOWN])


@router.get("/", dependencies=[SEES])
def orders(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    show: Annotated[str, Query(pattern="^(unfinished|finished|all)$")] = "unfinished",
    site: str = "",
    status: str = "",
    kind: Annotated[str, Query(alias="type")] = "",
    assignee: str = "",
    asset: str = "",
    text: Annotated[str, Query(max_length=200)] = "",
    priority: str = "",
    only: str = "",
    number: Number = 1,
) -> Response:
    """Show orders, the most urgent first."""
    chosen_status = [Status(status)] if status in set(Status) else None
    filters = work_orders.Filters(
        status=sorted(lifecycle.DONE) if only == "to-check" else chosen_status,
        priority=[Priority(int(priority))] if priority in {str(each.value) for each in Priority} else None,
        overdue=only == "overdue",
        type=[OrderType(kind)] if kind in set(OrderType) else None,
        site=site or None,
        within=who.sites,
        asset=asset or None,
        assignee=assignee or None,
        text=text.strip() or None,
        unfinished={"unfinished": True, "finished": False}.get(show),
    )
    total = work_orders.count(conn, filters)
    listed = work_orders.page(conn, filters, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    chosen = {
        "show": show, "site": site, "status": status, "type": kind, "assignee": assignee, "asset": asset,
        "text": text.strip(), "priority": priority, "only": only,
    }  # fmt: skip
    return page(
        request,
        "orders.html",
        shared=True,
        now=now,
        orders=listed,
        waiting=order_stock.waits(conn, listed),
        total=total,
        number=number,
        pages=max(1, ceil(total / PAGE_SIZE)),
        chosen=chosen,
        filtered=any(value for name, value in chosen.items() if name != "show"),
        query=urlencode({name: value for name, value in chosen.items() if value and value != "unfinished"}),
        for_file=_for_file(filters),
        sites=plant.sites(conn, who.sites),
        technicians=technicians.listed(conn, within=who.sites),
        statuses=list(Status),
        types=list(OrderType),
        head=_head(work_orders.tally(conn, who.sites)),
        attention=results.attention(conn, within=who.sites, now=now),
    )


def _for_file(filters: work_orders.Filters) -> str:
    """Return the filters of a list of orders, as for the API's list."""
    asked = {
        "status": filters.status, "type": filters.type, "site": filters.site, "asset": filters.asset,
        "assignee": filters.assignee, "text": filters.text, "overdue": "true" if filters.overdue else None,
        "priority": None if filters.priority is None else [int(each) for each in filters.priority],
        "unfinished": None if filters.unfinished is None else str(filters.unfinished).lower(),
    }  # fmt: skip
    return urlencode({name: value for name, value in asked.items() if value is not None}, doseq=True)


def _head(tallies: list[work_orders.Tally]) -> dict[str, int]:
    """Count the orders shown at the top of the board: the unfinished ones, and those that need attention now."""
    live = [each for each in tallies if each.status not in lifecycle.FINAL]
    return {
        "unfinished": sum(each.orders for each in live),
        "emergencies": sum(each.orders for each in live if each.priority is Priority.EMERGENCY),
        "late": sum(each.escalated for each in live if each.status not in lifecycle.DONE),
        "open": sum(each.orders for each in live if each.status is Status.OPEN),
        "to_check": sum(each.orders for each in live if each.status in lifecycle.DONE),
        "ever": sum(each.orders for each in tallies),
    }


@router.get("/assets", dependencies=[SEES])
def assets(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    number: Number = 1,
) -> Response:
    """Show the assets, with their locations and states."""
    fetched = plant.assets(
        conn, now=now, within=who.sites, limit=MACHINES_A_PAGE + 1, offset=(number - 1) * MACHINES_A_PAGE
    )
    found = fetched[:MACHINES_A_PAGE]
    ids = [asset.id for asset in found]
    return page(
        request,
        "assets.html",
        shared=True,
        number=number,
        more=len(fetched) > MACHINES_A_PAGE,
        now=now,
        assets=found,
        signals=plant.signals(conn, ids),
        newest={
            asset_id: {reading.signal: reading for reading in readings}
            for asset_id, readings in telemetry.newest(conn, ids).items()
        },
    )


@router.get("/assets/{asset_id}", dependencies=[SEES])
def asset(request: Request, asset_id: int, conn: Conn, now: Now, span: str = "24h", scanned: bool = False) -> Response:
    """Show one asset: its signals, orders and planned downtimes."""
    return asset_page(request, conn, asset_id, now=now, span=span, scanned=scanned)


def asset_page(
    request: Request,
    conn: Connection,
    asset_id: int,
    *,
    now: datetime,
    span: str = "24h",
    scanned: bool = False,
) -> Response:
    """Return an asset's page."""
    who: Who | None = getattr(request.state, "who", None)
    contractor = None if who is None else who.contractor
    shown = plant.asset(conn, asset_id, now=now)
    signals = plant.signals(conn, [asset_id]).get(asset_id, [])
    newest = {reading.signal: reading for reading in telemetry.newest(conn, [asset_id]).get(asset_id, [])}
    end = max((reading.observed_at for reading in newest.values()), default=now) + timedelta(microseconds=1)
    start = end - timedelta(hours=SPANS.get(span, 24))
    bucket = timedelta(seconds=max(1, ceil((end - start).total_seconds() / _SHOWN_BUCKETS)))
    series = telemetry.series(conn, asset_id, start=start, end=end, bucket=bucket)
    charts = [
        drawing.of_signal(each, SeriesOut.of(each, series[each.name]).model_dump(), shown.time_zone)
        for each in signals
        if each.name in series
    ]
    others = [] if contractor else plant.assets(conn, now=now, site=shown.site_code)
    return page(
        request,
        "asset.html",
        shared=True,
        now=now,
        asset=shown,
        zone=shown.time_zone,
        signals=signals,
        model_judges_most=documents.model_of(conn, shown.asset_class).most_signals,
        newest=newest,
        late=late_excursions.of_asset(
            conn, asset_id, f"{shown.site_code}/{shown.code}", shown.asset_class, start=end - _LATE, end=end
        ),
        by_name={each.name: each for each in signals},
        charts=charts,
        span=span if span in SPANS else "24h",
        spans=list(SPANS),
        orders=(
            of_asset := work_orders.page(conn, work_orders.Filters(asset_id=asset_id, given_to=contractor), limit=10)
        ),
        lacking=order_stock.waits(conn, of_asset),
        others=[each for each in others if each.id != asset_id],
        criticalities=list(Criticality),
        installed=plant.installed(conn, asset_id),
        health=health.of_asset(conn, asset_id),
        remaining=drawing.of_survival(survival.of_asset(conn, asset_id)),
        cost=_cost(request, conn, asset_id, now),
        downtimes=[each for each in downtimes.listed(conn, asset_id=asset_id, after=now) if not each.cancelled_at],
        changes=[] if contractor else changes.page(conn, kinds=changes.OF_PLANT, asset_id=asset_id, limit=5),
        waiting=[] if contractor else safety.page(conn, asset_id=asset_id, waiting=True),
        files=files.of(conn, Owner(Of.ASSET, asset_id)),
        inspections=at_asset(conn, shown, scanned=scanned),
    )


def _cost(request: Request, conn: Connection, asset_id: int, now: datetime) -> CostSum | None:
    """Return the costs of an asset's orders of a year, for users who may see costs."""
    who: Who | None = getattr(request.state, "who", None)
    if who is None or not who.sees_costs:
        return None
    return summed(costs.of_asset(conn, asset_id, since=now - _COSTED, now=now))


@router.get("/quarantine", dependencies=[SEES])
def quarantined(request: Request, conn: Conn, now: Now, who: Asking, reason: str = "", number: Number = 1) -> Response:
    """Show the quarantined messages, with the reasons."""
    offset = (number - 1) * PAGE_SIZE
    found = quarantine.page(conn, reason=reason or None, within=who.sites, limit=PAGE_SIZE + 1, offset=offset)
    kept = found[:PAGE_SIZE]
    return page(
        request,
        "quarantine.html",
        shared=True,
        now=now,
        zone=zone_of(plant.sites(conn, who.sites)),
        kept=kept,
        texts=_payloads(conn, kept) if who.may(READERS) else {},
        counts=quarantine.count_by_reason(conn, who.sites),
        reason=reason,
        number=number,
        more=len(found) > PAGE_SIZE,
    )


def _payloads(conn: Connection, kept: list[quarantine.Kept]) -> dict[int, list[str]]:
    """Return the beginnings of the stored payloads of each kind."""
    return {
        each.id: [_shown(one.payload) for one in quarantine.payloads(conn, each.id, most=_SHOWN_OF_PAYLOAD + 1)]
        if each.payloads > 1
        else [_shown(each.payload)]
        for each in kept
    }


def _shown(payload: bytes) -> str:
    """Return the beginning of a payload as text; binary bytes are escaped."""
    text = payload[:_SHOWN_OF_PAYLOAD].decode("utf-8", errors="backslashreplace")
    readable = "".join(letter if letter.isprintable() or letter == "\n" else f"\\x{ord(letter):02x}" for letter in text)
    return readable + ("…" if len(payload) > _SHOWN_OF_PAYLOAD else "")


def error_page(request: Request, status: int, title: str, detail: str) -> Response:
    """Return an error for people. A user who is not signed in, or must change the password, is redirected."""
    if getattr(request.state, "must_change", False):
        return RedirectResponse("/password", 303)
    if status == 401 and request.method == "GET":
        scanned = request.url.path.partition("/q/")
        if scanned[1] and not scanned[0]:  # whoever is not of the plant makes a request; its page offers to sign in
            return RedirectResponse(f"/r/{quote(scanned[2], safe='')}", 303)
        there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(there)}", 303)
    return page(request, "error.html", status=status, title=coded(title), detail=detail, code=status)
