"""The tools of a job plan are booked for the orders that a maintenance plan makes; what cannot be is said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db.inventory import bookings, order_tools, tools
from db.orders import job_plans, order_content, work_orders
from db.planning import outlook, plans
from db.plant import plant
from runtime.processes.jobs import generate_planned
from workorder_core.orders.job_plans import JobPlan
from workorder_core.planning.plans import ByCalendar, MaintenancePlan, ObjectKind
from workorder_core.words import Status

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)  # 8 o'clock on the site's clock
ACTOR = "person:dahl"
HOUR = timedelta(hours=1)


@pytest.fixture
def shop(conn):
    site = plant.site_by_code(conn, "NTH")
    made = {
        code: tools.add(conn, site.id, site.code, code, name, "Tool room")
        for code, name in (("PULLER-3", "Puller"), ("TW-1", "Torque wrench"), ("TW-2", "Torque wrench"))
    }
    job = JobPlan(
        code="SWAP", title="Swap the coupling", steps=(), tools=("puller-3", "Torque wrench", "Crane"),
        estimated_hours=3, skills=("mechanic",),
    )  # fmt: skip
    job_plans.save(conn, job, actor=ACTOR, at=NOW)
    return made


def generated(conn, *assets: str):
    plan = MaintenancePlan(
        code="SWAP", site="NTH", title="Swap the coupling", object=ObjectKind.ASSET, objects=assets or ("P-101",),
        calendar=ByCalendar(rule="FREQ=YEARLY", starts=datetime(2026, 3, 9, 8)), job_plan="SWAP", lead_days=14,
    )  # fmt: skip
    plan_id = plans.add(conn, plan, actor=ACTOR, at=NOW).id
    generate_planned(conn, NOW)
    [occurrence] = outlook.of_plan(conn, plan_id, limit=5)
    assert occurrence.order_id is not None
    return work_orders.get(conn, occurrence.order_id)


def test_the_tools_are_booked_when_the_order_is_planned_for_as_long_as_it_takes(conn, shop):
    order = generated(conn)
    found = bookings.page(conn, within=None, order_id=order.id, limit=10)
    assert [(each.tool, each.starts_at, each.ends_at, each.borrower) for each in found] == [
        ("PULLER-3", DUE, DUE + 3 * HOUR, order.number),
        ("TW-1", DUE, DUE + 3 * HOUR, order.number),
    ]
    needed = {each.words: each for each in order_tools.of_order(conn, order, now=NOW)}
    booking = needed["puller-3"].booking
    assert booking is not None
    assert booking.tool == "PULLER-3"
    assert not needed["Crane"].tools, "the register has none: it is only shown"
    assert not order_content.comments(conn, order.id)
    assert not order_tools.book(conn, order, actor=ACTOR, at=NOW), "a second time changes nothing"
    assert len(bookings.page(conn, within=None, order_id=order.id, limit=10)) == 2


def test_a_tool_that_somebody_else_has_is_said_and_another_of_its_kind_is_taken(conn, shop):
    for tool in ("PULLER-3", "TW-1"):
        bookings.book(
            conn, shop[tool].id, "Night shift", starts_at=DUE + HOUR, ends_at=DUE + 2 * HOUR, actor=ACTOR, at=NOW
        )
    order = generated(conn)
    assert [each.tool for each in bookings.page(conn, within=None, order_id=order.id, limit=10)] == ["TW-2"]
    [said] = [each.text for each in order_content.comments(conn, order.id)]
    assert said == (
        "The tool puller-3 is not booked: PULLER-3 is Night shift's from 2026-03-09 09:00 to 2026-03-09 10:00: choose "
        "another time or another tool, or cancel that booking."
    )
    puller = order_tools.of_order(conn, order, now=NOW)[0]
    assert puller.booking is None
    assert puller.taken is not None
    assert puller.taken.borrower == "Night shift"


def test_an_order_that_is_cancelled_frees_its_tools(conn, shop):
    order = generated(conn)
    ended = replace(order, status=Status.CANCELLED, status_since=NOW + HOUR)
    work_orders.change(conn, order.id, lambda _: ended, actor=ACTOR, at=NOW + HOUR, why="x")
    assert not bookings.page(conn, within=None, order_id=order.id, limit=10)
    again = bookings.book(conn, shop["TW-1"].id, "Day shift", starts_at=DUE, ends_at=DUE + HOUR, actor=ACTOR, at=NOW)
    assert again.tool == "TW-1"
