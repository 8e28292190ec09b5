"""The pages of stock: the list, an item with its ledger, a bin; and the forms for items, stores and reorder rules."""

from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KEEPS_STOCK, KNOWN, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.inventory import reading
from api.board.rendering import Number, page
from api.once import SentForm
from db.costs import costs
from db.costs.costs import NoCurrency
from db.errors import AlreadyExists
from db.inventory import counting, items, levels, prices, purchases
from db.inventory.items import ItemFacts
from db.plant import plant
from workorder_core.inventory.errors import ItemInUse
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
PAGE_SIZE, LEDGER = 50, 30
_LETTERS = Form(max_length=200)


@router.get("/stock", dependencies=[SEES])
def stock(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    text: Annotated[str, Query(max_length=200)] = "",
    site: Annotated[str, Query(max_length=100)] = "",
    store: Annotated[str, Query(max_length=100)] = "",
    item_class: Annotated[str, Query(max_length=100)] = "",
    show: Annotated[str, Query(max_length=10)] = "",
    number: Number = 1,
) -> Response:
    """Show the stock: items below their reorder point or to be counted first."""
    rows = levels.page(
        conn, within=who.sites, site=site or None, store=store or None, item_class=item_class or None, text=text,
        low=show == "low", short=show == "short", limit=PAGE_SIZE + 1, offset=(number - 1) * PAGE_SIZE,
    )  # fmt: skip
    chosen = {"text": text.strip(), "site": site, "store": store, "item_class": item_class, "show": show}
    asked = {**chosen, "low": "true" if show == "low" else "", "short": "true" if show == "short" else "", "show": ""}
    stores = items.stores(conn, who.sites)
    return page(
        request,
        "inventory/stock.html",
        now=now,
        levels=rows[:PAGE_SIZE],
        number=number,
        more=len(rows) > PAGE_SIZE,
        chosen=chosen,
        filtered=any(chosen.values()),
        query=urlencode({name: value for name, value in chosen.items() if value}),
        for_file=urlencode({name: value for name, value in asked.items() if value}),
        stores=stores,
        sites=plant.sites(conn, who.sites),
        classes=items.classes(conn, who.sites),
        kept=[] if rows else items.page(conn, within=who.sites, limit=PAGE_SIZE),
        worth=counting.worth(conn, within=who.sites) if who.sees_prices else [],
    )


@router.get("/stock/items/{item_id}", dependencies=[SEES])
def item(
    request: Request, item_id: int, conn: Conn, now: Now, who: Asking, order: str = "", bin_id: str = ""
) -> Response:
    """Show an item: its stock, its forms, its ledger and where it is used."""
    return item_page(request, conn, item_id, now=now, who=who, order=order, bin_id=bin_id)


def item_page(
    request: Request, conn: Connection, item_id: int, *, now: Now, who: Asking, order: str = "", bin_id: str = ""
) -> Response:
    """Return an item's page; ``order`` and ``bin_id`` are preselected by a scan or another page."""
    shown = items.get(conn, item_id)
    return page(
        request,
        "inventory/item.html",
        now=now,
        item=shown,
        zone=shown.time_zone,
        prices=who.sees_prices,
        currency=costs.currency_of(conn, shown.site_id),
        levels=levels.page(conn, within=who.sites, item_id=item_id, limit=100),
        lots=levels.lots(conn, item_id),
        movements=levels.movements(conn, within=who.sites, item_id=item_id, limit=LEDGER),
        purchases=purchases.page(conn, within=who.sites, item_id=item_id, limit=5),
        plans=items.used_in_plans(conn, item_id),
        assets=items.used_by_assets(conn, item_id),
        bills=items.bills(conn, within=who.sites, item_id=item_id, limit=100),
        stores=items.stores(conn, who.sites, shown.site),
        order=order[:100],
        bin_id=bin_id,
        today=now.astimezone(ZoneInfo(shown.time_zone)).date(),
    )


@router.get("/stock/bins/{bin_id}", dependencies=[SEES])
def one_bin(request: Request, bin_id: int, conn: Conn, now: Now) -> Response:
    """Show the content of a bin; this is where its scanned code leads."""
    place = items.get_bin(conn, bin_id)
    return page(request, "inventory/bin.html", now=now, place=place, rows=levels.in_bin(conn, bin_id))


