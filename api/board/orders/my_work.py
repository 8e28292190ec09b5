"""A technician's own page: their orders, by date and then urgency, with buttons large enough for a thumb."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response
from psycopg import Connection

from api.asking import KNOWN, SEES, Asking, Conn, Now
from api.board.inventory import order_stock
from api.board.rendering import page
from db.inspections import audits, rounds
from db.inspections.rounds import Round
from db.orders import order_content, work_orders
from db.scheduling import order_facts
from db.scheduling.order_facts import MyVisit
from workorder_core.inspections.audits import FindingState
from workorder_core.inspections.rounds import WALKED, RoundStatus
from workorder_core.orders import lifecycle, planned_dates
from workorder_core.orders.lifecycle import Step
from workorder_core.people.access import Who

router = APIRouter(include_in_schema=False, dependencies=[KNOWN])
MOST = 50
BACK = timedelta(hours=24)
"""So far back may the beginning of a day be whose visits are not over."""
_GROUPS = (
    ("In progress", lifecycle.BEGUN),
    ("To do", lifecycle.WAITING),
    ("Completed, awaiting verification", lifecycle.DONE),
)
_AT_ONCE = (Step.START, Step.RESUME)
"""Steps without details, which one touch performs."""


@router.get("/my-work", dependencies=[SEES])
def mine(request: Request, conn: Conn, now: Now, who: Asking, plan: UUID | None = None) -> Response:
    """Show the user's orders, if they are a technician; of the order ``plan`` the steps too."""
    found: list[work_orders.Listed] = []
    if who.technician is not None:
        filters = work_orders.Filters(
            assignee=who.technician,
            site=who.technician_site,
            within=who.sites,
            given_to=who.contractor,
            unfinished=True,
        )
        found = sorted(work_orders.page(conn, filters, limit=MOST), key=_when)
    groups = [(title, [each for each in found if each.order.status in statuses]) for title, statuses in _GROUPS]
    return page(
        request,
        "my_work.html",
        now=now,
        groups=[(title, listed) for title, listed in groups if listed],
        steps={each.order.id: order_content.steps(conn, each.order.id) for each in found},
        offered={each.order.id: lifecycle.offered(each.order, who, at=now) for each in found},
        waiting=order_stock.waits(conn, found),
        at_once=_AT_ONCE,
        dated=planned_dates.DATED,
        at_work=lifecycle.WAITING | lifecycle.BEGUN,
        shown_plan=plan,
        rounds=_rounds(conn, who, now),
        findings=_findings(conn, who, now),
        my_day=_my_day(conn, who, now),
    )


def _my_day(conn: Connection, who: Who, now: datetime) -> list[MyVisit]:
    """Return the visits of the next day on which who asks has any by the published schedule, today's first."""
    if who.technician is None:
        return []
    ahead = timedelta(days=7)
    found = order_facts.my_visits(conn, who.technician, who.technician_site, since=now - BACK, until=now + ahead)
    left = [each for each in found if each.ends_at > now]
    if not left:
        return []
    zone = ZoneInfo(left[0].time_zone)
    day = left[0].starts_at.astimezone(zone).date()
    return [each for each in found if each.starts_at.astimezone(zone).date() == day]


def _rounds(conn: Connection, who: Who, now: datetime) -> list[Round]:
    """Return the rounds that who asks has, and those that are due at their site today."""
    if who.technician is None or who.contractor is not None:
        return []
    asked: dict[str, Any] = {"site": who.technician_site, "within": who.sites, "limit": MOST}
    walked = [each for each in rounds.page(conn, statuses=WALKED, **asked) if each.walker == who.actor]
    due = rounds.page(conn, statuses=[RoundStatus.DUE], until=now + timedelta(hours=12), **asked)
    return [*walked, *sorted(due, key=lambda each: each.due_at)]


def _findings(conn: Connection, who: Who, now: datetime) -> list[audits.Finding]:
    """Return the findings of audits that who asks has to answer; audits are closed to contractors."""
    if who.contractor is not None:
        return []
    return audits.findings(conn, now=now, within=who.sites, states=[FindingState.OPEN], of=who, limit=MOST)


def _when(listed: work_orders.Listed) -> tuple[bool, datetime]:
    """Dated orders come first, by date; the others keep the order of their urgency."""
    order = listed.order
    start = order.scheduled_start if order.status in planned_dates.DATED else None
    return start is None, start or datetime.min.replace(tzinfo=UTC)
