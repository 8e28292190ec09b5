"""The page of bills of material: which items the assets of each class have, changed where they are read."""

from itertools import groupby
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.asking import KEEPS_STOCK, KNOWN, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.inventory import reading
from api.board.rendering import page
from api.naming import Names
from api.once import SentForm
from db import scope
from db.inventory import items
from db.plant import plant
from workorder_core.plant.new_names import NameKind
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
LINES, ITEMS, ASSETS = 1000, 1000, 2000


@router.get("/stock/bills", dependencies=[SEES])
def bills(
    request: Request, conn: Conn, now: Now, who: Asking, of: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Show the bills of material by site and class of assets."""
    lines = items.bills(conn, within=who.sites, asset_class=of.strip() or None, limit=LINES)
    assets = plant.assets(conn, now=now, within=who.sites, limit=ASSETS)
    return page(
        request,
        "inventory/bills.html",
        now=now,
        of=of.strip(),
        groups=[(key, list(each)) for key, each in groupby(lines, lambda line: (line.site, line.asset_class))],
        items=items.page(conn, within=who.sites, limit=ITEMS),
        classes=sorted({each.asset_class for each in assets if each.asset_class}),
        sites=plant.sites(conn, who.sites),
    )


@router.post("/stock/bills/{verb}", dependencies=[KEEPS_STOCK])
@shown_on("/stock/bills")
def change(
    verb: Literal["put", "remove"],
    conn: Conn,
    who: Asking,
    names: Names,
    sent: SentForm,
    asset_class: Annotated[str, Form(max_length=100)] = "",
    item: Annotated[str, Form(max_length=12)] = "",
    many: Annotated[str, Form(max_length=30)] = "",
    note: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Say how many of an item the assets of a class have, or that they have none."""
    of = asset_class.strip()
    with Fields() as read:
        read.need("asset_class", of, say("write the class of the assets, such as centrifugal_pump"))
        chosen = read("item", None, lambda: reading.key(item))
        read.need("item", chosen, say("choose one of the list"))
        quantity = None if verb == "remove" else read("many", None, lambda: reading.quantity(many))
        if verb == "put" and of:
            read.ask("asset_class", names.question(NameKind.CLASS, [of], asset_class))
    assert chosen is not None, "its lack is an error of its field"
    if who.sites is not None:
        scope.check(conn, "item_id", chosen, who.sites)
    items.put_bill(conn, items.get(conn, chosen), of, quantity, note.strip())
    return sent.leads_to(f"/stock/bills#{of}")
