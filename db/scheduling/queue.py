"""Planning a week as a run: requested by people, and every night. The caller owns the transaction."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from psycopg import Connection

from db.plant.plant import Site
from db.runs import runs
from db.runs.runs import Run
from workorder_core.runs.runs import SCHEDULE, USUAL_PRIORITY
from workorder_core.scheduling.weeks import week_of
from workorder_core.sentences import kept

SECONDS = 20.0
"""How long a run looks for a better schedule where nobody says otherwise."""
_LOOKED_AT = 50


def schedule(
    conn: Connection,
    site: str,
    day: date,
    *,
    seconds: float = SECONDS,
    actor: str,
    at: datetime,
    priority: int = USUAL_PRIORITY,
) -> Run:
    """Queue the planning of a date's week at a site."""
    monday = week_of(day)
    return runs.add(
        conn,
        SCHEDULE.name,
        kept("Schedule of {site} for the week of {monday}", site=site, monday=f"{monday}"),
        {"site": site, "from_date": f"{monday}", "seconds": seconds},
        site=site,
        actor=actor,
        at=at,
        priority=priority,
    )


def is_due(conn: Connection, site: Site, every_night_at: time, *, actor: str, now: datetime) -> bool:
    """Return whether a site's nightly planning is due: its time of today has passed, and nothing was queued since."""
    local = now.astimezone(ZoneInfo(site.time_zone))
    due = datetime.combine(local.date(), every_night_at, local.tzinfo)
    if local < due:
        return False
    found = runs.page(conn, kind=SCHEDULE.name, site=site.code, limit=_LOOKED_AT)
    return not any(each.requested_by == actor and each.requested_at >= due for each in found)
