"""Purchase requests: requested, ordered, received, cancelled. The caller owns the transaction.

Each change is logged by trigger and is an event. ``levels.settle`` creates those for stock below the reorder point.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import kwargs_row, scalar_row

from db import scope, sql
from db.errors import NotFound
from db.inventory import items, levels, moving
from db.inventory.amounts import Amount, Where
from workorder_core.inventory import purchasing, reordering
from workorder_core.inventory.errors import AlreadyRequested
from workorder_core.inventory.purchasing import State
from workorder_core.inventory.quantities import rounded
from workorder_core.people.access import Who

_QUERIES = sql.load("inventory_purchases")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A purchase request. ``expected_on`` is a local day of the site; None: unknown."""

    id: int
    site: str
    time_zone: str
    item_id: int
    item: str
    name: str
    unit: str
    store_id: int
    store: str
    quantity: Decimal
    received: Decimal
    state: State
    supplier: str
    reference: str
    expected_on: date | None
    why: str
    requested_at: datetime
    requested_by: str
    state_since: datetime

    @property
    def coming(self) -> Decimal:
        return max(Decimal(0), self.quantity - self.received)


def page(
    conn: Connection,
    *,
    within: Collection[str] | None,
    site: str | None = None,
    states: Collection[State] | None = None,
    item_id: int | None = None,
    after: int | None = None,
    limit: int,
) -> list[Purchase]:
    """Return purchase requests, the newest first."""
    asked: dict[str, Any] = {"within": scope.codes(within), "site": site, "item_id": item_id, "after": after}
    asked |= {"states": None if states is None else [each.value for each in states], "limit": limit}
    with conn.cursor(row_factory=kwargs_row(_purchase)) as cursor:
        return cursor.execute(_QUERIES["requests"], asked).fetchall()


def get(conn: Connection, request_id: int) -> Purchase:
    """Return one purchase request. Raises NotFound."""
    with conn.cursor(row_factory=kwargs_row(_purchase)) as cursor:
        found = cursor.execute(_QUERIES["request"], {"id": request_id}).fetchone()
    if found is None:
        raise NotFound("purchase request", request_id)
    return found


def ask(conn: Connection, item_id: int, store_id: int, amount: Amount, *, who: Who, at: datetime) -> Purchase:
    """Request more of an item for a store. Raises AlreadyRequested, ItemRetired, NotFound, UnknownUnit."""
    item = items.get_in_use(conn, item_id)
    quantity = item.units.in_own(amount.quantity, amount.unit)
    level = levels.lock(conn, item_id, store_id)
    expected_on = reordering.expected_on(at.astimezone(ZoneInfo(item.time_zone)).date(), item.lead_time_days)
    facts: dict[str, Any] = {"item_id": item_id, "store_id": store_id, "quantity": quantity, "expected_on": expected_on}
    facts |= {"why": amount.why, "at": at, "actor": who.actor}
    with conn.cursor(row_factory=scalar_row) as cursor:
        made: int | None = cursor.execute(_QUERIES["add"], facts).fetchone()
    if made is None:
        raise AlreadyRequested(item.code, level.store, level.request or 0)
    return get(conn, made)


def order(
    conn: Connection, request_id: int, *, at: datetime, supplier: str | None = None, reference: str = "",
    expected_on: date | None = None,
) -> Purchase:  # fmt: skip
    """Record that a request has been ordered. Without a day, its expected date stays. Raises IllegalPurchase."""
    before = _locked(conn, request_id)
    state = purchasing.move(before.id, before.state, State.ORDERED)
    facts = {"state": state.value, "received": before.received, "supplier": supplier or before.supplier, "at": at}
    expected = expected_on or before.expected_on
    conn.execute(_QUERIES["save"], facts | {"id": before.id, "reference": reference, "expected_on": expected})
    return get(conn, before.id)


def receive(
    conn: Connection, request_id: int, amount: Amount, to: Where, *, who: Who, at: datetime,
    unit_cost: Decimal | None = None, expires_on: date | None = None,
) -> Purchase:  # fmt: skip
    """Receive a delivery for a request, complete or partial. Raises IllegalPurchase, UnknownUnit, NoPlaceForIt."""
    known = get(conn, request_id)
    levels.lock(conn, known.item_id, known.store_id)
    before = _locked(conn, request_id)
    item = items.get(conn, before.item_id)
    received = rounded(before.received + item.units.in_own(amount.quantity, amount.unit))
    state = purchasing.after_receipt(before.id, before.state, wanted=before.quantity, received=received)
    facts = {"state": state.value, "received": received, "supplier": before.supplier, "at": at}
    more = {"id": before.id, "reference": before.reference, "expected_on": before.expected_on}
    conn.execute(_QUERIES["save"], facts | more)
    place = Where(store_id=before.store_id, bin_id=to.bin_id, lot=to.lot)
    moving.receive(
        conn, before.item_id, amount, place, who=who, at=at, request_id=before.id, unit_cost=unit_cost,
        expires_on=expires_on,
    )  # fmt: skip
    return get(conn, before.id)


def cancel(conn: Connection, request_id: int, *, at: datetime) -> Purchase:
    """Cancel a request; the missing quantity is not requested again before the next movement."""
    before = _locked(conn, request_id)
    state = purchasing.move(before.id, before.state, State.CANCELLED)
    facts = {"state": state.value, "received": before.received, "supplier": before.supplier, "at": at}
    more = {"id": before.id, "reference": before.reference, "expected_on": before.expected_on}
    conn.execute(_QUERIES["save"], facts | more)
    return get(conn, before.id)


def _locked(conn: Connection, request_id: int) -> Purchase:
    conn.execute(_QUERIES["lock"], {"id": request_id})
    return get(conn, request_id)


def _purchase(state: str, **row: Any) -> Purchase:
    return Purchase(state=State(state), **row)
