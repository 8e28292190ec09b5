"""The order book: what intake has to know of the engine's orders, in memory, folded from decisions and people's steps.

The database holds the orders; the book holds just enough of them to decide on the next finding, so that the same
decisions come out live, on a restart and in a backtest.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from workorder_core.intake.decisions import AddEvidence, Collect, Decision, Ignore, Merge, Open, Refine, Rework, Upgrade
from workorder_core.intake.findings import Finding
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
        The signals that tie its findings to others (`Finding.weighty_signals`), of those ignored as repeats too.
    evidence
        How many findings it holds; with ``last_evidence_at`` it sets the quiet period.
    last_seen_at
        The newest finding, kept as evidence or not.
    moved_at
        The asset's newest reading when the status last changed.
    cleared
        The sources that have said that they are over, since the newest evidence of theirs.
    inferred
        Its failure mode is a likely one: no finding has seen the failure itself yet.
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
        """Whether it is still open what has failed: the mode is unspecific, or a likely one."""
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
        """Know those orders of those assets, and no others of them."""
        for asset, entries in orders.items():
            self._of.pop(asset, None)
            if entries:
                self._of[asset] = entries

    def apply(self, decision: Decision) -> None:
        """Follow a decision of intake."""
        match decision:
            case Open():
                self._open(decision)
            case AddEvidence() if decision.finding.cleared:
                entry = self._get(decision.finding.asset, decision.order_id)
                self._put(replace(entry, cleared=entry.cleared | {decision.finding.source}))
            case AddEvidence():
                self._put(_with_evidence(self._get(decision.finding.asset, decision.order_id), decision.finding))
            case Upgrade():
                entry = _with_evidence(self._get(decision.finding.asset, decision.order_id), decision.finding)
                self._put(replace(entry, severity=decision.severity))
            case Refine():
                entry = _with_evidence(self._get(decision.finding.asset, decision.order_id), decision.finding)
                self._put(
                    replace(
                        entry,
                        component=decision.component,
                        failure_mode=decision.failure_mode,
                        severity=decision.severity,
                        inferred=decision.failure_mode.specific and not decision.finding.answers,
                    )
                )
            case Merge():
                self._merge(decision)
            case Rework():
                entry = _with_evidence(self._get(decision.finding.asset, decision.order_id), decision.finding)
                self._put(replace(entry, severity=decision.severity, status=Status.OPEN, moved_at=decision.finding.at))
            case Ignore():
                self._see(decision)
            case Collect():
                pass  # it is another asset's, and does not say how the order's own condition stands

    def moved(self, asset: str, order_id: UUID, status: Status, *, at: datetime) -> None:
        """Follow a person's step at an asset's event time. An order that the book never held is passed over."""
        entry = self._of.get(asset, {}).get(order_id)
        if entry is not None:
            self._put(replace(entry, status=status, moved_at=at))

    def remember(self, entry: Entry) -> None:
        """Take up an order again that is opened again; one that the book still holds stays as it is there."""
        if entry.id not in self._of.get(entry.asset, {}):
            self._put(entry)

    def forget_ended(self, asset: str, *, now: datetime) -> None:
        """Drop the orders of an asset that ended too long ago to matter."""
        orders = self._of.get(asset, {})
        for entry in list(orders.values()):
            if not entry.unfinished and now - entry.moved_at > KEPT_AFTER_END:
                del orders[entry.id]

    def _open(self, decision: Open) -> None:
        finding = decision.finding
        self.forget_ended(finding.asset, now=finding.at)
        self._put(
            Entry(
                id=decision.order_id,
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

    def _see(self, decision: Ignore) -> None:
        finding = decision.finding
        entry = self._get(finding.asset, decision.order_id)
        signals = entry.signals | finding.weighty_signals
        self._put(replace(entry, signals=signals, last_seen_at=finding.at))

    def _merge(self, decision: Merge) -> None:
        asset = decision.finding.asset
        duplicate = self._get(asset, decision.duplicate_id)
        kept = _with_evidence(self._get(asset, decision.order_id), decision.finding)
        self._put(
            replace(
                kept,
                signals=kept.signals | duplicate.signals,
                evidence=kept.evidence + duplicate.evidence,
                severity=max(kept.severity, duplicate.severity, decision.finding.severity),
            )
        )
        # Not remembered as ended: what comes next is judged by the order that stays.
        del self._of[asset][duplicate.id]

    def _get(self, asset: str, order_id: UUID) -> Entry:
        return self._of[asset][order_id]

    def _put(self, entry: Entry) -> None:
        self._of.setdefault(entry.asset, {})[entry.id] = entry


def _with_evidence(entry: Entry, finding: Finding) -> Entry:
    return replace(
        entry,
        signals=entry.signals | finding.weighty_signals,
        evidence=entry.evidence + 1,
        last_evidence_at=finding.at,
        last_seen_at=finding.at,
        cleared=entry.cleared - {finding.source},
        inferred=entry.inferred and not (finding.answers and finding.failure_mode is entry.failure_mode),
    )
