"""The scheduling problem of a site, from its technicians' shifts and its orders."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg import Connection

from db.orders import order_lists
from db.orders.order_lists import Filters
from db.people import technicians
from db.plant import plant
from workorder_core.orders.statuses import BEGUN, WAITING
from workorder_core.people.assignment import CERTIFICATES_OF_SKILL, Technician
from workorder_core.scheduling.problem import Job, Need, Person, Problem, Workday

_SITE = "site"


def read_problem(conn: Connection, site: str, starts_at: datetime, dates: int) -> Problem:
    """Return the problem of a site from a moment on."""
    place = plant.site_by_code(conn, site)
    zone = ZoneInfo(place.time_zone)
    first = starts_at.astimezone(zone).date()
    people = [each for each in technicians.listed(conn, place.id) if each.active]
    found = order_lists.page(conn, Filters(site=site, unfinished=True), limit=5000)

    def minute(at: datetime) -> int:
        return int((at - starts_at) // timedelta(minutes=1))

    def workdays(each: Technician) -> Iterator[Workday]:
        for number in range(dates):
            day: date = first + timedelta(days=number)
            if day.isoweekday() in each.weekdays:
                begins = datetime.combine(day, each.shift_start, zone)
                ends = datetime.combine(day, each.shift_end, zone)
                ends += timedelta(days=1) if ends <= begins else timedelta()
                if minute(ends) > 0:
                    yield Workday(
                        day=number, starts=max(minute(begins), 0), ends=minute(ends), latest=minute(ends),
                        start_place=_SITE, end_place=_SITE,
                    )  # fmt: skip

    jobs = []
    for listed in found:
        order = listed.order
        if order.status not in WAITING | BEGUN:
            continue
        skills = [each for each in (order.required_skill, *order.other_skills) if each]
        of_skills = {each for skill in skills for each in CERTIFICATES_OF_SKILL.get(skill, ())}
        jobs.append(
            Job(
                id=str(order.id),
                order=str(order.id),
                number=order.number,
                title=order.title,
                place=_SITE,
                minutes=round((order.estimated_hours or 1.0) * 60),
                estimated=order.estimated_hours is None,
                priority=int(order.priority),
                needs=tuple(Need(skill) for skill in skills),
                certificates=frozenset(order.required_certificates) | of_skills,
                target=None if order.completion_due is None else minute(order.completion_due),
                begun=order.status in BEGUN,
            )
        )
    return Problem(
        starts_at=starts_at,
        zone=place.time_zone,
        dates=dates,
        currency="EUR",
        people=tuple(
            Person(
                code=each.code,
                name=each.name,
                skills=dict.fromkeys(each.skills, 1),
                certificates=dict.fromkeys(each.certificates),
                workdays=tuple(workdays(each)),
                hour_costs=45.0,
            )
            for each in people
        ),
        jobs=tuple(jobs),
        travel={},
    )
