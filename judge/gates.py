"""The gates that can stop a finding from opening an order of its own, checked in order, each with its reason.

A gate that stops a finding returns why, and what happens instead. To add one, write a function and add it to `GATES`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from workorder_core.alarms.silence import Suppressed
from workorder_core.intake import flood, intake
from workorder_core.intake.decisions import Collect, Decision, Open
from workorder_core.intake.findings import Finding
from workorder_core.intake.inhibition import Cause
from workorder_core.intake.order_book import Entry
from workorder_core.words import Severity

if TYPE_CHECKING:
    from judge.judge import Judge


class Outcome(NamedTuple):
    """The decision on a finding, None for none, and the reason why it opens no order of its own, where it does not."""

    decision: Decision | None
    suppressed: Suppressed | None


@dataclass(frozen=True)
class Case:
    """A finding that asks for an order. ``new``: its alarm has just been raised."""

    judge: "Judge"
    finding: Finding
    orders: Sequence[Entry]
    new: bool

    @cached_property
    def decision(self) -> Decision:
        """Return intake's decision, for a finding that no gate stops."""
        return intake.decide(self.finding, self.orders, self.judge.policy)

    @cached_property
    def area(self) -> str:
        """Return the asset's area. Assets without a location share their site's."""
        return self.judge.assets[self.finding.asset].area or self.finding.asset.partition("/")[0]


Gate = Callable[[Case], Outcome | None]


def pass_through(case: Case) -> Outcome:
    """Return what a finding leads to."""
    for gate in GATES:
        outcome = gate(case)
        if outcome is not None:
            return outcome
    return Outcome(case.decision, None)


def late(case: Case) -> Decision | None:
    """Return what a finding in late readings leads to: an order, but no alarm, since nobody could act in time."""
    return None if silenced(case) or over_budget(case) else case.decision


def silenced(case: Case) -> Outcome | None:
    """Stop a finding whose alarm is shelved or out of service."""
    suppressed = case.judge.silences.suppresses(case.finding)
    return None if suppressed is None else Outcome(None, suppressed)


def over_budget(case: Case) -> Outcome | None:
    """Stop a finding whose rule is in shadow for exceeding its alarm budget. Safety rules have none."""
    if case.finding.severity is not Severity.SAFETY and _in_shadow(case.judge, case.finding.source):
        return Outcome(None, Suppressed.BUDGET)
    return None


def explained(case: Case) -> Outcome | None:
    """Stop a finding that a declared cause on an upstream asset explains, or may explain within a minute."""
    judge, finding = case.judge, case.finding
    if judge.assets[finding.asset].parent is None:
        return None
    causes = _causes(judge, finding)
    of_causes = [entry for cause in causes if cause.active for entry in judge.book.of(cause.asset)]
    suppressed, collected = judge.inhibition.inhibit(finding, causes, case.orders, of_causes)
    if not suppressed:
        return None
    return Outcome(collected, Suppressed.CAUSE if any(cause.active for cause in causes) else Suppressed.WAITS)


def in_a_flood(case: Case) -> Outcome | None:
    """Stop a finding in a flooded area: the flood's order collects it."""
    judge, finding = case.judge, case.finding
    area, key = judge.floods.note(finding, case.area, new=case.new), (finding.asset, finding.source)
    if not isinstance(case.decision, Open) or finding.severity is Severity.SAFETY:
        return None
    unfinished = any(entry.id == area.order and entry.unfinished for entry in judge.book.of(area.asset))
    if unfinished and key in area.reported:
        return Outcome(None, Suppressed.FLOOD)
    if not area.flooded:
        return None
    if unfinished and area.order is not None:
        area.reported.add(key)
        return Outcome(Collect(area.order, area.asset, finding), Suppressed.FLOOD)
    opened = intake.decide(flood.of_area(finding, case.area), judge.book.of(finding.asset), judge.policy)
    if isinstance(opened, Open):
        area.order, area.asset, area.reported = opened.order_id, finding.asset, {key}
    return Outcome(opened, None)


GATES: tuple[Gate, ...] = (silenced, over_budget, explained, in_a_flood)


def _in_shadow(judge: "Judge", source: str) -> bool:
    """Return whether the rule of a source is in shadow; a rule for every signal is named with the signal too."""
    if not judge.rules_in_shadow:
        return False
    kind, _, name = source.partition(":")
    return kind != "model" and (name in judge.rules_in_shadow or name.rpartition(":")[0] in judge.rules_in_shadow)


def _causes(judge: "Judge", finding: Finding) -> list[Cause]:
    """Return the declared causes, on upstream assets, that explain a finding; the nearest first.

    A cause that is silenced, or in shadow, has no order to collect what it explains, and is excluded.
    """
    causes: list[Cause] = []
    above, seen = judge.assets[finding.asset].parent, {finding.asset}
    while above is not None and above not in seen:
        seen.add(above)
        asset = judge.assets.get(above)
        if asset is None:
            break
        causes += [
            Cause(above, rule.component, rule.failure_mode, asset.limits.is_active(rule))
            for rule in asset.limits.rules.inhibiting
            if not rule.explains or finding.failure_mode in rule.explains
            if judge.silences.silent(above, f"rule:{rule.id}") is None and rule.id not in judge.rules_in_shadow
        ]
        above = asset.parent
    return causes
