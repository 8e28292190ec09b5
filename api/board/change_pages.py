"""The log of changes, and the changes that wait for a second person."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, PLANS, SEES, Asking, Conn, Now
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import Number, page
from api.once import SentForm
from api.routers.changes import kinds_for
from db.plant import changes, confirming, plant, safety
from workorder_core.people.access import Who

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
PAGE_SIZE = 50


@router.get("/changes", dependencies=[SEES])
def log(
    request: Request,
    conn: Conn,
    who: Asking,
    kind: Annotated[str, Query(max_length=40)] = "",
    subject: Annotated[str, Query(max_length=300)] = "",
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    number: Number = 1,
) -> Response:
    """Show the changes to data that decisions depend on, and those that wait for a second person."""
    return _page(request, conn, who, kind, subject, asset_id, number)


def _page(
    request: Request,
    conn: Connection,
    who: Who,
    kind: str = "",
    subject: str = "",
    asset_id: int | None = None,
    number: int = 1,
) -> Response:
    found = changes.page(
        conn,
        kinds=[each for each in kinds_for(who) if kind in ("", each)],
        subject=subject.replace("\0", "") or None,
        asset_id=asset_id,
        within=who.sites,
        limit=PAGE_SIZE + 1,
        offset=(number - 1) * PAGE_SIZE,
    )
    zones = {each.time_zone for each in plant.sites(conn, who.sites)}
    narrowed = {"kind": kind, "subject": subject, "asset_id": asset_id}
    return page(
        request,
        "changes.html",
        changes=found[:PAGE_SIZE],
        number=number,
        more=len(found) > PAGE_SIZE,
        waiting=safety.page(conn, waiting=True, asset_id=asset_id, within=who.sites),
        zone=zones.pop() if len(zones) == 1 else "UTC",
        kind=kind,
        subject=subject,
        asset_id=asset_id,
        query=urlencode({name: value for name, value in narrowed.items() if value}),
    )


@router.post("/safety-proposals/{proposal_id}/{verdict}", dependencies=[PLANS])
@shown_on("/changes")
def decide(
    proposal_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    verdict: Literal["confirm", "reject"],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
) -> Response:
    """Confirm a proposed change as a second person, or reject it."""
    verb = confirming.confirm if verdict == "confirm" else confirming.reject
    made = verb(conn, proposal_id, actor=who.actor, at=now)
    return sent.leads_to(f"/assets/{made.asset_id}#changes" if made.asset_id else "/changes")
