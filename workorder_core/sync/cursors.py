"""Where a device has got to in what has changed. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from workorder_core.people.access import Who

PATTERN = r"^[0-9]{1,18}\.([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?\.[0-9a-f]{12}$"
MOST_EVENTS = 50_000
"""A device that has missed more than this gets everything again, which is less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A position.

    Parameters
    ----------
    event
        The id of the last event whose effects the device has, or will have once the snapshot is complete.
    after
        The order at which a snapshot goes on; None: it is complete.
    access
        What its reader could see, as ``access_of`` returns it.
    """

    event: int
    access: str
    after: UUID | None = None

    def __str__(self) -> str:
        return f"{self.event}.{self.after or ''}.{self.access}"


def parse(text: str) -> Cursor | None:
    """Return the cursor of a text; None if it is none."""
    if re.fullmatch(PATTERN, text) is None:
        return None
    event, after, access = text.split(".")
    return Cursor(event=int(event), access=access, after=UUID(after) if after else None)


def access_of(who: Who) -> str:
    """Return a digest of what somebody can see: with another one, a device begins anew."""
    sites: Collection[str] | None = None if who.sites is None else sorted(who.sites)
    seen = repr((who.actor, sites, who.technician, who.technician_site, who.contractor))
    return blake2b(seen.encode(), digest_size=6).hexdigest()


def fits(cursor: Cursor, who: Who, bounds: tuple[int, int] | None) -> bool:
    """Whether what has changed after a cursor is known: access is the same, and the events since are stored. ``bounds``
    are the oldest and newest stored event; None: there are none. After a restore the newest is older than the cursor.
    """
    if cursor.access != access_of(who):
        return False
    oldest, newest = bounds or (1, 0)
    return oldest - 1 <= cursor.event <= newest and newest - cursor.event <= MOST_EVENTS
