"""Values measured by people, waiting for the engine. The caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row

from db import sql

_QUERIES = sql.load("entered_readings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A value of an asset's signal; ``unit`` is empty for the signal's own."""

    id: int
    site: str
    asset: str
    signal: str
    unit: str
    value: float
    observed_at: datetime


def add(
    conn: Connection, asset_id: int, signal: str, value: float, *, unit: str = "", observed_at: datetime, actor: str
) -> None:
    """Pass a value to the engine, which judges it like a device's, within a second if it runs."""
    facts = {"asset_id": asset_id, "signal": signal, "unit": unit, "value": value}
    conn.execute(_QUERIES["add"], facts | {"observed_at": observed_at, "actor": actor})


def waiting(conn: Connection, *, most: int = 500) -> list[Entered]:
    """Return the values that the engine has not read yet, in order of entry."""
    with conn.cursor(row_factory=class_row(Entered)) as cursor:
        return cursor.execute(_QUERIES["waiting"], {"most": most}).fetchall()


def done(conn: Connection, ids: Sequence[int]) -> None:
    """Delete values whose readings are committed."""
    conn.execute(_QUERIES["done"], {"ids": list(ids)})
