"""The rota of the sample plant: two technicians change every week, and a planner is called if they do not answer."""

from datetime import datetime, time, timedelta

from psycopg import Connection

from db.oncall import rotas
from db.plant import plant
from runtime.processes.people import DEMO_PEOPLE
from workorder_core.oncall.rotas import Layer, Rota
from workorder_core.people.access import Role


def put(conn: Connection, *, site: str, now: datetime) -> bool:
    """Give a site without rotas one that has begun four weeks ago; return whether it did. The caller commits."""
    callable_here = rotas.can_be_called(conn, site)
    there = [each for each in DEMO_PEOPLE if each.name in callable_here]
    technicians = tuple(each.name for each in there if each.role is Role.TECHNICIAN)
    planners = tuple(each.name for each in there if each.role is Role.PLANNER)
    if rotas.listed(conn, site=site, retired=True, limit=1) or not technicians or not planners:
        return False
    friday = now.date() - timedelta(days=28 + (now.weekday() - 4) % 7)
    rota = Rota(
        code="PUMPS",
        site=site,
        title="Pumps",
        purpose="Emergencies at the pumps, day and night",
        zone=plant.site_by_code(conn, site).time_zone,
        layers=(
            Layer(name="first", people=technicians, starts=friday, hands_over=time(8)),
            Layer(name="second", people=planners, starts=friday, hands_over=time(8)),
        ),
    )
    rotas.add(conn, rota, actor="system:demo", at=now, why="the demo's rota")
    return True
