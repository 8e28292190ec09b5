"""Slots of orders and of work that nobody has ordered yet: whichever is taken fits, and nothing is stored."""

from datetime import date

import pytest

from db.errors import NotFound
from db.scheduling import schedules, slots, weeks
from tests.db.scheduling.conftest import ACTOR, MONDAY, make_orders
from workorder_core.scheduling.slots import COUNT

DAY = date(2026, 3, 2)


def test_an_order_gets_the_three_cheapest_times_and_fits_into_each(conn):
    (order,) = make_orders(conn, 1)
    site = weeks.read(conn, "NTH", DAY, now=MONDAY).site_id
    plan = schedules.begin_empty(conn, site, DAY, actor=ACTOR, at=MONDAY)
    found = slots.of_order(conn, site, order, now=MONDAY)
    assert len(found.offers) == COUNT and found.why == ""
    assert [each.cost for each in found.offers] == sorted(each.cost for each in found.offers)
    assert {each.schedule_id for each in found.offers if each.from_date == DAY} <= {plan.id}
    for each in found.offers:
        if each.from_date == DAY:
            plan = weeks.move(
                conn, plan.id, order, people=each.people, starts_at=each.starts_at, actor=ACTOR, at=MONDAY
            )
            assert schedules.visits_of(conn, plan)[0].ends_at == each.ends_at
    assert slots.of_order(conn, site, order, now=MONDAY).offers


def test_work_that_nobody_has_ordered_gets_times_or_the_reason(conn):
    found = slots.of_work(conn, "NTH", minutes=90, skill="mechanical", now=MONDAY)
    assert found.offers and found.offers[0].starts_at >= MONDAY
    none = slots.of_work(conn, "NTH", minutes=90, skill="alchemy", now=MONDAY)
    assert none.offers == () and "alchemy" in none.why
    with pytest.raises(NotFound):
        slots.of_work(conn, "NTH", minutes=90, location="nowhere", now=MONDAY)
