"""The devices of the demo's technicians: what they sent from a cellar without a network, one field that the planner had
changed meanwhile, one piece of work on an order that somebody else had got, and a tablet that was lost.

By the functions that the API calls.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from psycopg import Connection

from api.shapes.sync.batches import BatchIn, arrived
from db.orders import order_lists, work_orders
from db.orders.order_lists import Filters
from db.sync import devices, receiving
from workorder_core.orders.order import WorkOrder
from workorder_core.orders.statuses import OCCUPYING
from workorder_core.people.access import Role, Who

NAMES = UUID("018f2d1e-7c3a-7b11-9d3c-0c9d5b1f7a11")
"""The devices and operations of a site have the same ids each time, so that the next start adds nothing."""
BERG = "person:berg"


def report(conn: Connection, *, site: str, now: datetime) -> int:
    """Let devices report; return how many operations they sent, none at the next start. The caller commits."""
    mine = _orders(conn, site, "holm")
    others = [each for each in _orders(conn, site, None) if each.assignee not in (None, "petersen")]
    if not mine or not others or devices.listed(conn, limit=1):
        return 0
    holm, petersen = _technician("holm", site), _technician("petersen", site)
    order, base = mine[0], mine[0].estimated_hours
    _planner_expects(conn, order, 3.5 if base != 3.5 else 3.0, now - timedelta(minutes=50))
    cellar = now - timedelta(minutes=70)
    said: list[dict[str, Any]] = [
        {"kind": "remark", "content": {"text": "The coupling guard was loose, tightened it. Photos follow."}},
        {"kind": "field", "content": {"name": "estimated_hours", "base": base, "value": 6.0}},
        {"kind": "hours", "content": {"hours": 1.5}},
    ]
    sent = _send(conn, holm, site, "Anna’s phone", order.id, said, cellar, now - timedelta(minutes=12), unsent=2)
    work = [{"kind": "move", "content": {"step": "start"}}, {"kind": "remark", "content": {"text": "Was there first."}}]
    at = now - timedelta(hours=4)
    sent += _send(conn, petersen, site, "Tablet of the north hall", others[0].id, work, at, now - timedelta(hours=2))
    lost = _send(conn, petersen, site, "Lost tablet", others[0].id, [], now, now - timedelta(days=9), unsent=1)
    devices.revoke(conn, uuid5(NAMES, f"{site} Lost tablet"), actor=BERG, now=now - timedelta(days=8))
    return sent + lost


def _orders(conn: Connection, site: str, technician: str | None) -> list[WorkOrder]:
    filters = Filters(site=site, assignee=technician, status=list(OCCUPYING))
    return [each.order for each in order_lists.page(conn, filters, limit=20)]


def _technician(code: str, site: str) -> Who:
    return Who(f"person:{code}", frozenset({Role.TECHNICIAN}), technician=code, technician_site=site)


def _planner_expects(conn: Connection, order: WorkOrder, hours: float, at: datetime) -> None:
    def changed(found: WorkOrder) -> WorkOrder:
        return replace(found, estimated_hours=hours)

    work_orders.change(conn, order.id, changed, actor=BERG, at=at, name="change")


def _send(
    conn: Connection, who: Who, site: str, name: str, order: UUID, acts: list[dict[str, Any]],
    began: datetime, sent_at: datetime, *, unsent: int = 0,
) -> int:  # fmt: skip
    """Send a batch of a device: its acts on an order, five minutes apart."""
    operations = [
        act | {
            "op_id": str(uuid5(NAMES, f"{site} {name} {seq}")), "seq": seq, "order": str(order),
            "occurred_at": (began + timedelta(minutes=5 * seq)).isoformat(),
        }
        for seq, act in enumerate(acts, 1)
    ]  # fmt: skip
    facts = {"device": uuid5(NAMES, f"{site} {name}"), "app": "1.0.0", "name": name, "sent_at": sent_at}
    batch = BatchIn.model_validate(facts | {"unsent": unsent, "oldest_seq": 1, "operations": operations})
    contact = batch.contact(sent_at)
    receiving.receive(conn, contact, [arrived(each) for each in batch.operations], who=who, now=sent_at)
    return len(operations)
