"""Taking stock: the list of what is in a store's bins, many counts at once, what it is worth. The caller owns the
transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from db import scope, sql
from db.errors import NotFound
from db.inventory import items, levels, moving
from db.inventory.amounts import Where
from workorder_core.inventory.quantities import ZERO
from workorder_core.people.access import Who

_QUERIES = sql.load("inventory_stock")
After = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a bin has of a lot, as it is counted by."""

    site: str
    time_zone: str
    store_id: int
    store: str
    bin_id: int
    bin: str
    item_id: int
    item: str
    name: str
    unit: str
    lot: str
    quantity: Decimal
    shortage: Decimal
    expires_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What somebody found of a lot in a bin; ``book`` is what the book said then, None: whatever it says."""

    item_id: int
    bin_id: int
    lot: str
    found: Decimal
    book: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the book said of a lot in a bin, and what was found."""

    item_id: int
    item: str
    unit: str
    bin_id: int
    bin: str
    lot: str
    book: Decimal
    found: Decimal


def page(
    conn: Connection,
    *,
    within: Collection[str] | None,
    site: str | None = None,
    store_id: int | None = None,
    bin_id: int | None = None,
    expired: date | None = None,
    after: After | None = None,
    limit: int,
) -> list[Held]:
    """Return what the bins have, in the order in which somebody walks past them; ``expired``: before that day."""
    asked: dict[str, Any] = {"within": scope.codes(within), "site": site, "store_id": store_id, "bin_id": bin_id}
    names = ("after_site", "after_store", "after_bin", "after_item", "after_lot")
    asked |= dict(zip(names, after or (None,) * 5, strict=True)) | {"expired": expired, "limit": limit}
    with conn.cursor(row_factory=class_row(Held)) as cursor:
        return cursor.execute(_QUERIES["in_stores"], asked).fetchall()


def save(
    conn: Connection, store_id: int, counted: Sequence[Found], *, who: Who, at: datetime, why: str = ""
) -> list[Difference]:
    """Record what was found in the bins of a store, all of it or nothing, and return where the book was wrong.

    Raises BookChanged where something was issued or received since the book was read, NotFound.
    """
    levels.lock_all(conn, [(each.item_id, store_id) for each in counted])
    wrong = list[Difference]()
    for each in counted:
        place = items.get_bin(conn, each.bin_id)
        if place.store_id != store_id:
            raise NotFound("bin of the store", each.bin_id)
        item = items.get(conn, each.item_id)
        lots = levels.lots(conn, each.item_id, bin_id=each.bin_id, lot=each.lot)
        book = lots[0].quantity if lots else ZERO
        where = Where(store_id=store_id, bin_id=each.bin_id, lot=each.lot)
        moving.count(conn, each.item_id, each.found, where, who=who, at=at, why=why, said=each.book)
        if book != each.found:
            wrong.append(
                Difference(
                    item_id=item.id, item=item.code, unit=item.unit, bin_id=place.id, bin=place.code, lot=each.lot,
                    book=book, found=each.found,
                )
            )  # fmt: skip
    return wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What is on hand at a site costs, as far as prices are known."""

    site: str
    currency: str
    worth: Decimal


def worth(conn: Connection, *, within: Collection[str] | None) -> list[Worth]:
    """Return what is on hand at the prices of its lots, else of its items, by site and currency."""
    with conn.cursor(row_factory=class_row(Worth)) as cursor:
        return cursor.execute(_QUERIES["worth"], {"within": scope.codes(within)}).fetchall()
