"""The orders of a backtest: what the database would store, kept in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from workorder_core.intake.decisions import Decision
from workorder_core.intake.effects import Effect, What, apply_decision
from workorder_core.intake.findings import Finding
from workorder_core.words import FailureMode, OrderType, Severity

MOST_FINDINGS = 50
"""The most findings that an order keeps in full; the rest are only counted."""


@dataclass(slots=True, kw_only=True)
class Order:
    """An order opened in a backtest, in its state at the end. Times are its asset's event time.

    Parameters
    ----------
    opened_as
        Its type when it was opened; ``type`` is its type after later findings.
    why
        Why it was opened: the source and its sentence.
    findings
        Its evidence, the oldest first; ``evidence`` counts all of it. Empty for the plant's own orders.
    ended_at, ended
        When and how it ended; None while it is unfinished.
    """

    id: UUID
    asset: str
    component: str
    failure_mode: FailureMode
    severity: Severity
    opened_at: datetime
    opened_as: OrderType
    why: str
    findings: list[Finding] = field(default_factory=list)
    evidence: int = 0
    duplicate_of: UUID | None = None
    ended_at: datetime | None = None
    ended: str | None = None

    @property
    def type(self) -> OrderType:
        return self.severity.order_type


class Ledger:
    """Orders by id, folded from the judge's decisions as ``db.orders.decisions`` applies them."""

    def __init__(self) -> None:
        self._orders: dict[UUID, Order] = {}

    def __iter__(self) -> Iterator[Order]:
        return iter(self._orders.values())

    def get(self, order_id: UUID) -> Order | None:
        return self._orders.get(order_id)

    def apply(self, decision: Decision) -> Order | None:
        """Apply a decision and return the order that it opened, if any."""
        effect = apply_decision(decision)
        if effect.what is What.OPENED:
            order = self._orders[effect.order_id] = _opened(effect.order_id, effect.finding)
            return order
        if effect.evidence:
            self._follow(self._orders[effect.order_id], effect)
        return None

    def end(self, order_id: UUID, at: datetime, how: str) -> None:
        """Record that an order has ended; an unknown order is ignored."""
        order = self._orders.get(order_id)
        if order is not None and order.ended_at is None:
            order.ended_at, order.ended = at, how

    def reopen(self, order_id: UUID) -> None:
        """Record that an ended order was reopened; an unknown order is ignored."""
        order = self._orders.get(order_id)
        if order is not None:
            order.ended_at = order.ended = None

    def _follow(self, order: Order, effect: Effect) -> None:
        order.evidence += 1
        if len(order.findings) < MOST_FINDINGS:
            order.findings.append(effect.finding)
        order.severity = effect.severity or order.severity
        order.component = effect.component or order.component
        order.failure_mode = effect.failure_mode or order.failure_mode
        if effect.absorbs is not None:
            duplicate = self._orders[effect.absorbs]
            order.evidence += duplicate.evidence
            order.findings = sorted([*duplicate.findings, *order.findings], key=lambda each: each.at)[:MOST_FINDINGS]
            duplicate.duplicate_of = order.id
            duplicate.ended_at, duplicate.ended = effect.finding.at, "merged"


def _opened(order_id: UUID, finding: Finding) -> Order:
    return Order(
        id=order_id,
        asset=finding.asset,
        component=finding.component,
        failure_mode=finding.failure_mode,
        severity=finding.severity,
        opened_at=finding.at,
        opened_as=finding.severity.order_type,
        why=f"{finding.source}: {finding.summary}",
        findings=[finding],
        evidence=1,
    )
