"""The targets of scanned codes: the page of an asset, a functional location, an order, an item or a bin."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from db import scope, sql
from db.errors import NotFound

_QUERIES = sql.load("scanning")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanAddress:
    """Exactly one of the ids is set."""

    token: str
    asset_id: int | None
    location_id: int | None
    order_id: UUID | None
    item_id: int | None
    bin_id: int | None
    route_id: int | None
    created_at: datetime
    created_by: str

    @property
    def leads_to(self) -> tuple[str, int | UUID]:
        """Return the kind of its target, and the target's id."""
        names = ("asset_id", "location_id", "order_id", "item_id", "bin_id", "route_id")
        return next((name.removesuffix("_id"), key) for name in names if (key := getattr(self, name)) is not None)

    @property
    def page(self) -> str:
        """Return the path of its page."""
        if self.asset_id is not None:
            return f"/assets/{self.asset_id}"
        if self.item_id is not None:
            return f"/stock/items/{self.item_id}"
        if self.bin_id is not None:
            return f"/stock/bins/{self.bin_id}"
        if self.route_id is not None:
            return f"/inspection-routes/{self.route_id}?scanned=true"
        return f"/locations/{self.location_id}" if self.location_id is not None else f"/orders/{self.order_id}"


_NO_THING: dict[str, Any] = dict.fromkeys(("asset_id", "location_id", "order_id", "item_id", "bin_id", "route_id"))
Thing = Mapping[str, int | UUID]
"""The one id that names it: ``{"asset_id": 7}``."""


def address(conn: Connection, thing: Thing) -> ScanAddress:
    """Return the scan address of an object, which it has had since its creation. Raises NotFound."""
    with conn.cursor(row_factory=class_row(ScanAddress)) as cursor:
        found = cursor.execute(_QUERIES["of_thing"], {**_NO_THING, **thing}).fetchone()
    if found is None:
        raise NotFound("code", next(iter(thing.values())))
    return found


def replace(conn: Connection, thing: Thing, *, actor: str, at: datetime) -> ScanAddress:
    """Void the scan address of an object, so that printed codes lead nowhere, and return a new one."""
    asked = {**_NO_THING, **thing} | {"actor": actor, "at": at}
    # Simultaneous replacements are serialised: the second voids the first one's code.
    conn.execute(_QUERIES["lock"], {"thing": str(next(iter(thing.values())))})
    conn.execute(_QUERIES["revoke"], asked)
    conn.execute(_QUERIES["make"], asked)
    return address(conn, thing)


def led_to(conn: Connection, token: str, within: Collection[str] | None, contractor: int | None = None) -> ScanAddress:
    """Return where a token leads. Raises NotFound, also if it was revoked, its site is not within, or no order of a
    contractor needs what it leads to.
    """
    with conn.cursor(row_factory=class_row(ScanAddress)) as cursor:
        asked = {"token": token.replace("\0", ""), "within": scope.codes(within)}
        found = cursor.execute(_QUERIES["led_to"], asked).fetchone()
    if found is None:
        raise NotFound("code", token)
    if contractor is not None:
        things = {"order_id": found.order_id, "asset_id": found.asset_id}
        name, key = next(((name, key) for name, key in things.items() if key is not None), (None, None))
        if name is None or key is None:
            raise NotFound("code", token)
        scope.check_given(conn, name, key, contractor)
    return found
