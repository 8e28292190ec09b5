"""Stock: stores and their bins, stock levels, the ledger, and all movements."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from psycopg import Connection

from api.asking import HANDLES_STOCK, KEEPS_STOCK, SEES, Asking, Conn, Now
from api.asking import Why as BecauseOf
from api.once import OnlyOnce
from api.paging import Id, Order, Paged, PagedByFifty, Text
from api.shapes.inventory.items import BinIn, BinOut, LevelOut, StoreIn, StoreOut
from api.shapes.inventory.moves import AdjustIn, CountIn, IssueIn, LedgerRowOut, ReceiveIn, ReturnIn, TransferIn
from db import scope
from db.inventory import items, levels, moving
from db.inventory.items import Store
from db.inventory.levels import LedgerRow, Level
from db.plant import plant
from workorder_core.inventory.ledger import Kind
from workorder_core.people.access import Who

router = APIRouter(tags=["items and stock"])
BY_STORE = Order[Store](tuple[Text, Text], lambda each: (each.site, each.code))
LOW_FIRST = Order[Level](
    tuple[bool, Text, Text, Text],
    lambda each: (not (each.is_low or each.shortage > 0), each.site, each.item, each.store),
)
NEWEST_FIRST = Order[LedgerRow](tuple[Id], lambda each: (each.id,))
Site = Annotated[str | None, Query(description="a site's code")]
OfItem = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="an item's id")]


@router.get("/stores", dependencies=[SEES])
def stores(conn: Conn, who: Asking, part: Paged, site: Site = None) -> list[StoreOut]:
    """List stores with their bins."""
    return [StoreOut.of(each) for each in part.of_all(items.stores(conn, who.sites, site), BY_STORE)]


@router.post("/stores", status_code=201, response_model=StoreOut, dependencies=[KEEPS_STOCK])
def create_store(body: StoreIn, conn: Conn, who: Asking, _: BecauseOf, once: OnlyOnce) -> Response:
    """Create a store. With an Idempotency-Key, at most once."""
    site = plant.site_by_code(conn, body.site, who.sites)

    def make(_: Response) -> StoreOut:
        return StoreOut.of(items.add_store(conn, site.id, site.code, body.code, body.name, body.bins))

    return once(body, make, needed=False)


@router.post("/stores/{store_id}/bins", status_code=201, response_model=BinOut, dependencies=[KEEPS_STOCK])
def create_bin(store_id: int, body: BinIn, conn: Conn, _: BecauseOf, once: OnlyOnce) -> Response:
    """Add a bin to a store. With an Idempotency-Key, at most once."""
    store = items.store(conn, store_id)
    return once(body, lambda _: BinOut.model_validate(items.add_bin(conn, store.id, body.code)), needed=False)


@router.get("/stock", dependencies=[SEES])
def stock(
    conn: Conn,
    who: Asking,
    part: Paged,
    site: Site = None,
    store: Annotated[str | None, Query(description="a store's code")] = None,
    item_id: OfItem = None,
    item_class: Annotated[str | None, Query(max_length=100, description="the class that items are of")] = None,
    text: Annotated[str | None, Query(max_length=200, description="words of code, name or supplier")] = None,
    low: Annotated[bool, Query(description="only items below their reorder point")] = False,
    short: Annotated[bool, Query(description="only items with a shortage, which a count settles")] = False,
) -> list[LevelOut]:
    """List stock levels: items below their reorder point or to be counted first."""
    rows = levels.page(
        conn, within=who.sites, site=site, store=store, item_id=item_id, item_class=item_class, text=text, low=low,
        short=short, after=part.after(LOW_FIRST), limit=part.fetched,
    )  # fmt: skip
    return [LevelOut.of(each, prices=who.sees_prices) for each in part.of_fetched(rows, LOW_FIRST)]


@router.get("/stock-movements", dependencies=[SEES])
def movements(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Site = None,
    item_id: OfItem = None,
    order_id: Annotated[UUID | None, Query(description="an order's id: its movements")] = None,
    kind: Annotated[Kind | None, Query(description="kind of movement")] = None,
) -> list[LedgerRowOut]:
    """Read the ledger, the newest movement first. It is append-only, and sums to the stock."""
    after = part.after(NEWEST_FIRST)
    rows = levels.movements(
        conn, within=who.sites, site=site, item_id=item_id, order_id=order_id, kind=kind,
        after=None if after is None else after[0], limit=part.fetched,
    )  # fmt: skip
    return [LedgerRowOut.of(each, prices=who.sees_prices) for each in part.of_fetched(rows, NEWEST_FIRST)]


@router.post("/items/{item_id}/receive", status_code=201, response_model=LevelOut, dependencies=[KEEPS_STOCK])
def receive(item_id: int, body: ReceiveIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Receive stock without a purchase request. The header Idempotency-Key is required."""
    _seen(conn, body.store_id, body.bin_id, who)

    def make(_: Response) -> LevelOut:
        return LevelOut.of(
            moving.receive(
                conn,
                item_id,
                body.amount(),
                body.where(),
                who=who,
                at=now,
                unit_cost=body.unit_cost,
                expires_on=body.expires_on,
            )
        )

    return once(body, make)


