"""By what the failure of an asset is expected while its order waits: its own curve, its class's lives, the priority."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from db.costs import costs
from db.orders import work_orders
from db.plant import plant
from db.reliability import survival
from db.reliability.survival import Stored
from db.scheduling import failing
from tests.db.scheduling.conftest import ACTOR, MONDAY
from workorder_core.costs.cost_model import Entry, Prices
from workorder_core.reliability.survival import Survival
from workorder_core.scheduling.failing import Basis
from workorder_core.words import FailureMode, OrderType


def make(conn, kind=OrderType.PREDICTIVE, asset="P-101"):
    return work_orders.create_by_hand(
        conn, asset=plant.asset_by_key(conn, "NTH", asset, now=MONDAY), kind=kind, title="Bearing hums",
        component="bearing", failure_mode=FailureMode.VIB, actor=ACTOR, at=MONDAY,
    )  # fmt: skip


def price(conn, site_id):
    costs.set_currency(conn, site_id, "NTH", "EUR")
    costs.put_entry(conn, site_id, "NTH", Entry(prices=Prices(failure=Decimal(1000))))


def failed(conn, order, *days_ago):
    """Record failures of the order's asset, each repaired an hour later."""
    for each in days_ago:
        conn.execute(
            "UPDATE work_orders SET status = 'closed', opened_at = %s, status_since = %s, close_finding = 'confirmed' "
            "WHERE id = %s",
            [MONDAY - timedelta(days=each), MONDAY - timedelta(days=each, hours=-1), make(conn, OrderType.REACTIVE).id],
        )


def of(conn, order, days=7):
    return failing.of_order(conn, order, days=[days], now=MONDAY)


def test_the_best_that_is_known_counts_and_each_says_where_it_comes_from(conn):
    order, inspection = make(conn), make(conn, OrderType.INSPECTION)
    assert of(conn, order).chance is None and "no price" in of(conn, order).why
    price(conn, order.site_id)
    by_priority = of(conn, order)
    assert by_priority.chance.basis is Basis.PRIORITY and "a day" in by_priority.why
    failed(conn, order, 200, 160, 90, 40)
    by_class = of(conn, order)
    assert by_class.chance.basis is Basis.CLASS and "3 failures in 4 lives" in by_class.why
    assert by_class.delays[0].failures == pytest.approx(1000 * by_class.chance.survival.failed_within(7))
    survival.write(conn, {order.asset_id: Stored(Survival(MONDAY, (10.0,), (0.7,)), "1")})
    by_asset = of(conn, order)
    assert by_asset.chance.basis is Basis.ASSET and by_asset.delays[0].failures == pytest.approx(1000 * 0.49)
    assert "inspection" in of(conn, inspection).why
    second = make(conn)
    assert order.number in of(conn, second).why, "a failure is counted once"


def test_a_delay_counts_from_when_the_order_is_scheduled_and_adds_the_hours_beyond_its_target(conn):
    order = make(conn)
    price(conn, order.site_id)
    survival.write(conn, {order.asset_id: Stored(Survival(MONDAY, (10.0,), (0.7,)), "1")})
    dated = replace(
        order, scheduled_start=MONDAY + timedelta(days=1), scheduled_end=MONDAY + timedelta(days=2),
        completion_due=MONDAY + timedelta(days=4),
    )  # fmt: skip
    found = of(conn, dated, days=3)
    assert found.done_in == 2.0 and found.delays[0].planned == pytest.approx(0.14)
    assert found.delays[0].failures == pytest.approx(1000 * 0.21)
    late_hour = {2: 80.0, 3: 20.0, 4: 5.0}[order.priority]
    assert found.delays[0].lateness == pytest.approx(24 * late_hour)
