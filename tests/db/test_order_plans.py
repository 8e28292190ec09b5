"""With many orders in the database, lists and one order are found through indexes; what is asked is explained."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import psycopg
import pytest

from bench.orders import fill
from db.files import files
from db.orders import order_content, order_history, order_links, work_orders
from db.orders.work_orders import Filters
from workorder_core.words import OrderType, Priority, Status

ORDERS = 10_000
LARGE = {"work_orders", "order_history"}
SOON = datetime.now(UTC)


class Noting(psycopg.Cursor):
    """A cursor that notes what it is asked."""

    asked: ClassVar[list] = []

    def execute(self, query, params=None, **how):
        Noting.asked.append((query, params))
        return super().execute(query, params, **how)


@pytest.fixture(scope="module")
def many_orders(embedded_server, _template):
    from tests.parts import databases

    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        fill(conn, ORDERS)
        yield conn


@pytest.fixture(scope="module")
def order_id(many_orders):
    return many_orders.execute("SELECT id FROM work_orders WHERE status = 'open' LIMIT 1").fetchone()[0]


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def explained(conn, ask):
    """Return how what ``ask`` asks reads the large tables: each node's type and its table."""
    Noting.asked.clear()
    conn.cursor_factory = Noting
    try:
        ask(conn)
    finally:
        conn.cursor_factory = psycopg.Cursor
    scans = []
    for query, params in Noting.asked:
        text = query.decode() if isinstance(query, bytes) else str(query)
        plan = conn.execute(f"EXPLAIN (FORMAT JSON) {text}".encode(), params).fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        found = list(nodes(plan[0]["Plan"]))
        scans += [(node["Node Type"], node["Relation Name"]) for node in found if node.get("Relation Name") in LARGE]
    conn.rollback()
    return scans


LISTS = {
    "unfinished": Filters(unfinished=True),
    "all": Filters(),
    "finished": Filters(unfinished=False),
    "one status": Filters(status=[Status.IN_PROGRESS], unfinished=True),
    "one finished status": Filters(status=[Status.CANCELLED], unfinished=False),
    "type and site": Filters(type=[OrderType.INSPECTION], site="NTH", unfinished=True),
    "site": Filters(site="NTH"),
    "sites of a user": Filters(within=["NTH"]),
    "priority": Filters(priority=[Priority.HIGH], unfinished=True),
    "technician": Filters(assignee="t-7", unfinished=True),
    "technician, finished too": Filters(assignee="t-7"),
    "nobody's": Filters(assignee="-", unfinished=True),
    "asset": Filters(asset="P-7"),
    "asset by id": Filters(asset_id=7),
    "words": Filters(text="pump P-7", unfinished=True),
    "opened lately": Filters(opened_from=SOON - timedelta(hours=2), unfinished=True),
}
ASKED: dict[str, Callable[..., object]] = {
    "the number's order": lambda conn, order_id: work_orders.id_of_number(conn, "NTH-10007"),
    "one order": work_orders.get,
    "its history": order_history.of_order,
    "its content": lambda conn, order_id: (
        order_content.steps(conn, order_id),
        order_content.parts(conn, order_id),
        order_content.comments(conn, order_id),
        files.of_order(conn, order_id),
        order_links.of_order(conn, order_id),
    ),
    "what is due": lambda conn, order_id: work_orders.targets_near(conn, now=SOON - timedelta(days=1)),
    "what waits for somebody": lambda conn, order_id: work_orders.unassigned(conn),
    "what is unfinished, counted": lambda conn, order_id: work_orders.count(conn, Filters(unfinished=True)),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_found_through_indexes(many_orders, name):
    scans = explained(many_orders, lambda conn: work_orders.page(conn, LISTS[name]))
    assert scans, "the list asks for orders"
    assert [scan for scan in scans if scan[0] == "Seq Scan"] == []


@pytest.mark.parametrize(
    ("name", "unfinished"),
    [(name, each) for name, filters in LISTS.items() for each in (True, False) if filters.unfinished in (None, each)],
)
def test_a_list_goes_on_after_an_order_through_indexes(many_orders, name, unfinished):
    """Far into the list, as whoever follows the links is, among the unfinished and among the finished."""
    passed = work_orders.page(many_orders, Filters(unfinished=unfinished), limit=2_000)
    assert len(passed) > 200
    middle = work_orders.position(passed[-1])
    scans = explained(many_orders, lambda conn: work_orders.page(conn, LISTS[name], after=middle))
    assert scans, "the list asks for orders"
    assert [scan for scan in scans if scan[0] == "Seq Scan"] == []


@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_of_orders_is_found_through_indexes(many_orders, order_id, name):
    scans = explained(many_orders, lambda conn: ASKED[name](conn, order_id))
    assert [scan for scan in scans if scan[0] == "Seq Scan"] == []


def test_a_plan_without_an_index_is_noticed(many_orders):
    scans = explained(many_orders, lambda conn: conn.execute("SELECT id FROM work_orders WHERE title = 'x'"))
    assert scans == [("Seq Scan", "work_orders")]