@router.post("/stock/items/new", dependencies=[KEEPS_STOCK])
@shown_on("/stock", at={AlreadyExists: "code", NoCurrency: "price"})
def new_item(
    conn: Conn,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=100)] = "",
    code: Annotated[str, Form(max_length=64)] = "",
    name: Annotated[str, _LETTERS] = "",
    unit: Annotated[str, Form(max_length=20)] = "pcs",
    others: Annotated[str, Form(max_length=1000)] = "",
    item_class: Annotated[str, Form(max_length=100)] = "",
    supplier: Annotated[str, _LETTERS] = "",
    lead: Annotated[str, Form(max_length=10)] = "",
    price: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """Create an item."""
    with Fields() as read:
        read.need("code", code.strip() and "/" not in code, say("write a code, such as SEAL-45"))
        read.need("name", name.strip(), say("write what it is"))
        facts = _facts(read, name, item_class, supplier, lead, others)
        cost = read("price", None, lambda: reading.number(price, places=4))
    place = plant.site_by_code(conn, site, who.sites)
    made = items.add(conn, place.id, place.code, code.strip(), unit.strip() or "pcs", facts)
    if cost is not None:
        prices.set_price(conn, made, cost)
    return sent.leads_to(f"/stock/items/{made.id}")


@router.post("/stock/items/{item_id}/facts", dependencies=[KEEPS_STOCK])
@shown_on("/stock/items/{item_id}", at={NoCurrency: "price", ItemInUse: "retired"})
def change_item(
    item_id: int,
    conn: Conn,
    now: Now,
    sent: SentForm,
    name: Annotated[str, _LETTERS] = "",
    others: Annotated[str, Form(max_length=1000)] = "",
    item_class: Annotated[str, Form(max_length=100)] = "",
    supplier: Annotated[str, _LETTERS] = "",
    lead: Annotated[str, Form(max_length=10)] = "",
    price: Annotated[str, Form(max_length=30)] = "",
    retired: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Change an item's facts."""
    with Fields() as read:
        read.need("name", name.strip(), say("write what it is"))
        facts = _facts(read, name, item_class, supplier, lead, others, retired=bool(retired))
        cost = read("price", None, lambda: reading.number(price, places=4))
    prices.set_price(conn, items.save(conn, items.get(conn, item_id), facts, at=now), cost)
    return sent.leads_to(f"/stock/items/{item_id}")


@router.post("/stock/items/{item_id}/rule", dependencies=[KEEPS_STOCK])
@shown_on("/stock/items/{item_id}")
def set_rule(
    item_id: int,
    conn: Conn,
    now: Now,
    sent: SentForm,
    store: Annotated[str, Form(max_length=12)] = "",
    minimum: Annotated[str, Form(max_length=30)] = "",
    reorder_point: Annotated[str, Form(max_length=30)] = "",
    reorder_quantity: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """Set an item's reorder rule for a store."""
    with Fields() as read:
        chosen = read("store", None, lambda: reading.key(store))
        least = read("minimum", None, lambda: reading.number(minimum))
        point = read("reorder_point", None, lambda: reading.number(reorder_point))
        many = read("reorder_quantity", None, lambda: reading.number(reorder_quantity) or None)
        read.need("store", chosen, say("choose one of the list"))
        read.need(
            "minimum", least is None or (point is not None and least <= point),
            say("the minimum is at most the reorder point"),
        )  # fmt: skip
    assert chosen is not None, "its lack is an error of its field"
    levels.set_rule(conn, item_id, chosen, minimum=least, reorder_point=point, reorder_quantity=many, at=now)
    return sent.leads_to(f"/stock/items/{item_id}#levels")


@router.post("/stock/stores/new", dependencies=[KEEPS_STOCK])
@shown_on("/stock")
def new_store(
    conn: Conn,
    who: Asking,
    sent: SentForm,
    site: Annotated[str, Form(max_length=100)] = "",
    store: Annotated[str, Form(max_length=64)] = "",
    store_name: Annotated[str, _LETTERS] = "",
    bins: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Create a store with its bins, or add bins to an existing one."""
    codes = [each for each in bins.replace(",", " ").split() if each]
    with Fields() as read:
        read.need("store", store.strip() and "/" not in store, say("write a code, such as MAIN"))
        read.need("bins", codes and max(map(len, codes)) <= 64, say("write the codes of its bins, such as A1 A2 B1"))
    place = plant.site_by_code(conn, site, who.sites)
    known = {each.code: each for each in items.stores(conn, who.sites, place.code)}
    if store.strip() not in known:
        items.add_store(conn, place.id, place.code, store.strip(), store_name.strip() or store.strip(), codes)
    else:
        there = known[store.strip()]
        for code in sorted({*codes} - {each["code"] for each in there.bins}):
            items.add_bin(conn, there.id, code)
    return sent.leads_to("/stock#stores")


def _facts(
    read: Fields, name: str, item_class: str, supplier: str, lead: str, others: str, *, retired: bool = False
) -> ItemFacts:
    days = read("lead", None, lambda: reading.number(lead, places=0))
    read.need("lead", days is None or days <= 3650, say("write a number of days"))
    return ItemFacts(
        name=name.strip(),
        item_class=item_class.strip(),
        supplier=supplier.strip(),
        lead_time_days=None if days is None else int(days),
        units=read("others", {}, lambda: reading.units(others)),
        retired=retired,
    )
