"""Bindings: which device may send for which assets."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row, scalar_row, tuple_row

from db import sql
from db.errors import NotFound, StoreError
from db.people import users
from ingest import devices
from ingest.devices import Bindings
from workorder_core.sentences import say

_QUERIES = sql.load("devices")


class InvalidBinding(StoreError):
    """A name is not valid for a device or an asset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A device that may send for an asset, ``<site>/<asset>``. One that is not ``known`` has sent nothing yet."""

    device: str
    asset: str
    known: bool
    actor: str
    bound_at: datetime


def bindings(conn: Connection) -> Bindings:
    """Return every binding."""
    found: dict[str, set[str]] = defaultdict(set)
    with conn.cursor(row_factory=tuple_row) as cursor:
        for device, asset in cursor.execute(_QUERIES["all"]):
            found[device].add(asset)
    return Bindings({device: frozenset(assets) for device, assets in found.items()})


def listed(conn: Connection) -> dict[str, list[Bound]]:
    """Return every binding with who made it, by device."""
    found: dict[str, list[Bound]] = defaultdict(list)
    with conn.cursor(row_factory=class_row(Bound)) as cursor:
        for each in cursor.execute(_QUERIES["listed"]):
            found[each.device].append(each)
    return dict(found)


def check(device: str, assets: Sequence[str]) -> None:
    """Raise InvalidBinding for an invalid device or asset name."""
    if not devices.is_code(device):
        raise InvalidBinding(
            say("{device!r} is not a device name: up to 64 letters, digits and _ . - are allowed", device=device[:80])
        )
    for asset in assets:
        if not devices.is_asset(asset):
            raise InvalidBinding(
                say("{asset!r} is not an asset: write <site>/<asset>, like NTH/P-101", asset=asset[:140])
            )


def bind(conn: Connection, device: str, assets: Sequence[str], *, actor: str, at: datetime) -> list[str]:
    """Bind a device to assets (``<site>/<asset>``), for which no unbound device may send from then on; return the new
    ones. A running engine applies it within seconds. Raises InvalidBinding."""
    check(device, assets)
    if not assets:
        raise InvalidBinding(say("name the assets that the device publishes for, as <site>/<asset>"))
    with conn.cursor(row_factory=scalar_row) as cursor:
        facts = {"device": device, "assets": list(dict.fromkeys(assets)), "actor": actor, "at": at}
        new = sorted(cursor.execute(_QUERIES["bind"], facts).fetchall())
    if new:
        users.note_change(conn, "device bound", device, {"assets": new}, actor=actor, at=at)
    return new


def unbind(conn: Connection, device: str, assets: Sequence[str], *, actor: str, at: datetime) -> list[str]:
    """Remove bindings, all of the device if no asset is named; return their assets. Raises NotFound if there are
    none.
    """
    with conn.cursor(row_factory=scalar_row) as cursor:
        facts = {"device": device, "assets": list(assets) or None}
        gone = sorted(cursor.execute(_QUERIES["unbind"], facts).fetchall())
    if not gone:
        raise NotFound("binding of device", f"{device} to {', '.join(assets)}" if assets else device)
    users.note_change(conn, "device unbound", device, {"assets": gone}, actor=actor, at=at)
    return gone
