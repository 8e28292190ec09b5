"""What became of published visits: written when an order is completed, learned from, taken over by a planner."""

from datetime import date, timedelta

import pytest

from db.errors import NotFound
from db.orders import job_plans, work_orders
from db.people import technicians
from db.plant import plant
from db.scheduling import actuals, publishing, schedules, weeks
from db.scheduling.actuals import TooFewCases
from db.scheduling.problem import read_problem
from tests.db.scheduling.conftest import ACTOR, MONDAY, make_orders
from workorder_core.orders.details import NOTHING, Complete, Hold, Start
from workorder_core.orders.job_plans import JobPlan, PlanStep, StepKind
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import CloseOut
from workorder_core.people.access import Role, Who
from workorder_core.scheduling.estimates import Kind, compared
from workorder_core.words import CloseFinding, FailureMode, HoldReason, OrderType

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BOSS = Who("person:boss", frozenset(Role))
FOUND = CloseOut(finding=CloseFinding.CONFIRMED, failure_mode=FailureMode.VIB, cause="wear", remedy="replace")
NINE = MONDAY.replace(hour=9)


def step(conn, order, step, at, facts=NOTHING):
    work_orders.take_step(conn, order, step, facts, who=BOSS, at=at)


def do(conn, order, begins, ends, *, pause=None):
    """Work on an order from one moment to another, with a pause in between."""
    step(conn, order, Step.START, begins, Start())
    if pause is not None:
        step(conn, order, Step.HOLD, pause[0], Hold("it is lunch", HoldReason.OTHER))
        step(conn, order, Step.RESUME, pause[1])
    step(conn, order, Step.COMPLETE, ends, Complete(FOUND, BOSS.actor, (ends - begins) / HOUR))


def a_day(conn, on):
    """Publish a week in which one technician does an order in one hall at nine, and one in another hall after it."""
    here, there = (plant.asset_by_key(conn, "NTH", each, now=MONDAY) for each in ("P-101", "P-105"))
    made = [
        work_orders.create_by_hand(
            conn, asset=asset, kind=OrderType.INSPECTION, title="Look", component="bearing",
            failure_mode=FailureMode.VIB, actor=ACTOR, at=MONDAY, estimated_hours=1.0,
        ).id
        for asset in (here, there)
    ]  # fmt: skip
    monday = date(2026, 3, 2)
    site = plant.site_by_code(conn, "NTH")
    plan = schedules.begin_empty(conn, site.id, monday, actor=ACTOR, at=MONDAY)
    for order, at in zip(made, (on, on + HOUR + 10 * MINUTE), strict=True):
        weeks.move(conn, plan.id, order, people=["holm"], starts_at=at, actor=ACTOR, at=MONDAY)
    return made, publishing.publish(conn, plan.id, who=BOSS, at=MONDAY)


def test_a_visit_has_beside_its_plan_when_it_was_made_how_long_it_took_and_its_way(conn):
    (first, second), told = a_day(conn, NINE)
    began = NINE + 5 * MINUTE
    do(conn, first, began, began + 80 * MINUTE, pause=(began + 30 * MINUTE, began + 50 * MINUTE))
    do(conn, second, began + 97 * MINUTE, began + 160 * MINUTE)
    one, other = actuals.of_schedule(conn, told.id)
    assert (one.order, one.technician, one.planned_starts, one.planned_ends) == (first, "holm", NINE, NINE + HOUR)
    assert (one.started_at, one.ended_at, one.worked, one.late_minutes) == (began, began + 80 * MINUTE, 60, 5)
    assert one.travelled is None, "nobody knows when they left for the first"
    assert (other.order, other.worked, other.planned_travel, other.travelled) == (second, 63, 10, 17)
    found = compared(2, [one, other])
    assert (found.planned, found.made, found.planned_work, found.worked) == (2, 2, 120, 123)
    assert (found.planned_travel, found.travelled, found.late) == (10, 17, 18.5)


def test_a_stretch_of_work_belongs_to_the_visit_that_is_nearest_and_nothing_to_what_nobody_planned(conn):
    conn.execute("UPDATE technicians SET shift_start = '07:00', shift_end = '15:00', weekdays = '{1,2,3,4,5}'")
    (long,) = make_orders(conn, 1, hours=10.0)
    plan = schedules.begin_empty(conn, plant.site_by_code(conn, "NTH").id, date(2026, 3, 2), actor=ACTOR, at=MONDAY)
    for part, at in ((1, MONDAY.replace(hour=6, minute=30)), (2, NINE + timedelta(hours=23))):
        weeks.move(conn, plan.id, long, part, people=["holm"], starts_at=at, actor=ACTOR, at=MONDAY)
    told = publishing.publish(conn, plan.id, who=BOSS, at=MONDAY)
    next_day = MONDAY + timedelta(days=1, hours=3)
    do(conn, long, NINE, next_day + HOUR, pause=(NINE + 2 * HOUR, next_day))
    assert [(each.part, each.worked) for each in actuals.of_schedule(conn, told.id)] == [(1, 120), (2, 60)]
    (unplanned,) = make_orders(conn, 1)
    do(conn, unplanned, NINE, NINE + HOUR)
    assert conn.execute("SELECT count(*) FROM visit_actuals").fetchone() == (2,)


