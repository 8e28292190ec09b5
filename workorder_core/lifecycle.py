"""The life of a work order: which status may follow which.

Nothing here reads a clock or a database. Callers pass ``at`` (timezone-aware UTC) and store what they get back.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from workorder_core.errors import IllegalMove, ReasonMissing
from workorder_core.orders import CloseOut, WorkOrder
from workorder_core.words import Status

NEXT: Mapping[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.ASSIGNED, Status.CANCELLED}),
    Status.ASSIGNED: frozenset({Status.IN_PROGRESS, Status.ASSIGNED, Status.OPEN, Status.CANCELLED}),
    Status.IN_PROGRESS: frozenset({Status.ON_HOLD, Status.COMPLETED, Status.ASSIGNED, Status.CANCELLED}),
    Status.ON_HOLD: frozenset({Status.IN_PROGRESS, Status.CANCELLED}),
    Status.COMPLETED: frozenset({Status.VERIFIED, Status.OPEN}),
    Status.VERIFIED: frozenset({Status.CLOSED, Status.OPEN}),
    Status.CLOSED: frozenset(),
    Status.CANCELLED: frozenset(),
}

FINAL = frozenset(status for status, following in NEXT.items() if not following)


def assign(order: WorkOrder, assignee: str, *, at: datetime, note: str | None = None) -> WorkOrder:
    """Give the order to a technician, or to another one before the work has begun."""
    return replace(_move(order, Status.ASSIGNED, at), assignee=assignee, assignment_note=note)


def unassign(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """Take the order back from its technician before the work has begun."""
    if order.status is not Status.ASSIGNED:
        raise IllegalMove(order.id, order.status, Status.OPEN, NEXT[order.status])
    _need(reason, order, "unassign")
    return replace(_move(order, Status.OPEN, at), assignee=None, assignment_note=reason)


def start(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """The technician is at the machine."""
    if order.status is Status.ON_HOLD:
        raise IllegalMove(order.id, order.status, Status.IN_PROGRESS, frozenset({Status.CANCELLED}))
    return _move(order, Status.IN_PROGRESS, at)


def hold(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """The work waits for something: parts, a permit, access."""
    _need(reason, order, "put on hold")
    return _move(order, Status.ON_HOLD, at)


def resume(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """What the work waited for has come."""
    if order.status is not Status.ON_HOLD:
        raise IllegalMove(order.id, order.status, Status.IN_PROGRESS, NEXT[order.status])
    return _move(order, Status.IN_PROGRESS, at)


def complete(order: WorkOrder, close_out: CloseOut, *, at: datetime) -> WorkOrder:
    """The work is done; what was found and done is recorded."""
    return replace(_move(order, Status.COMPLETED, at), close_out=close_out)


def verify(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """Somebody has seen that the machine does its work again."""
    return _move(order, Status.VERIFIED, at)


def close(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """Nothing is left to do."""
    return _move(order, Status.CLOSED, at)


def rework(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """The work did not help: the order goes back to the start of the queue."""
    if order.status not in (Status.COMPLETED, Status.VERIFIED):
        raise IllegalMove(order.id, order.status, Status.OPEN, NEXT[order.status])
    _need(reason, order, "send back")
    return replace(_move(order, Status.OPEN, at), assignee=None, assignment_note=None, close_out=None)


def cancel(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """The work will not be done."""
    _need(reason, order, "cancel")
    return _move(order, Status.CANCELLED, at)


def _need(reason: str, order: WorkOrder, step: str) -> None:
    if not reason.strip():
        raise ReasonMissing(order.id, step)


def _move(order: WorkOrder, to: Status, at: datetime) -> WorkOrder:
    if to not in NEXT[order.status]:
        raise IllegalMove(order.id, order.status, to, NEXT[order.status])
    return replace(order, status=to, status_since=at)
