"""Appointments: times that the schedule offers a requester for their order, and the one that they choose. The caller
owns the transaction.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection

from db import sql
from db.orders import work_orders
from db.people import assignments
from db.plant import plant
from db.requests import personal, requests
from db.requests.requests import PORTAL, Request
from db.scheduling import schedules, slots, weeks
from db.scheduling.slots import Offer
from db.scheduling.weeks import NotAllowedHere, NotInWeek
from workorder_core.orders.details import Reason
from workorder_core.orders.lifecycle import MOVES, Step
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who, system
from workorder_core.requests import asking
from workorder_core.scheduling.slots import COUNT
from workorder_core.scheduling.weeks import week_of
from workorder_core.sentences import kept, say

_QUERIES = sql.load("requests")
LOOKED_AT = 12
"""From so many of the cheapest times the offered ones are chosen."""
NOTICE = timedelta(hours=1)
"""Nobody is offered a time that begins sooner: somebody has to be there."""
_WHO: Who = system(PORTAL.removeprefix("system:"))


class TimeTaken(Exception):
    """A time is not offered any more."""

    def __init__(self) -> None:
        super().__init__(say("this time is not free any more; choose again"))


def may_choose(conn: Connection, request: Request) -> bool:
    """Return whether the requester may choose a time now: the order is their own and waits, and the site lets them."""
    order = request.order_status
    return (
        asking.may_choose_time(request.status, order, danger=request.danger, chosen=request.times_chosen)
        and requests.rules(conn, request.site_id).choose_times
    )


def offered(conn: Connection, request: Request, *, now: datetime) -> tuple[Offer, ...]:
    """Return three times of this week and the next at which nothing else has to be moved, with some notice; none where
    the requester may not choose, or there is none.
    """
    if request.order_id is None or not may_choose(conn, request):
        return ()
    zone = ZoneInfo(plant.site(conn, request.site_id).time_zone)
    found = slots.of_order(conn, request.site_id, request.order_id, now=now, count=LOOKED_AT).offers
    return spread([each for each in found if each.starts_at >= now + NOTICE], zone)


def spread(offers: Sequence[Offer], zone: ZoneInfo) -> tuple[Offer, ...]:
    """Return three of the offers, the cheapest first, in order of time: on different days where there are such."""
    days: dict[date, Offer] = {}
    for each in offers:
        days.setdefault(each.starts_at.astimezone(zone).date(), each)
    chosen = [*days.values(), *(each for each in offers if each not in days.values())][:COUNT]
    return tuple(sorted(chosen, key=lambda each: each.starts_at))


def choose(conn: Connection, request_id: UUID, starts_at: datetime, *, now: datetime) -> None:
    """Give the order the offered time that begins then: it is put into the plan of its week, pinned, and dated at once.

    Raises TimeTaken unless it is offered now.
    """
    personal.lock(conn, request_id)
    request = requests.get(conn, request_id)
    offer = next((each for each in offered(conn, request, now=now) if each.starts_at == starts_at), None)
    if offer is None or request.order_id is None:
        raise TimeTaken
    zone = ZoneInfo(plant.site(conn, request.site_id).time_zone)
    day = offer.starts_at.astimezone(zone).date()
    plan = schedules.begin_empty(conn, request.site_id, week_of(day), actor=PORTAL, at=now)
    try:
        weeks.move(
            conn, plan.id, request.order_id, people=offer.people, starts_at=offer.starts_at, actor=PORTAL, at=now
        )
    except (NotAllowedHere, NotInWeek):
        raise TimeTaken from None
    _date(conn, work_orders.lock(conn, request.order_id), offer, request.number, now)
    conn.execute(_QUERIES["time_chosen"], {"id": request_id, "at": now})


def _date(conn: Connection, order: WorkOrder, offer: Offer, number: str, now: datetime) -> None:
    why = kept("chosen by the requester of {number}", number=number)
    if order.status not in MOVES[Step.SCHEDULE].sources:
        work_orders.take_step(conn, order.id, Step.UNASSIGN, Reason(why), who=_WHO, at=now, why=why)
    assignments.schedule(
        conn, order.id, offer.starts_at, offer.ends_at, technician=offer.people[0], who=_WHO, at=now, why=why
    )
