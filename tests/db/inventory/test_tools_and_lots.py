"""Tools booked ahead, lots that expire, items that are not used any more, and stock that is taken while it moves."""

import threading
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors

from db.errors import NotFound
from db.inventory import bookings, counting, items, levels, moving, order_lines, purchases, tools
from db.inventory.amounts import Where
from db.inventory.counting import Found
from db.inventory.items import ItemFacts
from db.inventory.tools import Tool
from tests.db.inventory.shops import KEEPER, NOW, PLANNER, D, many, refused
from tests.parts import databases
from workorder_core.inventory.errors import (
    BookChanged,
    BookingEnded,
    ItemInUse,
    ItemRetired,
    LotExpired,
    LotNeeded,
    ToolIsBooked,
    ToolIsOut,
    ToolRetired,
)

HOUR = timedelta(hours=1)


def hour(number: float) -> datetime:
    return NOW + number * HOUR


@pytest.fixture
def puller(shop) -> Tool:
    return tools.add(shop.conn, shop.site, "NTH", f"PULLER-{uuid4().hex[:6]}", "Bearing puller", "cabinet 3")


def book(shop, tool, who, start, end, **more):
    times: dict[str, Any] = {"starts_at": hour(start), "ends_at": hour(end)}
    return tools.book(shop.conn, tool.id, who, who=PLANNER, at=NOW, **times, **more)


def lend(shop, tool, who, due, *, at=0.0, **more):
    return tools.lend(shop.conn, tool.id, who, due_at=hour(due), who=KEEPER, at=hour(at), **more)


def test_a_tool_is_booked_for_one_at_a_time_and_the_schema_itself_says_so(shop, puller):
    first = book(shop, puller, "holm", 4, 8)
    with pytest.raises(ToolIsBooked, match=r"is holm's from 2026-03-02 13:00 to 2026-03-02 17:00"):
        book(shop, puller, "lund", 7.5, 9)
    book(shop, puller, "lund", 8, 9)
    refused(
        shop, "INSERT INTO tool_bookings (site_id, tool_id, borrower, during, booked_at, booked_by) SELECT site_id, "
        "tool_id, 'x', during, now(), 'x' FROM tool_bookings", errors.ExclusionViolation,
    )  # fmt: skip
    bookings.cancel(shop.conn, first.id, who=PLANNER, at=NOW)
    with pytest.raises(BookingEnded, match="is cancelled"):
        bookings.cancel(shop.conn, first.id, who=PLANNER, at=NOW)
    assert book(shop, puller, "lund", 4, 8).borrower == "lund"


def test_a_loan_lasts_into_nobodys_booking_and_collects_its_own(shop, puller):
    mine = book(shop, puller, "Anna Holm", 4, 8)
    with pytest.raises(ToolIsBooked, match="Anna Holm's"):
        lend(shop, puller, "lund", 5)
    lend(shop, puller, "lund", 3)
    with pytest.raises(ToolIsBooked, match="lund's"):
        book(shop, puller, "nowak", 1, 2)
    tools.give_back(shop.conn, puller.id, who=KEEPER, at=hour(1))
    assert book(shop, puller, "nowak", 1.5, 2).state == "booked", "what came back early is free"
    lend(shop, puller, "anna holm", 9, at=4)
    assert bookings.get(shop.conn, mine.id).state == "out"
    assert bookings.get(shop.conn, mine.id).ends_at == hour(9)
    tools.give_back(shop.conn, puller.id, who=KEEPER, at=hour(6))
    assert bookings.get(shop.conn, mine.id).state == "returned"
    with pytest.raises(BookingEnded):
        lend(shop, puller, "anna holm", 12, at=7, booking_id=mine.id)


def test_an_overdue_tool_is_still_out_and_who_booked_it_waits_for_it(shop, puller):
    lend(shop, puller, "lund", 2)
    booked = book(shop, puller, "holm", 3, 5)
    with pytest.raises(ToolIsOut, match="with lund"):
        lend(shop, puller, "holm", 5, at=3)
    assert tools.get(shop.conn, puller.id).overdue(hour(3))
    tools.give_back(shop.conn, puller.id, who=KEEPER, at=hour(3.5))
    lend(shop, puller, "holm", 5, at=3.6)
    assert bookings.get(shop.conn, booked.id).state == "out"


def test_a_loan_that_is_written_down_late_is_a_fact_whatever_was_booked_then(shop, puller):
    book(shop, puller, "holm", 1, 3)
    lend(shop, puller, "lund", 2, at=4, lent_at=hour(1))
    assert tools.get(shop.conn, puller.id).borrower == "lund"
    assert [each.state for each in bookings.page(shop.conn, within=None, tool_id=puller.id, limit=9)] == ["booked"]


