"""The page of questions: the passages of orders, plans and files that answer one, as they are written."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.asking import KNOWN, SEES, Asking, Conn
from api.board.rendering import page
from api.shapes.triage import LONGEST, link
from db.plant import plant
from db.triage import alike
from workorder_core.language import N_

KINDS = {
    "order": N_("work order"),
    "comment": N_("comment"),
    "job_plan": N_("job plan"),
    "file": N_("file"),
}
router = APIRouter(include_in_schema=False, dependencies=[KNOWN])


@router.get("/ask", dependencies=[SEES])
def ask(
    request: Request,
    conn: Conn,
    who: Asking,
    question: Annotated[str, Query(max_length=LONGEST)] = "",
    code: Annotated[str, Query(alias="site", max_length=64)] = "",
) -> Response:
    """Show the passages that answer a question."""
    sites = plant.sites(conn, who.sites)
    site = next((each for each in sites if each.code == code), None)
    asked = question.replace("\0", "").strip()
    found = alike.answers(conn, asked, within=who.sites, site_id=site.id if site else None) if asked else []
    return page(
        request,
        "ask.html",
        question=asked,
        site=site.code if site else "",
        sites=sites,
        kinds=KINDS,
        passages=[(each, link(each)) for each in found],
    )
