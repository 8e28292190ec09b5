"""How likely assets are to fail within so many days, as their fleet models last judged them. The caller owns the
transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from db import sql
from workorder_core.reliability.survival import Survival

_QUERIES = sql.load("survival")


@dataclass(frozen=True, slots=True)
class Stored:
    """A survival function, and the version of the model that it comes from."""

    survival: Survival
    model_version: str


def write(conn: Connection, found: Mapping[int, Stored | None]) -> None:
    """Store the functions of assets, by id; None where nothing is known any more."""
    forgotten = [asset_id for asset_id, stored in found.items() if stored is None]
    if forgotten:
        conn.execute(_QUERIES["forget"], {"asset_ids": forgotten})
    rows = [
        {
            "asset_id": asset_id,
            "at": stored.survival.at,
            "days": list(stored.survival.days),
            "failed": list(stored.survival.failed),
            "model_version": stored.model_version,
        }
        for asset_id, stored in sorted(found.items(), key=lambda item: item[0])
        if stored is not None
    ]
    if rows:
        with conn.cursor() as cursor:
            cursor.executemany(_QUERIES["write"], rows)


def latest(conn: Connection, asset_ids: Iterable[int], at: datetime) -> dict[int, Survival]:
    """Return the survival functions of those assets that have one, by id, as of ``at``.

    Each asset is assumed to work at ``at``, so the function is that of one which has survived until then. An asset
    whose function ends before ``at`` is left out: nothing is known of it.
    """
    found = dict[int, Survival]()
    for asset_id, stored in _select(conn, asset_ids).items():
        now = stored.survival.given_works_at(at)
        if now is not None:
            found[asset_id] = now
    return found


def of_asset(conn: Connection, asset_id: int) -> Stored | None:
    """Return an asset's function as it was made; None while there is none."""
    return _select(conn, [asset_id]).get(asset_id)


def _select(conn: Connection, asset_ids: Iterable[int]) -> dict[int, Stored]:
    rows: Any = conn.execute(_QUERIES["latest"], {"asset_ids": list(asset_ids)})
    return {
        asset_id: Stored(Survival(at, tuple(days), tuple(failed)), version)
        for asset_id, at, days, failed, version in rows
    }
