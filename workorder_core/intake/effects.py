"""The effects of the engine's decisions on orders, defined once.

The store, the shadow, the order book and the backtest's ledger fold over these effects; each adds only its own facts.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from workorder_core.intake.decisions import AddEvidence, Collect, Decision, Ignore, Merge, Open, Refine, Rework, Upgrade
from workorder_core.intake.findings import Finding
from workorder_core.words import FailureMode, OrderType, Severity, Status


class What(StrEnum):
    """What happened to an order, as the engine reports it."""

    OPENED = "opened"
    EVIDENCE = "evidence"
    UPGRADED = "upgraded"
    REFINED = "refined"
    MERGED = "merged"
    SENT_BACK = "sent back"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The changes of one order; None leaves a field unchanged.

    Parameters
    ----------
    evidence
        Whether the finding is stored with the order and counted.
    elsewhere
        The finding is of another asset than the order, and says nothing about the order's own condition.
    severity
        The order's type follows from it (``type``).
    status
        The status that the order is in afterwards.
    absorbs
        The order that turns out to be the same: it is cancelled as a duplicate, and its evidence moves to this one.
    follows
        The ended order for the same fault that a new one follows.
    """

    order_id: UUID
    what: What
    finding: Finding
    evidence: bool = True
    elsewhere: bool = False
    component: str | None = None
    failure_mode: FailureMode | None = None
    severity: Severity | None = None
    status: Status | None = None
    absorbs: UUID | None = None
    follows: UUID | None = None

    @property
    def type(self) -> OrderType | None:
        return None if self.severity is None else self.severity.order_type


def apply_decision(decision: Decision) -> Effect:
    """Return what a decision does to its order."""
    order_id, finding = decision.order_id, decision.finding
    match decision:
        case Open(follows=follows):
            return Effect(
                order_id=order_id,
                what=What.OPENED,
                finding=finding,
                component=finding.component,
                failure_mode=finding.failure_mode,
                severity=finding.severity,
                status=Status.OPEN,
                follows=follows,
            )
        case AddEvidence():
            return Effect(order_id=order_id, what=What.EVIDENCE, finding=finding)
        case Collect():
            return Effect(order_id=order_id, what=What.EVIDENCE, finding=finding, elsewhere=True)
        case Upgrade(severity=severity):
            return Effect(order_id=order_id, what=What.UPGRADED, finding=finding, severity=severity)
        case Refine(component=component, failure_mode=mode, severity=severity):
            return Effect(
                order_id=order_id,
                what=What.REFINED,
                finding=finding,
                component=component,
                failure_mode=mode,
                severity=severity,
            )
        case Merge(duplicate_id=duplicate, severity=severity):
            return Effect(order_id=order_id, what=What.MERGED, finding=finding, severity=severity, absorbs=duplicate)
        case Rework(severity=severity):
            return Effect(
                order_id=order_id, what=What.SENT_BACK, finding=finding, severity=severity, status=Status.OPEN
            )
        case Ignore():
            return Effect(order_id=order_id, what=What.IGNORED, finding=finding, evidence=False)
