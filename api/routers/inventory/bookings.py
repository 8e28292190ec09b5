"""Tools booked ahead: the calendar that bookings and loans share."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.asking import HANDLES_STOCK, SEES, Asking, Conn, Now
from api.once import OnlyOnce
from api.paging import At, Id, Order, PagedByFifty
from api.shapes.inventory.tools import BookIn, BookingOut
from api.shapes.times import Moment
from db.inventory import bookings, tools
from db.inventory.bookings import Booking

router = APIRouter(tags=["tools"])
EARLIEST_FIRST = Order[Booking](tuple[At, Id], lambda each: (each.starts_at, each.id))


@router.get("/tool-bookings", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    tool_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="a tool's id")] = None,
    order_id: Annotated[UUID | None, Query(description="an order's id: what is booked for it")] = None,
    starts: Annotated[Moment | None, Query(description="only what lasts beyond this time")] = None,
    ends: Annotated[Moment | None, Query(description="only what begins before this time")] = None,
    ended: Annotated[bool, Query(description="what was returned or cancelled too")] = False,
) -> list[BookingOut]:
    """List the times in which tools are somebody's, booked or out, the earliest first."""
    rows = bookings.page(
        conn, within=who.sites, site=site, tool_id=tool_id, order_id=order_id, starts=starts, ends=ends, ended=ended,
        after=part.after(EARLIEST_FIRST), limit=part.fetched,
    )  # fmt: skip
    return [BookingOut.of(each) for each in part.of_fetched(rows, EARLIEST_FIRST)]


@router.post("/tools/{tool_id}/bookings", status_code=201, response_model=BookingOut, dependencies=[HANDLES_STOCK])
def book(tool_id: int, body: BookIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Book a tool for somebody in a time to come. The header Idempotency-Key is needed."""

    def make(_: Response) -> BookingOut:
        return BookingOut.of(
            tools.book(
                conn,
                tool_id,
                body.borrower,
                starts_at=body.starts_at,
                ends_at=body.ends_at,
                who=who,
                at=now,
                order_id=body.order_id,
                note=body.note,
            )
        )

    return once(body, make)


@router.post("/tool-bookings/{booking_id}/cancel", dependencies=[HANDLES_STOCK])
def cancel(booking_id: int, conn: Conn, now: Now, who: Asking) -> BookingOut:
    """Free the time of a booking that nobody has collected."""
    return BookingOut.of(bookings.cancel(conn, booking_id, who=who, at=now))
