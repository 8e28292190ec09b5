"""What is known already at an asset or a location: unfinished orders and undecided requests, the most similar first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from db import sql
from db.plant.plant import Asset, Location
from workorder_core.requests import asking, similar
from workorder_core.requests.asking import RequestStatus
from workorder_core.words import FailureMode, OrderType, Status

_QUERIES = sql.load("requests")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOrder:
    """An unfinished order for a problem, as far as strangers may know it: neither title nor people."""

    id: UUID
    number: str
    status: Status
    type: OrderType
    failure_mode: FailureMode
    component: str
    title: str
    scheduled_start: datetime | None
    recorded_at: datetime

    def __post_init__(self) -> None:
        for name, kind in (("status", Status), ("type", OrderType), ("failure_mode", FailureMode)):
            object.__setattr__(self, name, kind(getattr(self, name)))

    @property
    def appointment(self) -> datetime | None:
        """Return when work is planned to begin, once that is certain enough to say."""
        return self.scheduled_start if asking.stage(RequestStatus.MERGED, self.status).code == "appointed" else None


def known_orders(conn: Connection, thing: Asset | Location, text: str = "") -> list[KnownOrder]:
    """Return the unfinished orders for problems at an asset or a location, the most similar to a text first."""
    asked = _at(thing)
    with conn.cursor(row_factory=class_row(KnownOrder)) as cursor:
        found = cursor.execute(_QUERIES["known_orders"], asked).fetchall()
    words = [(each, f"{each.title} {each.component} {each.failure_mode.label}") for each in found]
    return [each.thing for each in similar.known(text, words)]


def similar_requests(conn: Connection, thing: Asset | Location, text: str, *, but: UUID) -> list[tuple[UUID, str]]:
    """Return the other undecided requests at an asset or a location: ids and numbers, the most similar first."""
    asked = _at(thing) | {"id": but}
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["similar_requests"], asked).fetchall()
    found = similar.known(text, [((row["id"], row["number"]), row["what"]) for row in rows])
    return [each.thing for each in found]


def _at(thing: Asset | Location) -> dict[str, Any]:
    asset = isinstance(thing, Asset)
    return {"asset_id": thing.id if asset else None, "location_id": None if asset else thing.id}
