"""The health of each asset, by its model's newest judgement. The caller owns the transaction."""

from collections.abc import Callable, Iterable
from dataclasses import fields

from psycopg import Connection
from psycopg.rows import class_row

from db import sql
from workorder_core.plant.health import Health

_QUERIES = sql.load("health")


def write(conn: Connection, found: Iterable[tuple[str, Health | None]], asset_id: Callable[[str], int]) -> None:
    """Store the health of assets (``<site>/<asset>``); None if it is no longer known."""
    of = dict(found)
    forgotten = [asset_id(asset) for asset, health in of.items() if health is None]
    if forgotten:
        conn.execute(_QUERIES["forget"], {"asset_ids": forgotten})
    kept = {asset_id(asset): health for asset, health in of.items() if health is not None}
    if kept:
        columns = {each.name: [getattr(health, each.name) for health in kept.values()] for each in fields(Health)}
        conn.execute(_QUERIES["write"], columns | {"asset_id": list(kept)})


def of_asset(conn: Connection, asset_id: int) -> Health | None:
    """Return an asset's health; None while its model does not know it."""
    with conn.cursor(row_factory=class_row(Health)) as cursor:
        return cursor.execute(_QUERIES["of_asset"], {"asset_id": asset_id}).fetchone()
