"""Publishing a week: orders get their dates and people, and whoever has to hear of it hears by the orders' events."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from psycopg import Connection

from db.orders import work_orders
from db.scheduling import actuals, schedules, weeks
from db.scheduling.schedules import Schedule, ScheduleFinal
from db.scheduling.weeks import NotAllowedHere
from workorder_core.orders import statuses
from workorder_core.orders.details import Reason
from workorder_core.orders.details import Schedule as Dated
from workorder_core.orders.lifecycle import MOVES, Step
from workorder_core.people.access import Who
from workorder_core.scheduling.weeks import Planned, State
from workorder_core.sentences import kept, say


def publish(
    conn: Connection, schedule_id: int, *, who: Who, at: datetime, expected_version: int | None = None
) -> Schedule:
    """Publish an accepted schedule and return it: what was published for its days is superseded.

    Raises NotAllowedHere for a schedule that breaks a rule as the facts are now, ScheduleFinal, ScheduleChanged.
    """
    schedule = schedules.lock(conn, schedule_id, expected_version=expected_version)
    if schedule.state is not State.ACCEPTED:
        raise ScheduleFinal(schedule.state, say("only an accepted schedule can be published"))
    week = weeks.of_schedule(conn, schedule, now=at)
    wrong = weeks.broken(conn, schedule, week)
    if wrong:
        raise NotAllowedHere(wrong)
    before = schedules.published_across(conn, schedule)
    old = [each for visits in schedules.visits(conn, *before).values() for each in visits]
    for each in before:
        schedules.set_state(conn, each, State.SUPERSEDED, actor=who.actor, at=at)
    _keep_what_was_told(conn, schedule, old)
    schedules.set_state(conn, schedule.id, State.PUBLISHED, actor=who.actor, at=at)
    mine = schedules.visits_of(conn, schedule)
    actuals.keep_ways(conn, schedule.id, week.problem, mine, before=before)
    _date_orders(conn, mine, who=who, at=at)
    _free_orders(conn, {each.order for each in old} - {each.order for each in mine}, who=who, at=at)
    schedules.tell(conn, schedule.id, at=at)
    return schedules.get(conn, schedule.id)


def _keep_what_was_told(conn: Connection, schedule: Schedule, old: Sequence[Planned]) -> None:
    """Visits that are as they were told before keep the time of that; all others are told now."""
    told: Mapping[str, Planned] = {each.job: each for each in old}
    schedules.set_told(
        conn,
        schedule.id,
        {
            (each.order, each.part): told[each.job].told_at if each.job in told and each.is_as(told[each.job]) else None
            for each in schedules.visits_of(conn, schedule)
        },
    )


def _date_orders(conn: Connection, visits: Sequence[Planned], *, who: Who, at: datetime) -> None:
    """Give each order that waits the date of its visits, and the person who goes first."""
    of_order: dict[UUID, list[Planned]] = defaultdict(list)
    for each in visits:
        of_order[each.order].append(each)
    for order_id, parts in sorted(of_order.items()):
        order = work_orders.lock(conn, order_id, who)
        if order.status not in statuses.WAITING:
            continue
        first = min(parts, key=lambda each: each.starts_at)
        dated = (first.starts_at, max(each.ends_at for each in parts), first.people[0])
        if order.status in statuses.BOOKED and dated == (order.scheduled_start, order.scheduled_end, order.assignee):
            continue
        if order.status not in MOVES[Step.SCHEDULE].sources:
            _unassign(conn, order_id, who=who, at=at, why=kept("the week's schedule gives it another date"))
        note = kept("by the schedule of the week")
        to = Dated(*dated[:2], assignee=dated[2], note=note)
        work_orders.take_step(conn, order_id, Step.SCHEDULE, to, who=who, at=at, why=note)


def _free_orders(conn: Connection, orders: set[UUID], *, who: Who, at: datetime) -> None:
    """Free the orders that were in the week and are in it no longer."""
    for order_id in sorted(orders):
        if work_orders.lock(conn, order_id, who).status in statuses.BOOKED:
            _unassign(conn, order_id, who=who, at=at, why=kept("it is not in the week's schedule any more"))


def _unassign(conn: Connection, order_id: UUID, *, who: Who, at: datetime, why: str) -> None:
    work_orders.take_step(conn, order_id, Step.UNASSIGN, Reason(why), who=who, at=at, why=why)
