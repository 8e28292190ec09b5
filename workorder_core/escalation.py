"""When a target runs out: once for the response, once for the completion.

An escalation makes an order stand out and go before others of its priority. It leaves the priority alone, which says
what is at stake; somebody being late does not make the fault worse.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from workorder_core.orders import WorkOrder
from workorder_core.words import Status

RESPONSE, COMPLETION = 1, 2

_NOT_BEGUN = frozenset({Status.OPEN, Status.ASSIGNED})
_NOT_DONE = _NOT_BEGUN | {Status.IN_PROGRESS, Status.ON_HOLD}


@dataclass(frozen=True, slots=True)
class Escalation:
    """A target that has run out, as a level above the order's and a sentence."""

    level: int
    reason: str


def needed(order: WorkOrder, *, now: datetime) -> Escalation | None:
    """Return the escalation that an order needs at ``now`` (wall clock); None when no target has newly run out."""
    if (
        order.status in _NOT_DONE
        and order.escalation < COMPLETION
        and order.completion_due is not None
        and now >= order.completion_due
    ):
        return Escalation(COMPLETION, "the completion target has run out and the work is not done")
    if (
        order.status in _NOT_BEGUN
        and order.escalation < RESPONSE
        and order.response_due is not None
        and now >= order.response_due
    ):
        assigned = "the work has not begun" if order.assignee else "nobody is assigned"
        return Escalation(RESPONSE, f"the response target has run out and {assigned}")
    return None


def escalate(order: WorkOrder, escalation: Escalation) -> WorkOrder:
    """Return the order at the escalation's level."""
    return replace(order, escalation=escalation.level)
