"""Rounds by maintenance plans: each once, with its order, and with what it is walked by."""

from datetime import timedelta

import pytest

from db.inspections import checklists, rounds, stops
from db.orders import order_content, work_orders
from db.planning import plans
from db.plant import plant
from runtime.processes.jobs import generate_planned
from tests.db.planning.test_generating import ACTOR, DAY, NOW, a_plan, add, finish, made
from workorder_core.inspections.answers import Given
from workorder_core.inspections.checklists import Checklist, Item, ItemKind
from workorder_core.inspections.rounds import How, RoundStatus, RoundStep
from workorder_core.planning.plans import InvalidPlan, ObjectKind, Work
from workorder_core.words import CloseFinding, Severity, Status


def a_round(code="LOOK", **facts):
    walked = {"work": Work.INSPECTION_ROUND, "job_plan": None, "title": "Look at the pumps", "window_days": 2}
    return a_plan(code, **walked | facts)


@pytest.fixture
def site(conn):
    return plant.site_by_code(conn, "NTH")


@pytest.fixture
def checklist(conn, site):
    items = (Item(key="seal", kind=ItemKind.YES_NO, text="Shaft seal dry?"),)
    return checklists.add(conn, site.id, "PUMP", Checklist(title="Look at a pump", items=items), actor=ACTOR, at=NOW)


@pytest.fixture
def route(conn, site, checklist):
    walked = [(plant.asset_by_key(conn, "NTH", code, now=NOW).id, checklist.id) for code in ("P-103", "P-102")]
    return checklists.add_route(conn, site.id, "HALL", "Supply hall", walked, actor=ACTOR, at=NOW)


def walked(conn, plan_id):
    return [rounds.of_order(conn, each.order_id) for each in made(conn, plan_id)]


def test_an_occurrence_is_an_order_with_a_round_at_each_asset_in_the_order_walked(conn, checklist):
    codes = ("P-102", "P-101")
    location = plant.locations(conn)[0].code
    plan_id = add(conn, a_round(object=ObjectKind.ROUTE, objects=codes, location=location, checklist="PUMP"))
    assert [generate_planned(conn, NOW) for _ in range(2)] == [1, 0]
    [occurrence] = made(conn, plan_id)
    [of_order] = rounds.page(conn)
    assert of_order == rounds.of_order(conn, occurrence.order_id)
    assert (of_order.title, of_order.how, of_order.status) == ("Look at the pumps", How.PLAN, RoundStatus.DUE)
    assert (of_order.due_at, of_order.latest) == (occurrence.due_at, occurrence.due_at + 2 * DAY)
    assert [(each.asset, each.checklist) for each in stops.of_round(conn, of_order.id)] == [
        (code, "PUMP") for code in codes
    ]
    assert order_content.steps(conn, occurrence.order_id) == [], "the stops are not asked for a second time"


def test_a_round_is_undone_with_its_order_and_then_made_once(conn, checklist):
    plan_id = add(conn, a_round(checklist="PUMP"))
    with conn.transaction(force_rollback=True):
        generate_planned(conn, NOW)
        assert len(rounds.page(conn)) == 1
    assert (rounds.page(conn), made(conn, plan_id)) == ([], [])
    generate_planned(conn, NOW)
    finish(conn, made(conn, plan_id)[0], NOW + 8 * DAY)
    generate_planned(conn, NOW + 30 * DAY)
    assert len({each.id for each in walked(conn, plan_id)}) == len(rounds.page(conn)) == 2


def test_a_round_along_a_route_has_the_stops_of_the_route(conn, route):
    location = plant.locations(conn)[0].code
    plan_id = add(conn, a_round(object=ObjectKind.LOCATION, objects=(location,), inspection_route="HALL"))
    generate_planned(conn, NOW)
    [of_order] = walked(conn, plan_id)
    assert of_order.route_id == route.id
    assert [each.asset for each in stops.of_round(conn, of_order.id)] == ["P-103", "P-102"]