def test_a_tool_that_is_not_used_any_more_is_neither_lent_nor_booked_and_one_that_is_out_stays_in_use(shop, puller):
    facts: dict[str, Any] = {"name": "Puller", "kept_at": "", "retired": True, "at": NOW}
    lend(shop, puller, "lund", 2)
    with pytest.raises(ToolIsOut):
        tools.save(shop.conn, puller, **facts)
    tools.give_back(shop.conn, puller.id, who=KEEPER, at=hour(1))
    tools.save(shop.conn, puller, **facts)
    for do in (lambda: lend(shop, puller, "lund", 5, at=2), lambda: book(shop, puller, "lund", 3, 4)):
        with pytest.raises(ToolRetired):
            do()


def test_a_booking_is_for_an_order_of_the_tools_site(shop, puller):
    other = shop.conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'S') RETURNING id").fetchone()[0]
    theirs = tools.add(shop.conn, other, "STH", "T", "Theirs", "")
    with pytest.raises(NotFound):
        book(shop, theirs, "holm", 1, 2, order_id=shop.order().id)
    made = book(shop, puller, "holm", 1, 2, order_id=(order := shop.order()).id)
    assert made.order_number == order.number
    assert [each.id for each in bookings.page(shop.conn, within=["NTH"], order_id=order.id, limit=9)] == [made.id]


@pytest.fixture
def own_database(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url:
        yield url


def test_twelve_clients_at_once_leave_a_tool_in_one_place_at_a_time(own_database):
    """Each books, lends and returns; whatever was refused, no two times of what was allowed overlap."""
    url = own_database
    with psycopg.connect(url) as conn:
        site = conn.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'N') RETURNING id").fetchone()
        assert site is not None
        ids = [tools.add(conn, site[0], "NTH", f"T{n}", "Tool", "").id for n in range(2)]
        conn.commit()
        unexpected = list[BaseException]()

        def work(number: int) -> None:
            try:
                with psycopg.connect(url) as mine:
                    _move_tools(mine, ids, number)
            except BaseException as error:  # noqa: BLE001
                unexpected.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(120)
        assert not unexpected
        overlaps = (
            "SELECT count(*) FROM {0} a JOIN {0} b ON a.tool_id = b.tool_id AND a.id < b.id AND a.during && b.during"
        )
        booked = overlaps.format("(SELECT * FROM tool_bookings WHERE state IN ('booked', 'out'))")
        for query in (overlaps.format("tool_loans"), booked):
            assert conn.execute(query).fetchone() == (0,)
        assert conn.execute("SELECT count(*) > 5 FROM tool_bookings").fetchone() == (True,), "some were allowed"


def _move_tools(conn: psycopg.Connection, ids: list[int], number: int) -> None:
    who = f"person {number}"
    for step in range(6):
        tool, start = ids[(number + step) % 2], (number * 7 + step * 3) % 12
        refusals = (ToolIsBooked, ToolIsOut)
        times: dict[str, Any] = {"starts_at": hour(start), "ends_at": hour(start + 1 + step % 3)}
        try:
            if step % 3 == 2:
                tools.lend(conn, tool, who, due_at=hour(start + 1), who=KEEPER, at=hour(start))
                conn.commit()
                tools.give_back(conn, tool, who=KEEPER, at=hour(start + 0.5))
            else:
                tools.book(conn, tool, who, **times, who=KEEPER, at=NOW)
            conn.commit()
        except refusals:
            conn.rollback()


def test_a_lot_that_has_expired_is_not_issued_by_itself_and_its_last_day_is_the_stores(shop):
    with pytest.raises(LotNeeded):
        shop.receive(1, expires_on=date(2026, 3, 1))
    put: dict[str, Any] = {"who": KEEPER, "at": NOW}
    moving.receive(
        shop.conn, shop.seal.id, many(2), Where(lot="OLD"), **put, expires_on=date(2026, 3, 2), unit_cost=D("9")
    )  # fmt: skip
    order = shop.order()
    late_evening = datetime.fromisoformat("2026-03-02T23:30:00+01:00")
    moving.issue(shop.conn, shop.seal.id, many(1), Where(), who=KEEPER, at=late_evening, order_id=order.id)
    after = late_evening + timedelta(minutes=40)
    with pytest.raises(LotExpired, match="OLD 2026-03-02"):
        moving.issue(shop.conn, shop.seal.id, many(1), Where(), who=KEEPER, at=after, order_id=order.id)
    with pytest.raises(LotExpired):
        moving.issue(shop.conn, shop.seal.id, many(1), Where(lot="OLD"), who=KEEPER, at=after, order_id=order.id)
    level = moving.issue(
        shop.conn, shop.seal.id, many(1, why="pump down"), Where(), who=KEEPER, at=after, order_id=order.id,
        emergency=True,
    )  # fmt: skip
    assert level.on_hand == 0
    assert shop.line(order).unit_cost == 9, "a lot keeps its own price when its day is said"
    shop.agrees()


