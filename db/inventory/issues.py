"""Writes an issue to the ledger: each pick goes to the order's line with its price. So an order costs exactly what its
parts cost when issued: lots at two prices are two lines.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from psycopg import Connection

from db.inventory import levels, order_lines, prices
from db.inventory.amounts import Amount
from db.inventory.items import Item
from db.inventory.order_lines import OrderLine
from db.inventory.prices import Cost, costing
from workorder_core.inventory.issuing import Pick
from workorder_core.inventory.ledger import Kind, Movement
from workorder_core.inventory.quantities import ZERO
from workorder_core.orders.order import WorkOrder


class Issuer:
    """Writes the picks of one issue, each to the order's line with its price."""

    def __init__(
        self, conn: Connection, item: Item, store_id: int, order: WorkOrder | None, amount: Amount, emergency: bool,
        actor: str, at: datetime,
    ) -> None:  # fmt: skip
        self._conn, self._item, self._store_id, self._order = conn, item, store_id, order
        self._amount, self._emergency, self._actor, self._at = amount, emergency, actor, at

    def issue(self, pick: Pick) -> None:
        """Write one pick."""
        cost = prices.of_lot(self._conn, self._item, pick.lot)
        out = Movement(
            kind=Kind.ISSUE, quantity=-pick.quantity, shortage=pick.shortage, bin_id=pick.bin_id, lot=pick.lot
        )  # fmt: skip
        if self._order is not None:
            out = self._to_line(out, pick, cost)
        said = {"said": self._amount.said(self._item), "why": self._amount.why, "emergency": self._emergency}
        levels.write(
            self._conn, self._item.id, self._store_id, out, actor=self._actor, at=self._at, **said, **costing(cost)
        )

    def _to_line(self, out: Movement, pick: Pick, cost: Cost) -> Movement:
        """Return the movement of a pick to the line with its price, to which the need and reservation are moved."""
        assert self._order is not None
        order_id, whole = self._order.id, pick.quantity + pick.shortage
        lines = lines_of(self._conn, order_id, self._item.id, self._store_id)
        line = _line_at(lines, cost)
        if line is None:
            number = order_lines.add(self._conn, order_id, self._item, self._store_id, ZERO, cost, at=self._at)
            line = next(
                each for each in lines_of(self._conn, order_id, self._item.id, self._store_id) if each.line == number
            )
        order_lines.set_used(self._conn, order_id, line.line, (line.used or ZERO) + whole, cost)
        self._move_need(lines, line, whole)
        reserved = self._gathered(lines, line, pick.reserved)
        return Movement(
            kind=Kind.ISSUE, quantity=out.quantity, shortage=out.shortage, bin_id=out.bin_id, lot=out.lot,
            reserved=-reserved, order_id=order_id, line=line.line,
        )  # fmt: skip

    def _move_need(self, lines: Sequence[OrderLine], to: OrderLine, quantity: Decimal) -> None:
        """Count an issue beyond its line's need for other lines that still need it."""
        beyond = quantity - max(ZERO, to.needed - to.issued)
        moved = ZERO
        for each in lines:
            part = min(beyond - moved, max(ZERO, each.needed - each.issued))
            if each.line != to.line and part > 0:
                order_lines.set_needed(self._conn, each.order_id, each.line, each.needed - part)
                moved += part
        if moved:
            order_lines.set_needed(self._conn, to.order_id, to.line, to.needed + moved)

    def _gathered(self, lines: Sequence[OrderLine], to: OrderLine, reserved: Decimal) -> Decimal:
        """Return the reserved part of a pick, after other lines of the order have released the rest of it."""
        own = min(reserved, to.reserved)
        rest = reserved - own
        for each in lines:
            part = min(rest, each.reserved)
            if each.line != to.line and part > 0:
                release = Movement(kind=Kind.RELEASE, reserved=-part, order_id=each.order_id, line=each.line)
                why = "issued at another price"
                levels.write(
                    self._conn, self._item.id, self._store_id, release, actor=self._actor, at=self._at, why=why
                )
                rest -= part
        return own


def _line_at(lines: Sequence[OrderLine], cost: Cost) -> OrderLine | None:
    """Return the line with a price, otherwise one without issues, which gets this price; or None."""
    unit_cost = None if cost is None else cost[0]
    same = [each for each in lines if each.unit_cost == unit_cost]
    return next(iter(same + [each for each in lines if each.issued == 0 and each.used is None]), None)


def lines_of(conn: Connection, order_id: UUID, item_id: int, store_id: int) -> list[OrderLine]:
    """Return the lines of an order that come from one store and are of one item."""
    found = order_lines.of_order(conn, order_id)
    return [each for each in found if (each.item_id, each.store_id) == (item_id, store_id)]
