"""The decisions that a finding can lead to. Each has just what its handler needs, and its reason."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from workorder_core.intake.findings import Finding
from workorder_core.words import FailureMode, Priority, Severity


@dataclass(frozen=True, slots=True)
class Open:
    """Open a new order. ``follows`` names the ended order for the same fault."""

    order_id: UUID
    finding: Finding
    follows: UUID | None


@dataclass(frozen=True, slots=True)
class AddEvidence:
    """Add the finding to the order that the fault has."""

    order_id: UUID
    finding: Finding


@dataclass(frozen=True, slots=True)
class Collect:
    """Add the finding to the order of a declared cause on an upstream ``asset``."""

    order_id: UUID
    asset: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Raise an order to the type of ``severity``: the same fault got worse."""

    order_id: UUID
    finding: Finding
    severity: Severity


@dataclass(frozen=True, slots=True)
class Refine:
    """Set what an unspecific order is about."""

    order_id: UUID
    finding: Finding
    component: str
    failure_mode: FailureMode
    severity: Severity


@dataclass(frozen=True, slots=True)
class Merge:
    """Merge an unspecific order into a specific one: it is cancelled, and its evidence moves."""

    order_id: UUID
    duplicate_id: UUID
    finding: Finding
    severity: Severity


@dataclass(frozen=True, slots=True)
class Rework:
    """Send an order back to the queue: the condition persists after the work."""

    order_id: UUID
    finding: Finding
    severity: Severity


class IgnoreReason(StrEnum):
    REPEAT = "the order has this evidence already; the next is due after its quiet period"
    SETTLING = "the work has just been completed; the machine gets a quiet period to show it"
    JUST_ENDED = "an order for this fault has just ended; a new one opens if the condition outlasts the quiet period"


@dataclass(frozen=True, slots=True)
class Ignore:
    """Do nothing, with the reason. ``order_id`` names the order that covers it already."""

    finding: Finding
    reason: IgnoreReason
    order_id: UUID


Decision = Open | AddEvidence | Collect | Upgrade | Refine | Merge | Rework | Ignore


@dataclass(frozen=True, slots=True)
class Urgency:
    """The priority that a decision gives its order, with the reason as a sentence."""

    priority: Priority
    reason: str
