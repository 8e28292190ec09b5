"""An escalation about an order, as delivery begins it, with a message and its link."""

from datetime import UTC, datetime
from uuid import UUID

from psycopg import Connection

from db.escalating import escalations, links, running
from db.events import events
from workorder_core.words import OrderType

EVERY_TYPE = [each.value for each in OrderType]


def begin(conn: Connection, order_id: UUID, now: datetime | None = None) -> tuple[int, str]:
    """Escalate an order by the policy that there is for it; return the escalation's id and a link's token."""
    now = now or datetime.now(UTC)
    events.number(conn)
    of_order = [
        each for each in events.after(conn, 0, kinds=["order.opened"], limit=100_000) if each.order_id == order_id
    ]
    assert running.follow(conn, of_order, now=now) == 1
    running.take_steps(conn, now=now)
    running.make_messages(conn, now=now)
    (found,) = escalations.listed(conn, order_id=order_id)
    ask = escalations.asks(conn, [found.id])[found.id][0]
    assert ask.message_id is not None
    return found.id, links.make(conn, ask.message_id, ask.person, now=now)
