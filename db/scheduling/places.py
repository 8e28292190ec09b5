"""The places of a site, and the ways between them."""

from collections.abc import Collection
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql
from workorder_core.scheduling.estimates import LEAST, Kind
from workorder_core.scheduling.ways import Coordinates, Speeds, Way, matrix

_QUERIES = sql.load("scheduling")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The locations of a site: what each is in, where it is, and what ways have been measured or, where they have not,
    how long they took.

    ``site`` is the site's code, the place of whoever and whatever is nowhere in particular.
    """

    site: str
    parents: dict[str, str | None]
    coordinates: dict[str, Coordinates]
    ways: dict[tuple[str, str], Way]

    def of(self, location: str | None) -> str:
        """Return the place that counts for a location: the nearest one around it of which something is known, else the
        outermost.
        """
        if location is None:
            return self.site
        known = self.coordinates.keys() | {each for pair in self.ways for each in pair}
        seen = [location]
        while seen[-1] not in known:
            up = self.parents.get(seen[-1])
            if up is None or up in seen:
                return seen[-1]
            seen.append(up)
        return seen[-1]

    def travel(
        self, places: Collection[str], speeds: Speeds
    ) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], float]]:
        """Return minutes and kilometres between places."""
        return matrix(places, self.coordinates, self.ways, speeds)


def of_site(conn: Connection, site_id: int, site: str) -> Places:
    """Return the places of a site."""
    asked = {"site_id": site_id}
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_QUERIES["places"], asked).fetchall()
        learned = cursor.execute(_QUERIES["learned_ways"], asked | {"least": LEAST[Kind.WAY]}).fetchall()
        ways = cursor.execute(_QUERIES["ways"], asked).fetchall()
    return Places(
        site=site,
        parents={code: parent for code, parent, _, _ in rows},
        coordinates={code: Coordinates(north, east) for code, _, north, east in rows if north is not None},
        ways={(here, there): Way(minutes, km) for here, there, minutes, km in [*learned, *ways]},
    )
