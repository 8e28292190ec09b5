"""Two runs side by side."""

from runtime.backtest.ledger import Order
from workorder_core.orders import order_difference
from workorder_core.orders.order_difference import difference, facts

__all__ = ["Difference", "Pair", "difference", "facts"]

Difference = order_difference.Difference[Order, Order]
Pair = order_difference.Pair[Order, Order]
