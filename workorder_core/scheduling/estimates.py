"""How long work takes by what was done before: the median of the hours worked on the most alike orders; what became of
published visits; and what the estimates of job plans, technicians and ways become by it. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

LEAST_OF_PLAN = 3
"""Fewer orders of one job plan say less than those of the class."""
CLOSE = 0.1
"""A share of the estimate within which a median says the same."""


class Alike(StrEnum):
    """What the orders have in common that a median is of, the most alike first."""

    PLAN = "plan"
    CLASS = "class"
    TYPE = "type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """The median of the hours worked on orders like one.

    Parameters
    ----------
    hours
        Above 0.
    count
        Of how many done orders.
    """

    hours: float
    count: int
    alike: Alike

    def differs_from(self, estimated: float | None) -> bool:
        """Return whether an estimate is so far from it, or missing, that a planner should see it."""
        return estimated is None or abs(estimated - self.hours) > CLOSE * max(estimated, self.hours)


Key = tuple[Alike, str | None, str]
"""By plan: its name, and no type; by class: its class and the type of the order; by type: none and the type."""


def learned(
    known: Mapping[Key, Learned], *, plan: str | None, asset_class: str | None, order_type: str
) -> Learned | None:
    """Return the median of the most alike orders: of the job plan, else of the class and type, else of the type."""
    of_plan = None if plan is None else known.get((Alike.PLAN, plan, ""))
    if of_plan is not None and of_plan.count >= LEAST_OF_PLAN:
        return of_plan
    of_class = None if asset_class is None else known.get((Alike.CLASS, asset_class, order_type))
    return of_class or of_plan or known.get((Alike.TYPE, None, order_type))


class Kind(StrEnum):
    """What an estimate is of."""

    JOB_PLAN = "job_plan"
    """The hours of a job plan."""
    TECHNICIAN = "technician"
    """How much longer than planned work takes somebody: their speed."""
    WAY = "way"
    """The minutes from one place to another."""


LEAST = {Kind.JOB_PLAN: 3, Kind.TECHNICIAN: 5, Kind.WAY: 3}
"""Fewer cases say nothing yet."""
_STEP = {Kind.JOB_PLAN: 0.1, Kind.TECHNICIAN: 0.05, Kind.WAY: 1.0}
"""What the number that an estimate becomes is rounded to."""
_BOUNDS = {Kind.JOB_PLAN: (0.1, 8760.0), Kind.TECHNICIAN: (0.2, 5.0), Kind.WAY: (1.0, 10_000.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is estimated now, and what the cases since say.

    Parameters
    ----------
    key
        The job plan's code, with its site where it is a site's own; the technician's; two places, as ``HALL>YARD``.
    name
        What people call it.
    count
        How many cases there are.
    median, low, high
        Of the cases: half lie from ``low`` to ``high``, the quartiles. Hours of a job plan, minutes of a way; of a
        technician, the hours worked for each hour planned.
    now
        What is estimated at present; None: nothing is.
    counted
        Whether schedules count with the median already, because nothing else is known.
    """

    kind: Kind
    key: str
    name: str
    count: int
    median: float
    low: float
    high: float
    now: float | None
    counted: bool = False

    @property
    def becomes(self) -> float | None:
        """What the estimate is set to when a planner takes the median over; None while there are too few cases.

        >>> hours = {"count": 4, "median": 3.14, "low": 3.0, "high": 3.5, "now": 2.0}
        >>> Estimate(kind=Kind.JOB_PLAN, key="SWAP", name="Swap", **hours).becomes
        3.1
        """
        if self.count < LEAST[self.kind]:
            return None
        step, (low, high) = _STEP[self.kind], _BOUNDS[self.kind]
        return round(min(high, max(low, round(self.median / step) * step)), 2)

    @property
    def differs(self) -> bool:
        """Whether the median is so far from the present estimate that a planner should see it."""
        if self.becomes is None:
            return False
        return self.now is None or abs(self.now - self.becomes) > CLOSE * max(self.now, self.becomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """A published visit that was made: what was planned, and what became of it.

    Parameters
    ----------
    technician
        Who had the order when it was completed; None: nobody did.
    planned_travel, travelled
        Minutes of the way to it; ``planned_travel`` None: the schedule was published before ways were kept;
        ``travelled`` None: how long it took is not known, as for the first work of a day.
    worked
        Minutes from ``started_at`` to ``ended_at`` without what the work was on hold.
    """

    order: UUID
    part: int
    number: str
    title: str
    plan: str | None
    technician: str | None
    planned_starts: datetime
    planned_ends: datetime
    planned_travel: int | None
    started_at: datetime
    ended_at: datetime
    worked: float
    travelled: float | None

    @property
    def planned_minutes(self) -> float:
        """How long the visit was to take, breaks included."""
        return (self.planned_ends - self.planned_starts).total_seconds() / 60

    @property
    def late_minutes(self) -> float:
        """By how much it began later than planned; negative: earlier."""
        return (self.started_at - self.planned_starts).total_seconds() / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A schedule beside what became of it, in minutes; only visits that were made count.

    Parameters
    ----------
    planned, made
        How many visits the schedule has, and how many were made.
    late
        The median of how much later than planned they began.
    """

    planned: int
    made: int
    planned_work: float
    worked: float
    planned_travel: float
    travelled: float
    late: float | None


def compared(planned: int, actuals: list[Actual]) -> Compared:
    """Compare a schedule of so many visits with those that were made."""
    ways = [(each.planned_travel, each.travelled) for each in actuals]
    known = [(before, after) for before, after in ways if before is not None and after is not None]
    late = sorted(each.late_minutes for each in actuals)
    return Compared(
        planned=planned,
        made=len(actuals),
        planned_work=sum(each.planned_minutes for each in actuals),
        worked=sum(each.worked for each in actuals),
        planned_travel=float(sum(before for before, _ in known)),
        travelled=sum(after for _, after in known),
        late=None if not late else (late[(len(late) - 1) // 2] + late[len(late) // 2]) / 2,
    )
