"""Maintenance plans: work that recurs by calendar, by meter, by condition, or by whichever comes first. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from workorder_core.errors import WorkOrderError
from workorder_core.planning import recurrence
from workorder_core.sentences import say
from workorder_core.words import OrderType


class ObjectKind(StrEnum):
    """The kinds of objects that a plan is for."""

    ASSET = "asset"
    CLASS = "class"
    """Every asset of a class at the site, each with dates of its own."""
    LOCATION = "location"
    """A functional location: its order is for the asset that is installed there at that time, if there is exactly one.
    """
    ROUTE = "route"
    """Several assets in an order that a person walks: one order."""


class OnFreeDay(StrEnum):
    """How a date that is not a working day of the site is treated."""

    KEEP = "keep"
    SKIP = "skip"
    NEXT = "next"
    PREVIOUS = "previous"


class WhenOpen(StrEnum):
    """How an occurrence is treated that falls due while the order of the last one is unfinished."""

    SKIP = "skip"
    STACK = "stack"
    MERGE = "merge"


class AfterOutage(StrEnum):
    """How occurrences are treated that fell due while nothing was generated, when a later one is due too."""

    CATCH_UP = "catch_up"
    SKIP = "skip"


class Work(StrEnum):
    """The kind of work that an occurrence generates."""

    ORDER = "order"
    INSPECTION_ROUND = "inspection_round"


class InvalidPlan(WorkOrderError):
    """A plan contradicts itself. ``field`` has to be changed."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(say("the plan is invalid: {problem}", problem=problem))
        self.field, self.problem = field, problem


