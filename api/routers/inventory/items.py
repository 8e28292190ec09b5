"""Items: their facts, prices, use, and reorder rules."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.asking import KEEPS_STOCK, SEES, Asking, Conn, Now
from api.asking import Why as BecauseOf
from api.naming import Names
from api.once import OnlyOnce
from api.paging import Order, Paged, Text
from api.papers.labels import ScanAddressOut
from api.shapes.inventory.items import (
    BillLineIn,
    BillLineOut,
    ItemChange,
    ItemIn,
    ItemOut,
    LevelOut,
    LotOut,
    RuleIn,
    WhereUsedOut,
)
from db import scope
from db.inventory import items, levels, prices
from db.inventory.items import BillLine, Item
from db.inventory.levels import LotInBin
from db.plant import plant, scanning
from db.plant.scanning import ScanAddress
from workorder_core.plant.new_names import NameKind

router = APIRouter(tags=["items and stock"])
BY_CODE = Order[Item](tuple[Text, Text], lambda each: (each.site, each.code))
BY_BIN = Order[LotInBin](tuple[Text, Text, Text], lambda each: (each.store, each.bin, each.lot))
BY_CLASS = Order[BillLine](tuple[Text, Text, Text], lambda each: (each.site, each.asset_class, each.item))


@router.get("/items", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: Paged,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    text: Annotated[str | None, Query(max_length=200, description="words of code, name or supplier")] = None,
    item_class: Annotated[str | None, Query(max_length=100, description="the class that items are of")] = None,
    retired: Annotated[bool, Query(description="include items that are no longer used")] = False,
) -> list[ItemOut]:
    """List items."""
    rows = items.page(
        conn, within=who.sites, site=site, text=text, item_class=item_class, retired=retired,
        after=part.after(BY_CODE), limit=part.fetched,
    )  # fmt: skip
    return [ItemOut.of(each, prices=who.sees_prices) for each in part.of_fetched(rows, BY_CODE)]


@router.post("/items", status_code=201, response_model=ItemOut, dependencies=[KEEPS_STOCK])
def create(body: ItemIn, conn: Conn, who: Asking, _: BecauseOf, once: OnlyOnce) -> Response:
    """Create an item. With an Idempotency-Key, at most once."""
    site = plant.site_by_code(conn, body.site, who.sites)

    def make(_: Response) -> ItemOut:
        made = items.add(conn, site.id, site.code, body.code, body.unit, body.facts())
        if body.price is not None:
            made = prices.set_price(conn, made, body.price)
        return ItemOut.of(made, prices=who.sees_prices)

    return once(body, make, needed=False)


@router.get("/items/{item_id}", dependencies=[SEES])
def read(item_id: int, conn: Conn, who: Asking) -> ItemOut:
    """Read one item."""
    return ItemOut.of(items.get(conn, item_id), prices=who.sees_prices)


@router.put("/items/{item_id}", dependencies=[KEEPS_STOCK])
def change(item_id: int, body: ItemChange, conn: Conn, now: Now, who: Asking, _: BecauseOf) -> ItemOut:
    """Change an item, including its price: if omitted, the price is unknown."""
    made = items.save(conn, items.get(conn, item_id), body.facts(), at=now)
    return ItemOut.of(prices.set_price(conn, made, body.price), prices=who.sees_prices)


@router.get("/items/{item_id}/lots", dependencies=[SEES])
def in_bins(item_id: int, conn: Conn, part: Paged) -> list[LotOut]:
    """List the bins that contain an item, lot by lot."""
    return [LotOut.of(each) for each in part.of_all(levels.lots(conn, items.get(conn, item_id).id), BY_BIN)]


@router.get("/items/{item_id}/where-used", dependencies=[SEES])
def where_used(item_id: int, conn: Conn) -> WhereUsedOut:
    """Read which job plans need an item, and which assets have it by the bill of material of their class."""
    item = items.get(conn, item_id)
    return WhereUsedOut.of(items.used_in_plans(conn, item.id), items.used_by_assets(conn, item.id))


@router.put("/items/{item_id}/stores/{store_id}", dependencies=[KEEPS_STOCK])
def set_rule(item_id: int, store_id: int, body: RuleIn, conn: Conn, now: Now, _: BecauseOf) -> LevelOut:
    """Set an item's reorder rule for a store; if the stock is below it, more is requested at once."""
    rule = {"minimum": body.minimum, "reorder_point": body.reorder_point, "reorder_quantity": body.reorder_quantity}
    return LevelOut.of(levels.set_rule(conn, item_id, store_id, **rule, at=now))


@router.get("/items/{item_id}/scan-address", dependencies=[SEES])
def scan_address(item_id: int, conn: Conn) -> ScanAddressOut:
    """Read the target of the code on an item's label."""
    return _address(scanning.address(conn, {"item_id": items.get(conn, item_id).id}))


@router.get("/bins/{bin_id}/scan-address", dependencies=[SEES])
def bin_scan_address(bin_id: int, conn: Conn) -> ScanAddressOut:
    """Read the target of the code on a bin's label."""
    return _address(scanning.address(conn, {"bin_id": items.get_bin(conn, bin_id).id}))


@router.get("/bills-of-material", dependencies=[SEES])
def bills(
    conn: Conn,
    who: Asking,
    part: Paged,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    asset_class: Annotated[str | None, Query(max_length=100, description="the class of the assets")] = None,
    item_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="an item's id")] = None,
) -> list[BillLineOut]:
    """List the items that the assets of each class have."""
    rows = items.bills(
        conn, within=who.sites, site=site, asset_class=asset_class, item_id=item_id,
        after=part.after(BY_CLASS), limit=part.fetched,
    )  # fmt: skip
    return [BillLineOut.of(each) for each in part.of_fetched(rows, BY_CLASS)]


@router.put("/bills-of-material", dependencies=[KEEPS_STOCK])
def put_bill(body: BillLineIn, conn: Conn, who: Asking, names: Names, _: BecauseOf) -> list[BillLineOut]:
    """Set how many of an item the assets of a class have; the answer is the bill of material of that class."""
    item = seen_item(conn, body.item_id, who)
    if body.quantity is not None:
        names.require((NameKind.CLASS, [body.asset_class]))
    items.put_bill(conn, item, body.asset_class, body.quantity, body.note)
    rows = items.bills(conn, within=who.sites, site=item.site, asset_class=body.asset_class, limit=1000)
    return [BillLineOut.of(each) for each in rows]


def seen_item(conn: Conn, item_id: int, who: Asking) -> Item:
    """Return the item named in a body. Raises NotFound, also if the requester does not see its site."""
    if who.sites is not None:
        scope.check(conn, "item_id", item_id, who.sites)
    return items.get(conn, item_id)


def _address(found: ScanAddress) -> ScanAddressOut:
    return ScanAddressOut.of(found)
