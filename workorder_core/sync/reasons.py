"""Which verdict an error of an order's own rules is. Work that happened is never refused: it is kept. Pure."""

from workorder_core.errors import (
    IllegalMove,
    NotAllowed,
    NotQualified,
    NotReady,
    ReasonMissing,
    WorkOrderError,
)
from workorder_core.escalating.course import CannotAnswer
from workorder_core.orders import lifecycle
from workorder_core.orders.job_plans import InvalidStep
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import WorkOrder
from workorder_core.people.access import Who
from workorder_core.sync.words import Because, Verdict
from workorder_core.words import Status

MOVES = (Step.START, Step.HOLD, Step.RESUME, Step.COMPLETE, Step.CANNOT_COMPLETE)
"""The steps of the lifecycle that an operation can take: those of whoever does the work."""

_KEPT: tuple[tuple[type[Exception], Because], ...] = (
    (IllegalMove, Because.ILLEGAL_MOVE),
    (NotAllowed, Because.NOT_ALLOWED),
    (NotReady, Because.NOT_READY),
    (NotQualified, Because.NOT_QUALIFIED),
)
_REFUSED = (ReasonMissing, InvalidStep, CannotAnswer)


def of_error(error: Exception) -> tuple[Verdict, Because]:
    """Return the verdict on an operation that raised an error. What the operation itself lacks is refused; what does
    not fit the order, and whatever nobody foresaw, is kept.
    """
    if isinstance(error, _REFUSED):
        return Verdict.REFUSED, Because.MALFORMED
    for kind, because in _KEPT:
        if isinstance(error, kind):
            return Verdict.KEPT, because
    return Verdict.KEPT, Because.NOT_ALLOWED if isinstance(error, WorkOrderError) else Because.FAILED


def is_done_already(order: WorkOrder, step: Step, who: Who) -> bool:
    """Whether the work already goes on by the same person: started on their other device, say."""
    return step in (Step.START, Step.RESUME) and order.status is Status.IN_PROGRESS and lifecycle.has(order, who)
