"""Two years of ordinary life of the sample plant: some of everything, the same under the same seed, by every rule."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from db.alarms import alarm_points
from db.costs import costs
from db.orders import audit, order_content, order_history, work_orders
from db.orders.order_lists import Filters
from db.plant import plant
from db.reliability import survival
from db.reliability.survival import Stored
from db.scheduling import failing, weeks
from runtime.cli import plant_file
from runtime.demo import living, past, prices, years
from runtime.demo.sample_plants import SAMPLES
from runtime.processes import people
from runtime.scheduling import planning
from runtime.scheduling.planning import Effort
from tests.parts import databases
from workorder_core.alarms.alarm_states import State
from workorder_core.orders import record
from workorder_core.reliability.survival import Survival
from workorder_core.scheduling.failing import Basis
from workorder_core.scheduling.weeks import week_of
from workorder_core.words import CloseFinding, FailureMode, OrderType, Origin, Status

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def told(conn: psycopg.Connection, orders: list[work_orders.Listed]) -> str:
    """Return all that is told of orders, without the ids that each database has of its own."""
    found = []
    for each in sorted(orders, key=lambda listed: listed.order.number):
        facts = record.facts(each.order) | {"plan": each.order.plan}
        rows = [(row.at, row.actor, row.step, row.why) for row in order_history.of_order(conn, each.order.id)]
        found.append([each.order.number, facts, rows])
    return json.dumps(found, default=str)


def a_plant(conn: psycopg.Connection) -> str:
    site = plant_file.load_plant(conn, SAMPLES / "plant.toml").code
    people.make_demo(conn, site=site)
    return site


def listed(conn: psycopg.Connection, site: str) -> list[work_orders.Listed]:
    return work_orders.page(conn, Filters(site=site), limit=1000)


def test_the_life_of_a_seed_is_the_same_and_of_another_is_not() -> None:
    assert years.life(1, until=NOW) == years.life(1, until=NOW)
    assert years.life(1, until=NOW) != years.life(2, until=NOW)


@pytest.fixture(scope="module")
def lived(embedded_server: str, _template: str) -> Iterator[tuple[psycopg.Connection, str, int]]:
    """A plant that has lived for two years, for all tests here: what one of them adds it takes back."""
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        site = a_plant(conn)
        yield conn, site, living.make(conn, site=site, now=NOW)


@pytest.mark.slow
def test_two_years_have_of_everything_some_and_every_rule_of_the_plant_is_kept(lived) -> None:
    conn, site, made = lived
    assert living.make(conn, site=site, now=NOW) == 0, "the next start adds nothing"
    orders = [each.order for each in listed(conn, site)]
    assert len(orders) >= made > 150
    assert {each.type for each in orders} == set(OrderType)
    done = [each for each in orders if each.status is Status.CLOSED]
    assert len(done) == made, "what is open is what rounds have asked for"
    found = Counter(each.close_out.finding for each in done if each.close_out)
    assert set(found) == set(CloseFinding)
    assert Counter(each.origin for each in orders)[Origin.ENGINE] > 20
    assert len({each.required_skill for each in done}) >= 3
    begin = NOW - years.YEARS
    for each in done:
        assert begin <= each.recorded_at <= each.status_since <= NOW - timedelta(days=40)
        assert order_content.undone(conn, each.id) == order_content.NOTHING_UNDONE
        assert each.close_out is not None
        rows = order_history.of_order(conn, each.id)
        assert [row.at for row in rows] == sorted(row.at for row in rows)
        assert record.replay([(row.old, row.new) for row in rows]) == record.facts(each)
    steps = Counter(row.step for each in done for row in order_history.of_order(conn, each.id))
    assert steps["hold"] > 5
    assert steps["rework"] > 1
    assert audit.verify(conn).sound


@pytest.mark.slow
def test_its_orders_have_costs_and_its_alarms_are_over(lived) -> None:
    conn, site, _ = lived
    done = [each.order for each in listed(conn, site) if each.order.status is Status.CLOSED]
    found = costs.of_orders(conn, [each.id for each in done], now=NOW)
    assert len(found) == len(done)
    assert [each.missing for each in found.values() if each.missing] == []
    assert sum(each.total for each in found.values()) > Decimal(20_000)
    assert len({each.rate for each in found.values()}) > 4, "rates of several trades, and of two years"
    states = Counter(each.state for each in alarm_points.page(conn, states=list(State), limit=1000))
    assert states[State.NORMAL] == sum(states.values()) > 5
    assert costs.model(conn, plant.site_by_code(conn, site).id).is_set


@pytest.mark.slow
def test_the_small_past_comes_after_the_long_one(lived) -> None:
    conn, site, _ = lived
    with conn.transaction(force_rollback=True):
        before = len(listed(conn, site))
        assert past.make(conn, site=site, now=NOW) == len(past.JOBS)
        assert len(listed(conn, site)) > before
        assert past.make(conn, site=site, now=NOW) == 0


@pytest.mark.slow
def test_the_same_seed_tells_the_same_orders_to_another_database(lived, embedded_server: str, request) -> None:
    conn, site, _ = lived
    template = request.getfixturevalue("_template")
    with databases.fresh(embedded_server, template) as url, psycopg.connect(url) as other:
        living.make(other, site=a_plant(other), now=NOW)
        assert told(other, listed(other, site)) == told(conn, listed(conn, site))


@pytest.mark.slow
def test_the_wearing_pump_is_scheduled_before_it_fails_with_a_probability_of_10_percent(lived) -> None:
    conn, site, _ = lived
    with conn.transaction(force_rollback=True):
        prices.put(conn, plant.site_by_code(conn, site), until=NOW)
        pump = plant.asset_by_key(conn, site, "P-101", now=NOW)
        order = work_orders.create_by_hand(
            conn, asset=pump, kind=OrderType.PREDICTIVE, title="Thrust bearing wears", component="bearing",
            failure_mode=FailureMode.VIB, actor="person:dahl", at=NOW, estimated_hours=6,
        )  # fmt: skip
        by_class = failing.of_order(conn, order, days=[7], now=NOW)
        assert by_class.chance is not None and by_class.chance.basis is Basis.CLASS, "of the lives of two years"
        # What the fleet model of a wearing bearing says: one in ten of them fails within two and a half days.
        survival.write(conn, {pump.id: Stored(Survival(NOW, (1.0, 2.5, 7.0, 14.0), (0.01, 0.1, 0.55, 0.95)), "wear")})
        waits = failing.of_order(conn, order, days=[7], now=NOW)
        assert waits.chance is not None and waits.chance.basis is Basis.ASSET
        early = waits.chance.survival.date(0.1)
        week = weeks.read(conn, site, week_of(NOW.date()), now=NOW)
        found = planning.plan(week.problem, seed=1, effort=Effort(iterations=50)).plan
        visit = next(each for each in found.visits if each.job == str(order.id))
        assert early is not None and week.problem.at(visit.ends) < early
        done = replace(order, scheduled_start=week.problem.at(visit.starts), scheduled_end=week.problem.at(visit.ends))
        later = failing.of_order(conn, done, days=[7], now=NOW).delays[0]
        cost = 26_000 + 1_200 * 14
        assert later.delayed > 0.5 and later.failures == pytest.approx(cost * (later.delayed - later.planned))
        assert later.failures > 20_000, "what a week's delay costs"
