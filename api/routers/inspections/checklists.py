"""Checklists and their versions, and the routes that use them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.asking import PLANS, SEES, Asking, Conn, Now, Why
from api.once import OnlyOnce
from api.paging import Id, Order, Paged, PagedByFifty, Small, Text
from api.shapes.inspections.checklists import (
    ChecklistChangeIn,
    ChecklistIn,
    ChecklistOut,
    DifferenceOut,
    PointOut,
    RouteChangeIn,
    RouteIn,
    RouteOut,
    RouteStopRowOut,
    checklist,
)
from db.inspections import checklists, tables
from db.plant import plant
from workorder_core.inspections.checklists import difference

router = APIRouter(tags=["inspections"])
Site = Annotated[str | None, Query(description="a site's code")]
Archived = Annotated[bool, Query(description="archived ones too")]
Version = Annotated[int, Query(ge=1, le=2**31 - 1, description="a version's number, from 1")]
MaybeVersion = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="a version's number; none: in force")]
_BY_CODE = tuple[Text, Text]
BY_CODE = Order[ChecklistOut](_BY_CODE, lambda each: (each.site, each.code))
ROUTES_BY_CODE = Order[RouteOut](_BY_CODE, lambda each: (each.site, each.code))
BY_POINT = Order[PointOut](
    tuple[Text, Text, Id], lambda each: (each.site, each.point.rpartition("/")[0], each.position)
)
BY_STOP = Order[RouteStopRowOut](tuple[Text, Text, Small], lambda each: (each.site, each.route, each.position))
NEWEST_FIRST = Order[ChecklistOut](tuple[Id], lambda each: (-each.version,))


@router.get("/checklists", dependencies=[SEES])
def find(conn: Conn, who: Asking, part: Paged, site: Site = None, archived: Archived = False) -> list[ChecklistOut]:
    """List checklists in the version in force, by site and code."""
    after = part.after(BY_CODE)
    found = checklists.page(conn, site=site, within=who.sites, archived=archived, after=after, limit=part.fetched)
    return list(part.of_fetched([ChecklistOut.of(each) for each in found], BY_CODE))


@router.get("/checklist-items", dependencies=[SEES])
def find_items(conn: Conn, who: Asking, part: Paged, site: Site = None) -> list[PointOut]:
    """List the items of the checklists in force, as the table that can be imported."""
    found = checklists.page(conn, site=site, within=who.sites, limit=10_000)
    return list(part.of_all([point for each in found for point in PointOut.all_of(each)], BY_POINT))


@router.post("/checklists", status_code=201, response_model=ChecklistOut, dependencies=[PLANS])
def create(body: ChecklistIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce, why: Why) -> Response:
    """Create a checklist. The header Idempotency-Key is required."""

    def make(response: Response) -> ChecklistOut:
        site = plant.site_by_code(conn, body.site, who.sites)
        asked = checklist(body, checklists.with_keys([each.item() for each in body.items], None))
        made = checklists.add(conn, site.id, body.code, asked, actor=who.actor, at=now, why=why)
        response.headers["Location"] = f"/api/v1/checklists/{made.id}"
        return ChecklistOut.of(made)

    return once(body, make)


@router.get("/checklists/{checklist_id}", dependencies=[SEES])
def read(checklist_id: int, conn: Conn, version: MaybeVersion = None) -> ChecklistOut:
    """Read a checklist in the version in force, or in an earlier one."""
    return ChecklistOut.of(checklists.get(conn, checklist_id, version))


@router.put("/checklists/{checklist_id}", dependencies=[PLANS])
def change(checklist_id: int, body: ChecklistChangeIn, conn: Conn, now: Now, who: Asking, why: Why) -> ChecklistOut:
    """Create the next version of a checklist. Rounds in progress keep theirs; equal content changes nothing."""
    before = checklists.get(conn, checklist_id)
    asked = checklist(body, checklists.with_keys([each.item() for each in body.items], before))
    return ChecklistOut.of(checklists.change(conn, checklist_id, asked, actor=who.actor, at=now, why=why))


@router.get("/checklists/{checklist_id}/versions", dependencies=[SEES])
def versions(checklist_id: int, conn: Conn, part: PagedByFifty) -> list[ChecklistOut]:
    """List every version of a checklist, the newest first."""
    checklists.get(conn, checklist_id)
    found = [ChecklistOut.of(each) for each in checklists.versions(conn, checklist_id)]
    return list(part.of_all(found, NEWEST_FIRST))


@router.get("/checklists/{checklist_id}/difference", dependencies=[SEES])
def compare(checklist_id: int, conn: Conn, before: Version, after: MaybeVersion = None) -> DifferenceOut:
    """Compare two versions of a checklist item by item; without `after`, the one in force."""
    old, new = checklists.get(conn, checklist_id, before), checklists.get(conn, checklist_id, after)
    return DifferenceOut.of(old.version, new.version, difference(old.checklist, new.checklist))


@router.post("/checklists/{checklist_id}/archive", dependencies=[PLANS])
def archive(checklist_id: int, conn: Conn, now: Now, who: Asking, why: Why) -> ChecklistOut:
    """Archive a checklist: no new round uses it; its answers stay."""
    checklists.archive(conn, checklist_id, actor=who.actor, at=now, why=why)
    return ChecklistOut.of(checklists.get(conn, checklist_id))


@router.get("/inspection-routes", dependencies=[SEES])
def find_routes(
    conn: Conn,
    who: Asking,
    part: Paged,
    site: Site = None,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="that stop at an asset")] = None,
    archived: Archived = False,
) -> list[RouteOut]:
    """List routes, by site and code."""
    found = checklists.routes(
        conn,
        site=site,
        within=who.sites,
        assets=None if asset_id is None else [asset_id],
        archived=archived,
        after=part.after(ROUTES_BY_CODE),
        limit=part.fetched,
    )
    return list(part.of_fetched([RouteOut.of(each) for each in found], ROUTES_BY_CODE))


@router.get("/route-stops", dependencies=[SEES])
def find_route_stops(conn: Conn, who: Asking, part: Paged, site: Site = None) -> list[RouteStopRowOut]:
    """List the stops of the routes in use, as the table that can be imported."""
    sites = [each.code for each in plant.sites(conn, who.sites) if site in (None, each.code)]
    rows = [
        RouteStopRowOut.model_validate({"site": each, **row}) for each in sites for row in tables.route_rows(conn, each)
    ]
    return list(part.of_all(rows, BY_STOP))


@router.post("/inspection-routes", status_code=201, response_model=RouteOut, dependencies=[PLANS])
def create_route(body: RouteIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce, why: Why) -> Response:
    """Create a route: assets in walking order, each with its checklist. The header Idempotency-Key is required."""

    def make(response: Response) -> RouteOut:
        site = plant.site_by_code(conn, body.site, who.sites)
        made = checklists.add_route(
            conn, site.id, body.code, body.title, body.pairs(), actor=who.actor, at=now, why=why
        )
        response.headers["Location"] = f"/api/v1/inspection-routes/{made.id}"
        return RouteOut.of(made)

    return once(body, make)


@router.get("/inspection-routes/{route_id}", dependencies=[SEES])
def read_route(route_id: int, conn: Conn) -> RouteOut:
    """Read a route with its stops in walking order."""
    return RouteOut.of(checklists.route(conn, route_id))


@router.put("/inspection-routes/{route_id}", dependencies=[PLANS])
def change_route(route_id: int, body: RouteChangeIn, conn: Conn, now: Now, who: Asking, why: Why) -> RouteOut:
    """Change the stops of a route; rounds that have begun keep theirs."""
    pairs = body.pairs()
    return RouteOut.of(checklists.change_route(conn, route_id, body.title, pairs, actor=who.actor, at=now, why=why))


@router.post("/inspection-routes/{route_id}/archive", dependencies=[PLANS])
def archive_route(route_id: int, conn: Conn, now: Now, who: Asking, why: Why) -> RouteOut:
    """Archive a route: no new round follows it."""
    checklists.archive_route(conn, route_id, actor=who.actor, at=now, why=why)
    return RouteOut.of(checklists.route(conn, route_id))
