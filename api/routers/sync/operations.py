"""The offline protocol: operations of devices, devices, and what waits for a planner."""

from uuid import UUID

from fastapi import APIRouter

from api.asking import PLANS, WORKS_OR_PLANS, Asking, Conn, Now
from api.paging import At, Order, PagedByFifty, Text
from api.shapes.sync.batches import (
    AnswersOut,
    BatchIn,
    DeviceOut,
    OperationOut,
    SetAsideIn,
    TakeOverIn,
    arrived,
    meaning,
)
from db.sync import deciding, devices, operations, receiving
from db.sync.devices import Device
from db.sync.operations import Stored

router = APIRouter(prefix="/sync", tags=["offline"])
BY_PERSON = Order[Device](tuple[Text, UUID], lambda each: (each.person, each.id))
OLDEST_FIRST = Order[Stored](tuple[At, UUID], lambda each: (each.received_at, each.op_id))


@router.post("/operations", dependencies=[WORKS_OR_PLANS])
def send(body: BatchIn, conn: Conn, now: Now, who: Asking) -> AnswersOut:
    """Send what a device has recorded. Each operation is carried out and stored once, by its `op_id`, and answered by
    itself: sent again, it changes nothing. The first contact registers the device.
    """
    sent = [arrived(each) for each in body.operations]
    return AnswersOut.of(receiving.receive(conn, body.contact(now), sent, who=who, now=now))


@router.get("/operations", dependencies=[PLANS])
def waiting(conn: Conn, who: Asking, part: PagedByFifty) -> list[OperationOut]:
    """List the operations that wait for a decision, the oldest first: work that was kept, and conflicts."""
    found = operations.waiting(conn, within=who.sites, after=part.after(OLDEST_FIRST), limit=part.fetched)
    return [OperationOut.model_validate(each) for each in part.of_fetched(found, OLDEST_FIRST)]


@router.post("/operations/{op_id}/take-over", dependencies=[PLANS])
def take_over(op_id: UUID, body: TakeOverIn, conn: Conn, now: Now, who: Asking) -> OperationOut:
    """Take an operation over: it is carried out, or recorded in the order's history where its rules do not allow that
    any more.
    """
    return OperationOut.model_validate(deciding.take_over(conn, op_id, meaning, who=who, now=now, why=body.why))


@router.post("/operations/{op_id}/set-aside", dependencies=[PLANS])
def set_aside(op_id: UUID, body: SetAsideIn, conn: Conn, now: Now, who: Asking) -> OperationOut:
    """Set an operation aside, with a reason; it stays in the order's history."""
    return OperationOut.model_validate(deciding.set_aside(conn, op_id, who=who, now=now, why=body.why))


@router.get("/devices", dependencies=[PLANS])
def listed(conn: Conn, who: Asking, part: PagedByFifty) -> list[DeviceOut]:
    """List the devices that work without a network, by person."""
    found = devices.listed(conn, within=who.sites, after=part.after(BY_PERSON), limit=part.fetched)
    return [DeviceOut.of(each) for each in part.of_fetched(found, BY_PERSON)]


@router.post("/devices/{mobile_id}/revoke", dependencies=[PLANS])
def revoke(mobile_id: UUID, conn: Conn, now: Now, who: Asking) -> DeviceOut:
    """Revoke a device: at its next contact it is told to delete everything. What it had not sent is kept for a
    planner.
    """
    return DeviceOut.of(devices.revoke(conn, mobile_id, actor=who.actor, now=now, within=who.sites))
