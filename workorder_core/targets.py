"""When work must have begun and when it must be done: by priority, in the working hours of the site's calendar.

Pure: the calendar is given. Targets count from when an order was approved or recorded, on the wall clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from workorder_core.orders import WorkOrder
from workorder_core.words import Priority
from workorder_core.working_time import ROUND_THE_CLOCK, Calendar

WARN_AT = 0.75
"""The part of a target's time after which it is warned of."""


@dataclass(frozen=True, slots=True)
class Target:
    """How long until work must have begun, and until it must be completed.

    Parameters
    ----------
    working
        Whether only the calendar's working hours count; an emergency does not wait for the morning.
    """

    response: timedelta
    completion: timedelta
    working: bool = True


BY_PRIORITY: Mapping[Priority, Target] = {
    Priority.EMERGENCY: Target(timedelta(minutes=15), timedelta(hours=8), working=False),
    Priority.HIGH: Target(timedelta(hours=4), timedelta(hours=24)),
    Priority.MEDIUM: Target(timedelta(hours=24), timedelta(days=7)),
    Priority.LOW: Target(timedelta(days=3), timedelta(days=30)),
}


@dataclass(frozen=True, slots=True)
class Targets:
    """What a site has promised: its targets, and the hours in which they count."""

    by_priority: Mapping[Priority, Target] = field(default_factory=lambda: BY_PRIORITY)
    calendar: Calendar = ROUND_THE_CLOCK

    def clock(self, priority: Priority) -> Calendar:
        """The hours that count for a priority."""
        return self.calendar if self.by_priority[priority].working else ROUND_THE_CLOCK


DEFAULT = Targets()


@dataclass(frozen=True, slots=True)
class Due:
    """When targets run out, and when each is to be warned of."""

    response: datetime
    completion: datetime
    response_warn: datetime
    completion_warn: datetime


def due(priority: Priority, since: datetime, by: Targets = DEFAULT) -> Due:
    """Return when work of a priority must have begun and must be completed; both count from ``since``."""
    target, clock = by.by_priority[priority], by.clock(priority)
    return Due(
        response=clock.after(since, target.response),
        completion=clock.after(since, target.completion),
        response_warn=clock.after(since, target.response * WARN_AT),
        completion_warn=clock.after(since, target.completion * WARN_AT),
    )


def set_anew(order: WorkOrder, at: datetime, by: Targets = DEFAULT) -> WorkOrder:
    """Return the order with targets that count from ``at``, none of them late or warned of."""
    return replace(_with(order, due(order.priority, at, by)), escalation=0, warned=0)


def brought_forward(order: WorkOrder, at: datetime, by: Targets = DEFAULT) -> WorkOrder:
    """Return an order that became more urgent at ``at``: its targets only ever come closer."""
    new = due(order.priority, at, by)
    return _with(
        order,
        Due(
            response=_sooner(order.response_due, new.response),
            completion=_sooner(order.completion_due, new.completion),
            response_warn=_sooner(order.response_warn_at, new.response_warn),
            completion_warn=_sooner(order.completion_warn_at, new.completion_warn),
        ),
    )


def moved_on(order: WorkOrder, stopped: datetime, at: datetime, by: Targets = DEFAULT) -> WorkOrder:
    """Return the order with the time left of its targets at ``stopped`` counted from ``at``.

    A target that had run out before the clock stopped stays where it is.
    """
    clock = by.clock(order.priority)

    def later(target: datetime | None) -> datetime | None:
        if target is None or target <= stopped:
            return target
        return clock.after(at, clock.between(stopped, target))

    return replace(
        order,
        response_due=later(order.response_due),
        completion_due=later(order.completion_due),
        response_warn_at=later(order.response_warn_at),
        completion_warn_at=later(order.completion_warn_at),
    )


def _with(order: WorkOrder, found: Due) -> WorkOrder:
    return replace(
        order,
        response_due=found.response,
        completion_due=found.completion,
        response_warn_at=found.response_warn,
        completion_warn_at=found.completion_warn,
    )


def _sooner(old: datetime | None, new: datetime) -> datetime:
    return new if old is None else min(old, new)
