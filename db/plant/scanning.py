"""Where a scanned code leads: to the page of an asset, a functional location or an order."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from db import scope, sql
from db.errors import NotFound

_QUERIES = sql.load("scanning")
_BYTES = 16
"""Bytes of a token. It is no access control, but guessing codes must not reveal what exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanAddress:
    """Exactly one of the three ids is set."""

    token: str
    asset_id: int | None
    location_id: int | None
    order_id: UUID | None
    created_at: datetime
    created_by: str

    @property
    def page(self) -> str:
        """Return the path of its page."""
        if self.asset_id is not None:
            return f"/assets/{self.asset_id}"
        return f"/locations/{self.location_id}" if self.location_id is not None else f"/orders/{self.order_id}"


Thing = Mapping[str, int | UUID]
"""The one id that names it: ``{"asset_id": 7}``."""


def address(conn: Connection, thing: Thing, *, actor: str, at: datetime) -> ScanAddress:
    """Return the scan address of a thing, creating it if it has none."""
    asked: dict[str, object] = {"asset_id": None, "location_id": None, "order_id": None, **thing}
    found = _of_thing(conn, asked)
    if found is None:
        made = {"token": secrets.token_urlsafe(_BYTES), "actor": actor, "at": at}
        conn.execute(_QUERIES["make"], asked | made)
        found = _of_thing(conn, asked)
    assert found is not None
    return found


def revoke(conn: Connection, thing: Thing, *, actor: str, at: datetime) -> None:
    """Revoke the scan address of a thing: labels printed with it are void. Does nothing if it has none."""
    asked: dict[str, object] = {"asset_id": None, "location_id": None, "order_id": None, **thing}
    conn.execute(_QUERIES["revoke"], asked | {"actor": actor, "at": at})


def led_to(conn: Connection, token: str, within: Collection[str] | None) -> ScanAddress:
    """Return where a token leads. Raises NotFound, also if it was revoked or its site is not within."""
    with conn.cursor(row_factory=class_row(ScanAddress)) as cursor:
        asked = {"token": token.replace("\0", ""), "within": scope.codes(within)}
        found = cursor.execute(_QUERIES["led_to"], asked).fetchone()
    if found is None:
        raise NotFound("code", token)
    return found


def _of_thing(conn: Connection, asked: Mapping[str, object]) -> ScanAddress | None:
    with conn.cursor(row_factory=class_row(ScanAddress)) as cursor:
        return cursor.execute(_QUERIES["of_thing"], asked).fetchone()
