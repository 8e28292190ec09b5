"""Learning triage as a run: requested by people, and by itself at night. The caller owns the transaction."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from psycopg import Connection

from db.plant import plant
from db.plant.plant import Site
from db.runs import runs
from db.runs.runs import Run
from db.triage import versions
from workorder_core.runs.runs import TRIAGE, USUAL_PRIORITY
from workorder_core.sentences import kept


def learn(
    conn: Connection,
    site: str,
    *,
    actor: str,
    at: datetime,
    by_itself: bool = False,
    priority: int = USUAL_PRIORITY,
) -> Run:
    """Queue learning from a site's orders."""
    title = kept("Triage learned at {site}", site=site)
    asked = {"site": site} | ({"by_itself": True} if by_itself else {})
    return runs.add(conn, TRIAGE.name, title, asked, site=site, actor=actor, at=at, priority=priority)


def learn_due(conn: Connection, every_night_at: time, *, actor: str, now: datetime) -> int:
    """Queue learning at every site that has enough new labels tonight; return how many runs were queued."""
    due = [each for each in plant.sites(conn) if is_due(conn, each, every_night_at, now=now)]
    for site in due:
        learn(conn, site.code, actor=actor, at=now, by_itself=True)
    return len(due)


def is_due(conn: Connection, site: Site, every_night_at: time, *, now: datetime) -> bool:
    """Return whether a site learns tonight: its time of today has passed, nothing was asked for since, and by then
    enough had come.
    """
    local = now.astimezone(ZoneInfo(site.time_zone))
    due = datetime.combine(local.date(), every_night_at, local.tzinfo)
    if local < due:
        return False
    found = versions.state(conn, site.id, until=due)
    return (found.asked_at is None or found.asked_at < due) and found.progress.is_enough
