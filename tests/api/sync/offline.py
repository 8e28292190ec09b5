"""Devices for tests of the offline protocol: what an app keeps and sends."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection

from api.shapes.sync.batches import BatchIn, arrived
from db.files import files
from db.sync import devices, receiving, uploads
from db.sync.receiving import Received
from db.sync.uploads import Announced
from workorder_core.people.access import Role, Who

HOLM = Who("person:holm", frozenset({Role.TECHNICIAN}), technician="holm", technician_site="NTH")
DAHL = Who("person:dahl", frozenset({Role.PLANNER}))


class Phone:
    """A device: its log of operations, its clock, and what it has been answered."""

    def __init__(self, who: Who = HOLM, *, ahead: timedelta = timedelta(0)) -> None:
        self.id, self.who, self.ahead = uuid4(), who, ahead
        self.log: list[dict[str, Any]] = []
        self.answers: dict[str, dict[str, Any]] = {}

    def record(self, kind: str, order: UUID | None, at: datetime, **content: Any) -> dict[str, Any]:
        """Record an operation, as an app does before the screen says so."""
        op: dict[str, Any] = {"op_id": str(uuid4()), "seq": len(self.log) + 1, "kind": kind, "content": content}
        op |= {"occurred_at": (at + self.ahead).isoformat()} | ({} if order is None else {"order": str(order)})
        self.log.append(op)
        return op

    @property
    def unsent(self) -> list[dict[str, Any]]:
        return [op for op in self.log if op["op_id"] not in self.answers]

    def batch(self, ops: list[dict[str, Any]], at: datetime, **facts: Any) -> BatchIn:
        """Return what the device sends."""
        sent_at = at + self.ahead
        return BatchIn(device=self.id, app="1.0", sent_at=sent_at, unsent=len(self.unsent), operations=ops, **facts)

    def send(self, conn: Connection, at: datetime, ops: list[dict[str, Any]] | None = None, **facts: Any) -> Received:
        """Send operations, those without an answer if none are given, and learn the answers."""
        received = self.transmit(conn, at, self.unsent if ops is None else ops, **facts)
        self.learn(received)
        return received

    def transmit(self, conn: Connection, at: datetime, ops: list[dict[str, Any]], **facts: Any) -> Received:
        """Send operations; the answer is lost."""
        batch = self.batch(ops, at, **facts)
        sent = [arrived(each) for each in batch.operations]
        return receiving.receive(conn, batch.contact(at), sent, who=self.who, now=at)

    def learn(self, received: Received) -> None:
        for each in received.answers:
            if each.verdict != "early":
                verdict = each.first or each.verdict
                self.answers[str(each.op_id)] = {"verdict": str(verdict), **each.answer}


def a_kept_remark(conn: Connection, order: UUID, at: datetime) -> dict[str, Any]:
    """Report a remark from a technician's device that was revoked meanwhile: it waits on the order."""
    return _kept(conn, at, "remark", order, text="It drips")


def a_kept_request(conn: Connection, asset: int, at: datetime) -> dict[str, Any]:
    """Report a request likewise: it waits, and is of no order."""
    return _kept(conn, at, "request", None, title="Sweep it", asset_id=asset)


def half_a_file(conn: Connection, order: UUID, at: datetime) -> None:
    """Send the first half of a file from a technician's device."""
    phone = Phone(HOLM)
    phone.send(conn, at)
    facts: dict[str, Any] = {"id": uuid4(), "device_id": phone.id, "order_id": order, "name": "seal.jpg", "size": 20}
    file = Announced(**facts, sha256=bytes(32))
    uploads.put(conn, file, 0, b"x" * 10, who=HOLM, now=at, allowed=files.USUAL)


def _kept(conn: Connection, at: datetime, kind: str, order: UUID | None, **content: Any) -> dict[str, Any]:
    phone = Phone(HOLM)
    phone.send(conn, at)
    devices.revoke(conn, phone.id, actor="person:dahl", now=at)
    op = phone.record(kind, order, at, **content)
    phone.send(conn, at)
    return op


def batches(order: Any, asset: int, attachment: Any) -> dict[str, Any]:
    """Return a batch by which somebody means another one's order, asset and file, in every kind of operation."""
    phone, at = Phone(HOLM), datetime(2026, 3, 2, tzinfo=UTC)
    phone.record("remark", order, at, text="mine")
    phone.record("move", order, at, step="start")
    phone.record("move", order, at, step="cannot_complete", reason="mine")
    phone.record("plan_step", order, at, step=1, note="mine")
    phone.record("field", order, at, name="title", base=None, value="mine")
    phone.record("parts", order, at, part="bearing", used=9)
    phone.record("need", order, at, part="bearing", needed=9)
    phone.record("travel", order, at)
    phone.record("hours", order, at, hours=9)
    phone.record("reading", order, at, signal="bearing_temp", value=9)
    phone.record("photo", order, at, attachment=str(attachment))
    phone.record("signature", order, at, attachment=str(attachment), signed_by="me")
    phone.record("follow_up", order, at, title="mine")
    phone.record("request", None, at, title="mine", asset_id=asset)
    phone.record("acknowledge", None, at, escalation=1)
    return phone.batch(phone.log, at).model_dump(mode="json")
