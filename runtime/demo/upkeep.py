"""The sample plant's maintenance plans, and the year of work that they have behind them.

By the functions that the API and the jobs call, at their past times. Without the past the plans begin today.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from db.inspections import checklists
from db.orders import closing, work_orders
from db.orders.closing import Closing
from db.planning import meter_entries, outlook, plans
from db.planning.outlook import Occurrence
from db.plant import plant
from runtime.demo import past
from runtime.processes import jobs
from workorder_core.orders.close_out import Cause, Remedy
from workorder_core.orders.details import NOTHING, Cancel, Start
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import CloseOut
from workorder_core.planning.deciding import Becomes
from workorder_core.planning.plans import (
    AfterOutage,
    ByCalendar,
    ByMeter,
    MaintenancePlan,
    ObjectKind,
    OnFreeDay,
    Package,
    WhenOpen,
    Work,
)
from workorder_core.words import CloseFinding, OrderType, Status

PLANNER = "person:berg"
WEEK = timedelta(days=7)
WEEKS = 52
HALL = "NTH-SUP-HP"
METER = "run_hours_by_hand"
_PEOPLE = {"mechanical": ("holm", "petersen"), "electrical": ("lund", "yilmaz"), "instrumentation": ("okafor", "lund")}


def _plan(site: str, code: str, title: str, rule: str, begin: datetime, **facts: Any) -> MaintenancePlan:
    calendar = ByCalendar(rule=rule, starts=begin.replace(tzinfo=None), on_free_day=OnFreeDay.NEXT)
    kept: dict[str, Any] = {
        "object": ObjectKind.ASSET,
        "skill": "mechanical",
        "when_open": WhenOpen.SKIP,
        "late_days": 5,
    } | facts
    return MaintenancePlan(
        site=site, code=code, title=title, calendar=calendar, after_outage=AfterOutage.CATCH_UP, **kept
    )


def with_a_year(site: str, begin: datetime) -> tuple[MaintenancePlan, ...]:
    """Return the plans that have a past; ``begin`` is the site's local time from which they count."""
    day = timedelta(days=1)
    pumps = ("P-101", "P-103", "P-105", "P-107")
    return (
        _plan(
            site, "GREASE", "Grease the motor bearings", "FREQ=MONTHLY;INTERVAL=3", begin + 9 * day,
            object=ObjectKind.CLASS, objects=("centrifugal_pump",), window_days=10,
            packages=(Package(name="quarterly", every=1, hours=0.5), Package(name="yearly", every=4, hours=1.5)),
        ),
        _plan(
            site, "ESTOP", "Test the emergency stops", "FREQ=MONTHLY;BYDAY=1TU", begin, object=ObjectKind.LOCATION,
            objects=(HALL,), type=OrderType.INSPECTION, skill="electrical", hours=1.0,
        ),
        _plan(
            site, "COUPLING", "Check the coupling and its guard", "FREQ=MONTHLY;INTERVAL=2", begin + 20 * day,
            objects=("P-101",), hours=0.75, shift_factor=Decimal(1), early_days=5, late_days=5,
        ),
        _plan(
            site, "STRAINER", "Clean the suction strainer", "FREQ=MONTHLY;INTERVAL=4", begin + 30 * day,
            objects=("P-105",), hours=1.5, meter=ByMeter(signal=METER, every=1500, unit="h"),
        ),
        _plan(
            site, "THERMO", "Thermal image of the motors", "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=15", begin,
            object=ObjectKind.ROUTE, objects=pumps, location=HALL, type=OrderType.INSPECTION,
            skill="instrumentation", hours=2.0,
        ),
    )  # fmt: skip


def from_now_on(site: str, begin: datetime) -> tuple[MaintenancePlan, ...]:
    """Return the plans that begin today: one with parts and a stop, and one that makes rounds."""
    day = timedelta(days=1)
    return (
        _plan(
            site, "OIL", "Change the bearing oil", "FREQ=YEARLY", begin + 10 * day, objects=("P-104",),
            job_plan="OIL-CHANGE", stops_asset=True,
        ),
        _plan(
            site, "WALK", "Walk the supply hall", "FREQ=WEEKLY;BYDAY=WE", begin, object=ObjectKind.LOCATION,
            objects=(HALL,), type=OrderType.INSPECTION, work=Work.INSPECTION_ROUND, inspection_route="SUPPLY",
            hours=0.75, lead_days=5, window_days=2,
        ),
    )  # fmt: skip