def test_a_round_that_is_made_late_can_be_walked_all_the_same(conn, checklist):
    plan_id = add(conn, a_round(checklist="PUMP", window_days=0))
    late = NOW + 20 * DAY
    generate_planned(conn, late)
    assert rounds.miss_late(conn, now=late + timedelta(hours=23), actor=ACTOR) == []
    assert len(rounds.miss_late(conn, now=late + timedelta(hours=25), actor=ACTOR)) == len(walked(conn, plan_id)) == 1


def test_an_order_whose_route_is_archived_says_that_there_is_no_round(conn, route):
    plan_id = add(conn, a_round(inspection_route="HALL"))
    checklists.archive_route(conn, route.id, actor=ACTOR, at=NOW)
    generate_planned(conn, NOW)
    [occurrence] = made(conn, plan_id)
    assert rounds.of_order(conn, occurrence.order_id) is None
    assert any("route HALL is archived" in each.text for each in order_content.comments(conn, occurrence.order_id))


def test_a_plan_whose_round_nobody_could_walk_is_refused(conn, checklist):
    for facts in ({"checklist": "NONE"}, {"inspection_route": "NONE"}):
        with pytest.raises(plans.UnknownObject, match="NONE") as refused:
            add(conn, a_round(**facts))
        assert refused.value.field == next(iter(facts))
    for facts in ({}, {"checklist": "PUMP", "inspection_route": "HALL"}, {"work": Work.ORDER, "checklist": "PUMP"}):
        with pytest.raises(InvalidPlan):
            a_round(**facts)


def walk(conn, of_order, *, failed, at, hours=1.0):
    """Walk a round for so long, with half an hour's pause."""
    rounds.take_step(conn, of_order.id, RoundStep.START, actor="person:holm", at=at)
    rounds.take_step(conn, of_order.id, RoundStep.PAUSE, actor="person:holm", at=at + timedelta(minutes=10))
    rounds.take_step(conn, of_order.id, RoundStep.RESUME, actor="person:holm", at=at + timedelta(minutes=40))
    end = at + timedelta(hours=hours, minutes=30)
    for stop in stops.of_round(conn, of_order.id):
        given = {"seal": Given(typed="no" if failed else "yes")}
        stops.save(conn, of_order.id, stop.position, given, finish=True, actor="person:holm", at=end)
    rounds.take_step(conn, of_order.id, RoundStep.FINISH, actor="person:holm", at=end, signed_name="Anna Holm")


@pytest.mark.parametrize("failed", [False, True])
def test_a_walked_round_completes_its_order_with_the_hours_that_it_took(conn, site, failed):
    items = (Item(key="seal", kind=ItemKind.YES_NO, text="Dry?", fails=("no",), severity=Severity.MALFUNCTION),)
    checklists.add(conn, site.id, "PUMP", Checklist(title="Look", items=items), actor=ACTOR, at=NOW)
    plan_id = add(conn, a_round(checklist="PUMP"))
    generate_planned(conn, NOW)
    [of_order] = walked(conn, plan_id)
    walk(conn, of_order, failed=failed, at=NOW + 8 * DAY)
    order = work_orders.get(conn, of_order.order_id)
    assert (order.status, order.done_by, order.actual_hours) == (Status.COMPLETED, "person:holm", 1.0)
    assert order.close_out is not None
    assert order.close_out.finding is (CloseFinding.CONFIRMED if failed else CloseFinding.NOTHING_FOUND)
    assert f"{int(failed)} failed points" in order.close_out.note
    assert [each.status for each in made(conn, plan_id)] == ["completed"]
    assert [row.step for row in work_orders.history(conn, order.id)][-2:] == ["start", "complete"]


def test_an_order_with_steps_of_its_own_stays_open_when_its_round_has_been_walked(conn, checklist):
    plan_id = add(conn, a_round(checklist="PUMP", job_plan="SERVICE"))
    generate_planned(conn, NOW)
    [of_order] = walked(conn, plan_id)
    walk(conn, of_order, failed=False, at=NOW + 8 * DAY)
    assert work_orders.get(conn, of_order.order_id).status is Status.PLANNED
    assert any("was walked: 1 of 1 stops" in each.text for each in order_content.comments(conn, of_order.order_id))
