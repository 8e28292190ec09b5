"""What people add to an order on its page: steps done, remarks, files, links to other orders."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from api.asking import KNOWN, PLANS, REQUESTS, WORKS_OR_PLANS, Asking, Conn, Now
from api.board.form_errors import FormWrong
from api.board.order_page import Refused, order_page
from api.once import SentForm
from db.errors import StoreError
from db.orders import attachments, order_work, work_orders
from db.orders.order_links import LinkKind
from workorder_core.errors import WorkOrderError

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])


@router.post("/orders/{order_id}/plan-steps/{seq}", dependencies=[WORKS_OR_PLANS])
def do_step(
    request: Request,
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
    try:
        with conn.transaction():
            number = _number(value)
            attachment = _picture(photo)
            order_work.do_step(conn, order_id, seq, who=who, at=now, value=number, note=note, attachment_id=attachment)
    except (WorkOrderError, StoreError, FormWrong) as refused:
        return _refused(request, conn, order_id, now, who, refused, f"step-{seq}", value=value, note=note)
    there = f"/my-work?plan={order_id}#plan-{order_id}" if then == "my-work" else f"/orders/{order_id}#plan"
    return sent.leads_to(there)


@router.post("/orders/{order_id}/remarks/new", dependencies=[REQUESTS])
def comment(
    request: Request,
    order_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    text: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Say something about an order."""
    if not text.strip():
        wrong = FormWrong(fields={"text": "write what you want to say"})
        return _refused(request, conn, order_id, now, who, wrong, "remark")
    order_work.comment(conn, order_id, text.strip(), who=who, at=now)
    return sent.leads_to(f"/orders/{order_id}#remarks")


@router.post("/orders/{order_id}/files/new", dependencies=[REQUESTS])
def attach(
    request: Request,
    order_id: UUID,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    file: Annotated[UploadFile, File()],
) -> Response:
    """Attach a picture, a PDF or a text."""
    content = file.file.read(attachments.LARGEST + 1)
    try:
        with conn.transaction():
            order_work.attach(conn, order_id, file.filename or "file", content, who=who, at=now)
    except StoreError as refused:
        return _refused(request, conn, order_id, now, who, refused, "file")
    return sent.leads_to(f"/orders/{order_id}#remarks")


@router.post("/orders/{order_id}/links/{verb}", dependencies=[PLANS])
def link(
    request: Request,
    order_id: UUID,
    verb: Literal["new", "remove"],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    kind: Annotated[str, Form(max_length=40)] = "",
    number: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Link an order with another one, which is named by its number, or take the link back."""
    change = order_work.link if verb == "new" else order_work.unlink
    try:
        with conn.transaction():
            if kind not in set(LinkKind):
                raise FormWrong(fields={"kind": "choose how the order stands to the other one"})
            other = work_orders.id_of_number(conn, number.strip().upper(), who)
            change(conn, order_id, LinkKind(kind), other, who=who, at=now)
    except (WorkOrderError, StoreError, FormWrong) as refused:
        return _refused(request, conn, order_id, now, who, refused, "link", kind=kind, number=number)
    return sent.leads_to(f"/orders/{order_id}#more")


def _picture(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise FormWrong("choose one of the order's pictures") from None


def _number(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise FormWrong(fields={"value": f"a measurement is a number, not {text.strip()!r}"}) from None


def _refused(
    request: Request, conn: Conn, order_id: UUID, now: Now, who: Asking, refused: Exception, tried: str, **filled: str
) -> Response:
    return order_page(request, conn, order_id, now=now, who=who, refused=Refused(refused, tried=tried, filled=filled))
