"""Orders as PDF."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.language.chosen import IN_THEIR_LANGUAGE
from api.papers import order_paper, typeset
from api.papers.order_paper import Printing
from db.orders import work_orders
from db.plant import scanning
from db.plant.scanning import ScanAddress

router = APIRouter(tags=["prints"], dependencies=[KNOWN])
PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}


def as_pdf(content: bytes, name: str) -> Response:
    """Return a PDF that a browser displays, and saves under a name."""
    return Response(
        content, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


def code_of(request: Request, found: ScanAddress) -> str:
    """Return the whole address in a code: at the host name under which it is printed."""
    return str(request.base_url.replace(path=f"/q/{found.token}"))


@router.get(
    "/work-orders/{order_id}/print", dependencies=[SEES, IN_THEIR_LANGUAGE], response_class=Response, responses=PDF
)
def order(request: Request, order_id: UUID, conn: Conn, now: Now, who: Asking) -> Response:
    """Print an order as PDF: why it exists with its charts, the steps of its plan to tick off, its parts, its code."""
    work_orders.get(conn, order_id, who)
    code = scanning.address(conn, {"order_id": order_id})
    facts = order_paper.facts(conn, order_id, Printing(who, now, code_of(request, code)))
    return as_pdf(typeset.pdf("order", facts), f"{facts['number']}.pdf")
