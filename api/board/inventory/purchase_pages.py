"""The page of purchase requests."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.asking import HANDLES_STOCK, KEEPS_STOCK, KNOWN, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields
from api.board.forms.forms import FormRoute, shown_on
from api.board.inventory import reading
from api.board.rendering import page
from api.once import SentForm
from db import scope
from db.costs.costs import NoCurrency
from db.inventory import items, order_lines, purchases
from db.inventory.amounts import Amount, Where
from workorder_core.inventory.errors import AlreadyRequested, InvalidQuantity, UnknownUnit
from workorder_core.inventory.purchasing import OPEN, State
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
SHOWN = 100


@router.get("/purchases", dependencies=[SEES])
def requests(
    request: Request, conn: Conn, now: Now, who: Asking, show: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """Show purchase requests, by default the open ones, and the orders that wait for parts."""
    states = None if show == "all" else sorted(OPEN)
    return page(
        request,
        "inventory/purchases.html",
        now=now,
        purchases=purchases.page(conn, within=who.sites, states=states, limit=SHOWN),
        waiting=order_lines.page(conn, within=who.sites, lacking=True, limit=SHOWN),
        stores={each.id: each for each in items.stores(conn, who.sites)},
        prices=who.sees_prices,
        show=show,
        open_states=OPEN,
        ordered=State.ORDERED,
    )


@router.post("/stock/items/{item_id}/ask", dependencies=[HANDLES_STOCK])
@shown_on("/stock/items/{item_id}", at={InvalidQuantity: "wanted", UnknownUnit: "unit", AlreadyRequested: "wanted"})
def ask(
    item_id: int,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    wanted: Annotated[str, Form(max_length=30)] = "",
    unit: Annotated[str, Form(max_length=20)] = "",
    for_store: Annotated[str, Form(max_length=12)] = "",
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Ask for more of an item by hand."""
    with Fields() as read:
        many = read("wanted", None, lambda: reading.quantity(wanted))
        store = read("for_store", None, lambda: reading.key(for_store))
        read.need("for_store", store, say("choose one of the list"))
    assert many is not None and store is not None, "their lack is an error of their field"
    if who.sites is not None:
        scope.check(conn, "store_id", store, who.sites)
    amount = Amount(quantity=many, unit=unit or None, why=why.strip())
    purchases.ask(conn, item_id, store, amount, who=who, at=now)
    return sent.leads_to(f"/stock/items/{item_id}#purchases")


@router.post("/purchases/{request_id}/{verb}", dependencies=[KEEPS_STOCK])
@shown_on("/purchases", at={InvalidQuantity: "quantity", NoCurrency: "unit_cost"})
def step(
    request_id: int,
    verb: Literal["order", "receive", "cancel"],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    reference: Annotated[str, Form(max_length=200)] = "",
    expected_on: Annotated[str, Form(max_length=20)] = "",
    quantity: Annotated[str, Form(max_length=30)] = "",
    to_bin: Annotated[str, Form(max_length=12)] = "",
    unit_cost: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """Record that it was ordered, received or cancelled."""
    with Fields() as read:
        day = read("expected_on", None, lambda: reading.day(expected_on))
        bin_id = read("to_bin", None, lambda: reading.key(to_bin))
        cost = read("unit_cost", None, lambda: reading.number(unit_cost, places=4))
        many = read("quantity", None, lambda: reading.quantity(quantity)) if verb == "receive" else None
    if verb == "order":
        purchases.order(conn, request_id, at=now, reference=reference.strip(), expected_on=day)
    elif verb == "cancel":
        purchases.cancel(conn, request_id, at=now)
    elif many is not None:
        put = Where(bin_id=bin_id)
        purchases.receive(conn, request_id, Amount(quantity=many), put, who=who, at=now, unit_cost=cost)
    return sent.leads_to("/purchases")
