"""Purchase requests: requested, ordered, received, cancelled."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.asking import HANDLES_STOCK, KEEPS_STOCK, SEES, Asking, Conn, Now
from api.once import OnlyOnce
from api.paging import Id, Order, PagedByFifty
from api.shapes.inventory.moves import OrderedIn, PurchaseIn, PurchaseOut, ReceiveIn
from db import scope
from db.inventory import purchases
from db.inventory.purchases import Purchase
from workorder_core.inventory.purchasing import State

router = APIRouter(prefix="/purchase-requests", tags=["items and stock"])
NEWEST_FIRST = Order[Purchase](tuple[Id], lambda each: (each.id,))


@router.get("", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    state: Annotated[list[State] | None, Query(description="those in one of these states; none: in any")] = None,
    item_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="an item's id")] = None,
) -> list[PurchaseOut]:
    """List purchase requests, the newest first."""
    after = part.after(NEWEST_FIRST)
    rows = purchases.page(
        conn, within=who.sites, site=site, states=state, item_id=item_id, after=None if after is None else after[0],
        limit=part.fetched,
    )  # fmt: skip
    return [PurchaseOut.of(each) for each in part.of_fetched(rows, NEWEST_FIRST)]


@router.post("", status_code=201, response_model=PurchaseOut, dependencies=[HANDLES_STOCK])
def ask(body: PurchaseIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Request more of an item for a store. The header Idempotency-Key is required."""
    if who.sites is not None:
        scope.check(conn, "item_id", body.item_id, who.sites)
        scope.check(conn, "store_id", body.store_id, who.sites)

    def make(_: Response) -> PurchaseOut:
        return PurchaseOut.of(purchases.ask(conn, body.item_id, body.store_id, body.amount(), who=who, at=now))

    return once(body, make)


@router.get("/{request_id}", dependencies=[SEES])
def read(request_id: int, conn: Conn) -> PurchaseOut:
    """Read one purchase request."""
    return PurchaseOut.of(purchases.get(conn, request_id))


@router.post("/{request_id}/order", dependencies=[KEEPS_STOCK])
def order(request_id: int, body: OrderedIn, conn: Conn, now: Now) -> PurchaseOut:
    """Record that it has been ordered, from whom, and when it is expected."""
    return PurchaseOut.of(
        purchases.order(
            conn, request_id, at=now, supplier=body.supplier, reference=body.reference, expected_on=body.expected_on
        )
    )


@router.post("/{request_id}/receive", status_code=201, response_model=PurchaseOut, dependencies=[KEEPS_STOCK])
def receive(request_id: int, body: ReceiveIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Receive a delivery for it, complete or partial. The header Idempotency-Key is required."""
    for name, key in (("store_id", body.store_id), ("bin_id", body.bin_id)):
        if key is not None and who.sites is not None:
            scope.check(conn, name, key, who.sites)

    def make(_: Response) -> PurchaseOut:
        came, where = body.amount(), body.where()
        return PurchaseOut.of(
            purchases.receive(
                conn, request_id, came, where, who=who, at=now, unit_cost=body.unit_cost, expires_on=body.expires_on
            )
        )

    return once(body, make)


@router.post("/{request_id}/cancel", dependencies=[KEEPS_STOCK])
def cancel(request_id: int, conn: Conn, now: Now) -> PurchaseOut:
    """Cancel it. Parts that orders lack are requested again at the next movement."""
    return PurchaseOut.of(purchases.cancel(conn, request_id, at=now))
