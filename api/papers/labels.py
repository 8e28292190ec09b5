"""Codes to scan: their targets, and labels with them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg import Connection
from pydantic import BaseModel, Field

from api.asking import KNOWN, PLANS, SEES, Asking, Conn, Now
from api.once import OnlyOnce
from api.papers import typeset
from api.papers.prints import PDF, as_pdf, code_of
from db import scope
from db.inventory import items
from db.orders import work_orders
from db.plant import plant, scanning
from db.plant.scanning import ScanAddress, Thing
from workorder_core.people.access import Who
from workorder_core.sentences import say

router = APIRouter(tags=["labels"], dependencies=[KNOWN])
A_SHEET = 24
"""Labels of 70 × 37 mm on an A4 sheet: three beside each other, eight below."""
MOST = 480
"""The most labels printed at once."""
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NothingChosen(Exception):
    """Labels were requested for nothing."""

    def __init__(self) -> None:
        super().__init__(say("name what the labels are for: at least one asset_id, location_id, item_id or bin_id"))


class ScanAddressOut(BaseModel):
    """A code's target. ``path`` is its content, after the plant's base address."""

    path: str
    leads_to: str = Field(description="the page that it opens, after signing in")
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, found: ScanAddress) -> "ScanAddressOut":
        return cls(
            path=f"/q/{found.token}", leads_to=found.page, created_at=found.created_at, created_by=found.created_by
        )


class ScannedOut(BaseModel):
    """What a scanned code leads to; `code`, `name` and `site` of an asset or a functional location."""

    kind: Literal["asset", "location", "order", "item", "bin", "route"]
    id: str
    leads_to: str = Field(description="its page")
    code: str | None = None
    name: str | None = None
    site: str | None = None


@router.get("/scanned", dependencies=[SEES])
def scanned(
    conn: Conn,
    now: Now,
    who: Asking,
    code: Annotated[str, Query(max_length=500, description="what the code says: the whole address, or its token")],
) -> ScannedOut:
    """Read what a scanned code leads to, within the requester's sites; 404 for anything else."""
    found = scanning.led_to(conn, code.strip().rstrip("/").rpartition("/")[2], who.sites, who.contractor)
    kind, key = found.leads_to
    names: dict[str, str] = {}
    if found.asset_id is not None:
        asset = plant.asset(conn, found.asset_id, now=now)
        names = {"code": asset.code, "name": asset.name, "site": asset.site_code}
    elif found.location_id is not None:
        place = plant.location(conn, found.location_id)
        names = {"code": place.code, "name": place.name, "site": plant.site(conn, place.site_id).code}
    return ScannedOut.model_validate({"kind": kind, "id": str(key), "leads_to": found.page, **names})


@router.get("/assets/{asset_id}/scan-address", dependencies=[SEES])
def of_asset(asset_id: int, conn: Conn, now: Now) -> ScanAddressOut:
    """Read the target of the code on an asset's label."""
    return _read(conn, {"asset_id": plant.asset(conn, asset_id, now=now).id})


@router.get("/locations/{location_id}/scan-address", dependencies=[SEES])
def of_location(location_id: int, conn: Conn) -> ScanAddressOut:
    """Read the target of the code on a functional location's label."""
    return _read(conn, {"location_id": plant.location(conn, location_id).id})


@router.get("/work-orders/{order_id}/scan-address", dependencies=[SEES])
def of_order(order_id: UUID, conn: Conn, who: Asking) -> ScanAddressOut:
    """Read the target of the code on an order's prints."""
    return _read(conn, {"order_id": work_orders.get(conn, order_id, who).id})


