"""Alarms that people have silenced: shelved, or out of service. They open no orders.

Shelving ends with the first input that reaches its end: a reading of its asset by its event time, or a tick of the
wall clock. So it ends at the same input in every run. A shelf does not suppress a
safety alarm, whatever somebody has written; only taking it out of service does.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from workorder_core.intake.findings import Finding
from workorder_core.words import Severity


class Suppressed(StrEnum):
    """Why an active condition opens no order of its own."""

    SHELVED = "shelved"
    OUT_OF_SERVICE = "out_of_service"
    CAUSE = "cause"
    """A declared cause explains it, and its order collects it."""
    WAITS = "waits"
    """It waits a minute for a possible cause."""
    FLOOD = "flood"
    """The order of a flood collects it."""
    BUDGET = "budget"
    """Its rule is over its alarm budget, and judges in shadow."""

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Suppressed.SHELVED: "shelved",
    Suppressed.OUT_OF_SERVICE: "out of service",
    Suppressed.CAUSE: "explained by a declared cause, whose order has it as evidence",
    Suppressed.WAITS: "waits a minute for a possible cause",
    Suppressed.FLOOD: "collected by the order of an alarm flood",
    Suppressed.BUDGET: "its rule is over its alarm budget and judges in shadow",
}
Silence = tuple[Suppressed, datetime | None]


class Silences:
    """Silenced alarms by asset and source, with why and until when."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, Silence]] = {}

    def put(self, asset: str, source: str, suppressed: Suppressed, until: datetime | None) -> None:
        """Silence an alarm; ``until`` None has no end."""
        self.of.setdefault(asset, {})[source] = suppressed, until

    def end(self, asset: str, source: str) -> None:
        """End a silence, if there is one."""
        sources = self.of.get(asset, {})
        sources.pop(source, None)
        if not sources:
            self.of.pop(asset, None)

    def expire(self, asset: str, now: datetime) -> list[tuple[str, Suppressed]]:
        """Remove the silences of an asset that have ended by ``now``, and return them in order."""
        silences = sorted(self.of.get(asset, {}).items())
        over = [(source, suppressed) for source, (suppressed, until) in silences if until is not None and now >= until]
        for source, _ in over:
            self.end(asset, source)
        return over

    def suppresses(self, finding: Finding) -> Suppressed | None:
        """Return whether a finding is silenced. The chatter finding of a silenced rule is silenced with it."""
        suppressed = self.silent(finding.asset, finding.source)
        return None if suppressed is Suppressed.SHELVED and finding.severity is Severity.SAFETY else suppressed

    def silent(self, asset: str, source: str) -> Suppressed | None:
        """Return whether a source on an asset is silenced."""
        sources = self.of.get(asset)
        if not sources:
            return None
        kind, _, name = source.partition(":")
        found = sources.get(source) or (sources.get(f"rule:{name}") if kind == "chatter" else None)
        return None if found is None else found[0]

    def copy(self) -> "Silences":
        """Return an independent copy."""
        copied = Silences()
        copied.of = {asset: dict(sources) for asset, sources in self.of.items()}
        return copied

    def dump(self) -> list[Any]:
        """Return the state in plain types; the same history gives the same bytes."""
        return [
            [asset, source, suppressed.value, None if until is None else until.isoformat()]
            for asset in sorted(self.of)
            for source, (suppressed, until) in sorted(self.of[asset].items())
        ]

    @classmethod
    def restore(cls, dumped: list[Any]) -> "Silences":
        """Continue from a dump."""
        restored = cls()
        for asset, source, suppressed, until in dumped:
            restored.put(
                asset, source, Suppressed(suppressed), None if until is None else datetime.fromisoformat(until)
            )
        return restored
