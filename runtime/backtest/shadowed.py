"""What a run in shadow would have opened, beside what the plant opened meanwhile."""

from psycopg import Connection

from db.documents import shadow
from db.documents.shadow import ShadowOrder, ShadowRun
from runtime.backtest import stored
from runtime.backtest.difference import Difference, difference
from runtime.backtest.ledger import Order
from runtime.backtest.stored import Range
from workorder_core.words import FailureMode, OrderType, Severity


def against_live(conn: Connection, run: ShadowRun) -> Difference:
    """Return how the run differs from the plant since it began: orders gained, lost, earlier, later."""
    first, last = run.first, run.last
    live = [
        stored.as_order(each)
        for each in stored.live_orders(conn, Range())
        if first is not None and each.arrival is not None and each.arrival > first
        if last is None or each.arrival <= last
    ]
    return difference(live, orders(conn, run.id))


def orders(conn: Connection, run_id: int) -> list[Order]:
    """Return what a run would have opened, as a backtest's orders."""
    return [_order(kept) for kept in shadow.orders(conn, run_id)]


def _order(kept: ShadowOrder) -> Order:
    return Order(
        id=kept.id,
        asset=kept.asset,
        component=kept.component,
        failure_mode=FailureMode(kept.failure_mode),
        severity=next(each for each in Severity if each.order_type == kept.type),
        opened_at=kept.opened_at,
        opened_as=OrderType(kept.opened_as),
        why=kept.why,
        evidence=kept.evidence,
        duplicate_of=kept.duplicate_of,
    )