@router.post("/assets/{asset_id}/scan-address", status_code=201, response_model=ScanAddressOut, dependencies=[PLANS])
def anew_of_asset(asset_id: int, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Void the code of an asset's labels, which then leads nowhere, and create a new one."""
    thing = {"asset_id": plant.asset(conn, asset_id, now=now).id}
    return once(b"", lambda _: _anew(conn, thing, who, now), needed=False)


@router.post(
    "/locations/{location_id}/scan-address", status_code=201, response_model=ScanAddressOut, dependencies=[PLANS]
)
def anew_of_location(location_id: int, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Void the code of a functional location's labels, which then leads nowhere, and create a new one."""
    thing = {"location_id": plant.location(conn, location_id).id}
    return once(b"", lambda _: _anew(conn, thing, who, now), needed=False)


@router.post(
    "/work-orders/{order_id}/scan-address", status_code=201, response_model=ScanAddressOut, dependencies=[PLANS]
)
def anew_of_order(order_id: UUID, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Void the code on an order's prints, which then leads nowhere, and create a new one."""
    thing = {"order_id": work_orders.get(conn, order_id, who).id}
    return once(b"", lambda _: _anew(conn, thing, who, now), needed=False)


@router.get("/labels", dependencies=[SEES], response_class=Response, responses=PDF)
def labels(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    asset_id: Annotated[list[Id] | None, Query(max_length=MOST, description="of these assets")] = None,
    location_id: Annotated[list[Id] | None, Query(max_length=MOST, description="of these functional locations")] = None,
    item_id: Annotated[list[Id] | None, Query(max_length=MOST, description="of these items")] = None,
    bin_id: Annotated[list[Id] | None, Query(max_length=MOST, description="of these bins")] = None,
    size: Annotated[
        Literal["sheet", "single"],
        Query(description="sheet: A4 with 24 labels of 70 × 37 mm; single: a page of that size for each"),
    ] = "sheet",
    skip: Annotated[int, Query(ge=0, lt=A_SHEET, description="labels of the first sheet that are already used")] = 0,
) -> Response:
    """Print labels as PDF: code, name and location, with a QR code that opens the page of each."""
    if not (asset_id or location_id or item_id or bin_id):
        raise NothingChosen
    things = [*_of_assets(conn, asset_id or (), who, now), *_of_locations(conn, location_id or (), who)]
    things += [*_of_items(conn, item_id or (), who), *_of_bins(conn, bin_id or (), who)]
    made = [
        {"code": code, "name": name, "place": place, "qr": typeset.qr(code_of(request, found))}
        for code, name, place, found in things
    ]
    facts: dict[str, Any] = {"labels": made, "size": size, "skip": skip if size == "sheet" else 0}
    return as_pdf(typeset.pdf("labels", facts), "labels.pdf")


def _of_assets(
    conn: Connection, ids: Sequence[int], who: Who, now: datetime
) -> list[tuple[str, str, str, ScanAddress]]:
    found = [plant.asset(conn, each, now=now, within=who.sites) for each in dict.fromkeys(ids)]
    return [
        (each.code, each.name if each.name != each.code else "", each.path.rpartition(" / ")[0],
         scanning.address(conn, {"asset_id": each.id}))
        for each in found
    ]  # fmt: skip


def _of_locations(conn: Connection, ids: Sequence[int], who: Who) -> list[tuple[str, str, str, ScanAddress]]:
    found = [plant.location(conn, each, within=who.sites) for each in dict.fromkeys(ids)]
    sites = {each.id: each.name for each in plant.sites(conn)}
    return [
        (each.code, each.name, sites[each.site_id],
         scanning.address(conn, {"location_id": each.id}))
        for each in found
    ]  # fmt: skip


def _of_items(conn: Connection, ids: Sequence[int], who: Who) -> list[tuple[str, str, str, ScanAddress]]:
    found = [items.get(conn, _seen(conn, "item_id", each, who)) for each in dict.fromkeys(ids)]
    return [(each.code, each.name, each.supplier, scanning.address(conn, {"item_id": each.id})) for each in found]


def _of_bins(conn: Connection, ids: Sequence[int], who: Who) -> list[tuple[str, str, str, ScanAddress]]:
    found = [items.get_bin(conn, _seen(conn, "bin_id", each, who)) for each in dict.fromkeys(ids)]
    return [(each.code, each.store_name, each.site, scanning.address(conn, {"bin_id": each.id})) for each in found]


def _seen(conn: Connection, name: str, key: int, who: Who) -> int:
    """Return an id if it belongs to a site that the requester sees. Raises NotFound."""
    if who.sites is not None:
        scope.check(conn, name, key, who.sites)
    return key


def _read(conn: Connection, thing: Thing) -> ScanAddressOut:
    return ScanAddressOut.of(scanning.address(conn, thing))


def _anew(conn: Connection, thing: Thing, who: Who, now: datetime) -> ScanAddressOut:
    return ScanAddressOut.of(scanning.replace(conn, thing, actor=who.actor, at=now))
