"""Planning a week as a run: requested by people, and every night. The caller owns the transaction."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from psycopg import Connection

from db.plant import plant
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
    causes: Sequence[str] = (),
    actor: str,
    at: datetime,
    priority: int = USUAL_PRIORITY,
) -> Run:
    """Queue the planning of a date's week at a site. ``causes`` are sentences that the proposal keeps."""
    monday = week_of(day)
    return runs.add(
        conn,
        SCHEDULE.name,
        kept("Schedule of {site} for the week of {monday}", site=site, monday=f"{monday}"),
        {"site": site, "from_date": f"{monday}", "seconds": seconds} | ({"causes": list(causes)} if causes else {}),
        site=site,
        actor=actor,
        at=at,
        priority=priority,
    )


def plan_due(conn: Connection, every_night_at: time, *, actor: str, now: datetime) -> int:
    """Queue this week and the next at every site whose nightly planning is due; return how many runs were queued."""
    due = [each for each in plant.sites(conn) if is_due(conn, each, every_night_at, actor=actor, now=now)]
    for site in due:
        today = now.astimezone(ZoneInfo(site.time_zone)).date()
        for day in (today, today + timedelta(days=7)):
            schedule(conn, site.code, day, actor=actor, at=now)
    return 2 * len(due)


def is_due(conn: Connection, site: Site, every_night_at: time, *, actor: str, now: datetime) -> bool:
    """Return whether a site's nightly planning is due: its time of today has passed, and nothing was queued since."""
    local = now.astimezone(ZoneInfo(site.time_zone))
    due = datetime.combine(local.date(), every_night_at, local.tzinfo)
    if local < due:
        return False
    found = runs.page(conn, kind=SCHEDULE.name, site=site.code, limit=_LOOKED_AT)
    return not any(each.requested_by == actor and each.requested_at >= due for each in found)
