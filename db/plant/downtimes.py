"""Planned downtime: when an asset is stopped or worked on deliberately. Each one becomes an input of the judge."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import scope, sql
from db.errors import NotFound

_QUERIES = sql.load("downtimes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Downtime:
    """``starts_at`` and ``ends_at`` (None: open-ended) are the asset's event time, the others the wall clock."""

    id: int
    asset_id: int
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    actor: str
    recorded_at: datetime
    cancelled_at: datetime | None


def create(
    conn: Connection,
    asset_id: int,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    reason: str,
    actor: str,
    at: datetime,
) -> Downtime:
    """Plan a downtime and return it; without an end it lasts until it is cancelled."""
    facts = {
        "asset_id": asset_id,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "reason": reason,
        "actor": actor,
        "at": at,
    }
    with conn.cursor(row_factory=scalar_row) as cursor:
        new_id = cursor.execute(_QUERIES["create"], facts).fetchone()
    return get(conn, int(new_id or 0))


def cancel(conn: Connection, downtime_id: int, *, actor: str, at: datetime) -> Downtime:
    """Cancel a planned downtime; a second time changes nothing. Raises NotFound."""
    conn.execute(_QUERIES["cancel"], {"id": downtime_id, "actor": actor, "at": at})
    return get(conn, downtime_id)


def get(conn: Connection, downtime_id: int) -> Downtime:
    """Return one planned downtime. Raises NotFound."""
    found = _listed(conn, downtime_id)
    if not found:
        raise NotFound("planned downtime", downtime_id)
    return found[0]


def listed(
    conn: Connection,
    *,
    asset_id: int | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    within: Collection[str] | None = None,
    limit: int | None = None,
    after_row: tuple[datetime, int] | None = None,
) -> list[Downtime]:
    """Return the planned downtimes that overlap a time span, including cancelled ones.

    ``after_row`` is the start and the id of the last one of a page.
    """
    return _listed(conn, None, asset_id, after, before, within, limit, after_row)


def _listed(
    conn: Connection,
    downtime_id: int | None,
    asset_id: int | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    within: Collection[str] | None = None,
    limit: int | None = None,
    after_row: tuple[datetime, int] | None = None,
) -> list[Downtime]:
    asked: dict[str, object] = {"id": downtime_id, "asset_id": asset_id, "after": after, "before": before}
    asked |= {"within": scope.codes(within), "limit": limit}
    asked |= dict(zip(("after_start", "after_id"), after_row or (None, None), strict=True))
    with conn.cursor(row_factory=class_row(Downtime)) as cursor:
        return cursor.execute(_QUERIES["listed"], asked).fetchall()
