"""Warnings and escalations when a target is near or missed: once each for response and completion.

A warning comes before, an escalation after. An escalation highlights an order and sorts it before others of its
priority. It does not change the priority, which says what is at stake; being late does not make the fault worse. While
the clock is stopped no target becomes near or is missed.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from workorder_core.orders.lifecycle import BEGUN, WAITING
from workorder_core.orders.order import WorkOrder
from workorder_core.sentences import say

RESPONSE, COMPLETION = 1, 2


@dataclass(frozen=True, slots=True)
class Escalation:
    """A missed or near target, as a level above the order's and a sentence."""

    level: int
    reason: str


def needed(order: WorkOrder, *, now: datetime) -> Escalation | None:
    """Return the escalation that an order needs at ``now`` (wall clock); None when no target has newly run out."""
    if _counts(order) and order.escalation < COMPLETION and _past(order.completion_due, now):
        return Escalation(COMPLETION, say("the completion target has run out and the work is not done"))
    if order.status in WAITING and order.escalation < RESPONSE and _past(order.response_due, now):
        if order.assignee:
            return Escalation(RESPONSE, say("the response target has run out and the work has not begun"))
        return Escalation(RESPONSE, say("the response target has run out and nobody is assigned"))
    return None


def warning(order: WorkOrder, *, now: datetime) -> Escalation | None:
    """Return the warning that an order needs at ``now`` (wall clock): a target is near that has not been warned of."""
    warned = max(order.warned, order.escalation)
    if _counts(order) and warned < COMPLETION and _past(order.completion_warn_at, now):
        return Escalation(COMPLETION, say("the completion target is near and the work is not done"))
    if order.status in WAITING and warned < RESPONSE and _past(order.response_warn_at, now):
        if order.assignee:
            return Escalation(RESPONSE, say("the response target is near and the work has not begun"))
        return Escalation(RESPONSE, say("the response target is near and nobody is assigned"))
    return None


def escalate(order: WorkOrder, escalation: Escalation) -> WorkOrder:
    """Return the order at the escalation's level."""
    return replace(order, escalation=escalation.level)


def warn(order: WorkOrder, warning: Escalation) -> WorkOrder:
    """Return the order with the warning given."""
    return replace(order, warned=warning.level)


def _counts(order: WorkOrder) -> bool:
    paused = order.hold_reason is not None and order.hold_reason.stops_clock
    return order.status in WAITING | BEGUN and not paused


def _past(target: datetime | None, now: datetime) -> bool:
    return target is not None and now >= target
