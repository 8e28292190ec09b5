"""The page of instructions by which requesters solve problems themselves."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response

from api.asking import KNOWN, PLANS, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.once import SentForm
from db.plant import plant
from db.requests import self_help
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


@router.get("/self-help", dependencies=[PLANS])
def listed(request: Request, conn: Conn, now: Now, who: Asking, site: str = "") -> Response:
    """Show the instructions of a site, and how often each has helped."""
    sites = plant.sites(conn, who.sites)
    shown = plant.site_by_code(conn, site, who.sites) if site else next(iter(sites), None)
    assets = [] if shown is None else plant.assets(conn, now=now, site=shown.code)
    return page(
        request,
        "requests/self_help.html",
        now=now,
        site=shown,
        sites=sites,
        found=[] if shown is None else self_help.of_site(conn, shown.id),
        assets=assets,
        classes=sorted({each.asset_class for each in assets if each.asset_class}),
        filled={"title": "", "steps": ""},
    )


@router.post("/self-help/{site_code}", dependencies=[PLANS])
@shown_on("/self-help?site={site_code}")
def add(
    site_code: str,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    title: Annotated[str, Form(max_length=200)] = "",
    steps: Annotated[str, Form(max_length=4000)] = "",
    of: Annotated[str, Form(max_length=120)] = "",
) -> Response:
    """Write instructions."""
    site = plant.site_by_code(conn, site_code, who.sites)
    kind, _, which = of.partition(":")
    keys = {str(each.id): each.id for each in plant.assets(conn, now=now, site=site.code)} if kind == "asset" else {}
    with Fields() as read:
        read.need("title", title.strip(), say("say which problem it solves"))
        read.need("steps", steps.strip(), say("say what to check and do"))
        read.need("of", not of or kind == "class" or which in keys, say("choose from the list"))
    self_help.add(
        conn,
        site.id,
        title=title.strip(),
        steps=steps.strip(),
        asset_class=which[:100] if kind == "class" else "",
        asset_id=keys.get(which),
        actor=who.actor,
        at=now,
    )
    return sent.leads_to(f"/self-help?site={site.code}")


@router.post("/self-help/{site_code}/{help_id}/retire", dependencies=[PLANS])
@shown_on("/self-help?site={site_code}")
def retire(
    site_code: str,
    help_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
) -> Response:
    """Show instructions no more."""
    site = plant.site_by_code(conn, site_code, who.sites)
    self_help.retire(conn, site.id, help_id, actor=who.actor, at=now)
    return sent.leads_to(f"/self-help?site={site.code}")
