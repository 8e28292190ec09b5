"""Calendar feeds: whose they are, what is in them, and the secret address of each."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.errors import DiskFull, ReadOnlySqlTransaction
from psycopg.rows import class_row, dict_row, scalar_row

from db import sql
from db.errors import NotFound
from db.oncall import counting, rotas
from db.people import users
from db.people.sessions import digest
from workorder_core.oncall.duties import Duty
from workorder_core.sentences import say
from workorder_core.words import OrderType, Origin, Priority, Status

_QUERIES = sql.load("calendar_feeds")
BACK = timedelta(days=90)
"""How long past entries stay in a calendar."""
AHEAD = timedelta(days=180)
"""How far ahead a calendar shows who is on call."""
MOST = 2_000
"""The most entries of one calendar, those with the newest dates."""
READ_EVERY = timedelta(minutes=10)
_PREFIX = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A calendar: of a technician's orders, of the planned downtime of a site or of an asset, or of a rota.

    ``prefix`` is how its secret address begins; ``site`` and ``time_zone`` are those of its subject, ``language`` is
    that of its owner, None for who has chosen none.
    """

    id: int
    prefix: str
    owner: str
    technician_id: int | None
    site_id: int | None
    asset_id: int | None
    created_at: datetime
    last_read_at: datetime | None
    site: str
    site_name: str
    time_zone: str
    technician: str | None
    asset: str | None
    asset_name: str | None
    language: str | None = None
    rota_id: int | None = None
    rota: str | None = None

    @property
    def title(self) -> str:
        """Return its title."""
        if self.technician is not None:
            return say("Work orders of {technician}", technician=self.technician)
        if self.rota is not None:
            return say("On call: {rota}", rota=self.rota)
        return say("Planned downtime of {subject}", subject=self.asset or self.site_name)


@dataclass(frozen=True, slots=True)
class NamedDuty:
    """A duty, with the person's full name."""

    duty: Duty
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedOrder:
    """An order with its date, or one of its visits by a published week, ``part``. ``changed_at`` is when anything in it
    last changed.
    """

    id: UUID
    number: str
    title: str
    type: OrderType
    origin: Origin
    priority: Priority
    status: Status
    version: int
    asset_path: str
    scheduled_start: datetime
    scheduled_end: datetime | None
    estimated_hours: float | None
    asset: str | None
    asset_name: str | None
    changed_at: datetime
    part: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedDowntime:
    """A planned downtime; without ``ends_at`` it lasts until it is cancelled."""

    id: int
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    actor: str
    recorded_at: datetime
    cancelled_at: datetime | None
    asset_id: int
    asset: str
    asset_name: str
    site: str


def add(conn: Connection, owner: str, of: Mapping[str, int], *, at: datetime) -> tuple[int, str]:
    """Create a calendar of one subject, ``{"technician_id": 4}``; return its id and its secret, which cannot be read
    again.
    """
    token = secrets.token_urlsafe(32)
    facts: dict[str, object] = {"technician_id": None, "site_id": None, "asset_id": None, "rota_id": None, **of}
    facts |= {"token_sha256": digest(token), "prefix": token[:_PREFIX], "owner": owner, "at": at}
    with conn.cursor(row_factory=scalar_row) as cursor:
        feed_id = cursor.execute(_QUERIES["add"], facts).fetchone()
    return int(feed_id or 0), token


def of_owner(conn: Connection, owner: str) -> list[Feed]:
    """Return a user's calendars, the oldest first."""
    with conn.cursor(row_factory=class_row(Feed)) as cursor:
        return cursor.execute(_QUERIES["feeds"], {"owner": owner, "token_sha256": None}).fetchall()


def find(conn: Connection, token: str) -> Feed | None:
    """Return the calendar of a secret; None if there is none or it was revoked."""
    with conn.cursor(row_factory=class_row(Feed)) as cursor:
        return cursor.execute(_QUERIES["feeds"], {"owner": None, "token_sha256": digest(token)}).fetchone()


def revoke(conn: Connection, feed_id: int, owner: str, *, at: datetime) -> None:
    """Revoke a calendar's address. Raises NotFound, also if it is somebody else's."""
    if conn.execute(_QUERIES["revoke"], {"id": feed_id, "owner": owner, "at": at}).fetchone() is None:
        raise NotFound("calendar", feed_id)


def note_read(conn: Connection, feed: Feed, *, at: datetime) -> None:
    """Store when a calendar was fetched, to ten minutes; does nothing on a read-only database."""
    if feed.last_read_at is not None and feed.last_read_at > at - READ_EVERY:
        return
    try:
        with conn.transaction():
            conn.execute(_QUERIES["note_read"], {"id": feed.id, "at": at})
    except (ReadOnlySqlTransaction, DiskFull):
        pass


def dated_orders(conn: Connection, technician_id: int, *, now: datetime) -> list[DatedOrder]:
    """Return the dated orders of a technician, and the visits of published weeks to which they go along."""
    asked = {"technician_id": technician_id, "since": now - BACK, "limit": MOST}
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES["dated_orders"], asked).fetchall()
    codes = {"type": OrderType, "origin": Origin, "priority": Priority, "status": Status}
    return [DatedOrder(**row | {name: code(row[name]) for name, code in codes.items()}) for row in rows]


def downtimes(conn: Connection, feed: Feed, *, now: datetime) -> list[DatedDowntime]:
    """Return the planned downtimes of a calendar's site or asset."""
    asked = {"site_id": feed.site_id, "asset_id": feed.asset_id, "since": now - BACK, "limit": MOST}
    with conn.cursor(row_factory=class_row(DatedDowntime)) as cursor:
        return cursor.execute(_QUERIES["downtimes"], asked).fetchall()


def duties(conn: Connection, rota_id: int, *, now: datetime) -> list[NamedDuty]:
    """Return who is on call by a rota from 90 days ago until 180 days ahead, from midnight to midnight, UTC."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rota = rotas.get(conn, rota_id).rota
    names = users.full_names(conn)
    found = counting.duties(conn, {rota_id: rota}, today - BACK, today + AHEAD)[rota_id]
    return [NamedDuty(each, names.get(each.person) or each.person) for each in found]