@router.post("/items/{item_id}/issue", status_code=201, response_model=LevelOut, dependencies=[HANDLES_STOCK])
def issue(item_id: int, body: IssueIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Issue an item to an order. A scan that is sent twice is issued once. The header Idempotency-Key is required."""
    _seen(conn, body.store_id, body.bin_id, who)

    def make(_: Response) -> LevelOut:
        return LevelOut.of(
            moving.issue(
                conn,
                item_id,
                body.amount(),
                body.where(),
                who=who,
                at=now,
                order_id=body.order_id,
                emergency=body.emergency,
            )
        )

    return once(body, make)


@router.post("/items/{item_id}/return", status_code=201, response_model=LevelOut, dependencies=[HANDLES_STOCK])
def bring_back(item_id: int, body: ReturnIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Return unused parts that were issued. The header Idempotency-Key is required."""
    _seen(conn, body.store_id, body.bin_id, who)

    def make(_: Response) -> LevelOut:
        where = body.where()
        return LevelOut.of(
            moving.bring_back(conn, item_id, body.amount(), where, who=who, at=now, order_id=body.order_id)
        )

    return once(body, make)


@router.post("/items/{item_id}/count", status_code=201, response_model=LevelOut, dependencies=[HANDLES_STOCK])
def count(item_id: int, body: CountIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Record a count of a bin; it settles the bin's shortage. The header Idempotency-Key is required."""
    _seen(conn, body.store_id, body.bin_id, who)

    def make(_: Response) -> LevelOut:
        where = body.where()
        return LevelOut.of(
            moving.count(conn, item_id, body.found, where, who=who, at=now, why=body.why, said=body.book)
        )

    return once(body, make)


@router.post("/items/{item_id}/adjust", status_code=201, response_model=LevelOut, dependencies=[KEEPS_STOCK])
def adjust(item_id: int, body: AdjustIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Correct the book up or down, with a reason. The header Idempotency-Key is required."""
    _seen(conn, body.store_id, body.bin_id, who)

    def make(_: Response) -> LevelOut:
        return LevelOut.of(moving.adjust(conn, item_id, body.change, body.where(), who=who, at=now, why=body.why))

    return once(body, make)


@router.post("/items/{item_id}/transfer", status_code=201, response_model=LevelOut, dependencies=[KEEPS_STOCK])
def transfer(item_id: int, body: TransferIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Move stock from a bin to another one of the site. The header Idempotency-Key is required."""
    for each in (body.from_bin, body.to_bin):
        _seen(conn, None, each, who)

    def make(_: Response) -> LevelOut:
        return LevelOut.of(
            moving.transfer(
                conn, item_id, body.amount(), from_bin=body.from_bin, to_bin=body.to_bin, lot=body.lot, who=who, at=now
            )
        )

    return once(body, make)


def _seen(conn: Connection, store_id: int | None, bin_id: int | None, who: Who) -> None:
    """Raise NotFound if a store or a bin in a body belongs to a site that the requester does not see."""
    for name, key in (("store_id", store_id), ("bin_id", bin_id)):
        if key is not None and who.sites is not None:
            scope.check(conn, name, key, who.sites)
