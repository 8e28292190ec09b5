"""Inhibition: what is found behind a declared cause is told to the cause's order and opens none of its own.

ISA-18.2 calls it suppression by design: when the cabinet has lost its power, forty pumps behind it have no fault.
Safety is never inhibited.
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
"""How long a finding behind a possible cause waits for it, in its asset's event time: consequences may come first."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A rule, of an asset above, that explains what is found below while it is active."""

    asset: str
    component: str
    failure_mode: FailureMode
    active: bool


class Inhibition:
    """What waits for a cause, and what causes' orders have been told.

    Parameters
    ----------
    waiting
        Since when each condition, by asset and source, has been found behind a possible cause.
    reported
        By order: the conditions, by asset and source, that it has as evidence already.
    """

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str], datetime] = {}
        self.reported: dict[UUID, set[tuple[str, str]]] = {}

    def inhibit(
        self, finding: Finding, causes: Iterable[Cause], own: Sequence[Entry], of_cause: Sequence[Entry]
    ) -> tuple[bool, Collect | None]:
        """Return whether a finding is kept from intake, and what is told to the cause's order then.

        ``own`` are the orders of its asset: a fault that has its order keeps it. ``of_cause`` are those of the assets
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
        """A condition is over: it waits no longer."""
        self.waiting.pop((finding.asset, finding.source), None)

    def ended(self, order_id: UUID) -> None:
        """An order has ended."""
        self.reported.pop(order_id, None)

    def copy(self) -> "Inhibition":
        """Return the same state, which nothing that happens to this one changes."""
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
