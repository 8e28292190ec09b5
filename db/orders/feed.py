"""What has just happened to orders, for a live display."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from db import sql

_QUERIES = sql.load("feed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A step in an order's history, with the order as it is now.

    ``at`` is the wall clock; ``event_at`` is the machine's time of the finding behind the step, None if there is none.
    """

    order_id: UUID
    seq: int
    at: datetime
    event_at: datetime | None
    actor: str
    step: str
    old: dict[str, Any]
    new: dict[str, Any]
    why: str
    number: str
    site: str
    asset: str
    type: str
    priority: int
    title: str
    opened_at: datetime
    status: str
    assignee: str | None


def since(conn: Connection, moment: datetime) -> list[Happening]:
    """Return the steps recorded from a moment on, oldest first. Steps may commit out of order: look back a little."""
    with conn.cursor(row_factory=class_row(Happening)) as cursor:
        return cursor.execute(_QUERIES["since"], {"since": moment}).fetchall()
