"""Stock, reservations and loans as the schema keeps them: the ledger is the truth, and nothing is there twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from psycopg import errors

from db.costs import costs
from db.errors import NotFound
from db.inventory import items, levels, moving, order_lines, prices, purchases, reserving, tools
from db.inventory.amounts import Where
from db.inventory.items import ItemFacts
from db.orders import closing, job_plans, order_content, work_orders
from db.orders.closing import PartUsed
from tests.db.inventory.shops import KEEPER, NOW, PLANNER, D, many, refused
from workorder_core.inventory import reordering
from workorder_core.inventory.errors import (
    AlreadyRequested,
    NoPlaceForIt,
    NotEnough,
    NotThatMany,
    ToolIsIn,
    ToolIsOut,
    WhyNeeded,
)
from workorder_core.inventory.purchasing import State
from workorder_core.orders.details import Cancel
from workorder_core.orders.job_plans import JobPlan, Part, PlanStep, StepKind
from workorder_core.orders.lifecycle import Step
from workorder_core.words import OrderType, Status


def parts_cost(shop, order) -> Decimal:
    found = costs.of_order(shop.conn, order.id, now=NOW)
    assert found is not None
    return found.parts


def test_the_ledger_is_only_appended_to_and_nothing_else_changes_the_stock(shop):
    shop.receive(5)
    order = shop.order()
    shop.reserve(order, 2)
    for text in (
        "UPDATE stock_movements SET quantity = 9", "DELETE FROM stock_movements", "TRUNCATE stock_movements",
        "UPDATE stock_levels SET on_hand = 9", "UPDATE stock_levels SET reserved = 0",
        "UPDATE stock_bins SET quantity = 9",
        "UPDATE reservations SET reserved = 0", "UPDATE reservations SET issued = 1", "DELETE FROM reservations",
    ):  # fmt: skip
        refused(shop, text)
    shop.agrees()


def test_the_schema_itself_refuses_what_would_be_negative_or_reserved_twice(shop):
    shop.receive(5)
    order = shop.order()
    shop.reserve(order, 2)
    row = {"item": shop.seal.id, "store": shop.store.id, "site": shop.site, "bin": shop.a1, "order": order.id}
    write = (
        "INSERT INTO stock_movements (site_id, item_id, store_id, bin_id, kind, quantity, reserved, order_id, line, "
        "at, actor) VALUES (%(site)s, %(item)s, %(store)s, {}, now(), 'x')"
    )
    refused(shop, write.format("%(bin)s, 'adjust', -6, 0, NULL, NULL"), errors.CheckViolation, **row)
    refused(shop, write.format("%(bin)s, 'adjust', -4, 0, NULL, NULL"), errors.CheckViolation, **row)
    refused(shop, write.format("NULL, 'reserve', 0, 4, %(order)s, 1"), errors.CheckViolation, **row)
    refused(shop, write.format("NULL, 'release', 0, -3, %(order)s, 1"), errors.CheckViolation, **row)
    refused(shop, write.format("%(bin)s, 'issue', 2, 0, %(order)s, 1"), errors.CheckViolation, **row)
    refused(shop, write.format("NULL, 'reserve', 0, 1, %(order)s, 7"), errors.ForeignKeyViolation, **row)
    shop.agrees()


def test_parts_are_reserved_issued_and_brought_back_and_the_ledger_agrees(shop):
    shop.receive(10)
    first, second = shop.order(), shop.order()
    assert shop.reserve(first, 4).reserved == 4
    assert (shop.reserve(second, 8).reserved, shop.line(second).lacks) == (6, 2)
    with pytest.raises(NotEnough):
        shop.issue(1, shop.order())
    shop.issue(3, first)
    assert (shop.line(first).reserved, shop.line(first).issued, shop.line(first).used) == (1, 3, 3)
    with pytest.raises(NotThatMany):
        moving.bring_back(shop.conn, shop.seal.id, many(4), Where(), who=KEEPER, at=NOW, order_id=first.id)
    moving.bring_back(shop.conn, shop.seal.id, many(2), Where(), who=KEEPER, at=NOW, order_id=first.id)
    assert (shop.line(first).issued, shop.line(first).used) == (1, 1)
    assert shop.line(second).reserved == 8, "what came back goes to who waits"
    assert (shop.level().on_hand, shop.level().reserved, shop.level().free) == (9, 9, 0)
    shop.agrees()


def test_an_emergency_takes_what_is_there_and_records_what_the_book_lacks_until_a_count_settles_it(shop):
    shop.receive(3)
    waiting = shop.order()
    shop.reserve(waiting, 3)
    urgent = shop.order(kind=OrderType.EMERGENCY)
    with pytest.raises(WhyNeeded):
        shop.issue(1, urgent, emergency=True)
    level = shop.issue(many(5, why="pump down"), urgent, emergency=True)
    assert (level.on_hand, level.reserved, level.shortage) == (0, 0, 2)
    assert shop.line(waiting).lacks == 3, "an emergency takes from reservations, which then wait"
    assert (shop.line(urgent).issued, shop.line(urgent).used) == (5, 5)
    level = moving.count(shop.conn, shop.seal.id, D(4), Where(bin_id=shop.a1), who=KEEPER, at=NOW)
    assert (level.on_hand, level.reserved, level.shortage) == (4, 3, 0)
    shop.agrees()


def test_an_emergency_issue_at_a_book_of_zero_leaves_zero_and_a_shortage(shop):
    urgent = shop.order(kind=OrderType.EMERGENCY)
    level = shop.issue(many(2, why="found it on the shelf"), urgent, emergency=True)
    assert (level.on_hand, level.shortage) == (0, 2)
    assert [each[0] for each in shop.conn.execute("SELECT kind FROM new_events WHERE kind LIKE 'stock.%'")] == [
        "stock.short"
    ]
    shop.agrees()


def test_a_count_that_finds_less_takes_it_from_the_newest_reservation(shop):
    shop.receive(5)
    old, new = shop.order(), shop.order()
    reserving.reserve(shop.conn, old.id, shop.seal.id, many(3), who=PLANNER, at=NOW)
    reserving.reserve(shop.conn, new.id, shop.seal.id, many(2), who=PLANNER, at=NOW + timedelta(minutes=1))
    moving.count(shop.conn, shop.seal.id, D(4), Where(), who=KEEPER, at=NOW)
    assert (shop.line(old).reserved, shop.line(new).reserved, shop.line(new).lacks) == (3, 1, 1)
    moving.adjust(shop.conn, shop.seal.id, D(-1), Where(), who=KEEPER, at=NOW, why="rusty")
    assert (shop.line(old).reserved, shop.line(new).reserved) == (3, 0)
    shop.agrees()


def test_an_order_costs_what_its_parts_cost_when_they_were_issued_to_the_cent(shop):
    shop.receive(2, unit_cost=D("10.005"))
    moving.receive(
        shop.conn, shop.seal.id, many(3), Where(bin_id=shop.b1, lot="L2"), who=KEEPER, at=NOW, unit_cost=D("12.34")
    )
    order = shop.order()
    shop.reserve(order, 4)
    shop.issue(4, order)
    lines = order_lines.of_order(shop.conn, order.id)
    assert [(each.needed, each.issued, each.unit_cost, each.reserved, each.lacks) for each in lines] == [
        (2, 2, D("10.005"), 0, 0), (2, 2, D("12.34"), 0, 0),
    ]  # fmt: skip
    paid = parts_cost(shop, order)
    assert paid == D("20.01") + D("24.68")
    prices.set_price(shop.conn, items.get(shop.conn, shop.seal.id), D("99"))
    assert parts_cost(shop, order) == paid, "what was issued keeps its price"
    moving.bring_back(shop.conn, shop.seal.id, many(1), Where(), who=KEEPER, at=NOW, order_id=order.id)
    assert parts_cost(shop, order) == D("20.01") + D("12.34")
    shop.agrees()


def test_what_the_close_out_says_was_used_counts_and_the_rest_is_to_be_brought_back(shop):
    shop.receive(2, unit_cost=D("10"))
    shop.conn.execute("UPDATE items SET price = 10, currency = 'EUR'")
    moving.receive(shop.conn, shop.seal.id, many(3), Where(lot="L2"), who=KEEPER, at=NOW, unit_cost=D("20"))
    order = shop.order()
    shop.issue(4, order)
    closing.use_parts(shop.conn, order.id, [PartUsed(part="The seal", used=3)], actor="x", at=NOW)
    assert [(each.issued, each.used, each.to_return) for each in order_lines.of_order(shop.conn, order.id)] == [
        (2, 2, 0), (2, 1, 1),
    ]  # fmt: skip
    assert parts_cost(shop, order) == D("40")


def test_an_order_that_ends_releases_what_it_reserved_for_who_waits(shop):
    shop.receive(3)
    first, second = shop.order(), shop.order()
    shop.reserve(first, 3)
    shop.reserve(second, 2)
    work_orders.take_step(shop.conn, first.id, Step.CANCEL, Cancel("not needed"), who=PLANNER, at=NOW)
    assert (shop.line(first).reserved, shop.level().free) == (0, 3)
    assert (shop.seal.id, shop.store.id) in levels.to_settle(shop.conn)
    levels.lock(shop.conn, shop.seal.id, shop.store.id)
    levels.settle(shop.conn, shop.seal.id, shop.store.id, at=NOW)
    assert shop.line(second).reserved == 2
    shop.agrees()


PLAN = JobPlan(
    code="SWAP", title="Swap the seal", steps=(PlanStep(kind=StepKind.INSTRUCTION, instruction="Swap it"),),
    parts=(Part(part="SEAL", quantity=2), Part(part="SEAL-GREASE", quantity=1), Part(part="rag", quantity=3)),
)  # fmt: skip


def test_an_order_planned_from_a_job_plan_reserves_its_items_by_code_once(shop):
    shop.receive(1)
    grease = shop.item("SEAL-GREASE", units={"tube": D("0.4")})
    job_plans.save(shop.conn, PLAN, actor="x", at=NOW)
    order = shop.order(plan=job_plans.get(shop.conn, "SWAP"))
    job_plans.copy_to(shop.conn, order.id, job_plans.get(shop.conn, "SWAP"), reserve_at=NOW)
    found = {
        each.item: (each.part, each.needed, each.reserved, each.lacks)
        for each in order_lines.of_order(shop.conn, order.id)
    }
    assert found == {"SEAL": ("The seal", 2, 1, 1), "SEAL-GREASE": ("The seal-grease", 1, 0, 1)}
    assert len(order_content.parts(shop.conn, order.id)) == 3, "a rag is no item, and stays a line"
    assert {each.item_id for each in purchases.page(shop.conn, within=None, limit=9)} == {shop.seal.id, grease.id}


def test_a_request_that_waits_for_approval_reserves_when_it_is_approved(shop):
    shop.receive(5)
    job_plans.save(shop.conn, PLAN, actor="x", at=NOW)
    order = shop.order(plan=job_plans.get(shop.conn, "SWAP"), status=Status.AWAITING_APPROVAL)
    assert shop.line(order).reserved == 0
    work_orders.take_step(shop.conn, order.id, Step.APPROVE, who=PLANNER, at=NOW)
    assert shop.line(order).reserved == 2


def test_the_timetable_reserves_for_orders_that_the_engine_planned(shop):
    shop.receive(5)
    job_plans.save(shop.conn, PLAN, actor="x", at=NOW)
    order = shop.order()
    shop.conn.execute("UPDATE work_orders SET plan = 'SWAP', plan_version = 1 WHERE id = %s", [order.id])
    job_plans.copy_to(shop.conn, order.id, job_plans.get(shop.conn, "SWAP"))
    assert order_lines.of_order(shop.conn, order.id) == []
    assert reserving.unreserved(shop.conn) == [order.id]
    reserving.reserve_planned(shop.conn, order.id, at=NOW)
    assert reserving.unreserved(shop.conn) == []
    assert shop.line(order).reserved == 2


def test_below_the_reorder_point_there_is_one_open_request_that_grows_until_it_is_ordered(shop):
    rule = {"minimum": D(2), "reorder_point": D(5), "reorder_quantity": D(4)}
    levels.set_rule(shop.conn, shop.seal.id, shop.store.id, **rule, at=NOW)
    first = purchases.page(shop.conn, within=None, limit=9)
    assert [(each.quantity, each.state, str(each.expected_on)) for each in first] == [
        (8, State.REQUESTED, "2026-03-12")
    ]
    shop.reserve(shop.order(), 6)
    assert purchases.get(shop.conn, first[0].id).quantity == 12
    with pytest.raises(AlreadyRequested):
        purchases.ask(shop.conn, shop.seal.id, shop.store.id, many(1), who=KEEPER, at=NOW)
    refused(
        shop, "INSERT INTO purchase_requests (site_id, item_id, store_id, quantity, requested_at, requested_by, "
        "state_since) SELECT site_id, item_id, store_id, 1, now(), 'x', now() FROM purchase_requests",
        errors.UniqueViolation,
    )  # fmt: skip
    purchases.order(shop.conn, first[0].id, at=NOW, reference="4500012")
    shop.reserve(shop.order(), 9)
    assert purchases.get(shop.conn, first[0].id).quantity == 12, "it is ordered already"
    part = purchases.receive(shop.conn, first[0].id, many(5), Where(), who=KEEPER, at=NOW, unit_cost=D("8.50"))
    assert (part.state, part.received, part.coming) == (State.ORDERED, 5, 7)
    assert items.get(shop.conn, shop.seal.id).price == D("8.50")
    whole = purchases.receive(shop.conn, first[0].id, many(1, "box"), Where(), who=KEEPER, at=NOW)
    assert (whole.state, whole.received) == (State.RECEIVED, 17)
    kinds = [
        row[0] for row in shop.conn.execute("SELECT kind FROM new_events WHERE kind LIKE 'purchase.%' ORDER BY written")
    ]
    assert kinds[:3] == ["purchase.requested", "purchase.ordered", "purchase.received"]
    shop.agrees()


def test_a_cancelled_request_is_not_asked_for_again_until_something_moves(shop):
    levels.set_rule(
        shop.conn, shop.seal.id, shop.store.id, minimum=None, reorder_point=D(5), reorder_quantity=None, at=NOW
    )
    made = purchases.page(shop.conn, within=None, limit=9)[0]
    purchases.cancel(shop.conn, made.id, at=NOW)
    assert levels.to_settle(shop.conn) == []
    shop.receive(1)
    assert [each.state for each in purchases.page(shop.conn, within=None, limit=9)] == [
        State.REQUESTED,
        State.CANCELLED,
    ]


def test_a_waiting_order_knows_what_it_waits_for_and_until_when(shop):
    order = shop.order()
    shop.reserve(order, 2)
    found = order_lines.waiting(shop.conn, [order.id])[order.id]
    assert (found.items, str(found.expected_on)) == (("SEAL",), "2026-03-12")
    shop.receive(2)
    assert order_lines.waiting(shop.conn, [order.id]) == {}


def test_stock_moves_between_bins_and_stores_but_what_is_reserved_stays(shop):
    shop.receive(5)
    shop.reserve(shop.order(), 4)
    moving.transfer(shop.conn, shop.seal.id, many(5), from_bin=shop.a1, to_bin=shop.b1, who=KEEPER, at=NOW)
    other = items.add_store(shop.conn, shop.site, "NTH", "VAN", "The van", ["V"])
    van = other.bins[0]["id"]
    with pytest.raises(NotEnough):
        moving.transfer(shop.conn, shop.seal.id, many(2), from_bin=shop.b1, to_bin=van, who=KEEPER, at=NOW)
    moving.transfer(shop.conn, shop.seal.id, many(1), from_bin=shop.b1, to_bin=van, who=KEEPER, at=NOW)
    with pytest.raises(NotThatMany):
        moving.transfer(shop.conn, shop.seal.id, many(9), from_bin=shop.b1, to_bin=van, who=KEEPER, at=NOW)
    assert levels.get(shop.conn, shop.seal.id, other.id).on_hand == 1
    shop.agrees()


def test_nothing_is_shared_with_another_site(shop):
    there = shop.conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'S') RETURNING id").fetchone()[0]
    store = items.add_store(shop.conn, there, "STH", "MAIN", "S", ["A1"])
    with pytest.raises(NotFound):
        moving.receive(shop.conn, shop.seal.id, many(1), Where(store_id=store.id), who=KEEPER, at=NOW)
    with pytest.raises(NotFound):
        moving.receive(shop.conn, shop.seal.id, many(1), Where(bin_id=store.bins[0]["id"]), who=KEEPER, at=NOW)
    bare = shop.conn.execute("INSERT INTO sites (code, name) VALUES ('BAR', 'B') RETURNING id").fetchone()[0]
    part = items.add(shop.conn, bare, "BAR", "X", "pcs", ItemFacts(name="x", units={}))
    with pytest.raises(NoPlaceForIt, match="no store yet"):
        moving.receive(shop.conn, part.id, many(1), Where(), who=KEEPER, at=NOW)


def test_a_tool_is_in_one_place_however_late_a_loan_is_written_down(shop):
    tool = tools.add(shop.conn, shop.site, "NTH", "PULLER", "Bearing puller", "cabinet 3")
    hour, due = timedelta(hours=1), NOW + timedelta(hours=8)
    out = tools.lend(shop.conn, tool.id, "holm", due_at=due, who=KEEPER, at=NOW)
    assert (out.borrower, out.overdue(due), out.overdue(due + hour)) == ("holm", False, True)
    with pytest.raises(ToolIsOut, match="with holm"):
        tools.lend(shop.conn, tool.id, "lund", due_at=due, who=KEEPER, at=NOW + hour)
    tools.give_back(shop.conn, tool.id, who=KEEPER, at=NOW + 2 * hour)
    with pytest.raises(ToolIsOut):
        tools.lend(shop.conn, tool.id, "lund", due_at=due, who=KEEPER, at=NOW + 3 * hour, lent_at=NOW + hour)
    tools.lend(shop.conn, tool.id, "lund", due_at=due, who=KEEPER, at=NOW + 3 * hour, lent_at=NOW + 2 * hour)
    with pytest.raises(ToolIsIn):
        tools.give_back(shop.conn, tools.add(shop.conn, shop.site, "NTH", "T2", "x", "").id, who=KEEPER, at=NOW)
    assert [each.borrower for each in tools.loans(shop.conn, within=None, limit=9)] == ["lund", "holm"]


def test_what_people_change_is_in_the_log_and_prices_apart(shop):
    prices.set_price(shop.conn, shop.seal, D("12.5"))
    levels.set_rule(
        shop.conn, shop.seal.id, shop.store.id, minimum=None, reorder_point=D(1), reorder_quantity=None, at=NOW
    )
    rows = shop.conn.execute(
        "SELECT kind, subject, new FROM changes WHERE kind IN ('item', 'item price', 'reorder rule')"
    ).fetchall()
    told = {(kind, subject) for kind, subject, _ in rows}
    assert {("item", "NTH/SEAL"), ("item price", "NTH/SEAL"), ("reorder rule", "NTH/SEAL/MAIN")} <= told
    assert not any("price" in new for kind, _, new in rows if kind == "item")
    assert reordering.Level(free=D(0), reorder_point=D(1)).is_low
