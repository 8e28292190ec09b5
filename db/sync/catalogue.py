"""What a technician's device has besides orders: the plant's assets, places and parts, rounds that are due, and the
person's certificates. The caller owns the transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from db import scope, sql
from db.inspections import points, rounds, stops
from db.inspections.points import OpenPoint
from db.inspections.rounds import Round
from db.inspections.stops import Answered, Stop
from db.sync.briefings import Briefer, Certificate
from workorder_core.inspections.rounds import WALKED, RoundStatus
from workorder_core.people.access import Who

_QUERIES = sql.load("sync_briefings")
MOST = 5_000
"""Assets, places and parts, each: what a phone can hold and search."""
MOST_ROUNDS, DUE_WITHIN = 10, timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAsset:
    """An asset; ``scan`` is the token in the code of its label."""

    id: int
    site: str
    code: str
    name: str
    asset_class: str
    location_id: int | None
    place: str
    scan: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPlace:
    """A functional location; ``scan`` is the token in the code of its label."""

    id: int
    site: str
    code: str
    name: str
    place: str
    latitude: float | None
    longitude: float | None
    scan: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItem:
    """A part of the stores."""

    id: int
    site: str
    code: str
    name: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToWalk:
    """A round that is the person's own, or is due at their site."""

    round: Round
    stops: Sequence[Stop]
    answered: Sequence[Answered]
    open_points: Sequence[OpenPoint]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What a device has besides orders; a revoked one has nothing."""

    technician: str | None = None
    name: str | None = None
    certificates: Sequence[Certificate] = ()
    rounds: Sequence[ToWalk] = ()
    assets: Sequence[KnownAsset] = ()
    locations: Sequence[KnownPlace] = ()
    items: Sequence[KnownItem] = ()
    components: Sequence[str] = ()


def read(conn: Connection, *, who: Who, now: datetime) -> Catalogue:
    """Return what somebody's device has besides orders; for a contractor the assets of their orders only."""
    asked: dict[str, Any] = {"within": scope.codes(who.sites), "contractor": who.contractor, "limit": MOST}
    own = who.contractor is None
    briefer = Briefer(conn, who, now)
    one = briefer.technician
    with conn.cursor(row_factory=class_row(KnownAsset)) as assets:
        known = assets.execute(_QUERIES["assets"], asked).fetchall()
    found: dict[str, Any] = {"locations": (), "items": (), "components": ()}
    if own:
        with conn.cursor(row_factory=class_row(KnownPlace)) as cursor:
            found["locations"] = cursor.execute(_QUERIES["locations"], asked).fetchall()
        with conn.cursor(row_factory=class_row(KnownItem)) as cursor:
            found["items"] = cursor.execute(_QUERIES["items"], asked).fetchall()
        with conn.cursor(row_factory=scalar_row) as cursor:
            found["components"] = cursor.execute(_QUERIES["components"], asked).fetchall()
    return Catalogue(
        technician=None if one is None else one.code,
        name=None if one is None else one.name,
        certificates=briefer.person(),
        rounds=[_to_walk(conn, each) for each in _rounds(conn, who, now)] if own else (),
        assets=known,
        **found,
    )


def _rounds(conn: Connection, who: Who, now: datetime) -> list[Round]:
    """Return the rounds that somebody walks, and those that are due at their site within half a day."""
    if who.technician is None:
        return []
    asked: dict[str, Any] = {"site": who.technician_site, "within": who.sites, "limit": MOST_ROUNDS * 5}
    walked = [each for each in rounds.page(conn, statuses=WALKED, **asked) if each.walker == who.actor]
    due = rounds.page(conn, statuses=[RoundStatus.DUE], until=now + DUE_WITHIN, **asked)
    return [*walked, *sorted(due, key=lambda each: each.due_at)][:MOST_ROUNDS]


def _to_walk(conn: Connection, found: Round) -> ToWalk:
    return ToWalk(
        round=found,
        stops=stops.of_round(conn, found.id),
        answered=stops.answered(conn, found.id),
        open_points=points.open_points(conn, found.id),
    )
