"""When work must have begun and when it must be done: by priority, in the working hours of the site's calendar.

Pure: the calendar is passed in. Targets count from when an order was approved or recorded, on the wall clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

from workorder_core.orders.order import WorkOrder
from workorder_core.orders.statuses import DONE, FINAL, UNAPPROVED
from workorder_core.orders.working_time import ROUND_THE_CLOCK, Calendar, NoWorkingTime
from workorder_core.sentences import coded, say
from workorder_core.words import Priority

WARN_AT = 0.75
"""The share of a target's time after which a warning is given."""

NO_WORKING_TIME = "no_working_time"
"""Why a target is missing: the site's calendar has too few working hours for it to run out within three years."""
_WITHOUT_TARGETS = UNAPPROVED | DONE | FINAL
"""Statuses in which targets do not matter."""


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
    """A site's service levels: its targets, and the hours in which they count."""

    by_priority: Mapping[Priority, Target] = field(default_factory=lambda: BY_PRIORITY)
    calendar: Calendar = ROUND_THE_CLOCK

    def clock(self, priority: Priority) -> Calendar:
        """Return the hours that count for a priority."""
        return self.calendar if self.by_priority[priority].working else ROUND_THE_CLOCK


DEFAULT = Targets()


@dataclass(frozen=True, slots=True)
class Due:
    """When targets run out, and when each is to be warned of; None for one that cannot be computed."""

    response: datetime | None
    completion: datetime | None
    response_warn: datetime | None
    completion_warn: datetime | None


def due(priority: Priority, since: datetime, by: Targets = DEFAULT) -> Due:
    """Return when work of a priority must have begun and must be completed; both count from ``since``."""
    target, clock = by.by_priority[priority], by.clock(priority)
    response, completion = _after(clock, since, target.response), _after(clock, since, target.completion)
    return Due(
        response=response,
        completion=completion,
        response_warn=response and _after(clock, since, target.response * WARN_AT),
        completion_warn=completion and _after(clock, since, target.completion * WARN_AT),
    )


def check(by: Targets, since: datetime) -> None:
    """Raise NoWorkingTime where the targets of a priority cannot be computed for work that begins at ``since``."""
    for priority, target in by.by_priority.items():
        for what, span in (("response", target.response), ("completion", target.completion)):
            if _after(by.clock(priority), since, span) is None:
                raise NoWorkingTime(
                    say("the {what} target of {name} work", what=coded(what), name=coded(priority.name.lower())), span
                )


def missing(order: WorkOrder) -> str | None:
    """Return why an order has no target that should have one, as a code; None where nothing is missing."""
    if order.status in _WITHOUT_TARGETS or None not in (order.response_due, order.completion_due):
        return None
    return NO_WORKING_TIME


def _after(clock: Calendar, since: datetime, span: timedelta | Callable[[], timedelta]) -> datetime | None:
    """Return when a span of working time has passed; None where that, or the span itself, cannot be computed."""
    try:
        return clock.after(since, span if isinstance(span, timedelta) else span())
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):  # NoWorkingTime, or no zone of that name
        return None


def reset(order: WorkOrder, at: datetime, by: Targets = DEFAULT) -> WorkOrder:
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


def foreseen(order: WorkOrder, early: datetime, at: datetime) -> WorkOrder:
    """Return an order of an asset that fails with a probability of 10 % by ``early``, as was found at ``at``.

    It is due by then, if that is earlier than its target, but not before work must have begun, nor in the past.
    """
    if order.status in _WITHOUT_TARGETS:
        return order
    earliest = max(early, at, order.response_due or at)
    if order.completion_due is not None and earliest >= order.completion_due:
        return order
    warn = _sooner(order.completion_warn_at, at + (earliest - at) * WARN_AT)
    return replace(order, completion_due=earliest, completion_warn_at=warn)


def moved_on(order: WorkOrder, stopped: datetime, at: datetime, by: Targets = DEFAULT) -> WorkOrder:
    """Return the order with the time left of its targets at ``stopped`` counted from ``at``.

    A target missed before the clock stopped is unchanged.
    """
    clock = by.clock(order.priority)

    def later(target: datetime | None) -> datetime | None:
        if target is None or target <= stopped:
            return target
        return _after(clock, at, lambda: clock.between(stopped, target))

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


def _sooner(old: datetime | None, new: datetime | None) -> datetime | None:
    return min((each for each in (old, new) if each is not None), default=None)
