"""Which device may speak for which assets."""

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql
from ingest.devices import Bindings

_QUERIES = sql.load("devices")


def bindings(conn: Connection) -> Bindings:
    """Return every binding."""
    found: dict[str, set[str]] = {}
    with conn.cursor(row_factory=tuple_row) as cursor:
        for device, asset in cursor.execute(_QUERIES["all"]):
            found.setdefault(device, set()).add(asset)
    return Bindings({device: frozenset(assets) for device, assets in found.items()})


def bind(conn: Connection, device: str, assets: Sequence[str], *, actor: str) -> None:
    """Let a device speak for those assets (``<site>/<asset>``), and nobody who is not bound to them."""
    for asset in assets:
        conn.execute(_QUERIES["bind"], {"device": device, "asset": asset, "actor": actor})


def unbind(conn: Connection, device: str, assets: Sequence[str]) -> int:
    """Take bindings back, all of the device where no asset is named; return how many."""
    return sum(
        conn.execute(_QUERIES["unbind"], {"device": device, "asset": asset}).rowcount for asset in assets or (None,)
    )
