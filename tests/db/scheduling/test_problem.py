"""The scheduling problem of the sample plant: people, orders and ways as a solver gets them."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg.types.json import Jsonb

from db.costs import costs
from db.orders import job_plans, work_orders
from db.people import technicians
from db.plant import downtimes, plant
from db.reliability import survival
from db.reliability.survival import Stored
from db.scheduling import estimates
from db.scheduling.problem import read_problem
from runtime.cli.plant_file import load_plant
from runtime.scheduling import planning
from runtime.scheduling.planning import Effort
from tests import a_plant
from tests.parts import databases
from workorder_core.costs.cost_model import Entry, Prices
from workorder_core.orders.details import Schedule
from workorder_core.orders.job_plans import JobPlan, PlanStep, StepKind
from workorder_core.orders.lifecycle import Step
from workorder_core.people.access import Role, Who
from workorder_core.reliability.survival import Survival
from workorder_core.scheduling.estimates import Alike
from workorder_core.scheduling.problem import Problem, Span
from workorder_core.words import FailureMode, OrderType

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)  # a Monday
PLANNER = Who("person:dahl", frozenset({Role.PLANNER}))


@pytest.fixture(scope="module")
def _plant(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        load_plant(conn, a_plant.SAMPLE)
        conn.commit()
        yield conn


@pytest.fixture
def conn(_plant):
    with _plant.transaction(force_rollback=True):
        yield _plant


def problem(conn, dates=5) -> Problem:
    return read_problem(conn, plant.site_by_code(conn, "NTH"), NOW, dates)


def order(conn, *, component="bearing", **facts):
    asset = plant.assets(conn, now=NOW)[0]
    return work_orders.create_by_hand(
        conn, asset=asset, kind=OrderType.REACTIVE, title="Bearing hums", component=component,
        failure_mode=FailureMode.VIB, actor="person:dahl", at=NOW, **facts,
    )  # fmt: skip


def job_of(found: Problem, made):
    return next(each for each in found.jobs if each.id == str(made.id))


def change(conn, code="holm", **facts):
    columns = psycopg.sql.SQL(", ").join(
        psycopg.sql.SQL("{} = %s").format(psycopg.sql.Identifier(name)) for name in facts
    )
    conn.execute(psycopg.sql.SQL("UPDATE technicians SET {} WHERE code = %s").format(columns), [*facts.values(), code])


def person(found: Problem, code):
    return next(each for each in found.people if each.code == code)


def anybody(conn):
    return technicians.listed(conn, plant.site_by_code(conn, "NTH").id)[0]


def test_people_have_workdays_levels_and_the_end_of_their_certificates(conn):
    one = anybody(conn)
    change(
        conn, one.code, skills=["mechanical", "welding"], levels=Jsonb({"welding": 5}), certificates=["hot work"],
        valid_until=Jsonb({"hot work": "2026-03-03"}), shift_start=time(7), shift_end=time(15), weekdays=[1, 2, 3],
        overtime_minutes=60,
    )  # fmt: skip
    found = person(problem(conn), one.code)
    assert found.skills == {"mechanical": 3, "welding": 5}
    days = found.workdays
    assert [each.day for each in days] == [0, 1, 2]
    assert all(each.ends - each.starts == 480 and each.latest == each.ends + 60 for each in days)
    end = found.certificates["hot work"]
    assert end is not None and days[1].ends < end < days[2].starts


def test_an_absence_takes_its_shifts_away_and_a_contract_that_has_ended_all_of_them(conn):
    one = anybody(conn)
    change(conn, one.code, shift_start=time(7), shift_end=time(15), weekdays=[1, 2, 3])
    conn.execute(
        "INSERT INTO absences (technician_id, site_id, starts_at, ends_at, recorded_at, recorded_by) "
        "VALUES (%s, %s, %s, %s, %s, 'person:dahl')",
        [one.id, one.site_id, NOW + timedelta(days=1), NOW + timedelta(days=1, hours=15), NOW],
    )
    assert [each.day for each in person(problem(conn), one.code).workdays] == [0, 2]
    change(conn, one.code, firm="Delta Ltd", contract_until=date(2026, 3, 1))
    assert person(problem(conn), one.code).workdays == ()
    assert person(problem(conn), one.code).contractor


def test_an_order_needs_its_skill_and_what_the_skill_asks_for_and_its_length_is_estimated_where_it_says_none(conn):
    made, long = order(conn, component="motor"), order(conn, estimated_hours=1.5)
    job = job_of(problem(conn), made)
    assert [(each.skill, each.level) for each in job.needs] == [("electrical", 1)]
    assert job.certificates == {"high voltage switching"}
    assert (job.minutes, job.estimated) == (60, True)
    assert (job_of(problem(conn), long).minutes, job_of(problem(conn), long).estimated) == (90, False)
    conn.execute(
        "INSERT INTO skill_rules (site_id, of, code, skill, level) VALUES (%s, 'component', 'motor', 'drives', 4)",
        [made.site_id],
    )
    conn.execute("INSERT INTO skill_certificates VALUES (%s, 'drives', '{}')", [made.site_id])
    changed = order(conn, component="motor")
    job = job_of(problem(conn), changed)
    assert [(each.skill, each.level) for each in job.needs] == [("drives", 4)]
    assert job.certificates == frozenset()


def test_an_order_without_hours_takes_what_its_job_plan_took_else_its_class(conn):
    plan = JobPlan(code="SWAP", title="Swap", steps=(PlanStep(kind=StepKind.INSTRUCTION, instruction="Swap it"),))
    stored = job_plans.save(conn, plan, actor="person:dahl", at=NOW)
    assert isinstance(stored, JobPlan)
    for hours, of in ((2.0, None), (2.5, None), (3.0, stored), (3.1, stored), (6.0, stored)):
        conn.execute(
            "UPDATE work_orders SET status = 'closed', actual_hours = %s WHERE id = %s",
            [hours, order(conn, plan=of).id],
        )
    by_plan, by_class = order(conn, plan=stored), order(conn)
    found = problem(conn)
    assert (job_of(found, by_plan).minutes, job_of(found, by_plan).estimated) == (186, True)
    assert (job_of(found, by_class).minutes, job_of(found, by_class).estimated) == (180, True), "the median of all five"
    said = estimates.of_order(conn, by_plan, now=NOW)
    assert said is not None and (said.hours, said.count, said.alike) == (3.1, 3, Alike.PLAN)
    assert said.differs_from(2.0) and not said.differs_from(3.0) and said.differs_from(None)


def test_work_that_is_longer_than_a_shift_is_split_into_visits_one_after_the_other(conn):
    conn.execute("UPDATE technicians SET shift_start = '07:00', shift_end = '15:00', weekdays = '{1,2,3,4,5}'")
    made = order(conn, estimated_hours=20.0)
    parts = [each for each in problem(conn).jobs if each.order == str(made.id)]
    assert [each.minutes for each in parts] == [400, 400, 400]
    assert [each.id for each in parts] == [str(made.id), f"{made.id}/2", f"{made.id}/3"]
    assert [each.after for each in parts] == [(), (parts[0].id,), (parts[1].id,)]


def test_a_job_plan_that_needs_a_stop_has_the_planned_downtimes_as_its_windows(conn):
    plan = JobPlan(
        code="SWAP", title="Swap", steps=(PlanStep(kind=StepKind.INSTRUCTION, instruction="Swap it"),),
        estimated_hours=2.0, needs_stop=True,
    )  # fmt: skip
    stored = job_plans.save(conn, plan, actor="person:dahl", at=NOW)
    assert isinstance(stored, JobPlan)
    made = order(conn, plan=stored)
    assert "planned stop" in str(job_of(problem(conn), made).blocked)
    assert made.asset_id is not None
    downtimes.create(
        conn, made.asset_id, starts_at=NOW + timedelta(hours=10), ends_at=NOW + timedelta(hours=14), reason="cleaning",
        actor="person:dahl", at=NOW,
    )  # fmt: skip
    job = job_of(problem(conn), made)
    assert job.windows == (Span(600, 840),) and job.blocked is None and job.minutes == 120


def test_a_job_plan_for_two_brings_a_crew_and_its_vehicle_to_the_schedule(conn):
    conn.execute("UPDATE technicians SET shift_start = '07:00', shift_end = '15:00', weekdays = '{1,2,3,4,5}'")
    conn.execute("UPDATE technicians SET skills = '{mechanical}', certificates = '{}'")
    plan = JobPlan(
        code="LIFT", title="Lift the motor", steps=(PlanStep(kind=StepKind.INSTRUCTION, instruction="Lift it"),),
        skills=("mechanical",), tools=("Van",), estimated_hours=3.0, crew=2,
    )  # fmt: skip
    stored = job_plans.save(conn, plan, actor="person:dahl", at=NOW)
    assert isinstance(stored, JobPlan) and job_plans.get(conn, "LIFT") == stored
    made, other = order(conn, plan=stored), order(conn, plan=stored)
    conn.execute("INSERT INTO tools (site_id, code, name, kind) VALUES (%s, 'V-1', 'Van', 'vehicle')", [made.site_id])
    found = problem(conn)
    assert [(job_of(found, each).crew, job_of(found, each).tools) for each in (made, other)] == [(2, {"V-1"})] * 2
    visits = {each.job: each for each in planning.plan(found, seed=1, effort=Effort(iterations=30)).plan.visits}
    one, two = visits[str(made.id)], visits[str(other.id)]
    assert len(set(one.people)) == len(set(two.people)) == 2, "two at once"
    assert one.ends <= two.starts or two.ends <= one.starts, "there is one van"


def test_a_scheduled_order_is_told_and_one_that_blocks_another_comes_before_it(conn):
    one = anybody(conn)
    first, second = order(conn), order(conn)
    conn.execute("INSERT INTO order_links VALUES (%s, 'blocks', %s, %s, 'person:dahl')", [first.id, second.id, NOW])
    dated = Schedule(NOW + timedelta(hours=3), NOW + timedelta(hours=5), one.code, "by hand")
    work_orders.take_step(conn, first.id, Step.SCHEDULE, lambda _: dated, who=PLANNER, at=NOW)
    found = problem(conn)
    told = job_of(found, first).published
    assert told is not None and (told.people, told.starts, told.ends) == ((one.code,), 180, 300)
    assert job_of(found, second).after == (str(first.id),)


def test_ways_go_by_coordinates_else_by_the_plants_own_matrix(conn):
    made = order(conn)
    site = made.site_id
    depot = conn.execute(
        "INSERT INTO locations (site_id, code, name, level, latitude, longitude) "
        "VALUES (%s, 'DEPOT', 'Depot', 'area', 52.52, 13.405) RETURNING id", [site],
    ).fetchone()[0]  # fmt: skip
    conn.execute("UPDATE technicians SET depot_id = %s", [depot])
    here = job_of(problem(conn), made).place
    assert problem(conn).way("DEPOT", here) == 10
    conn.execute("UPDATE locations SET latitude = 52.60, longitude = 13.405 WHERE code = %s", [here])
    found = problem(conn)
    assert found.km["DEPOT", here] == pytest.approx(8.8955 * 1.3, rel=1e-4)
    assert found.way("DEPOT", here) == 20
    conn.execute(
        "INSERT INTO ways SELECT %s, %s, id, 33, 14 FROM locations WHERE code = %s",
        [site, depot, here],
    )
    assert problem(conn).way("DEPOT", here) == 33 and problem(conn).way(here, "DEPOT") == 20


def test_waiting_costs_what_a_failure_until_then_is_expected_to_cost(conn):
    urgent, late = order(conn, estimated_hours=20), order(conn, component="seal")
    conn.execute("UPDATE work_orders SET priority = 1 WHERE id = %s", [urgent.id])
    curve = Survival(NOW - timedelta(days=1), (1.0, 2.0, 3.0, 60.0), (0.0, 0.1, 0.3, 0.9))
    survival.write(conn, {urgent.asset_id: Stored(curve, "1")})
    assert job_of(problem(conn), urgent).waiting == (), "nothing says what a failure costs"
    costs.set_currency(conn, urgent.site_id, "NTH", "EUR")
    prices = Prices(failure=Decimal(1000), down_hour=Decimal(500), failure_hours=Decimal(2))
    costs.put_entry(conn, urgent.site_id, "NTH", Entry(prices=prices))
    found = problem(conn)
    line = next(each for each in found.jobs if each.id == f"{urgent.id}/3").waiting
    assert line[:3] == ((0, 0.0), (1440, pytest.approx(200)), (2880, pytest.approx(600)))
    assert line[-1][0] == 5 * 1440 - 6 * 60, "to the end of the last date"
    assert job_of(found, urgent).waiting == (), "the last visit ends the waiting"
    assert job_of(found, late).waiting == (), "a failure is counted once"
