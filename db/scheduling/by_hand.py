"""What planners do with a day of a week at once: the first free time on it, and a day that no run moves any more.

The caller owns the transaction.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection

from db.errors import TechnicianUnknown
from db.scheduling import schedules, weeks
from db.scheduling.schedules import Schedule
from db.scheduling.weeks import Tried, Week
from workorder_core.scheduling.weeks import job_id, openings, plan_of


def when(
    conn: Connection, schedule: Schedule, week: Week, order: UUID, part: int, people: Sequence[str], day: date
) -> datetime:
    """Return when people could begin an order on a date: the first time that ``check`` allows, otherwise the first one
    after what they have; at the beginning of the date where they do not work. Raises TechnicianUnknown.
    """
    problem = week.problem
    job = week.jobs.get(job_id(order, part))
    known = {each.code: each for each in problem.people}
    for code in people:
        if code not in known:
            raise TechnicianUnknown(code, (), [f"{each.code} ({each.name})" for each in problem.people])
    begins = schedules.begin_of(day, schedule.time_zone)
    if job is None or not people:
        return begins
    crew = [known[code] for code in people]
    others = [each for each in plan_of(problem, schedules.visits_of(conn, schedule)).visits if each.job != job.id]
    number = (day - problem.starts_at.astimezone(ZoneInfo(problem.zone)).date()).days
    found = [problem.at(at) for each, at in openings(problem, job, crew, others) if each == number]
    return found[0] if found else begins


def try_on(
    conn: Connection,
    schedule: Schedule,
    week: Week,
    order: UUID,
    part: int,
    people: Sequence[str],
    day: date,
    at: datetime | None,
) -> tuple[datetime, Tried]:
    """Return when a visit on a date would begin, at ``at`` or at the first free time, and what it would do."""
    starts = at or when(conn, schedule, week, order, part, people, day)
    return starts, weeks.try_visit(conn, schedule, week, order, part, people=people, starts_at=starts)


def pin_day(
    conn: Connection, schedule_id: int, day: date, *, actor: str, at: datetime, expected_version: int | None = None
) -> Schedule:
    """Pin every visit of a date, so that no run moves them, and return the schedule."""
    schedule = weeks.editable(conn, schedule_id, expected_version)
    begins = schedules.begin_of(day, schedule.time_zone)
    ends = schedules.begin_of(day + timedelta(days=1), schedule.time_zone)
    those = [
        replace(each, pinned_by=actor, pinned_at=at)
        for each in schedules.visits_of(conn, schedule)
        if begins <= each.starts_at < ends and each.pinned_by is None
    ]
    if not those:
        return schedule
    schedules.put(conn, schedule.id, those)
    schedules.note_change(conn, schedule, costs=schedule.costs, reasons=schedule.reasons)
    return schedules.get(conn, schedule.id)
