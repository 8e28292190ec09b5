"""Schedules of weeks: proposed by runs, changed by planners after a check, accepted, published."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from api.asking import PLANS, SEES, Asking, Conn, Now, Version, Why
from api.once import OnlyOnce
from api.paging import Id, Order, Paged, PagedByFifty, Small, Text
from api.shapes.scheduling.schedules import (
    AcceptIn,
    BrokenOut,
    ChangeOut,
    ScheduleIn,
    ScheduleOut,
    TriedOut,
    UnscheduledOut,
    VisitIn,
    VisitOut,
    WeightsIn,
    WeightsOut,
    changes_of,
)
from api.shapes.times import Day
from db.plant import plant
from db.scheduling import order_facts, publishing, schedules, weeks, weights
from db.scheduling import unscheduled as missing
from db.scheduling.schedules import Schedule
from db.scheduling.unscheduled import Unscheduled
from workorder_core.people.access import Who
from workorder_core.scheduling.weeks import Planned, State, week_of

router = APIRouter(tags=["schedules"])
NEWEST_FIRST = Order[Schedule](tuple[Id], lambda each: (-each.id,))
BY_START = Order[Planned](tuple[Text, UUID, Small], lambda each: (each.starts_at.isoformat(), each.order, each.part))
BY_URGENCY = Order[Unscheduled](
    tuple[Small, Text, Small], lambda each: (each.order.priority, each.order.number, each.part)
)
BY_RULE = Order[BrokenOut](
    tuple[Text, Text, Text, Text], lambda each: (each.rule, each.job or "", each.person or "", each.sentence)
)
BY_NUMBER = Order[ChangeOut](tuple[Text, Small], lambda each: (each.number, each.part))
ScheduleId = Annotated[int, Path(ge=1, le=2**31 - 1)]
WhichPart = Annotated[int, Query(ge=1, le=99, description="which visit of an order that is longer than a shift")]
ALL = AcceptIn(orders=None)


def _tagged(schedule: Schedule, who: Who, response: Response) -> ScheduleOut:
    response.headers["ETag"] = f'"{schedule.version}"'
    return ScheduleOut.of(schedule, costs=who.sees_costs)


@router.get("/schedules", dependencies=[SEES])
def find(
    conn: Conn,
    who: Asking,
    part: PagedByFifty,
    site: Annotated[str | None, Query(max_length=64, description="a site's code")] = None,
    state: Annotated[State | None, Query(description="only those in this state")] = None,
    day: Annotated[Day | None, Query(description="of the week of this date")] = None,
) -> list[ScheduleOut]:
    """List schedules, the newest first."""
    (before,) = part.after(NEWEST_FIRST) or (None,)
    found = schedules.page(
        conn,
        within=who.sites,
        site=site,
        state=state,
        from_date=None if day is None else week_of(day),
        before=None if before is None else -before,
        limit=part.fetched,
    )
    return [ScheduleOut.of(each, costs=who.sees_costs) for each in part.of_fetched(found, NEWEST_FIRST)]


@router.post("/schedules", status_code=201, response_model=ScheduleOut, dependencies=[PLANS])
def create(body: ScheduleIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce) -> Response:
    """Begin a plan of a week to work on by hand: a copy of what is published, or an empty one. What planners work on
    already is returned instead. The header Idempotency-Key is required. A run of the kind schedule proposes one.
    """

    def make(response: Response) -> ScheduleOut:
        site = plant.site_by_code(conn, body.site, who.sites)
        made = schedules.begin_empty(conn, site.id, body.from_date, actor=who.actor, at=now)
        response.headers["Location"] = f"/api/v1/schedules/{made.id}"
        return _tagged(made, who, response)

    return once(body, make)


@router.get("/schedules/{schedule_id}", dependencies=[SEES])
def read(schedule_id: ScheduleId, conn: Conn, who: Asking, response: Response) -> ScheduleOut:
    """Read a schedule."""
    return _tagged(schedules.get(conn, schedule_id), who, response)


@router.delete("/schedules/{schedule_id}", status_code=204, response_model=None, dependencies=[PLANS])
def discard(schedule_id: ScheduleId, conn: Conn, now: Now, who: Asking, version: Version) -> None:
    """Discard a proposal, or a plan that is not published: it is superseded."""
    weeks.discard(conn, schedule_id, actor=who.actor, at=now, expected_version=version)


@router.get("/schedules/{schedule_id}/visits", dependencies=[SEES])
def visits(schedule_id: ScheduleId, conn: Conn, part: Paged) -> list[VisitOut]:
    """List the visits of a schedule by their start."""
    found = part.of_all(schedules.visits_of(conn, schedules.get(conn, schedule_id)), BY_START)
    facts = order_facts.orders(conn, [each.order for each in found])
    return [VisitOut.of(each, facts) for each in found]


@router.get("/schedules/{schedule_id}/unscheduled", dependencies=[SEES])
def unscheduled(schedule_id: ScheduleId, conn: Conn, now: Now, part: Paged) -> list[UnscheduledOut]:
    """List the orders that wait and are not in the schedule, by urgency, each with the reason."""
    schedule = schedules.get(conn, schedule_id)
    found = missing.unscheduled(conn, schedule, weeks.of_schedule(conn, schedule, now=now))
    return [
        UnscheduledOut(
            order_id=each.order.id,
            part=each.part,
            number=each.order.number,
            title=each.order.title,
            priority=each.order.priority,
            completion_due=each.order.completion_due,
            why=each.why,
            taken_out_by=each.taken_out_by,
            taken_out_at=each.taken_out_at,
        )
        for each in part.of_all(found, BY_URGENCY)
    ]


@router.get("/schedules/{schedule_id}/broken", dependencies=[SEES])
def broken(schedule_id: ScheduleId, conn: Conn, now: Now, part: Paged) -> list[BrokenOut]:
    """List the rules that the schedule breaks as the facts are now: somebody is ill, an order was cancelled."""
    schedule = schedules.get(conn, schedule_id)
    found = weeks.broken(conn, schedule, weeks.of_schedule(conn, schedule, now=now))
    return list(part.of_all([BrokenOut.of(each) for each in dict.fromkeys(found)], BY_RULE))


@router.get("/schedules/{schedule_id}/changes", dependencies=[SEES])
def changes(schedule_id: ScheduleId, conn: Conn, part: Paged) -> list[ChangeOut]:
    """List how a proposal differs from what planners work on, and that from what is published."""
    schedule = schedules.get(conn, schedule_id)
    found, other = weeks.compared(conn, schedule)
    before, after = schedules.visits_of(conn, other), schedules.visits_of(conn, schedule)
    facts = order_facts.orders(conn, {each.order for each in (*before, *after)})
    return list(part.of_all(changes_of(found, before, after, facts), BY_NUMBER))


@router.post("/schedules/{schedule_id}/visits/{order_id}/try", dependencies=[PLANS])
def try_visit(
    schedule_id: ScheduleId, order_id: UUID, body: VisitIn, conn: Conn, now: Now, who: Asking, part: WhichPart = 1
) -> TriedOut:
    """Try who does an order and when: the rules that it would break, and the costs. Nothing is stored."""
    schedule = schedules.get(conn, schedule_id)
    week = weeks.of_schedule(conn, schedule, now=now)
    tried = weeks.try_visit(
        conn, schedule, week, order_id, part, people=list(dict.fromkeys(body.people)), starts_at=body.starts_at
    )
    return TriedOut.of(tried, costs=who.sees_costs)


class Changing:
    """A requested change of one visit: by whom, when, and on which version of the schedule."""

    def __init__(
        self,
        schedule_id: ScheduleId,
        order_id: UUID,
        conn: Conn,
        now: Now,
        who: Asking,
        version: Version,
        response: Response,
        part: WhichPart = 1,
    ) -> None:
        self.schedule_id, self.order_id, self.part = schedule_id, order_id, part
        self.conn, self.now, self.who = conn, now, who
        self.version, self.response = version, response

    def move(self, people: Sequence[str], starts_at: datetime | None) -> ScheduleOut:
        """Give the order another visit, or none, and return the schedule with its new ETag."""
        moved = weeks.move(
            self.conn,
            self.schedule_id,
            self.order_id,
            self.part,
            people=people,
            starts_at=starts_at,
            actor=self.who.actor,
            at=self.now,
            expected_version=self.version,
        )
        return _tagged(moved, self.who, self.response)

    def pin(self, *, pinned: bool) -> ScheduleOut:
        """Pin or release the visit, and return the schedule with its new ETag."""
        done = weeks.pin(
            self.conn,
            self.schedule_id,
            self.order_id,
            self.part,
            pinned=pinned,
            actor=self.who.actor,
            at=self.now,
            expected_version=self.version,
        )
        return _tagged(done, self.who, self.response)


Change = Annotated[Changing, Depends(Changing)]


@router.put("/schedules/{schedule_id}/visits/{order_id}", dependencies=[PLANS])
def move(body: VisitIn, change: Change) -> ScheduleOut:
    """Assign or move an order. It is pinned, so that no run moves it; refused with a sentence for each rule that it
    would break."""
    return change.move(list(dict.fromkeys(body.people)), body.starts_at)


@router.delete("/schedules/{schedule_id}/visits/{order_id}", dependencies=[PLANS])
def take_out(change: Change) -> ScheduleOut:
    """Take a visit out of the week: no run puts it back until it is released."""
    return change.move((), None)


@router.post("/schedules/{schedule_id}/visits/{order_id}/pin", dependencies=[PLANS])
def pin(change: Change) -> ScheduleOut:
    """Pin a visit: no run moves it until it is released."""
    return change.pin(pinned=True)


@router.post("/schedules/{schedule_id}/visits/{order_id}/release", dependencies=[PLANS])
def release(change: Change) -> ScheduleOut:
    """Release a pinned visit, or an order that was taken out: the next run may move it, or put it back."""
    return change.pin(pinned=False)


@router.post("/schedules/{schedule_id}/accept", dependencies=[PLANS])
def accept(
    schedule_id: ScheduleId,
    conn: Conn,
    now: Now,
    who: Asking,
    version: Version,
    response: Response,
    body: AcceptIn = ALL,
) -> ScheduleOut:
    """Accept a proposal, or the changes of some orders only: it becomes the plan that planners work on."""
    only = None if body.orders is None else frozenset(body.orders)
    done = weeks.accept(conn, schedule_id, only=only, actor=who.actor, at=now, expected_version=version)
    return _tagged(done, who, response)


@router.post("/schedules/{schedule_id}/publish", dependencies=[PLANS])
def publish(
    schedule_id: ScheduleId, conn: Conn, now: Now, who: Asking, version: Version, response: Response
) -> ScheduleOut:
    """Publish an accepted schedule: orders get their dates and people, who hear of it."""
    return _tagged(publishing.publish(conn, schedule_id, who=who, at=now, expected_version=version), who, response)


@router.get("/sites/{site_code}/scheduling-weights", dependencies=[SEES])
def weights_of(site_code: str, conn: Conn, who: Asking, response: Response) -> WeightsOut:
    """Read what a plan's costs weigh at a site."""
    found = weights.of_site(conn, plant.site_by_code(conn, site_code, who.sites).id)
    response.headers["ETag"] = f'"{found.version}"'
    return WeightsOut.of(found)


@router.put("/sites/{site_code}/scheduling-weights", dependencies=[PLANS])
def write_weights(
    site_code: str, body: WeightsIn, conn: Conn, now: Now, who: Asking, why: Why, version: Version, response: Response
) -> WeightsOut:
    """Store the next version of what a plan's costs weigh at a site; the next run uses it."""
    place = plant.site_by_code(conn, site_code, who.sites)
    made = weights.write(conn, place.id, body.document, actor=who.actor, at=now, why=why, expected_version=version)
    response.headers["ETag"] = f'"{made.version}"'
    return WeightsOut.of(made)
