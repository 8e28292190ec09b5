"""The page of tools: who has them, and when they are due back."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.asking import HANDLES_STOCK, KEEPS_STOCK, KNOWN, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.inventory import reading
from api.board.rendering import page
from api.once import SentForm
from db.errors import AlreadyExists
from db.inventory import tools
from db.people import technicians
from db.plant import plant
from workorder_core.inventory.errors import ToolIsOut
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
SHOWN = 200


@router.get("/tools", dependencies=[SEES])
def shown(request: Request, conn: Conn, now: Now, who: Asking) -> Response:
    """Show tools, those that are due back first."""
    return page(
        request,
        "inventory/tools.html",
        now=now,
        tools=tools.page(conn, within=who.sites, limit=SHOWN),
        loans=tools.loans(conn, within=who.sites, limit=15),
        sites=plant.sites(conn, who.sites),
        people=technicians.listed(conn, within=who.sites),
    )


@router.post("/tools/new", dependencies=[KEEPS_STOCK])
@shown_on("/tools", at={AlreadyExists: "code"})
def new(
    conn: Conn,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=100)] = "",
    code: Annotated[str, Form(max_length=64)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    kept_at: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Create a tool."""
    with Fields() as read:
        read.need("code", code.strip() and "/" not in code, say("write a code, such as PULLER-3"))
        read.need("name", name.strip(), say("write what it is"))
    place = plant.site_by_code(conn, site, who.sites)
    tools.add(conn, place.id, place.code, code.strip(), name.strip(), kept_at.strip())
    return sent.leads_to("/tools")


@router.post("/tools/{tool_id}/{verb}", dependencies=[HANDLES_STOCK])
@shown_on("/tools", at={ToolIsOut: "borrower"})
def step(
    tool_id: int,
    verb: Literal["lend", "return"],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    borrower: Annotated[str, Form(max_length=200)] = "",
    due_at: Annotated[str, Form(max_length=30)] = "",
    order: Annotated[str, Form(max_length=100)] = "",
    note: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Lend a tool, or record its return."""
    if verb == "return":
        tools.give_back(conn, tool_id, who=who, at=now, note=note.strip())
        return sent.leads_to("/tools")
    tool = tools.get(conn, tool_id)
    with Fields() as read:
        read.need("borrower", borrower.strip(), say("write who has it"))
        due: datetime | None = read("due_at", None, lambda: reading.moment(due_at, tool.time_zone))
        read.need("due_at", due is None or due > now, say("choose a time that is still to come"))
        order_id = read("order", None, lambda: reading.order(conn, order, who))
    assert due is not None, "its lack is an error of its field"
    tools.lend(conn, tool_id, borrower.strip(), due_at=due, who=who, at=now, order_id=order_id, note=note.strip())
    return sent.leads_to("/tools")