def test_ways_are_learned_and_schedules_count_with_them_until_the_plant_has_measured_them(conn):
    site = plant.site_by_code(conn, "NTH")
    for week in range(3):
        (first, second), _ = a_day(conn, NINE + timedelta(days=week))
        begins = NINE + timedelta(days=week)
        do(conn, first, begins, begins + HOUR)
        do(conn, second, begins + HOUR + (20 + week) * MINUTE, begins + 2 * HOUR)
    (way,) = [each for each in actuals.estimates(conn, site.id) if each.kind is Kind.WAY]
    assert (way.count, way.median, way.low, way.high, way.now, way.becomes) == (3, 21, 20.5, 21.5, 10, 21)
    assert way.counted and way.differs
    make_orders(conn, 1)
    here, there = way.key.split(">")
    asset = plant.asset_by_key(conn, "NTH", "P-105", now=MONDAY)
    work_orders.create_by_hand(
        conn, asset=asset, kind=OrderType.INSPECTION, title="Look", component="bearing",
        failure_mode=FailureMode.VIB, actor=ACTOR, at=MONDAY,
    )  # fmt: skip
    assert read_problem(conn, site, MONDAY, 5).travel[here, there] == 21
    taken = actuals.take_over(conn, site, Kind.WAY, way.key, actor=ACTOR, at=MONDAY)
    assert (taken.now, taken.counted) == (21, False)
    (way,) = [each for each in actuals.estimates(conn, site.id) if each.kind is Kind.WAY]
    assert (way.now, way.counted, way.differs) == (21, False, False)


def test_the_median_of_a_job_plan_and_the_speed_of_a_technician_are_taken_over_with_their_history(conn):
    site = plant.site_by_code(conn, "NTH")
    step_of = PlanStep(kind=StepKind.INSTRUCTION, instruction="Swap it")
    swap = job_plans.save(
        conn, JobPlan(code="SWAP", title="Swap", site="NTH", steps=(step_of,), estimated_hours=2.0), actor=ACTOR,
        at=MONDAY,
    )  # fmt: skip
    assert isinstance(swap, JobPlan)
    asset = plant.asset_by_key(conn, "NTH", "P-101", now=MONDAY)
    for count, hours in enumerate((3.0, 2.9, 3.1, 3.4, 2.2)):
        if count == 2:
            with pytest.raises(TooFewCases, match="2 cases are too few"):
                actuals.take_over(conn, site, Kind.JOB_PLAN, "NTH/SWAP", actor=ACTOR, at=MONDAY)
        order = work_orders.create_by_hand(
            conn, asset=asset, kind=OrderType.PREVENTIVE, title="Swap", component="bearing",
            failure_mode=FailureMode.VIB, actor=ACTOR, at=MONDAY, plan=swap,
        ).id  # fmt: skip
        whose = technicians.get(conn, site.id, "holm").id
        conn.execute(
            "UPDATE work_orders SET status = 'closed', actual_hours = %s, assignee_id = %s WHERE id = %s",
            [hours, whose, order],
        )
    of = {each.kind: each for each in actuals.estimates(conn, site.id)}
    plan, holm = of[Kind.JOB_PLAN], of[Kind.TECHNICIAN]
    assert (plan.key, plan.name, plan.count, plan.median, plan.now, plan.becomes) == ("NTH/SWAP", "Swap", 5, 3, 2, 3)
    assert (holm.key, holm.count, holm.median, holm.now, holm.becomes) == ("holm", 5, 1.5, 1, 1.5)
    actuals.take_over(conn, site, Kind.JOB_PLAN, "NTH/SWAP", actor=ACTOR, at=MONDAY)
    actuals.take_over(conn, site, Kind.TECHNICIAN, "holm", actor=ACTOR, at=MONDAY)
    newest = job_plans.get(conn, "SWAP", site="NTH")
    assert (newest.version, newest.estimated_hours, newest.steps) == (2, 3.0, swap.steps)
    assert technicians.get(conn, site.id, "holm").speed == 1.5
    said = conn.execute("SELECT kind, why, actor FROM changes WHERE why LIKE 'the median of 5 cases%'").fetchall()
    assert sorted(said) == [
        (kind, "the median of 5 cases was taken over", ACTOR) for kind in ("job plan", "technician")
    ]
    with pytest.raises(NotFound):
        actuals.take_over(conn, site, Kind.TECHNICIAN, "nobody", actor=ACTOR, at=MONDAY)
