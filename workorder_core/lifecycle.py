"""The life of a work order: which step leads from which status to which.

Nothing here reads a clock or a database. Callers pass ``at`` (timezone-aware UTC) and store what they get back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from workorder_core import priority
from workorder_core.errors import IllegalMove, ReasonMissing
from workorder_core.orders import CloseOut, WorkOrder
from workorder_core.words import Status


class Step(StrEnum):
    """The verbs of the lifecycle, as people say them."""

    ASSIGN = "assign"
    UNASSIGN = "unassign"
    START = "start"
    HOLD = "hold"
    RESUME = "resume"
    COMPLETE = "complete"
    VERIFY = "verify"
    CLOSE = "close"
    REWORK = "rework"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Move:
    """Where a step may begin and where it leads."""

    sources: frozenset[Status]
    to: Status


def _from(*sources: Status) -> frozenset[Status]:
    return frozenset(sources)


MOVES: Mapping[Step, Move] = {
    Step.ASSIGN: Move(_from(Status.OPEN, Status.ASSIGNED, Status.IN_PROGRESS), Status.ASSIGNED),
    Step.UNASSIGN: Move(_from(Status.ASSIGNED), Status.OPEN),
    Step.START: Move(_from(Status.ASSIGNED), Status.IN_PROGRESS),
    Step.HOLD: Move(_from(Status.IN_PROGRESS), Status.ON_HOLD),
    Step.RESUME: Move(_from(Status.ON_HOLD), Status.IN_PROGRESS),
    Step.COMPLETE: Move(_from(Status.IN_PROGRESS), Status.COMPLETED),
    Step.VERIFY: Move(_from(Status.COMPLETED), Status.VERIFIED),
    Step.CLOSE: Move(_from(Status.VERIFIED), Status.CLOSED),
    Step.REWORK: Move(_from(Status.COMPLETED, Status.VERIFIED), Status.OPEN),
    Step.CANCEL: Move(_from(Status.OPEN, Status.ASSIGNED, Status.IN_PROGRESS, Status.ON_HOLD), Status.CANCELLED),
}

NEXT: Mapping[Status, frozenset[Status]] = {
    status: frozenset(move.to for move in MOVES.values() if status in move.sources) for status in Status
}

FINAL = frozenset(status for status, following in NEXT.items() if not following)


def possible(status: Status) -> tuple[Step, ...]:
    """The steps that may be taken from a status, in the order in which people would look for them."""
    return tuple(step for step, move in MOVES.items() if status in move.sources)


def between(old: Status, new: Status) -> Step | None:
    """The step that leads from one status to another; each pair has at most one. None for a change within a status."""
    return next((step for step, move in MOVES.items() if old in move.sources and move.to is new), None)


def assign(order: WorkOrder, assignee: str, *, at: datetime, note: str | None = None) -> WorkOrder:
    """Give the order to a technician, or hand it over to another one; begun work then has to be started again."""
    return replace(_move(order, Step.ASSIGN, at), assignee=assignee, assignment_note=note)


def unassign(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """Take the order back from its technician before the work has begun."""
    moved = _move(order, Step.UNASSIGN, at)
    _need(reason, order, Step.UNASSIGN)
    return replace(moved, assignee=None, assignment_note=reason)


def start(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """The technician is at the machine."""
    return _move(order, Step.START, at)


def hold(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """The work waits for something: parts, a permit, access."""
    moved = _move(order, Step.HOLD, at)
    _need(reason, order, Step.HOLD)
    return moved


def resume(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """What the work waited for has come."""
    return _move(order, Step.RESUME, at)


def complete(order: WorkOrder, close_out: CloseOut, *, at: datetime) -> WorkOrder:
    """The work is done; what was found and done is recorded."""
    return replace(_move(order, Step.COMPLETE, at), close_out=close_out)


def verify(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """Somebody has seen that the machine does its work again."""
    return _move(order, Step.VERIFY, at)


def close(order: WorkOrder, *, at: datetime) -> WorkOrder:
    """Nothing is left to do."""
    return _move(order, Step.CLOSE, at)


def rework(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """The work did not help: the order goes back to the start of the queue, and its targets count from now."""
    moved = _move(order, Step.REWORK, at)
    _need(reason, order, Step.REWORK)
    response_due, completion_due = priority.due(order.priority, at)
    return replace(
        moved,
        assignee=None,
        assignment_note=None,
        close_out=None,
        response_due=response_due,
        completion_due=completion_due,
        escalation=0,
    )


def cancel(order: WorkOrder, reason: str, *, at: datetime) -> WorkOrder:
    """The work will not be done."""
    moved = _move(order, Step.CANCEL, at)
    _need(reason, order, Step.CANCEL)
    return moved


def _need(reason: str, order: WorkOrder, step: Step) -> None:
    if not reason.strip():
        raise ReasonMissing(order.id, order.number, step)


def _move(order: WorkOrder, step: Step, at: datetime) -> WorkOrder:
    move = MOVES[step]
    if order.status not in move.sources:
        raise IllegalMove(order.id, order.number, order.status, step, tuple(possible(order.status)))
    return replace(order, status=move.to, status_since=at)
