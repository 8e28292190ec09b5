"""Reservations of orders in stores, and the parts that they wait for."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.asking import HANDLES_STOCK, SEES, Asking, Conn, Now
from api.once import OnlyOnce
from api.paging import At, Id, Order, Paged, PagedByFifty
from api.shapes.inventory.moves import OrderLineOut, ReserveIn
from db import scope
from db.inventory import order_lines, reserving
from db.inventory.order_lines import OrderLine
from db.orders import work_orders

router = APIRouter(tags=["items and stock"])
BY_LINE = Order[OrderLine](tuple[Id], lambda each: (each.line,))
FIRST_ASKED = Order[OrderLine](tuple[At, UUID, Id], lambda each: (each.asked_at, each.order_id, each.line))


@router.get("/reservations", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    item_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="an item's id")] = None,
    lacking: Annotated[bool, Query(description="only lines that wait for parts")] = False,
) -> list[OrderLineOut]:
    """List the lines of unfinished orders that need parts from stores, in the order in which they are served."""
    rows = order_lines.page(
        conn, within=who.sites, site=site, item_id=item_id, lacking=lacking,
        after=part.after(FIRST_ASKED), limit=part.fetched,
    )  # fmt: skip
    shown = part.of_fetched(rows, FIRST_ASKED)
    dates = order_lines.expected(conn, shown)
    return [OrderLineOut.of(each, dates.get(each.key)) for each in shown]


@router.get("/work-orders/{order_id}/reservations", dependencies=[SEES])
def of_order(order_id: UUID, conn: Conn, who: Asking, part: Paged) -> list[OrderLineOut]:
    """List an order's lines from stores: quantities needed, reserved and issued, and when missing parts are due."""
    work_orders.get(conn, order_id, who)
    lines = part.of_all(order_lines.of_order(conn, order_id), BY_LINE)
    dates = order_lines.expected(conn, lines)
    return [OrderLineOut.of(each, dates.get(each.key)) for each in lines]


@router.post(
    "/work-orders/{order_id}/reservations", status_code=201, response_model=OrderLineOut, dependencies=[HANDLES_STOCK]
)
def reserve(order_id: UUID, body: ReserveIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Add to an order's need of an item: free stock is reserved, the rest is waited for and requested. The header
    Idempotency-Key is required.
    """
    for name, key in (("item_id", body.item_id), ("store_id", body.store_id)):
        if key is not None and who.sites is not None:
            scope.check(conn, name, key, who.sites)

    def make(_: Response) -> OrderLineOut:
        made = reserving.reserve(
            conn, order_id, body.item_id, body.amount(), who=who, at=now, store_id=body.store_id
        )  # fmt: skip
        return OrderLineOut.of(made, order_lines.expected(conn, [made]).get(made.key))

    return once(body, make)


@router.delete("/work-orders/{order_id}/reservations/{line}", dependencies=[HANDLES_STOCK])
def give_up(order_id: UUID, line: int, conn: Conn, now: Now, who: Asking) -> list[OrderLineOut]:
    """Release a line's reservation: the order needs no more than was issued."""
    reserving.give_up(conn, order_id, line, who=who, at=now)
    return [OrderLineOut.of(each) for each in order_lines.of_order(conn, order_id)]
