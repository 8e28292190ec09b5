"""Lists of requests for programs and for who made them, and one request for who may see it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from db import scope, sql
from db.errors import NotFound
from db.requests import requests
from db.requests.requests import Request
from workorder_core.requests.asking import RequestStatus

_QUERIES = sql.load("requests")


def newest_first(
    conn: Connection,
    within: Collection[str] | None,
    *,
    made_by: str | None = None,
    site: str | None = None,
    status: RequestStatus | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Request]:
    """Return requests, the newest first; ``made_by``: only those of one maker; ``before``: older than that row."""
    asked: dict[str, Any] = {
        "within": scope.codes(within),
        "made_by": made_by,
        "site": site,
        "status": status,
        "limit": limit,
    }
    asked["before_at"], asked["before_id"] = before or (None, None)
    with conn.cursor(row_factory=class_row(Request)) as cursor:
        return cursor.execute(_QUERIES["newest_first"], asked).fetchall()


def one_of(
    conn: Connection, request_id: UUID, within: Collection[str] | None, *, made_by: str | None = None
) -> Request:
    """Return a request of the sites that are seen; with ``made_by`` only one's own. Raises NotFound alike."""
    found = requests.get(conn, request_id, within)
    if made_by is not None and found.made_by != made_by:
        raise NotFound("request", request_id)
    return found
