"""Who should do an order, asked of the people and the work as they stand in the database."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection

from db import plant, technicians, work_orders
from workorder_core import assignment, lifecycle
from workorder_core.access import Who
from workorder_core.assignment import Job, Proposal
from workorder_core.lifecycle import Step
from workorder_core.orders import WorkOrder
from workorder_core.words import Status


class NobodyEligible(Exception):
    """There is nobody who can be given the order; says why."""

    def __init__(self, order_id: UUID, why: str) -> None:
        super().__init__(f"{why} Name a technician and say why, or wait for a shift.")
        self.order_id, self.why = order_id, why


def proposal(conn: Connection, order: WorkOrder, *, now: datetime) -> Proposal:
    """Weigh every technician of the order's site; ``now`` is the wall clock, read on the site's."""
    site = plant.site(conn, order.site_id)
    job = Job(
        number=order.number,
        priority=order.priority,
        status=order.status,
        required_skill=order.required_skill,
        other_skills=order.other_skills,
        certificates=order.required_certificates,
        response_due=order.response_due,
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
    """Give an order to the technician who is proposed; where nobody is eligible the order says so.

    Only an order that is open is given away: a person who assigned it a moment before is not overridden.
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
        return lifecycle.assign(order, code, at=at, note=proposed.why)

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
    """Give an order to the technician that a person chose. Raises NotQualified where that needs a reason."""
    order = work_orders.get(conn, order_id, who)
    technicians.get(conn, order.site_id, code)
    proposed = proposal(conn, order, now=at)

    def give(order: WorkOrder) -> WorkOrder:
        return lifecycle.assign(order, code, at=at, note=assignment.by_hand(proposed, order.number, code, why))

    return work_orders.take(
        conn, order_id, Step.ASSIGN, give, who=who, at=at, why=why, expected_version=expected_version
    )


def accept(
    conn: Connection, order_id: UUID, *, who: Who, at: datetime, why: str = "", expected_version: int | None = None
) -> WorkOrder:
    """Give an order to whom it is scheduled for, else to whoever is proposed now, because a person says so.

    Raises NobodyEligible.
    """
    order = work_orders.get(conn, order_id, who)
    if order.status is Status.SCHEDULED and order.assignee is not None:
        return assign_to(
            conn, order_id, order.assignee, who=who, at=at, why=why or "as scheduled", expected_version=expected_version
        )
    proposed = proposal(conn, order, now=at)
    if proposed.choice is None:
        raise NobodyEligible(order_id, proposed.why)
    code = proposed.choice.technician.code

    def give(order: WorkOrder) -> WorkOrder:
        return lifecycle.assign(order, code, at=at, note=proposed.why)

    reason = why or f"As proposed: {proposed.why}"
    return work_orders.take(
        conn, order_id, Step.ASSIGN, give, who=who, at=at, why=reason, expected_version=expected_version
    )
