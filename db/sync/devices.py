"""Technicians' devices: their contacts, what they report, their revocation. The caller owns the transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from db import scope, sql
from db.errors import NotFound, StoreError
from workorder_core.people.access import Who
from workorder_core.sentences import say

_QUERIES = sql.load("sync")


class DeviceOfAnother(StoreError):
    """Somebody sends by the id of another person's device. A shared tablet has a store, and an id, for each person."""

    def __init__(self, device_id: UUID) -> None:
        super().__init__(
            say("the device {device} is not yours; use an id of its own for each person", device=device_id)
        )
        self.device_id = device_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device, as it was at its last contact.

    Parameters
    ----------
    person
        As histories name them.
    known_seq
        The highest number of its operations without a gap before it.
    lost
        How many numbers never arrived: the device no longer had them.
    unsent
        How many operations it had not sent, as it reported.
    skew_s
        Seconds by which its clock is ahead; negative: behind.
    site, zone
        Of the technician; None and UTC for anybody else.
    """

    id: UUID
    person: str
    name: str
    app: str
    first_seen_at: datetime
    seen_at: datetime
    known_seq: int
    lost: int
    unsent: int
    skew_s: float
    revoked_at: datetime | None
    revoked_by: str | None
    wiped_at: datetime | None
    site: str | None
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What a device says of itself. ``oldest_seq``: the lowest number that it still has; None: it does not say."""

    device_id: UUID
    app: str
    name: str = ""
    unsent: int = 0
    oldest_seq: int | None = None
    skew_s: float = 0.0
    wiped: bool = False


def begin(conn: Connection, contact: Contact, *, who: Who, now: datetime) -> Device:
    """Register a device at its first contact, and lock it until the transaction ends. Raises DeviceOfAnother."""
    facts = {"id": contact.device_id, "person": who.actor, "name": contact.name, "app": contact.app, "now": now}
    conn.execute(_QUERIES["register"], facts)
    conn.execute(_QUERIES["lock_device"], {"id": contact.device_id})
    return own(conn, contact.device_id, who)


def own(conn: Connection, device_id: UUID, who: Who) -> Device:
    """Return somebody's own device. Raises NotFound and DeviceOfAnother."""
    found = get(conn, device_id)
    if found.person != who.actor:
        raise DeviceOfAnother(device_id)
    return found


def seen(conn: Connection, contact: Contact, *, known_seq: int, lost: int, now: datetime) -> None:
    """Store what a device reported."""
    facts = {"id": contact.device_id, "app": contact.app, "name": contact.name, "unsent": contact.unsent}
    facts |= {"skew_s": contact.skew_s, "known_seq": known_seq, "lost": lost, "wiped": contact.wiped, "now": now}
    conn.execute(_QUERIES["seen"], facts)


def get(conn: Connection, device_id: UUID, within: Collection[str] | None = None) -> Device:
    """Return a device. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Device)) as cursor:
        found = cursor.execute(_QUERIES["device"], {"id": device_id, "within": scope.codes(within)}).fetchone()
    if found is None:
        raise NotFound("device", device_id)
    return found


def listed(
    conn: Connection,
    *,
    within: Collection[str] | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int | None = None,
) -> list[Device]:
    """Return devices by person: of technicians of these sites; None: everybody's."""
    person, last = after or (None, None)
    asked = {"within": scope.codes(within), "person": person, "after": last, "limit": limit}
    with conn.cursor(row_factory=class_row(Device)) as cursor:
        return cursor.execute(_QUERIES["devices"], asked).fetchall()


def revoke(
    conn: Connection, device_id: UUID, *, actor: str, now: datetime, within: Collection[str] | None = None
) -> Device:
    """Revoke a device, and return it; a second time changes nothing. What it sends later is kept for a planner."""
    get(conn, device_id, within)
    conn.execute(_QUERIES["revoke"], {"id": device_id, "actor": actor, "now": now})
    return get(conn, device_id, within)
