"""The content of an order: the steps of its plan, parts, remarks, files, and links to other orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Request, Response, UploadFile

from api.asking import PLANS, REQUESTS, SEES, WORKS_OR_PLANS, Asking, Conn, Now
from api.files import FileRules, send
from api.once import OnlyOnce
from api.routers.orders.work_orders import tagged
from api.shapes.order_content import (
    AttachmentOut,
    CommentIn,
    CommentOut,
    ContentOut,
    LinkedOrderIn,
    LinkIn,
    LinkOut,
    PartOut,
    PartsIn,
    StepIn,
    StepOut,
)
from api.shapes.orders import WorkOrderOut
from db.files import files
from db.orders import order_content, order_links, order_work, work_orders
from db.orders.closing import PartUsed

router = APIRouter(prefix="/work-orders/{order_id}", tags=["work orders: content"])


@router.get("/content", dependencies=[SEES])
def read(order_id: UUID, conn: Conn, who: Asking) -> ContentOut:
    """Read the content of an order."""
    work_orders.get(conn, order_id, who)
    return ContentOut(
        steps=[StepOut.model_validate(each) for each in order_content.steps(conn, order_id)],
        parts=[PartOut.model_validate(each) for each in order_content.parts(conn, order_id)],
        comments=[CommentOut.model_validate(each) for each in order_content.comments(conn, order_id)],
        attachments=[AttachmentOut.of(each) for each in files.of_order(conn, order_id)],
        links=[
            LinkOut.model_validate(each) for each in order_links.of_order(conn, order_id, who.sites, who.contractor)
        ],
    )


@router.put("/steps/{seq}", dependencies=[WORKS_OR_PLANS])
def do_step(order_id: UUID, seq: int, body: StepIn, conn: Conn, now: Now, who: Asking) -> StepOut:
    """Record a step of the job plan as done."""
    done = order_work.do_step(
        conn,
        order_id,
        seq,
        who=who,
        at=now,
        value=body.value,
        note=body.note,
        attachment_id=body.attachment_id,
    )
    return StepOut.model_validate(done)


@router.delete("/steps/{seq}", dependencies=[WORKS_OR_PLANS])
def undo_step(order_id: UUID, seq: int, conn: Conn, now: Now, who: Asking) -> StepOut:
    """Mark a step as not done."""
    return StepOut.model_validate(order_work.undo_step(conn, order_id, seq, who=who, at=now))


@router.put("/parts", dependencies=[WORKS_OR_PLANS])
def use_parts(order_id: UUID, body: PartsIn, conn: Conn, now: Now, who: Asking) -> list[PartOut]:
    """Record which parts were used; a part that the order needs is recognised by its name."""
    used = [PartUsed(part=each.part, used=each.used, unit=each.unit) for each in body.used]
    order_work.use_parts(conn, order_id, used, who=who, at=now)
    return [PartOut.model_validate(each) for each in order_content.parts(conn, order_id)]


@router.post("/comments", status_code=201, response_model=CommentOut, dependencies=[REQUESTS])
def comment(order_id: UUID, body: CommentIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Add a remark to an order. The header Idempotency-Key is required."""

    def make(_: Response) -> CommentOut:
        number = order_work.comment(conn, order_id, body.text, who=who, at=now)
        return CommentOut(seq=number, at=now, actor=who.actor, text=body.text)

    return once(body, make)


@router.post("/attachments", status_code=201, response_model=AttachmentOut, dependencies=[REQUESTS])
def attach(
    order_id: UUID,
    file: Annotated[UploadFile, File()],
    conn: Conn,
    now: Now,
    who: Asking,
    allowed: FileRules,
    once: OnlyOnce,
) -> Response:
    """Attach a picture, a PDF or a text, of 10 MB at most. The header Idempotency-Key is required. A photo's metadata
    (location, camera, author) is removed.
    """
    content = file.file.read(files.LARGEST + 1)
    name = file.filename or "file"

    def make(_: Response) -> AttachmentOut:
        return AttachmentOut.of(order_work.attach(conn, order_id, name, content, who=who, at=now, allowed=allowed))

    return once(name.encode() + b"\0" + content, make)


@router.get(
    "/attachments/{attachment_id}",
    dependencies=[SEES],
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in files.KINDS}}},
)
def download(order_id: UUID, attachment_id: UUID, conn: Conn, who: Asking, request: Request) -> Response:
    """Read a file of an order. It never changes: a conditional request gets 304."""
    work_orders.get(conn, order_id, who)
    return send(conn, files.of_this_order(conn, order_id, attachment_id), request)


@router.post("/links", status_code=201, response_model=LinkOut, dependencies=[PLANS])
def link(order_id: UUID, body: LinkIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Link the order with another one. The header Idempotency-Key is required."""

    def make(_: Response) -> LinkOut:
        order_work.link(conn, order_id, body.kind, body.other_id, who=who, at=now, why=body.why)
        links = order_links.of_order(conn, order_id, who.sites, who.contractor)
        made = next(each for each in links if each.kind is body.kind and each.outward and each.id == body.other_id)
        return LinkOut.model_validate(made)

    return once(body, make)


@router.delete("/links", dependencies=[PLANS])
def unlink(order_id: UUID, body: LinkIn, conn: Conn, now: Now, who: Asking) -> list[LinkOut]:
    """Remove a link; the answer has the remaining ones."""
    order_work.unlink(conn, order_id, body.kind, body.other_id, who=who, at=now)
    return [LinkOut.model_validate(each) for each in order_links.of_order(conn, order_id, who.sites, who.contractor)]


@router.post("/linked-orders", status_code=201, response_model=WorkOrderOut, dependencies=[REQUESTS])
def make_linked(order_id: UUID, body: LinkedOrderIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Create an order that follows from this one. The header Idempotency-Key is required."""

    def make(response: Response) -> WorkOrderOut:
        order = order_work.make_linked(conn, order_id, body.follow_up(), body.kind, who=who, at=now)
        response.headers["Location"] = f"/api/v1/work-orders/{order.id}"
        return tagged(order, response)

    return once(body, make)
