"""The working hours of sites, and their targets."""

from typing import Annotated

from fastapi import APIRouter, Body

from api.asking import PLANS, SEES, Asking, Conn, Now, Why
from api.paging import AS_FILE
from api.shapes.order_content import CalendarInOut, TargetInOut, targets_out
from db.plant import calendars, plant

router = APIRouter(prefix="/sites/{site_code}", tags=["targets"])
_TARGETS = [{"priority": 1, "response_minutes": 60, "completion_minutes": 480, "working": False}]


@router.get("/calendar", dependencies=[SEES])
def calendar(site_code: str, conn: Conn, who: Asking) -> CalendarInOut | None:
    """Read a site's working hours; null: round the clock."""
    week = calendars.week(conn, plant.site_by_code(conn, site_code, who.sites).id)
    return None if week is None else CalendarInOut.of(week)


@router.put("/calendar", dependencies=[PLANS])
def put_calendar(site_code: str, body: CalendarInOut, conn: Conn, now: Now, who: Asking, _: Why) -> CalendarInOut:
    """Set a site's working hours; targets set from now on count by them."""
    site = plant.site_by_code(conn, site_code, who.sites)
    calendars.put_week(conn, site.id, body.week(), actor=who.actor, at=now)
    return body


@router.get("/targets", dependencies=[SEES, AS_FILE])
def targets(site_code: str, conn: Conn, who: Asking) -> list[TargetInOut]:
    """Read the targets of each priority: response and completion."""
    return targets_out(calendars.promised(conn, plant.site_by_code(conn, site_code, who.sites).id))


@router.put("/targets", dependencies=[PLANS])
def put_targets(
    site_code: str,
    body: Annotated[list[TargetInOut], Body(max_length=20, examples=[_TARGETS])],
    conn: Conn,
    now: Now,
    who: Asking,
    _: Why,
) -> list[TargetInOut]:
    """Set a site's targets; omitted priorities keep theirs, and so do existing orders."""
    site = plant.site_by_code(conn, site_code, who.sites)
    calendars.put_targets(conn, site.id, {each.priority: each.target() for each in body}, at=now)
    return targets_out(calendars.promised(conn, site.id))
