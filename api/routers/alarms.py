"""Alarms, their states and their metrics."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from psycopg import Connection

from api.asking import PLANS, SEES, WORKS_OR_PLANS, Asking, Conn, Now
from api.paging import At, Id, Order, PagedByFifty, Small, Text
from api.shapes.alarms import (
    AcknowledgeIn,
    AlarmMetricsOut,
    AlarmOut,
    AlarmPage,
    MovedOut,
    MoveIn,
    ShelveIn,
    StandingOut,
    TakeOutIn,
)
from api.shapes.times import Moment
from db import scope
from db.alarms import alarm_points, alarms
from workorder_core.alarms.alarm_states import State
from workorder_core.alarms.alarms import alarm_metrics
from workorder_core.people.access import Who
from workorder_core.words import Severity

router = APIRouter(prefix="/alarms", tags=["alarms"])
AssetId = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="of one asset")]
Source = Annotated[str | None, Query(description="such as rule:bearing-hot")]
Site = Annotated[str | None, Query(description="a site's code")]
LONGEST = timedelta(days=366)
NEWEST_FIRST = Order[alarms.Row](tuple[At, Id], lambda each: (each.raised_at, each.id))
WORST_FIRST = Order[alarm_points.Standing](tuple[Text, Small, At | None, Id, Text], lambda each: each.position)
MOVES = Order[alarm_points.Moved](tuple[Id], lambda each: (each.id,))


@router.get("", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Site = None,
    asset_id: AssetId = None,
    source: Source = None,
    standing: Annotated[bool, Query(description="only what is not over")] = False,
) -> AlarmPage:
    """List alarms, the newest first."""
    found = alarms.page(
        conn,
        site=site,
        within=who.sites,
        asset_id=asset_id,
        source=source,
        standing=standing,
        after=part.after(NEWEST_FIRST),
        limit=part.fetched,
    )
    items = [AlarmOut.of(each) for each in part.of_fetched(found, NEWEST_FIRST)]
    return AlarmPage(items=items, next=part.next)


@router.get("/metrics", dependencies=[SEES])
@router.get("/figures", dependencies=[SEES], include_in_schema=False)
def metrics(
    conn: Conn,
    who: Asking,
    since: Annotated[Moment, Query(description="where the range begins, event time")],
    until: Annotated[Moment, Query(description="where it ends, not included; a year after its beginning at most")],
    site: Site = None,
) -> AlarmMetricsOut:
    """Count the alarm metrics of ISA-18.2 over a range of event time, a year at most."""
    if not since < until <= since + LONGEST:
        raise HTTPException(422, "until must be after since, by a year at most; ask for a range such as the last week")
    return AlarmMetricsOut.of(
        alarm_metrics(alarms.between(conn, since, until, site, who.sites), since, until), since, until
    )


@router.get("/states", dependencies=[SEES])
def states(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Site = None,
    asset_id: AssetId = None,
    source: Source = None,
    state: Annotated[list[State] | None, Query(description="none: all that are not normal")] = None,
    severity: Annotated[
        str | None, Query(pattern="^(degrading|malfunction|safety)$", description="degrading, malfunction or safety")
    ] = None,
) -> list[StandingOut]:
    """List alarms in their states of ISA-18.2, those that need attention first."""
    found = alarm_points.page(
        conn,
        states=state,
        site=site,
        within=who.sites,
        asset_id=asset_id,
        source=source,
        severity=None if severity is None else Severity[severity.upper()],
        limit=part.fetched,
        after=part.after(WORST_FIRST),
    )
    return [StandingOut.of(each) for each in part.of_fetched(found, WORST_FIRST)]


@router.get("/moves", dependencies=[SEES])
def moves(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Site = None,
    asset_id: AssetId = None,
    source: Source = None,
) -> list[MovedOut]:
    """List who moved alarms, when and why, the newest first."""
    (before,) = part.after(MOVES) or (None,)
    found = alarm_points.moves(
        conn, asset_id=asset_id, source=source, site=site, within=who.sites, before=before, limit=part.fetched
    )
    return [MovedOut.of(each) for each in part.of_fetched(found, MOVES)]


@router.post("/acknowledge", dependencies=[WORKS_OR_PLANS])
def acknowledge(body: AcknowledgeIn, conn: Conn, now: Now, who: Asking) -> list[StandingOut]:
    """Record that somebody has seen alarms: all of them, or none where one cannot be acknowledged."""
    keys = [_seen(conn, who, each.key) for each in body.alarms]
    return [
        StandingOut.of(each) for each in alarm_points.acknowledge(conn, keys, actor=who.actor, at=now, why=body.why)
    ]


@router.post("/reset", dependencies=[WORKS_OR_PLANS])
def reset(body: MoveIn, conn: Conn, now: Now, who: Asking) -> StandingOut:
    """Reset a latched alarm whose condition is over."""
    return StandingOut.of(alarm_points.reset(conn, _seen(conn, who, body.key), actor=who.actor, at=now, why=body.why))


@router.post("/shelve", dependencies=[PLANS])
def shelve(body: ShelveIn, conn: Conn, now: Now, who: Asking) -> StandingOut:
    """Shelve an alarm until a stated time; it opens no order meanwhile. Not for safety alarms."""
    return StandingOut.of(
        alarm_points.shelve(conn, _seen(conn, who, body.key), until=body.until, why=body.why, actor=who.actor, at=now)
    )  # fmt: skip


@router.post("/unshelve", dependencies=[PLANS])
def unshelve(body: MoveIn, conn: Conn, now: Now, who: Asking) -> StandingOut:
    """Unshelve an alarm before its shelving ends."""
    return StandingOut.of(
        alarm_points.unshelve(conn, _seen(conn, who, body.key), actor=who.actor, at=now, why=body.why)
    )


@router.post("/take-out-of-service", dependencies=[PLANS])
def take_out(body: TakeOutIn, conn: Conn, now: Now, who: Asking) -> StandingOut:
    """Remove an alarm from service, for work on its instrument; it opens no order meanwhile."""
    return StandingOut.of(
        alarm_points.take_out(conn, _seen(conn, who, body.key), until=body.until, why=body.why, actor=who.actor, at=now)
    )  # fmt: skip


@router.post("/return-to-service", dependencies=[PLANS])
def return_to_service(body: MoveIn, conn: Conn, now: Now, who: Asking) -> StandingOut:
    """Put an alarm back into service."""
    return StandingOut.of(
        alarm_points.return_to_service(conn, _seen(conn, who, body.key), actor=who.actor, at=now, why=body.why)
    )


def _seen(conn: Connection, who: Who, alarm: tuple[int, str]) -> tuple[int, str]:
    """Return an alarm of a site that the requester sees. Raises NotFound."""
    if who.sites is not None:
        scope.check(conn, "asset_id", alarm[0], who.sites)
    return alarm
