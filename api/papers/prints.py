"""Orders and schedules as PDF."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.language.chosen import IN_THEIR_LANGUAGE
from api.papers import order_paper, typeset, week_paper
from api.papers.order_paper import Printing
from api.shapes.times import Day
from db.orders import work_orders
from db.plant import scanning
from db.plant.scanning import ScanAddress
from db.scheduling import schedules

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


@router.get(
    "/schedules/{schedule_id}/print", dependencies=[SEES, IN_THEIR_LANGUAGE], response_class=Response, responses=PDF
)
def schedule(
    request: Request,
    schedule_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
    conn: Conn,
    now: Now,
    who: Asking,
    day: Annotated[Day | None, Query(description="the days of people, a page each: those of this date")] = None,
    technician: Annotated[str | None, Query(max_length=64, description="the days of this technician alone")] = None,
) -> Response:
    """Print a week as PDF: one table, or with `day` or `technician` the days of people with codes of the orders."""
    found = schedules.get(conn, schedule_id, who.sites)
    printing = Printing(who, now, "")
    name = f"{found.site}-{found.from_date}"
    if day is None and technician is None:
        return as_pdf(typeset.pdf("week", week_paper.of_week(conn, found, printing)), f"{name}.pdf")

    def code(order_id: UUID) -> str:
        return code_of(request, scanning.address(conn, {"order_id": order_id}))

    facts = week_paper.of_days(conn, found, printing, code, day=day, technician=technician)
    return as_pdf(typeset.pdf("days", facts), f"{name}-days.pdf")
