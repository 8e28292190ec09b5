"""Additions to an order on its page: steps done, remarks, files, links to other orders."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import Response

from api.asking import KNOWN, PLANS, REQUESTS, WORKS_OR_PLANS, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm, as_number
from api.board.forms.forms import FormRoute, shown_on
from api.files import FileRules
from api.once import SentForm
from db.errors import NotFound
from db.files import files
from db.files.files import InvalidAttachment
from db.orders import order_work, work_orders
from db.orders.order_links import InvalidLink, LinkKind
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)


def _where_step(params: Mapping[str, str], form: Mapping[str, str]) -> str:
    """Return the page from which a step of the plan was sent."""
    order = params["order_id"]
    return f"/my-work?plan={order}" if form.get("then") == "my-work" else f"/orders/{order}"


@router.post("/orders/{order_id}/plan-steps/{seq}", dependencies=[WORKS_OR_PLANS])
@shown_on(_where_step)
def do_step(
    order_id: UUID,
    seq: int,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    value: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=4000)] = "",
    photo: Annotated[str, Form(max_length=40)] = "",
    then: Annotated[str, Form(max_length=20)] = "order",
) -> Response:
    """Record a step of the job plan as done."""
    with Fields() as read:
        number = read("value", None, lambda: as_number(value))
        attachment = read("photo", None, lambda: _picture(photo))
    order_work.do_step(conn, order_id, seq, who=who, at=now, value=number, note=note, attachment_id=attachment)
    there = f"/my-work?plan={order_id}#plan-{order_id}" if then == "my-work" else f"/orders/{order_id}#plan"
    return sent.leads_to(there)


@router.post("/orders/{order_id}/remarks/new", dependencies=[REQUESTS])
@shown_on("/orders/{order_id}")
def comment(
    order_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    text: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Add a remark to an order."""
    if not text.strip():
        raise InvalidForm(fields={"text": say("write what you want to say")})
    order_work.comment(conn, order_id, text.strip(), who=who, at=now)
    return sent.leads_to(f"/orders/{order_id}#remarks")


@router.post("/orders/{order_id}/files/new", dependencies=[REQUESTS])
@shown_on("/orders/{order_id}", at={InvalidAttachment: "file"})
def attach(
    order_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    allowed: FileRules,
    file: Annotated[UploadFile, File()],
) -> Response:
    """Attach a picture, a PDF or a text."""
    content = file.file.read(files.LARGEST + 1)
    order_work.attach(conn, order_id, file.filename or "file", content, who=who, at=now, allowed=allowed)
    return sent.leads_to(f"/orders/{order_id}#remarks")


@router.post("/orders/{order_id}/links/{verb}", dependencies=[PLANS])
@shown_on("/orders/{order_id}", at={NotFound: "number", InvalidLink: "number"})
def link(
    order_id: UUID,
    verb: Literal["new", "remove"],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    kind: Annotated[str, Form(max_length=40)] = "",
    number: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Link an order with another one by its number, or remove the link."""
    change = order_work.link if verb == "new" else order_work.unlink
    with Fields() as read:
        read.need("kind", kind in set(LinkKind), say("choose how the two orders are related"))
        read.need("number", number.strip(), say("write the number of the other order"))
    other = work_orders.id_of_number(conn, number.strip().upper(), who)
    change(conn, order_id, LinkKind(kind), other, who=who, at=now)
    return sent.leads_to(f"/orders/{order_id}#more")


def _picture(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidForm(say("choose one of the order's pictures")) from None
