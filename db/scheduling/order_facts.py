"""What a week says of orders, and a technician's own published visits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from db import sql

_QUERIES = sql.load("schedules")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What a block of a week says of an order."""

    id: UUID
    number: str
    title: str
    origin: str
    priority: int
    status: str
    asset_path: str
    asset_code: str | None
    estimated_hours: float | None
    completion_due: datetime | None
    required_skill: str | None
    location_code: str | None


def orders(conn: Connection, ids: Iterable[UUID], *, site_id: int | None = None) -> dict[UUID, OrderFacts]:
    """Return facts of orders by their ids; of a site's own only where one is given."""
    with conn.cursor(row_factory=class_row(OrderFacts)) as cursor:
        return {each.id: each for each in cursor.execute(_QUERIES["orders"], {"ids": list(ids), "site_id": site_id})}


@dataclass(frozen=True, slots=True, kw_only=True)
class MyVisit:
    """A published visit of a technician; ``others`` are the names of those who come along."""

    order_id: UUID
    part: int
    starts_at: datetime
    ends_at: datetime
    number: str
    title: str
    origin: str
    status: str
    asset_path: str
    asset_code: str | None
    time_zone: str
    others: Sequence[str] | None


def my_visits(
    conn: Connection, technician: str, site: str | None, *, since: datetime, until: datetime
) -> list[MyVisit]:
    """Return the published visits of a technician that begin within a time, in order."""
    asked = {"technician": technician, "site": site, "since": since, "until": until}
    with conn.cursor(row_factory=class_row(MyVisit)) as cursor:
        return cursor.execute(_QUERIES["my_visits"], asked).fetchall()
