"""Warns of doubtful planned dates. Nothing is refused: a planner may know better.

Pure: the site's time, the technician and their other work are given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from workorder_core.far_times import is_near
from workorder_core.orders.lifecycle import WAITING
from workorder_core.orders.order import WorkOrder
from workorder_core.orders.statuses import UNAPPROVED
from workorder_core.people.technicians import Technician, on_shift
from workorder_core.sentences import coded, say
from workorder_core.words import Status

UNKNOWN_LENGTH = timedelta(hours=1)
"""How long work is assumed to last that has neither an end nor estimated hours."""

DATED = frozenset(Status) - UNAPPROVED - {Status.OPEN, Status.PLANNED}
"""The statuses in which a planned date is in force, or was when the work began."""


@dataclass(frozen=True, slots=True)
class Planned:
    """Other work of the same technician, and when it is planned."""

    number: str
    start: datetime
    end: datetime


def span(
    start: datetime | None, end: datetime | None, estimated_hours: float | None
) -> tuple[datetime, datetime] | None:
    """Return from when to when work is planned, its length estimated where no end is known; None without a start.

    A far date, which a database may have from before they were refused, is ignored.
    """
    if start is None or not is_near(start):
        return None
    if end is not None and is_near(end):
        return start, end
    return start, start + (UNKNOWN_LENGTH if not estimated_hours else timedelta(hours=min(estimated_hours, 10_000)))


def doubts(
    order: WorkOrder, technician: Technician | None, other: Sequence[Planned], *, now_local: datetime
) -> tuple[str, ...]:
    """Return what to warn of, as sentences without a full stop; ``now_local`` carries the site's time zone."""
    planned = span(order.scheduled_start, order.scheduled_end, order.estimated_hours)
    if planned is None or order.status not in WAITING & DATED:
        return ()
    zone = now_local.tzinfo
    start, end = (each.astimezone(zone) for each in planned)
    return (*_late(order, start, end, now_local), *_busy(technician, other, start, end))


def _late(order: WorkOrder, start: datetime, end: datetime, now: datetime) -> Iterator[str]:
    if start < now:
        yield say("the date is in the past")
    if order.response_due is not None and start > order.response_due:
        yield say("it begins after its target, {target}", target=_said(order.response_due.astimezone(now.tzinfo)))
    if order.completion_due is not None and end > order.completion_due:
        yield say("it ends after its target, {target}", target=_said(order.completion_due.astimezone(now.tzinfo)))


def _busy(technician: Technician | None, other: Sequence[Planned], start: datetime, end: datetime) -> Iterator[str]:
    if technician is None:
        return
    if not technician.active:
        yield say("{name} is not active", name=technician.name)
    elif not on_shift(technician, start):
        yield say("{name} is off shift when it begins", name=technician.name)
    elif end - start < timedelta(days=1) and not on_shift(technician, end - timedelta(minutes=1)):
        yield say("the shift of {name} ends before it does", name=technician.name)
    for each in other:
        if each.start < end and start < each.end:
            yield say("{name} has {number} at the same time", name=technician.name, number=each.number)


def _said(at: datetime) -> str:
    return say("{at:%a} {day} {at:%b}, {at:%H:%M} {zone}", at=at, day=at.day, zone=coded(at.tzname() or ""))
