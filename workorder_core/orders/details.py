"""The details of lifecycle steps, besides their author and time; `lifecycle.RULES` has the type for each step."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from workorder_core.orders.job_plans import JobPlan
from workorder_core.orders.order import CloseOut
from workorder_core.words import HoldReason


@dataclass(frozen=True, slots=True)
class Details:
    """No details."""


NOTHING = Details()


@dataclass(frozen=True, slots=True)
class Reason(Details):
    """The reason for the step; a sentence, never empty."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hold(Reason):
    """What the work waits for: parts, a permit, access."""

    waits_for: HoldReason = HoldReason.OTHER


@dataclass(frozen=True, slots=True)
class Cancel(Reason):
    """Why the work will not be done; ``duplicate_of`` names the order that does it instead."""

    duplicate_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Plan(Details):
    """What the work needs; None leaves what the order has."""

    job_plan: JobPlan | None = None
    hours: float | None = None


@dataclass(frozen=True, slots=True)
class Schedule(Details):
    """When the work is done, and maybe by whom; it is given to them when it is dispatched.

    ``note`` says why it is theirs; without an ``assignee`` whoever had the order keeps it, and the note with it.
    """

    start: datetime
    end: datetime | None = None
    assignee: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Assign(Details):
    """The technician who gets the order; work begun by another one has to be started again."""

    assignee: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Start(Details):
    """The technician at the machine; an unassigned order becomes theirs, with ``note`` as the reason."""

    technician: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Complete(Details):
    """What was found and done, and who recorded it. ``hours`` and ``cost`` may be unknown (None)."""

    close_out: CloseOut
    actor: str | None = None
    hours: float | None = None
    cost: Decimal | None = None
    currency: str | None = None
