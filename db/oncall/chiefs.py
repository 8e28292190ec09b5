"""The chief of a site, whom escalations and notifications can go to. The caller owns the transaction."""

from collections.abc import Collection
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import class_row

from db import scope, sql
from db.errors import NotFound, StoreError
from db.oncall import rotas
from workorder_core.sentences import say

_QUERIES = sql.load("on_call")


class NoChief(StoreError):
    """A policy asks the chief of a site that has none. ``field`` says where."""

    def __init__(self, site: str, field: str) -> None:
        super().__init__(say("{site} has no chief: name one on the page Escalations", site=site))
        self.site, self.field = site, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Chief:
    """The chief of a site. ``reachable``: not disabled, and sees the site; nobody else is called."""

    site: str
    person: str
    full_name: str
    reachable: bool


def listed(conn: Connection, within: Collection[str] | None = None) -> dict[str, Chief]:
    """Return the chiefs of the sites that have one, by site."""
    with conn.cursor(row_factory=class_row(Chief)) as cursor:
        return {each.site: each for each in cursor.execute(_QUERIES["chiefs"], {"within": scope.codes(within)})}


def of_site(conn: Connection, site: str) -> Chief | None:
    """Return the chief of a site; None: it has none."""
    return listed(conn, [site]).get(site)


def put(conn: Connection, site: str, person: str) -> None:
    """Make somebody the chief of a site, instead of who was. Raises NotFound and CannotBeCalled."""
    rotas.check_people(conn, [person], site)
    if conn.execute(_QUERIES["put_chief"], {"site": site, "person": person}).fetchone() is None:
        raise NotFound("site", site)
