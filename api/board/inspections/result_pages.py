"""The page of results: the answers of all rounds, by asset, checklist and verdict."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.asking import KNOWN, SEES, Asking, Conn
from api.board.rendering import Number, page
from db.inspections import checklists, results
from db.plant import plant
from workorder_core.inspections.answers import Verdict

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])
A_PAGE = 50
Filter = Annotated[str, Query(max_length=64)]


@router.get("/inspection-results", dependencies=[SEES])
def overview(
    request: Request,
    conn: Conn,
    who: Asking,
    site: Filter = "",
    asset: Filter = "",
    checklist_id: Filter = "",
    verdict: Filter = "",
    number: Number = 1,
) -> Response:
    """Show what was answered, the newest first."""
    sites = plant.sites(conn, who.sites)
    chosen = {
        "site": next((each.code for each in sites if each.code == site), ""),
        "asset": asset.strip().replace("\0", ""),
        "checklist_id": checklist_id if checklist_id.isdecimal() and len(checklist_id) < 10 else "",
        "verdict": verdict if verdict in set(Verdict) else "",
    }
    asked = results.Asked(
        site=chosen["site"] or None,
        within=who.sites,
        asset=chosen["asset"] or None,
        checklist_id=int(chosen["checklist_id"]) if chosen["checklist_id"] else None,
        verdicts=[Verdict(chosen["verdict"])] if chosen["verdict"] else None,
    )
    found = results.page(conn, asked, limit=A_PAGE + 1, offset=(number - 1) * A_PAGE)
    return page(
        request,
        "inspections/results.html",
        results=found[:A_PAGE],
        more=len(found) > A_PAGE,
        number=number,
        sites=sites,
        chosen=chosen,
        query=urlencode({name: value for name, value in chosen.items() if value}),
        checklists=checklists.page(conn, site=asked.site, within=who.sites, archived=True),
        verdicts=list(Verdict),
    )
