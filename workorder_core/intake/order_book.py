"""The order book: the engine's orders as intake needs them, in memory, folded from decisions and people's steps.

The database has the orders; the book has just enough of them to decide on the next finding, so that decisions are the
same live, after a restart and in a backtest.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from workorder_core.intake.decisions import Decision
from workorder_core.intake.effects import Effect, What, apply_decision
from workorder_core.orders.lifecycle import FINAL
from workorder_core.words import FailureMode, Severity, Status

KEPT_AFTER_END = timedelta(days=30)
"""How long an ended order is remembered, in its asset's event time, for "again after …"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One order of the engine. All times are its asset's event time.

    Parameters
    ----------
    signals
        The signals that relate its findings to others (`Finding.weighty_signals`), including ignored repeats.
    evidence
        How many findings it has; with ``last_evidence_at`` it sets the quiet period.
    last_seen_at
        The newest finding, whether stored as evidence or not.
    moved_at
        The asset's newest reading when the status last changed.
    cleared
        The sources whose condition is over since their newest evidence.
    inferred
        Its failure mode is a likely one: no finding has detected the failure itself yet.
    """

    id: UUID
    asset: str
    component: str
    failure_mode: FailureMode
    severity: Severity
    status: Status
    opened_at: datetime
    signals: frozenset[str]
    evidence: int
    last_evidence_at: datetime
    last_seen_at: datetime
    moved_at: datetime
    cleared: frozenset[str] = frozenset()
    inferred: bool = False

    @property
    def question(self) -> bool:
        """Return whether it is still open what has failed: the mode is unspecific, or a likely one."""
        return self.inferred or not self.failure_mode.specific

    @property
    def unfinished(self) -> bool:
        return self.status not in FINAL


class OrderBook:
    """The engine's orders by asset: the unfinished ones, and those that ended in the last 30 days."""

    def __init__(self, entries: Iterator[Entry] | None = None) -> None:
        self._of: dict[str, dict[UUID, Entry]] = {}
        for entry in entries or ():
            self._put(entry)

    def of(self, asset: str) -> list[Entry]:
        """The orders of one asset, oldest first."""
        return list(self._of.get(asset, {}).values())

    def all(self) -> list[Entry]:
        """Every order known, by asset name and age."""
        return [entry for asset in sorted(self._of) for entry in self._of[asset].values()]

    def copy_of(self, assets: Iterable[str]) -> dict[str, dict[UUID, Entry]]:
        """Return the orders of those assets, for `put_back`."""
        return {asset: dict(self._of.get(asset, {})) for asset in assets}

    def put_back(self, orders: Mapping[str, dict[UUID, Entry]]) -> None:
        """Replace the orders of those assets."""
        for asset, entries in orders.items():
            self._of.pop(asset, None)
            if entries:
                self._of[asset] = entries

    def apply(self, decision: Decision) -> None:
        """Apply a decision of intake."""
        effect = apply_decision(decision)
        asset = effect.finding.asset
        if effect.what is What.OPENED:
            self._open(effect)
        elif not effect.elsewhere:
            entry = _followed(self._of[asset][effect.order_id], effect)
            if effect.absorbs is not None:
                # Not remembered as ended: later findings belong to the remaining order.
                duplicate = self._of[asset].pop(effect.absorbs)
                entry = replace(
                    entry, signals=entry.signals | duplicate.signals, evidence=entry.evidence + duplicate.evidence
                )
            self._put(entry)

    def moved(self, asset: str, order_id: UUID, status: Status, *, at: datetime) -> None:
        """Apply a person's step at an asset's event time. An unknown order is ignored."""
        entry = self._of.get(asset, {}).get(order_id)
        if entry is not None:
            self._put(replace(entry, status=status, moved_at=at))

    def remember(self, entry: Entry) -> None:
        """Add a reopened order; one that the book still has is unchanged."""
        if entry.id not in self._of.get(entry.asset, {}):
            self._put(entry)

    def forget_ended(self, asset: str, *, now: datetime) -> None:
        """Drop the orders of an asset that ended too long ago to matter."""
        orders = self._of.get(asset, {})
        for entry in list(orders.values()):
            if not entry.unfinished and now - entry.moved_at > KEPT_AFTER_END:
                del orders[entry.id]

    def _open(self, effect: Effect) -> None:
        finding = effect.finding
        self.forget_ended(finding.asset, now=finding.at)
        self._put(
            Entry(
                id=effect.order_id,
                asset=finding.asset,
                component=finding.component,
                failure_mode=finding.failure_mode,
                severity=finding.severity,
                status=Status.OPEN,
                opened_at=finding.at,
                signals=finding.weighty_signals,
                evidence=1,
                last_evidence_at=finding.at,
                last_seen_at=finding.at,
                moved_at=finding.at,
                inferred=finding.inferred,
            )
        )

    def _put(self, entry: Entry) -> None:
        self._of.setdefault(entry.asset, {})[entry.id] = entry


def _followed(entry: Entry, effect: Effect) -> Entry:
    """Return an order's entry after an effect, without what it absorbs."""
    finding = effect.finding
    if effect.what is What.EVIDENCE and finding.cleared:
        return replace(entry, cleared=entry.cleared | {finding.source})
    seen = replace(entry, signals=entry.signals | finding.weighty_signals, last_seen_at=finding.at)
    if not effect.evidence:
        return seen
    inferred = entry.inferred and not (finding.answers and finding.failure_mode is entry.failure_mode)
    if effect.failure_mode is not None:
        inferred = effect.failure_mode.specific and not finding.answers
    return replace(
        seen,
        component=effect.component or entry.component,
        failure_mode=effect.failure_mode or entry.failure_mode,
        severity=effect.severity or entry.severity,
        status=effect.status or entry.status,
        evidence=entry.evidence + 1,
        last_evidence_at=finding.at,
        moved_at=entry.moved_at if effect.status is None else finding.at,
        cleared=entry.cleared - {finding.source},
        inferred=inferred,
    )
