"""Documents on trial: the orders that they would have opened, beside the plant's."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import ENGINEERS, KNOWN, SEES_ALL, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.rendering import page
from api.board.words import zone_of
from api.once import SentForm
from db.documents import shadow, shadow_report
from db.plant import plant
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
RUNS = 20
"""The most earlier runs that are listed."""
RunId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/shadow", dependencies=[SEES_ALL])
def newest(request: Request, conn: Conn, now: Now) -> Response:
    """Show the newest run."""
    found = shadow.runs(conn, limit=1)
    return _page(request, conn, now, found[0].id if found else None)


@router.get("/shadow/{run_id}", dependencies=[SEES_ALL])
def run(request: Request, run_id: RunId, conn: Conn, now: Now) -> Response:
    """Show a run beside the plant."""
    return _page(request, conn, now, run_id)


@router.post("/shadow/{run_id}/{verb}", dependencies=[ENGINEERS])
@shown_on("/shadow/{run_id}")
def end(
    run_id: RunId,
    verb: Literal["promoted", "dropped"],
    conn: Conn,
    who: Asking,
    sent: SentForm,
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Promote the documents on trial, or drop them."""
    with Fields() as read:
        read.need("why", why.strip(), say("say why in one sentence"))
    shadow.end(conn, run_id, verb, actor=who.actor, why=why.strip())
    return sent.leads_to(f"/shadow/{run_id}")


def _page(request: Request, conn: Connection, now: Now, run_id: int | None) -> Response:
    return page(
        request,
        "shadow.html",
        zone=zone_of(plant.sites(conn)),
        now=now,
        report=None if run_id is None else shadow_report.report(conn, run_id),
        runs=shadow.runs(conn, limit=RUNS),
    )
