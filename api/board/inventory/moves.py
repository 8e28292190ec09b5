"""Forms that move stock: issue, return and count for technicians; receive, adjust and move for storekeepers."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import Response
from psycopg import Connection

from api.asking import HANDLES_STOCK, KEEPS_STOCK, KNOWN, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.inventory import reading
from api.once import SentForm
from db import scope
from db.costs.costs import NoCurrency
from db.inventory import items, moving, reserving
from db.inventory.amounts import Amount, Where
from workorder_core.inventory.errors import (
    InvalidQuantity,
    ItemRetired,
    LotExpired,
    LotNeeded,
    NotEnough,
    NotThatMany,
    UnknownUnit,
    WhyNeeded,
)
from workorder_core.people.access import Who
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
_AT = {
    NotEnough: "quantity",
    LotExpired: "quantity",
    LotNeeded: "lot",
    NotThatMany: "quantity",
    InvalidQuantity: "quantity",
    UnknownUnit: "unit",
    WhyNeeded: "why",
    NoCurrency: "unit_cost",
}


@router.post("/stock/items/{item_id}/do/{verb}", dependencies=[HANDLES_STOCK])
@shown_on("/stock/items/{item_id}", at=_AT)
def do(
    item_id: int,
    verb: Literal["issue", "return", "count"],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    quantity: Annotated[str, Form(max_length=30)] = "",
    unit: Annotated[str, Form(max_length=20)] = "",
    order: Annotated[str, Form(max_length=100)] = "",
    place: Annotated[str, Form(max_length=90)] = "",
    why: Annotated[str, Form(max_length=2000)] = "",
    emergency: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Issue or return an item, or record a count."""
    with Fields() as read:
        many = read("quantity", None, lambda: reading.number(quantity))
        read.need("quantity", many or (many == 0 and verb == "count"), say("write how many, such as 2 or 0.5"))
        order_id = read("order", None, lambda: reading.order(conn, order, who))
        where = read("place", Where(), lambda: _where(conn, place, who))
    assert many is not None, "its lack is an error of its field"
    amount = Amount(quantity=many, unit=unit or None, why=why.strip())
    if verb == "issue":
        moving.issue(conn, item_id, amount, where, who=who, at=now, order_id=order_id, emergency=bool(emergency))
    elif verb == "return":
        moving.bring_back(conn, item_id, amount, where, who=who, at=now, order_id=order_id)
    else:
        found = many if not many else items.get(conn, item_id).units.in_own(many, unit or None)
        moving.count(conn, item_id, found, where, who=who, at=now, why=why.strip())
    return sent.leads_to(f"/stock/items/{item_id}")


@router.post("/stock/items/{item_id}/keep/{verb}", dependencies=[KEEPS_STOCK])
@shown_on("/stock/items/{item_id}", at=_AT)
def keep(
    item_id: int,
    verb: Literal["receive", "adjust", "transfer"],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    quantity: Annotated[str, Form(max_length=30)] = "",
    unit: Annotated[str, Form(max_length=20)] = "",
    place: Annotated[str, Form(max_length=90)] = "",
    to_bin: Annotated[str, Form(max_length=12)] = "",
    lot: Annotated[str, Form(max_length=64)] = "",
    why: Annotated[str, Form(max_length=2000)] = "",
    unit_cost: Annotated[str, Form(max_length=30)] = "",
    expires_on: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Receive stock, correct the book, or move stock to another bin."""
    with Fields() as read:
        many = read("quantity", None, lambda: reading.number(quantity, negative=verb == "adjust"))
        read.need("quantity", many, say("write how many, such as 2 or 0.5"))
        where = read("place", Where(), lambda: _where(conn, place, who))
        target = read("to_bin", None, lambda: _seen_bin(conn, to_bin, who))
        cost = read("unit_cost", None, lambda: reading.number(unit_cost, places=4))
        last_day = read("expires_on", None, lambda: reading.day(expires_on))
        if verb == "transfer":
            read.need("place", where.bin_id, say("choose one of the list"))
            read.need("to_bin", target, say("choose one of the list"))
    assert many is not None, "its lack is an error of its field"
    amount = Amount(quantity=many, unit=unit or None, why=why.strip())
    if verb == "receive":
        put = Where(bin_id=where.bin_id, lot=lot.strip() or where.lot)
        moving.receive(conn, item_id, amount, put, who=who, at=now, unit_cost=cost, expires_on=last_day)
    elif verb == "adjust":
        moving.adjust(conn, item_id, many, where, who=who, at=now, why=why.strip())
    elif where.bin_id is not None and target is not None:
        moving.transfer(
            conn, item_id, amount, from_bin=where.bin_id, to_bin=target, lot=where.lot or "", who=who, at=now
        )  # fmt: skip
    return sent.leads_to(f"/stock/items/{item_id}")


@router.post("/orders/{order_id}/stock/{verb}", dependencies=[HANDLES_STOCK])
@shown_on(
    "/orders/{order_id}", at={UnknownUnit: "item_quantity", InvalidQuantity: "item_quantity", ItemRetired: "item"}
)
def of_order(
    order_id: UUID,
    verb: Literal["reserve", "release"],
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    item: Annotated[str, Form(max_length=12)] = "",
    item_quantity: Annotated[str, Form(max_length=30)] = "",
    line: Annotated[str, Form(max_length=12)] = "",
) -> Response:
    """Reserve parts for an order, or release what a line has reserved."""
    if verb == "release":
        reserving.give_up(conn, order_id, reading.key(line) or 0, who=who, at=now)
        return sent.leads_to(f"/orders/{order_id}#stock")
    with Fields() as read:
        chosen = read("item", None, lambda: reading.key(item))
        read.need("item", chosen, say("choose one of the list"))
        many = read("item_quantity", None, lambda: reading.quantity(item_quantity))
    assert chosen is not None and many is not None, "their lack is an error of their field"
    if who.sites is not None:
        scope.check(conn, "item_id", chosen, who.sites)
    reserving.reserve(conn, order_id, chosen, Amount(quantity=many), who=who, at=now)
    return sent.leads_to(f"/orders/{order_id}#stock")


def _where(conn: Connection, place: str, who: Who) -> Where:
    """Parse a bin from a form: a bin's id, and a lot after a colon; if empty, the program chooses."""
    bin_id, colon, lot = place.partition(":")
    return Where(bin_id=_seen_bin(conn, bin_id, who), lot=lot if colon else None)


def _seen_bin(conn: Connection, text: str, who: Who) -> int | None:
    bin_id = reading.key(text)
    if bin_id is not None and who.sites is not None and items.get_bin(conn, bin_id).site not in who.sites:
        raise InvalidForm(say("choose one of the list"))
    return bin_id
