"""How well each asset is, by its model's newest look. The caller owns the transaction."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from db import sql
from workorder_core.health import Health

_QUERIES = sql.load("health")


def write(conn: Connection, told: Iterable[tuple[str, Health | None]], asset_id: Callable[[str], int]) -> None:
    """Keep how assets (``<site>/<asset>``) are; None where nothing is known of one any more."""
    forgotten: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    for asset, health in told:
        facts: dict[str, Any] = {"asset_id": asset_id(asset)}
        if health is None:
            forgotten.append(facts)
        else:
            kept.append(facts | {each.name: getattr(health, each.name) for each in fields(health)})
    with conn.cursor() as cursor:
        for query, rows in (("forget", forgotten), ("write", kept)):
            if rows:
                cursor.executemany(_QUERIES[query], rows)


def of_asset(conn: Connection, asset_id: int) -> Health | None:
    """Return how an asset is; None while its model does not know it."""
    with conn.cursor(row_factory=class_row(Health)) as cursor:
        return cursor.execute(_QUERIES["of_asset"], {"asset_id": asset_id}).fetchone()
