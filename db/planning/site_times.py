"""A site's clock and working days, for plans."""

from psycopg import Connection

from db.plant import calendars, plant
from workorder_core.planning.site_time import EVERY_DAY, SiteTime


def of_site(conn: Connection, site_id: int) -> SiteTime:
    """Return the local time of a site; one without a calendar works every day. Raises NotFound."""
    zone = plant.site(conn, site_id).time_zone
    week = calendars.week(conn, site_id)
    if week is None:
        return SiteTime(zone=zone)
    return SiteTime(
        zone=zone,
        weekdays=frozenset().union(*(shift.weekdays for shift in week.shifts)) if week.shifts else EVERY_DAY,
        country=week.country,
        subdivision=week.subdivision,
        closed_on=frozenset(week.closed_on),
        works_on=frozenset(week.works_on),
    )
