"""What becomes of the order that asked for a round, when the round has been walked. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from workorder_core.orders import lifecycle
from workorder_core.orders.close_out import Cause, Remedy
from workorder_core.orders.details import Complete, Details, Start
from workorder_core.orders.lifecycle import MOVES, Step
from workorder_core.orders.order import CloseOut, WorkOrder
from workorder_core.words import CloseFinding

_BEGINS, _ENDS = ("started", "resumed"), ("paused", "finished")


def walked_hours(moves: Iterable[tuple[datetime, str]]) -> float:
    """Return how long a round was walked, in hours to the hundredth, without its pauses.

    ``moves`` are when it was ``started``, ``paused``, ``resumed`` and ``finished``, in order; the rest is passed over.
    """
    total, since = timedelta(0), None
    for at, what in moves:
        if what in _BEGINS:
            since = at if since is None else since
        elif what in _ENDS and since is not None:
            total, since = total + (at - since), None
    return round(total / timedelta(hours=1), 2)


def steps_to_done(
    order: WorkOrder, *, walker: str, hours: float, seen: int, failed: int, said: str
) -> tuple[tuple[Step, Details], ...]:
    """Return the steps by which a walked round's order is completed; none where its status has no way there.

    None either where no stop was ``seen``, since all of them were left out.

    Failed points have orders of their own, so that this one is done either way: it says what came of the round.
    """
    steps: list[tuple[Step, Details]] = []
    if order.status in MOVES[Step.START].sources:
        steps.append((Step.START, Start()))
    elif order.status not in MOVES[Step.COMPLETE].sources:
        return ()
    if not seen:
        return ()
    close_out = CloseOut(
        finding=CloseFinding.CONFIRMED if failed else CloseFinding.NOTHING_FOUND,
        failure_mode=order.failure_mode if failed else None,
        cause=Cause.UNKNOWN if failed else Cause.NO_CAUSE_FOUND,
        remedy=Remedy.CHECK,
        note=said,
    )
    steps.append((Step.COMPLETE, Complete(close_out, walker, hours, None, None)))
    return tuple(steps)


def applied(order: WorkOrder, step: Step, details: Details, *, at: datetime) -> WorkOrder:
    """Return the order after one of the steps."""
    return lifecycle.apply_step(order, step, details, at=at)