@dataclass(frozen=True, slots=True)
class Season:
    """From one day of the year to another, both included; it may pass the new year."""

    begins: tuple[int, int]
    ends: tuple[int, int]

    def has(self, day: date) -> bool:
        """Whether a day is within it."""
        at = (day.month, day.day)
        if self.begins <= self.ends:
            return self.begins <= at <= self.ends
        return at >= self.begins or at <= self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCalendar:
    """Due by a recurrence rule in the site's local time.

    Parameters
    ----------
    starts
        Local time without a zone: the day from which the rule counts, and the time of day if the rule has none.
    """

    rule: str
    starts: datetime
    on_free_day: OnFreeDay = OnFreeDay.KEEP
    season: Season | None = None

    def times(self) -> tuple[time, ...]:
        """Return the times of the day, in order."""
        return recurrence.parse(self.rule).times or (self.starts.time(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByMeter:
    """Due when a counter has advanced by ``every`` since the last occurrence.

    Parameters
    ----------
    wraps_at
        The first number that the meter cannot show; None: a falling count means a reset.
    early, late
        By how much, in its unit, a completion may deviate without moving the next occurrence.
    """

    signal: str
    every: float
    unit: str = ""
    wraps_at: float | None = None
    early: float = 0.0
    late: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCondition:
    """Due when an alarm is active (``alarm``, its rule or model) or the health falls below this percentage."""

    alarm: str | None = None
    health_below: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The work of every n-th occurrence; a larger package covers the smaller ones that are due with it."""

    name: str
    every: int
    job_plan: str | None = None
    hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenancePlan:
    """One version of a plan.

    Parameters
    ----------
    object, objects
        The kind of its objects, and their codes: one, or the route's assets in walking order.
    location
        The location of a route's order.
    shift_factor
        How much of a completion's deviation from its due date moves the next occurrence: 0 nothing, 1 all of it.
    early_days, late_days
        The tolerances: a completion within them moves nothing.
    lead_days
        How long before its due date an order is generated.
    window_days
        How long after its due date the work may begin.
    packages
        Empty: every occurrence is the same work.
    group, group_days
        Plans of one group generate one order for an asset if their due dates are within this many days.
    checklist, inspection_route
        The checklist for each asset of an inspection round, or the inspection route that the round follows. One of
        them.
    """

    code: str
    site: str
    title: str
    object: ObjectKind
    objects: tuple[str, ...]
    location: str | None = None
    type: OrderType = OrderType.PREVENTIVE
    work: Work = Work.ORDER
    checklist: str | None = None
    inspection_route: str | None = None
    calendar: ByCalendar | None = None
    meter: ByMeter | None = None
    condition: ByCondition | None = None
    shift_factor: Decimal = Decimal(0)
    early_days: int = 0
    late_days: int = 0
    lead_days: int = 14
    window_days: int = 7
    when_open: WhenOpen = WhenOpen.SKIP
    after_outage: AfterOutage = AfterOutage.SKIP
    packages: tuple[Package, ...] = ()
    job_plan: str | None = None
    skill: str | None = None
    hours: float | None = None
    stops_asset: bool = False
    group: str | None = None
    group_days: int = 0
    active: bool = True
    version: int = 1

    def __post_init__(self) -> None:
        for field, problem in problems(self):
            raise InvalidPlan(field, problem)

    @property
    def key(self) -> str:
        """Its name for people: ``NTH/PUMP-SERVICE``."""
        return f"{self.site}/{self.code}"


def problems(plan: MaintenancePlan) -> Iterator[tuple[str, str]]:
    """Yield each field that contradicts another one or itself, and how. Raises InvalidRule."""
    yield from _of_triggers(plan)
    yield from _of_packages(plan.packages)
    yield from _of_round(plan)
    if not 0 <= plan.shift_factor <= 1:
        yield "shift_factor", say("it is a number from 0 (from the due date) to 1 (from the completion)")
    for field in ("early_days", "late_days", "lead_days", "window_days", "group_days"):
        if not 0 <= getattr(plan, field) <= 3660:
            yield field, say("it is a number of days from 0 to 3660")
    if plan.type not in (OrderType.PREVENTIVE, OrderType.PROACTIVE, OrderType.INSPECTION):
        yield "type", say("planned work is preventive, proactive or an inspection")
    if not plan.objects:
        yield "objects", say("name what it is for")
    elif len(plan.objects) > 1 and plan.object is not ObjectKind.ROUTE:
        yield "objects", say("only a route has several")
    if len(set(plan.objects)) < len(plan.objects):
        yield "objects", say("a route visits each asset once")
    if plan.object is ObjectKind.ROUTE and plan.location is None:
        yield "location", say("a route needs the location that its order is for")


def _of_triggers(plan: MaintenancePlan) -> Iterator[tuple[str, str]]:
    if plan.calendar is None and plan.meter is None and plan.condition is None:
        yield "calendar", say("it needs a calendar, a meter or a condition that makes it due")
    if plan.calendar is not None:
        recurrence.parse(plan.calendar.rule)
        if plan.calendar.starts.tzinfo is not None or plan.calendar.starts.second or plan.calendar.starts.microsecond:
            yield "calendar", say("it starts at a local time in whole minutes, without a zone")
    if plan.meter is not None and not plan.meter.every > 0:
        yield "meter", say("its interval must be above 0")
    if plan.meter is not None and plan.meter.wraps_at is not None and not plan.meter.wraps_at > 0:
        yield "meter", say("a meter wraps at a number above 0")
    condition = plan.condition
    if condition is not None and (condition.alarm is None) == (condition.health_below is None):
        yield "condition", say("name either an alarm or a health")
    of_one = plan.object in (ObjectKind.ASSET, ObjectKind.CLASS, ObjectKind.LOCATION)
    if not of_one and (plan.meter is not None or plan.condition is not None):
        yield (
            "meter" if plan.meter is not None else "condition",
            say("a route has no meter and no condition of its own"),
        )


def _of_round(plan: MaintenancePlan) -> Iterator[tuple[str, str]]:
    walked = sum(each is not None for each in (plan.checklist, plan.inspection_route))
    if plan.work is Work.INSPECTION_ROUND and walked != 1:
        yield "checklist", say("a round needs a checklist or an inspection route, one of them")
    if plan.work is not Work.INSPECTION_ROUND and walked:
        yield "checklist", say("only an inspection round has a checklist or an inspection route")


def _of_packages(packages: tuple[Package, ...]) -> Iterator[tuple[str, str]]:
    if not packages:
        return
    if len({each.name for each in packages}) < len(packages):
        yield "packages", say("each needs a name of its own")
    sizes = [each.every for each in packages]
    if sizes[0] != 1 or any(large <= small or large % small for small, large in pairwise(sizes)):
        yield (
            "packages",
            say("the first is for every occurrence (1), each further one for a multiple of the one before: 1, 3, 12"),
        )
