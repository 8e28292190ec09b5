"""Inhibition: findings downstream of a declared cause go to the cause's order and open none of their own.

ISA-18.2 calls it suppression by design: when the cabinet has lost its power, forty pumps downstream of it have no
fault. Safety is never inhibited.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from workorder_core.intake.decisions import Collect
from workorder_core.intake.findings import Finding
from workorder_core.intake.order_book import Entry
from workorder_core.words import FailureMode, Severity

WAIT = timedelta(minutes=1)
"""How long a finding waits for a possible upstream cause, in its asset's event time: consequences may come first."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A rule of an upstream asset that explains downstream findings while it is active."""

    asset: str
    component: str
    failure_mode: FailureMode
    active: bool


class Inhibition:
    """The findings that wait for a cause, and those that causes' orders have collected.

    Parameters
    ----------
    waiting
        Since when each condition, by asset and source, waits for a possible cause.
    reported
        By order: the conditions, by asset and source, that it has as evidence already.
    """

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str], datetime] = {}
        self.reported: dict[UUID, set[tuple[str, str]]] = {}

    def inhibit(
        self, finding: Finding, causes: Iterable[Cause], own: Sequence[Entry], of_cause: Sequence[Entry]
    ) -> tuple[bool, Collect | None]:
        """Return whether a finding is inhibited, and the evidence for the cause's order.

        ``own`` are the orders of its asset: a fault that has an order keeps it. ``of_cause`` are those of the assets
        with an active cause.
        """
        known = list(causes)
        if not known or finding.severity is Severity.SAFETY or _has_order(finding, own):
            return False, None
        active = [cause for cause in known if cause.active]
        key = finding.asset, finding.source
        if not active:
            since = self.waiting.setdefault(key, finding.at)
            return finding.at - since < WAIT, None
        for entry in of_cause:
            if entry.unfinished and any(_is_of(entry, cause) for cause in active):
                reported = self.reported.setdefault(entry.id, set())
                if key in reported:
                    return True, None
                reported.add(key)
                return True, Collect(entry.id, entry.asset, finding)
        return True, None

    def over(self, finding: Finding) -> None:
        """Stop waiting: the condition is over."""
        self.waiting.pop((finding.asset, finding.source), None)

    def ended(self, order_id: UUID) -> None:
        """Forget an order that has ended."""
        self.reported.pop(order_id, None)

    def copy(self) -> "Inhibition":
        """Return an independent copy."""
        copied = Inhibition()
        copied.waiting = dict(self.waiting)
        copied.reported = {order: set(keys) for order, keys in self.reported.items()}
        return copied

    def dump(self) -> list[Any]:
        """Return the state in plain types; the same history gives the same bytes."""
        return [
            [[*key, self.waiting[key].isoformat()] for key in sorted(self.waiting)],
            [[order.bytes, sorted(map(list, self.reported[order]))] for order in sorted(self.reported)],
        ]

    @classmethod
    def restore(cls, dumped: list[Any]) -> "Inhibition":
        """Continue from a dump."""
        waiting, reported = dumped
        restored = cls()
        restored.waiting = {(asset, source): datetime.fromisoformat(at) for asset, source, at in waiting}
        restored.reported = {UUID(bytes=order): {(asset, source) for asset, source in keys} for order, keys in reported}
        return restored


def _has_order(finding: Finding, own: Sequence[Entry]) -> bool:
    return any(
        entry.unfinished and (entry.component, entry.failure_mode) == (finding.component, finding.failure_mode)
        for entry in own
    )


def _is_of(entry: Entry, cause: Cause) -> bool:
    return (entry.asset, entry.component, entry.failure_mode) == (cause.asset, cause.component, cause.failure_mode)
