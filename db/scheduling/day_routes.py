"""The routes of a day of a schedule, as a map has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from psycopg import Connection

from db.people import site_rules, technicians
from db.scheduling import places
from db.scheduling.order_facts import OrderFacts
from db.scheduling.schedules import Schedule
from workorder_core.plant.route_maps import Route, RouteMap, drawn
from workorder_core.scheduling.weeks import Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRoute:
    """One person's route, with the minutes on the way and the kilometres; None where a way's length is unknown."""

    person: str
    name: str
    stops: int
    minutes: int
    km: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRoutes:
    """The routes of a day by name; ``map`` is None where fewer than two of its places have coordinates."""

    routes: Sequence[DayRoute]
    map: RouteMap | None


def of_day(
    conn: Connection, schedule: Schedule, visits: Mapping[str, Sequence[Planned]], facts: Mapping[UUID, OrderFacts]
) -> DayRoutes:
    """Return the routes of people with visits on a day; ``visits`` are by person, in order, with ``facts`` by order."""
    known = places.of_site(conn, schedule.site_id, schedule.site)
    staff = {each.code: each for each in technicians.listed(conn, schedule.site_id)}
    routes = [
        Route(
            person=code,
            depot=known.of(staff[code].depot),
            stops=[known.of(facts[each.order].location_code) for each in mine],
        )
        for code, mine in visits.items()
        if mine and code in staff
    ]
    used = {place for each in routes for place in (each.depot, *each.stops)}
    minutes, km = known.travel(sorted(used), site_rules.of_site(conn, schedule.site_id).speeds)
    found = []
    for each in routes:
        ways = [way for way in _ways(each) if way[0] != way[1]]
        found.append(
            DayRoute(
                person=each.person,
                name=staff[each.person].name,
                stops=len(each.stops),
                minutes=sum(minutes[way] for way in ways),
                km=None if any(way not in km for way in ways) else sum(km[way] for way in ways),
            )
        )
    return DayRoutes(routes=found, map=drawn(known.coordinates, routes))


def _ways(route: Route) -> list[tuple[str, str]]:
    return list(pairwise([route.depot, *route.stops, route.depot]))
