"""The order that asked for a round, completed when the round has been walked. The caller owns the transaction."""

from datetime import datetime
from uuid import UUID

from psycopg import Connection

from db.orders import order_content, order_history, work_orders
from workorder_core.inspections import round_orders


def settle(
    conn: Connection, order_id: UUID, said: str, *, hours: float, seen: int, failed: int, actor: str, at: datetime
) -> None:
    """Say on an order what came of its round, and complete it in the walker's name with the hours that it took.

    It stays to be completed by hand where its own job plan has steps or permits that are not done, or where its
    status has no way there (on hold, or done already), and where no stop was seen.
    """
    order = work_orders.lock(conn, order_id)
    undone = order_content.undone(conn, order_id) if order.plan is not None else order_content.NOTHING_UNDONE
    steps = round_orders.steps_to_done(order, walker=actor, hours=hours, seen=seen, failed=failed, said=said)
    if undone.steps or undone.permits or not steps:
        number = order_content.add_comment(conn, order_id, said, actor=actor, at=at)
        told = {f"comment {number}": said}
        order_history.append(conn, order_id, at=at, actor=actor, step="comment", new=told, why=said)
        return
    for step, details in steps:
        work_orders.change(
            conn,
            order_id,
            lambda before, step=step, details=details: round_orders.applied(before, step, details, at=at),  # type: ignore[misc]
            actor=actor,
            at=at,
            why=said,
            name=step,
        )
