"""What a schedule does not have, and what planners took out of it. The caller owns the transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from db.scheduling import order_facts, schedules
from db.scheduling.order_facts import OrderFacts
from db.scheduling.schedules import Schedule
from db.scheduling.weeks import Week
from workorder_core.scheduling.weeks import order_and_part


@dataclass(frozen=True, slots=True, kw_only=True)
class Unscheduled:
    """A job that a schedule does not have. ``why`` is empty where no run has looked since it came.

    Parameters
    ----------
    taken_out_by
        Who took it out of the week by hand, so that no run puts it back; None if nobody did.
    """

    order: OrderFacts
    part: int
    minutes: int
    why: str
    taken_out_by: str | None = None
    taken_out_at: datetime | None = None


def unscheduled(conn: Connection, schedule: Schedule, week: Week) -> list[Unscheduled]:
    """Return the jobs of the week that a schedule does not have, the most urgent first."""
    there = {each.job for each in schedules.visits_of(conn, schedule)}
    jobs = [job for job in week.problem.jobs if job.id not in there and not job.begun]
    facts = order_facts.orders(conn, {order_and_part(job.id)[0] for job in jobs})
    found = []
    for job in jobs:
        order, part = order_and_part(job.id)
        by, at = taken_out(week.taken_out, job.id)
        why = schedule.reasons.get(job.id) or job.blocked or ""
        found.append(
            Unscheduled(order=facts[order], part=part, minutes=job.minutes, why=why, taken_out_by=by, taken_out_at=at)
        )
    return sorted(found, key=lambda each: (each.order.priority, each.order.number, each.part))


def taken_out(found: Mapping[str, Mapping[str, str]], job: str) -> tuple[str | None, datetime | None]:
    """Return who took a job out of a week, and when; None for one that nobody took out."""
    each = found.get(job)
    return (None, None) if each is None else (each["by"], datetime.fromisoformat(each["at"]))
