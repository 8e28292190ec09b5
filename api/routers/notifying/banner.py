"""The messages at the top of a person's pages and in the technician's app, until they have seen them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection

from db.notifying import ways
from db.notifying.ways import Unseen
from workorder_core.language import ngettext
from workorder_core.notifying import kinds, letters, times
from workorder_core.notifying.kinds import Choice
from workorder_core.people.access import Who

SHOWN = 5
"""The most messages of a banner; the others are on the page Notifications."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of the banner, in the reader's language. ``link`` is a path of the pages."""

    unseen: Unseen

    @property
    def event_id(self) -> int:
        return self.unseen.event_id

    @property
    def order_id(self) -> UUID | None:
        return self.unseen.order_id

    @property
    def at(self) -> datetime:
        return self.unseen.happened.at

    @property
    def time_zone(self) -> str:
        return self.unseen.zone

    @property
    def title(self) -> str:
        title = self._letter.subject
        more = self.unseen.more
        return f"{title} ({ngettext('and %(num)s more', 'and %(num)s more', more)})" if more else title

    @property
    def link(self) -> str | None:
        return self._letter.link

    @property
    def time(self) -> str:
        return times.shown(self.unseen.happened.at, self.unseen.zone)

    @property
    def urgent(self) -> bool:
        why = self.unseen.why
        return why in list(Choice) and kinds.is_urgent(self.unseen.happened, Choice(why))

    @property
    def _letter(self) -> letters.Letter:
        each = self.unseen
        return letters.write(each.happened, each.why, each.subject, order_id=each.order_id, zone=each.zone, pages="")


def of_person(conn: Connection, who: Who) -> Sequence[Shown]:
    """Return what a person has not seen yet, the newest first; nothing for a key."""
    kind, _, name = who.actor.partition(":")
    return [Shown(each) for each in ways.unseen(conn, name, limit=SHOWN)] if kind == "person" else []
