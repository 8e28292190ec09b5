"""Who should do an order, decided from the people and the work in the database."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection

from db.orders import work_orders
from db.people import site_rules, technicians
from db.plant import plant
from workorder_core.orders import lifecycle, planned_dates
from workorder_core.orders.details import Assign, Schedule, Start
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import WorkOrder
from workorder_core.people import assignment
from workorder_core.people.access import Who
from workorder_core.people.assignment import Job, Proposal
from workorder_core.sentences import kept, say
from workorder_core.words import Status


class NobodyEligible(Exception):
    """Nobody can be assigned to the order; says why."""

    def __init__(self, order_id: UUID, why: str) -> None:
        super().__init__(say("{why} Name a technician and say why, or wait for a shift.", why=why))
        self.order_id, self.why = order_id, why


def proposal(conn: Connection, order: WorkOrder, *, now: datetime) -> Proposal:
    """Weigh every technician of the order's site; ``now`` is the wall clock, read on the site's."""
    site = plant.site(conn, order.site_id)
    tables = site_rules.skill_tables(conn, order.site_id)
    asked = tables.asked(order.component, order.failure_mode)
    job = Job(
        number=order.number,
        priority=order.priority,
        status=order.status,
        required_skill=order.required_skill,
        other_skills=order.other_skills,
        certificates=order.required_certificates,
        response_due=order.response_due,
        level=asked.level if asked is not None and asked.skill == order.required_skill else 1,
        starts=order.scheduled_start,
        tables=tables,
    )
    work = {
        code: [other for other in jobs if other.number != order.number]
        for code, jobs in technicians.work_of_site(conn, order.site_id).items()
    }
    people = technicians.listed(conn, order.site_id)
    return assignment.propose(job, people, now_local=now.astimezone(ZoneInfo(site.time_zone)), work=work)


def assign_best(
    conn: Connection, order_id: UUID, *, actor: str, at: datetime, expected_version: int | None = None
) -> tuple[WorkOrder, Proposal]:
    """Assign an order to the proposed technician; if nobody is eligible, note that on the order.

    Only an open order is assigned: a person who assigned it a moment before is not overridden.
    """
    order = work_orders.get(conn, order_id)
    proposed = proposal(conn, order, now=at)
    if proposed.choice is None:
        work_orders.note_nobody(conn, order_id, proposed.why, actor=actor, at=at)
        return work_orders.get(conn, order_id), proposed
    code = proposed.choice.technician.code

    def give(order: WorkOrder) -> WorkOrder:
        if order.status is not Status.OPEN:
            return order
        return lifecycle.apply_step(order, Step.ASSIGN, Assign(code, proposed.why), at=at)

    changed = work_orders.change(
        conn, order_id, give, actor=actor, at=at, why=proposed.why, expected_version=expected_version
    )
    return changed, proposed


def assign_to(
    conn: Connection,
    order_id: UUID,
    code: str,
    *,
    who: Who,
    at: datetime,
    why: str = "",
    expected_version: int | None = None,
) -> WorkOrder:
    """Assign an order to the technician that a person chose. Raises NotQualified if that needs a reason."""
    proposed = _weighed(conn, order_id, code, who, at)

    def give(order: WorkOrder) -> Assign:
        return Assign(code, _note(proposed, order, code, why))

    return work_orders.take_step(
        conn, order_id, Step.ASSIGN, give, who=who, at=at, why=why, expected_version=expected_version
    )


def accept(
    conn: Connection, order_id: UUID, *, who: Who, at: datetime, why: str = "", expected_version: int | None = None
) -> WorkOrder:
    """Assign an order, at a person's request, to the technician it is scheduled for, otherwise to the one proposed now.

    Raises NobodyEligible, and NotQualified if the scheduled technician lacks a qualification and no reason was given.
    """
    order = work_orders.get(conn, order_id, who)
    if order.status is Status.SCHEDULED and order.assignee is not None:
        return assign_to(conn, order_id, order.assignee, who=who, at=at, why=why, expected_version=expected_version)
    proposed = proposal(conn, order, now=at)
    if proposed.choice is None:
        raise NobodyEligible(order_id, proposed.why)
    given = Assign(proposed.choice.technician.code, proposed.why)
    reason = why or kept("As proposed: {why}", why=proposed.why)
    return work_orders.take_step(
        conn, order_id, Step.ASSIGN, given, who=who, at=at, why=reason, expected_version=expected_version
    )


def schedule(
    conn: Connection,
    order_id: UUID,
    start: datetime,
    end: datetime | None,
    *,
    technician: str | None,
    who: Who,
    at: datetime,
    why: str = "",
    expected_version: int | None = None,
) -> WorkOrder:
    """Record when the work is planned, and optionally by whom. Raises NotQualified if naming them needs a reason."""
    proposed = None if technician is None else _weighed(conn, order_id, technician, who, at)

    def dated(order: WorkOrder) -> Schedule:
        if proposed is None or technician is None:
            return Schedule(start, end)
        return Schedule(start, end, technician, _note(proposed, order, technician, why))

    return work_orders.take_step(
        conn, order_id, Step.SCHEDULE, dated, who=who, at=at, why=why, expected_version=expected_version
    )


def start(
    conn: Connection, order_id: UUID, *, who: Who, at: datetime, why: str = "", expected_version: int | None = None
) -> WorkOrder:
    """Record that somebody is at the machine; an unassigned order becomes theirs, if they are a technician of its site.

    Raises NotQualified if they lack a skill or certificate and give no reason.
    """
    order = work_orders.get(conn, order_id, who)
    site = order.number.rpartition("-")[0]
    mine = who.technician if who.technician_site in (None, site) else None
    proposed = None if mine is None or order.assignee is not None else _weighed(conn, order_id, mine, who, at)

    def begun(order: WorkOrder) -> Start:
        if order.assignee is not None or mine is None or proposed is None:
            return Start()
        return Start(mine, _note(proposed, order, mine, why))

    return work_orders.take_step(
        conn, order_id, Step.START, begun, who=who, at=at, why=why, expected_version=expected_version
    )


def doubts(conn: Connection, order: WorkOrder, *, now: datetime) -> tuple[str, ...]:
    """Return warnings about an order's date: past, beyond its targets, off shift, overlapping other work."""
    if order.scheduled_start is None:
        return ()
    zone = ZoneInfo(plant.site(conn, order.site_id).time_zone)
    technician = None if order.assignee is None else technicians.get(conn, order.site_id, order.assignee)
    other = [] if technician is None else technicians.planned_work(conn, technician, order.id)
    return planned_dates.doubts(order, technician, other, now_local=now.astimezone(zone))


def _weighed(conn: Connection, order_id: UUID, code: str, who: Who, at: datetime) -> Proposal:
    """Weigh the technicians for an order for which one is named. Raises NotFound if the site has no such technician."""
    order = work_orders.get(conn, order_id, who)
    technicians.get(conn, order.site_id, code)
    return proposal(conn, order, now=at)


def _note(proposed: Proposal, order: WorkOrder, code: str, why: str) -> str:
    already = order.assignment_note if order.assignee == code else None
    return assignment.by_hand(proposed, order.number, code, why, already=already)
