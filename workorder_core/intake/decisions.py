"""What a finding can lead to. Each decision carries just what its handler needs, and its reason."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from workorder_core.intake.findings import Finding
from workorder_core.words import FailureMode, Priority, Severity


@dataclass(frozen=True, slots=True)
class Open:
    """A new order. ``follows`` names the ended order that it comes again after."""

    order_id: UUID
    finding: Finding
    follows: UUID | None


@dataclass(frozen=True, slots=True)
class AddEvidence:
    """The fault has an order; the finding is kept with it."""

    order_id: UUID
    finding: Finding


@dataclass(frozen=True, slots=True)
class Collect:
    """What is found behind a declared cause is kept as evidence of the cause's order, which is on another ``asset``."""

    order_id: UUID
    asset: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The same fault, but worse: the order becomes of the type that ``severity`` asks for."""

    order_id: UUID
    finding: Finding
    severity: Severity


@dataclass(frozen=True, slots=True)
class Refine:
    """The finding says what an order that did not know is about."""

    order_id: UUID
    finding: Finding
    component: str
    failure_mode: FailureMode
    severity: Severity


@dataclass(frozen=True, slots=True)
class Merge:
    """An unspecific order turns out to be the fault of a specific one: it is cancelled, its evidence moves."""

    order_id: UUID
    duplicate_id: UUID
    finding: Finding
    severity: Severity


@dataclass(frozen=True, slots=True)
class Rework:
    """The condition is still there after the work: the order goes back to the queue."""

    order_id: UUID
    finding: Finding
    severity: Severity


class IgnoreReason(StrEnum):
    REPEAT = "the order has this evidence already; the next is due after its quiet period"
    SETTLING = "the work has just been completed; the machine gets a quiet period to show it"
    JUST_ENDED = "an order for this fault has just ended; a new one opens if the condition outlasts the quiet period"


@dataclass(frozen=True, slots=True)
class Ignore:
    """Nothing is to be done, and why. ``order_id`` names the order that tells of it already."""

    finding: Finding
    reason: IgnoreReason
    order_id: UUID


Decision = Open | AddEvidence | Collect | Upgrade | Refine | Merge | Rework | Ignore


@dataclass(frozen=True, slots=True)
class Urgency:
    """The priority that a decision gives its order, with the reason as a sentence."""

    priority: Priority
    reason: str
