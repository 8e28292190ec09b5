"""Taking stock: the list to count by, and many counts at once."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.asking import HANDLES_STOCK, SEES, Asking, Conn, Now
from api.once import OnlyOnce
from api.paging import Order, Paged, Text
from api.shapes.inventory.moves import CountsIn, CountsOut, DifferenceOut, InBinOut
from db import scope
from db.inventory import counting
from db.inventory.counting import Found, Held

router = APIRouter(tags=["items and stock"])
BY_BIN = Order[Held](
    tuple[Text, Text, Text, Text, Text], lambda each: (each.site, each.store, each.bin, each.item, each.lot)
)


@router.get("/stock-bins", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: Paged,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    store_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="a store's id")] = None,
    bin_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="a bin's id")] = None,
) -> list[InBinOut]:
    """List every lot in every bin, in the order in which somebody walks past them: what is counted by."""
    rows = counting.page(
        conn, within=who.sites, site=site, store_id=store_id, bin_id=bin_id, after=part.after(BY_BIN),
        limit=part.fetched,
    )  # fmt: skip
    return [InBinOut.model_validate(each) for each in part.of_fetched(rows, BY_BIN)]


@router.post("/stores/{store_id}/counts", status_code=201, response_model=CountsOut, dependencies=[HANDLES_STOCK])
def count(store_id: int, body: CountsIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Record what was found in bins of a store, all of it or nothing; the answer is where the book was wrong.

    The header Idempotency-Key is needed.
    """
    if who.sites is not None:
        for each in body.counts:
            scope.check(conn, "item_id", each.item_id, who.sites)
            scope.check(conn, "bin_id", each.bin_id, who.sites)
    counted = [Found(**each.model_dump()) for each in body.counts]

    def make(_: Response) -> CountsOut:
        wrong = counting.save(conn, store_id, counted, who=who, at=now, why=body.why)
        return CountsOut(counted=len(counted), differences=[DifferenceOut.model_validate(each) for each in wrong])

    return once(body, make)