def test_an_item_that_orders_need_is_not_retired_and_a_retired_one_is_not_reserved_received_or_bought(shop):
    facts = ItemFacts(name="Seal", units={}, retired=True)
    shop.receive(1)
    order = shop.order()
    shop.reserve(order, 1)
    with pytest.raises(ItemInUse, match=order.number):
        items.save(shop.conn, shop.seal, facts, at=NOW)
    refused(shop, "UPDATE items SET retired_at = now()")
    shop.issue(1, order)
    shop.receive(3)
    levels.set_rule(
        shop.conn, shop.seal.id, shop.store.id, minimum=None, reorder_point=D(9), reorder_quantity=None, at=NOW
    )
    with pytest.raises(ItemInUse, match="open purchase request"):
        items.save(shop.conn, shop.seal, facts, at=NOW)
    purchases.cancel(shop.conn, purchases.page(shop.conn, within=None, limit=1)[0].id, at=NOW)
    items.save(shop.conn, shop.seal, facts, at=NOW)
    for do in (
        lambda: shop.receive(1), lambda: shop.reserve(order, 1),
        lambda: purchases.ask(shop.conn, shop.seal.id, shop.store.id, many(1), who=KEEPER, at=NOW),
    ):  # fmt: skip
        with pytest.raises(ItemRetired):
            do()
    shop.issue(1, order)
    assert levels.to_settle(shop.conn) == [], "nothing more is bought"
    assert [each.on_hand for each in levels.page(shop.conn, within=None, limit=9)] == [2], "what is left is shown"
    refused(
        shop, "INSERT INTO reservations (order_id, line, site_id, item_id, store_id, asked_at) SELECT order_id, 99, "
        "site_id, item_id, store_id, now() FROM reservations",
    )  # fmt: skip


def test_stock_is_taken_all_of_it_or_nothing_and_not_over_what_moved_meanwhile(shop):
    shop.receive(5)
    moving.receive(shop.conn, shop.seal.id, many(3), Where(bin_id=shop.b1, lot="L2"), who=KEEPER, at=NOW)
    sheet = counting.page(shop.conn, within=None, store_id=shop.store.id, limit=9)
    assert [(each.bin, each.lot, each.quantity) for each in sheet] == [("A1", "", 5), ("B1", "L2", 3)]
    counted = [
        Found(item_id=each.item_id, bin_id=each.bin_id, lot=each.lot, found=each.quantity - 1, book=each.quantity)
        for each in sheet
    ]
    moving.issue(shop.conn, shop.seal.id, many(1), Where(lot="L2"), who=KEEPER, at=NOW, order_id=shop.order().id)
    with pytest.raises(BookChanged, match="was 3 when it was counted, and is 2 now"), shop.conn.transaction():
        counting.save(shop.conn, shop.store.id, counted, who=KEEPER, at=NOW)
    assert shop.level().on_hand == 7, "nothing of the list is stored"
    wrong = counting.save(shop.conn, shop.store.id, counted[:1], who=KEEPER, at=NOW, why="yearly")
    assert [(each.bin, each.book, each.found) for each in wrong] == [("A1", 5, 4)]
    other = items.add_store(shop.conn, shop.site, "NTH", "VAN", "The van", ["V"])
    with pytest.raises(NotFound):
        counting.save(shop.conn, other.id, counted[:1], who=KEEPER, at=NOW)
    shop.agrees()


def test_what_a_site_has_is_worth_what_its_lots_cost_else_its_items(shop):
    shop.receive(2, unit_cost=D("10.5"))
    moving.receive(shop.conn, shop.seal.id, many(3), Where(lot="L2"), who=KEEPER, at=NOW, unit_cost=D("20"))
    assert [(each.site, each.currency, each.worth) for each in counting.worth(shop.conn, within=["NTH"])] == [
        ("NTH", "EUR", D("81"))
    ]
    assert counting.worth(shop.conn, within=["OTHER"]) == []


def test_an_order_that_gets_its_parts_or_loses_them_is_an_event(shop):
    order = shop.order()
    shop.reserve(order, 2)
    shop.receive(2)
    moving.adjust(shop.conn, shop.seal.id, D(-1), Where(), who=KEEPER, at=NOW, why="rusty")
    rows = shop.conn.execute(
        "SELECT kind, order_id FROM new_events WHERE kind IN ('stock.served', 'stock.lacking') ORDER BY written"
    ).fetchall()
    assert rows == [("stock.served", order.id), ("stock.lacking", order.id)]
    assert order_lines.waiting(shop.conn, [order.id])[order.id].items == ("SEAL",)
