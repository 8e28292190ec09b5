"""The people of a scheduling problem: their workdays, skills, certificates and costs."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from db import sql
from db.people import technicians
from workorder_core.people.technicians import Technician
from workorder_core.people.work_rules import WorkRules
from workorder_core.people.working_times import Worked, worked
from workorder_core.planning.site_time import SiteTime
from workorder_core.scheduling.problem import Minute, Person, Span, Workday

_QUERIES = sql.load("scheduling")


def read(
    conn: Connection,
    site_id: int,
    clock: SiteTime,
    rules: WorkRules,
    *,
    minute: Callable[[datetime], Minute],
    since: date,
    dates: int,
    place: Callable[[str | None], str],
) -> tuple[Person, ...]:
    """Return the active people of a site, by code, with the shifts that begin on these dates or are under way.

    ``minute`` says which minute of the problem a moment is, ``place`` which of its places a location is.
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        rates = {row["code"]: row for row in cursor.execute(_QUERIES["rates"], {"site_id": site_id, "day": since})}
    found = []
    for one in technicians.listed(conn, site_id):
        if not one.active:
            continue
        days = worked(
            one.works,
            clock,
            since=since - timedelta(days=1),
            dates=dates + 1,
            offset=one.pattern_offset if one.rotation else 0,
            contract=one.contract,
            absences=one.absences,
        )
        depot = place(one.depot)
        workdays = [_workday(each, one, minute, since, depot) for each in days]
        mine = tuple(each for each in workdays if each is not None)
        found.append(_person(one, mine, clock, rules, minute, rates[one.code]))
    return tuple(found)


def _workday(
    at: Worked, one: Technician, minute: Callable[[datetime], Minute], since: date, depot: str
) -> Workday | None:
    """Return what is left of a shift from the problem's start on; None if it is over."""
    starts, ends = max(0, minute(at.starts)), minute(at.ends)
    if ends <= starts:
        return None
    breaks = [Span(max(starts, minute(begins)), minute(over)) for begins, over in at.breaks]
    return Workday(
        day=(at.date - since).days,
        starts=starts,
        ends=ends,
        latest=ends + one.overtime_minutes,
        breaks=tuple(each for each in breaks if each.starts < each.ends),
        start_place=depot,
        end_place=depot,
    )


def _person(
    one: Technician,
    workdays: tuple[Workday, ...],
    clock: SiteTime,
    rules: WorkRules,
    minute: Callable[[datetime], Minute],
    rate: dict[str, Any],
) -> Person:
    def valid(certificate: str) -> Minute | None:
        last = one.valid_until.get(certificate)
        if last is None:
            return None
        return minute(clock.moment(datetime.combine(last + timedelta(days=1), datetime.min.time())))

    return Person(
        code=one.code,
        name=one.name,
        skills={skill: one.level(skill) for skill in sorted(one.skills)},
        certificates={each: valid(each) for each in sorted(one.certificates)},
        workdays=workdays,
        speed=one.speed,
        hour_costs=float(rate["per_hour"]),
        overtime_hour_costs=float(rate["overtime"]),
        day_costs=float(rate["per_day"]),
        contractor=one.firm is not None,
        rest=rules.rest_minutes,
        most_a_week=rules.week_minutes,
    )
