"""The page on which stock is taken: a store's bins one after the other, a field each."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from api.asking import HANDLES_STOCK, KNOWN, SEES, Asking, Conn, Now
from api.board.forms.form_errors import Fields, InvalidForm
from api.board.forms.forms import FormRoute, shown_on
from api.board.inventory import reading
from api.board.rendering import page
from api.once import SentForm
from db import scope
from db.inventory import counting, items, levels
from db.inventory.counting import Found, Held
from db.inventory.levels import LedgerRow
from workorder_core.inventory.errors import BookChanged
from workorder_core.inventory.ledger import Kind
from workorder_core.sentences import say

router = APIRouter(include_in_schema=False, dependencies=[KNOWN], route_class=FormRoute)
ROWS, COUNTS = 300, 30


@router.get("/stock/counting", dependencies=[SEES])
def sheet(
    request: Request,
    conn: Conn,
    now: Now,
    who: Asking,
    store: Annotated[str, Query(max_length=12)] = "",
    bin_id: Annotated[str, Query(max_length=12)] = "",
) -> Response:
    """Show what a store's bins have, to be counted, and what was counted last."""
    stores = items.stores(conn, who.sites)
    chosen = next((each for each in stores if str(each.id) == store), stores[0] if stores else None)
    place = next((each["id"] for each in (chosen.bins if chosen else ()) if str(each["id"]) == bin_id), None)
    rows, counts = list[Held](), list[LedgerRow]()
    if chosen is not None:
        rows = counting.page(conn, within=who.sites, store_id=chosen.id, bin_id=place, limit=ROWS + 1)
        counts = levels.movements(conn, within=who.sites, store_id=chosen.id, kind=Kind.COUNT, limit=COUNTS)
    return page(
        request,
        "inventory/counting.html",
        now=now,
        stores=stores,
        store=chosen,
        bin_id=place,
        rows=rows[:ROWS],
        more=len(rows) > ROWS,
        counts=counts,
    )


async def _counted(request: Request) -> Mapping[str, str]:
    return {name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)}


Counted = Annotated[Mapping[str, str], Depends(_counted)]


@router.post("/stock/counting/{store_id}", dependencies=[HANDLES_STOCK])
@shown_on(lambda params, sent: f"/stock/counting?store={params['store_id']}&bin_id={sent.get('only', '')}")
def save(
    store_id: int,
    conn: Conn,
    now: Now,
    who: Asking,
    sent: SentForm,
    typed: Counted,
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Record what was found; a row that is left empty was not counted."""
    found: dict[str, Found] = {}
    with Fields() as read:
        for name, text in typed.items():
            if not name.startswith("found_") or not text.strip():
                continue
            number = name.removeprefix("found_")
            many = read(name, None, lambda text=text: reading.number(text))  # type: ignore[misc]
            where = read(name, None, lambda number=number: _where(typed, number))  # type: ignore[misc]
            if many is not None and where is not None:
                item_id, bin_id, lot = where
                book = reading.number(typed.get(f"book_{number}", ""))
                found[name] = Found(item_id=item_id, bin_id=bin_id, lot=lot, found=many, book=book)
        read.need("why", found or read.wrong, say("write what is there in at least one bin"))
    if who.sites is not None:
        for each in found.values():
            scope.check(conn, "item_id", each.item_id, who.sites)
            scope.check(conn, "bin_id", each.bin_id, who.sites)
    try:
        counting.save(conn, store_id, list(found.values()), who=who, at=now, why=why.strip() or "stock-taking")
    except BookChanged as changed:
        at = next(
            name for name, each in found.items() if (each.item_id, each.bin_id, each.lot) == changed.of
        )  # fmt: skip
        raise InvalidForm(fields={at: str(changed)}, status=409) from None
    return sent.leads_to(f"/stock/counting?store={store_id}#counted")


def _where(typed: Mapping[str, str], number: str) -> tuple[int, int, str]:
    """Return the item, the bin and the lot of a row. Raises InvalidForm."""
    item_id, _, rest = typed.get(f"row_{number}", "").partition(":")
    bin_id, _, lot = rest.partition(":")
    keys = reading.key(item_id), reading.key(bin_id)
    if keys[0] is None or keys[1] is None:
        raise InvalidForm(say("choose one of the list"))
    return keys[0], keys[1], lot[:64]