def put(conn: Connection, *, site: str, now: datetime) -> int:
    """Give a site the plans that it does not have yet, from now on, and make what is near; return how many plans.

    After the recording, so that the orders of the recording have the same numbers with and without them. The caller
    commits.
    """
    begin = _eight(now, conn, site)
    there = {each.code for each in checklists.routes(conn, site=site)}
    wanted = (*with_a_year(site, begin), *from_now_on(site, begin))
    made = _add(conn, [each for each in wanted if each.inspection_route in (None, *there)], now)
    if any(each.meter is not None for each in made):
        _run_hours(conn, site, now, weeks=12)
    if made:
        jobs.generate_planned(conn, now)
    return len(made)


def year(conn: Connection, *, site: str, now: datetime) -> int:
    """Give a site without plans those with a year of work behind them; return how many orders. The caller commits."""
    if plans.listed(conn, site=site, retired=True, limit=1):
        return 0
    begun = now - WEEKS * WEEK
    _add(conn, with_a_year(site, _eight(begun, conn, site)), begun)
    _run_hours(conn, site, now, weeks=WEEKS)
    chance, done = random.Random("a year of plans"), set[Any]()
    for week in range(WEEKS + 1):
        at = begun + week * WEEK
        jobs.generate_planned(conn, at)
        for each in outlook.due_between(conn, begun, at, site=site):
            if each.order_id is not None and each.status == Becomes.GENERATED and each.order_id not in done:
                done.add(each.order_id)
                _finish(conn, site, each, chance, now)
    return len(done)


def _add(conn: Connection, wanted: Sequence[MaintenancePlan], at: datetime) -> list[MaintenancePlan]:
    """Store the plans that are not there yet, and return them."""
    missing = [each for each in wanted if plans.by_code(conn, each.site, each.code) is None]
    for each in missing:
        plans.add(conn, each, actor=PLANNER, at=at)
    return missing


def _eight(at: datetime, conn: Connection, site: str) -> datetime:
    """Return eight o'clock of that day on the site's clock."""
    zone = plant.site_by_code(conn, site).time_zone
    return at.astimezone(ZoneInfo(zone)).replace(hour=8, minute=0, second=0, microsecond=0)


def _run_hours(conn: Connection, site: str, now: datetime, *, weeks: int) -> None:
    """Enter what the hour meter of a pump showed each week."""
    asset = next(each for each in plant.assets(conn, now=now, site=site) if each.code == "P-105")
    for week in range(weeks + 1):
        at, count = now - (weeks - week) * WEEK, 21_400.0 + 96 * week
        meter_entries.enter(
            conn, asset.id, METER, at=at, count=count, actor="person:holm", now=at, time_zone=asset.time_zone
        )


def _finish(conn: Connection, site: str, occurrence: Occurrence, chance: random.Random, now: datetime) -> None:
    """Do the work of an occurrence some days after it was due; now and then it is late, or called off."""
    assert occurrence.order_id is not None
    order = work_orders.get(conn, occurrence.order_id)
    late = chance.choices((1, 3, 12), weights=(8, 4, 1))[0]
    at = occurrence.due_at + timedelta(days=late, hours=chance.randrange(0, 6))
    if at > now or order.status not in (Status.PLANNED, Status.OPEN):
        return
    planner = past.person(past.PLANNER, site)
    if chance.random() < 0.04:
        why = "The pump was overhauled last week."
        work_orders.take_step(conn, order.id, Step.CANCEL, Cancel(why), who=planner, at=at, why=why)
        return
    worker = chance.choice(_PEOPLE.get(order.required_skill or "mechanical", _PEOPLE["mechanical"]))
    technician, hours = past.person(worker, site), (order.estimated_hours or 1.0) * chance.choice((0.8, 1.0, 1.3))
    work_orders.take_step(conn, order.id, Step.START, Start(worker), who=technician, at=at)
    found = CloseOut(
        finding=CloseFinding.NOTHING_FOUND, failure_mode=None, cause=Cause.NO_CAUSE_FOUND, remedy=Remedy.SERVICE,
        note="Done as planned.",
    )  # fmt: skip
    ended = at + timedelta(hours=hours)
    closing.complete(conn, order.id, Closing(close_out=found, hours=round(hours, 2)), who=technician, at=ended)
    for step in (Step.VERIFY, Step.CLOSE):
        work_orders.take_step(conn, order.id, step, NOTHING, who=planner, at=min(ended + timedelta(hours=20), now))
