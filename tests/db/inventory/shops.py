"""A site with a store, a pump and an item, for tests of stock; its ledger replayed by the core."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import errors

from db.costs import costs
from db.inventory import items, levels, moving, order_lines, reserving
from db.inventory.amounts import Amount, Where
from db.inventory.items import ItemFacts
from db.orders import work_orders
from db.plant import plant
from workorder_core.inventory import ledger
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Role, Who
from workorder_core.words import FailureMode, OrderType

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
D = Decimal
KEEPER = Who("person:ida", frozenset({Role.STOREKEEPER}))
PLANNER = Who("person:ola", frozenset({Role.PLANNER}))


def many(quantity: str | int, unit: str | None = None, why: str = "") -> Amount:
    return Amount(quantity=D(quantity), unit=unit, why=why)


class Shop:
    """A site with a store of two bins, a pump, and an item."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self.conn = conn
        one: Any = lambda text, *given: conn.execute(text, given).fetchone()[0]  # type: ignore[index]  # noqa: E731
        self.site = one(
            "INSERT INTO sites (code, name, time_zone) VALUES ('NTH', 'N', 'Europe/Copenhagen') RETURNING id"
        )
        pump = one(
            "INSERT INTO assets (site_id, code, name, class) VALUES (%s, 'P-1', 'Pump', 'pump') RETURNING id", self.site
        )
        costs.set_currency(conn, self.site, "NTH", "EUR")
        self.pump = plant.asset(conn, pump, now=NOW)
        self.store = items.add_store(conn, self.site, "NTH", "MAIN", "Main store", ["A1", "B1"])
        self.a1, self.b1 = (each["id"] for each in self.store.bins)
        self.seal = self.item("SEAL", units={"box": D(12)}, lead_time_days=10)

    def item(self, code: str, **facts) -> items.Item:
        said = {"name": f"The {code.lower()}", "units": {}} | facts
        return items.add(self.conn, self.site, "NTH", code, "pcs", ItemFacts(**said))

    def order(self, **facts) -> WorkOrder:
        said = {"kind": OrderType.PREVENTIVE, "title": "Swap", "component": "seal", "failure_mode": FailureMode.ELP}
        return work_orders.create_by_hand(
            self.conn, asset=self.pump, actor=PLANNER.actor, at=NOW, **(said | facts)
        )  # fmt: skip

    def level(self, item: items.Item | None = None) -> levels.Level:
        return levels.get(self.conn, (item or self.seal).id, self.store.id)

    def receive(self, quantity, **more) -> levels.Level:
        return moving.receive(self.conn, self.seal.id, many(quantity), Where(), who=KEEPER, at=NOW, **more)

    def reserve(self, order, quantity) -> order_lines.OrderLine:
        return reserving.reserve(self.conn, order.id, self.seal.id, many(quantity), who=PLANNER, at=NOW)

    def issue(self, quantity, order=None, **more) -> levels.Level:
        return moving.issue(
            self.conn, self.seal.id, quantity if isinstance(quantity, Amount) else many(quantity), Where(), who=KEEPER,
            at=NOW, order_id=None if order is None else order.id, **more,
        )  # fmt: skip

    def line(self, order) -> order_lines.OrderLine:
        return order_lines.of_order(self.conn, order.id)[0]

    def agrees(self) -> None:
        """The ledger, replayed by the core, is what the tables have."""
        for item_id, store_id in self.conn.execute("SELECT item_id, store_id FROM stock_levels").fetchall():
            level, stock = (
                levels.get(self.conn, item_id, store_id),
                ledger.replay(levels.ledger(self.conn, item_id, store_id)),
            )
            assert (level.on_hand, level.reserved, level.shortage) == (stock.on_hand, stock.reserved, stock.shortage)
            lots = levels.lots(self.conn, item_id, store_id=store_id)
            assert {(each.bin_id, each.lot): (each.quantity, each.shortage) for each in lots} == {
                key: (each.quantity, each.shortage) for key, each in stock.bins.items()
            }
            rows = self.conn.execute(
                "SELECT order_id, line, reserved, issued FROM reservations WHERE item_id = %s AND store_id = %s",
                [item_id, store_id],
            ).fetchall()
            lines = {key: (each.reserved, each.issued) for key, each in stock.lines.items() if each != ledger.OfLine()}
            assert {row[:2]: row[2:] for row in rows if any(row[2:])} == lines
            assert level.is_low == level.for_buying.is_low


def refused(shop, text, error=errors.RestrictViolation, **facts):
    with pytest.raises(error), shop.conn.transaction():
        shop.conn.execute(text, facts)
