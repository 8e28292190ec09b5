"""Intake: what a finding leads to, given the orders that its asset has.

Pure: the finding has its asset's event time, the orders are passed in, and nothing is changed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

from workorder_core.intake.decisions import (
    AddEvidence,
    Decision,
    Ignore,
    IgnoreReason,
    Merge,
    Open,
    Refine,
    Rework,
    Upgrade,
)
from workorder_core.intake.findings import Finding
from workorder_core.intake.order_book import Entry
from workorder_core.orders.lifecycle import DONE, WAITING
from workorder_core.words import WHOLE_MACHINE, FailureMode

_NAMESPACE = UUID("6f1c7c1e-3a4e-5d1b-9d0a-706c616e7477")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How patient intake is. All durations are of the asset's event time.

    Parameters
    ----------
    repeat_quiet, repeat_quiet_most
        After its n-th evidence an order ignores equal ones for ``repeat_quiet`` × 2ⁿ⁻¹, ``repeat_quiet_most`` at most:
        the first hours are recorded in detail, and an order that waits for a month does not grow without bound.
    correlation
        Two findings on one asset within this time can be about one fault.
    present
        A condition seen within this time counts as active.
    settling
        How long after completion a finding does not send the order back.
    after_end
        How long after a close or a cancellation the same fault opens no order.
    """

    repeat_quiet: timedelta = timedelta(hours=1)
    repeat_quiet_most: timedelta = timedelta(hours=24)
    correlation: timedelta = timedelta(hours=24)
    present: timedelta = timedelta(hours=1)
    settling: timedelta = timedelta(hours=1)
    after_end: timedelta = timedelta(hours=24)


def decide(finding: Finding, orders: Sequence[Entry], policy: Policy) -> Decision:
    """Decide what a finding leads to, given the orders of its asset, ended ones among them.

    A worse finding is always passed on; an equal one once per quiet period, so that a sensor reporting every second
    does not write a thousand lines of evidence. An unspecific finding joins the asset's open question, or the specific
    order that shares its signals; a specific finding answers the open question when what leads it is one of that
    order's signals, or when it is worse and both are there at once. A likely failure mode is an open question too.
    Once work on the question is done, a specific finding led by its signals says what one like it would: the machine
    settles, or the order is sent back, and there it is answered.
    """
    unfinished = [entry for entry in orders if entry.unfinished]
    order = next((entry for entry in unfinished if _same_fault(entry, finding)), None)
    if finding.answers:
        question = next((entry for entry in unfinished if _could_be(entry, finding, policy)), None)
        if question is not None and order is None:
            severity = max(question.severity, finding.severity)
            return Refine(question.id, finding, finding.component, finding.failure_mode, severity)
        if question is not None and order is not None and order.status not in DONE:
            return Merge(order.id, question.id, finding, max(order.severity, question.severity, finding.severity))
        order = order or next((entry for entry in unfinished if _was_about(entry, finding, policy)), None)
    else:
        order = order or next((entry for entry in unfinished if entry.question), None)
        if order is None:
            order = next((entry for entry in unfinished if _supports(finding, entry, policy)), None)
        elif order.question and order.status in WAITING:
            refined = _refined(order, finding)
            if refined is not None and not any(_is_of(entry, *refined) for entry in unfinished):
                return Refine(order.id, finding, *refined, max(order.severity, finding.severity))
    if order is not None:
        return _on_unfinished(order, finding, policy)
    ended = next((entry for entry in reversed(orders) if _ended_for(entry, finding)), None)
    if ended is not None and finding.severity <= ended.severity and finding.at - ended.moved_at < policy.after_end:
        return Ignore(finding, IgnoreReason.JUST_ENDED, ended.id)
    return Open(_order_id(finding, len(orders)), finding, follows=None if ended is None else ended.id)


def clear(finding: Finding, orders: Sequence[Entry]) -> AddEvidence | None:
    """Decide what to do when a condition is over: add it to its unfinished order, once for each occurrence.

    The order stays open: a value that went back does not prove that nothing broke. Without an order nothing happens.
    """
    for entry in orders:
        same = _same_fault(entry, finding) or (entry.question and not finding.answers)
        if entry.unfinished and same and finding.source not in entry.cleared:
            return AddEvidence(entry.id, finding)
    return None


def quiet_period(evidence: int, policy: Policy) -> timedelta:
    """Return how long an order with this much evidence ignores equal findings."""
    doubled: int = 1 << min(evidence - 1, 16)
    return min(policy.repeat_quiet * doubled, policy.repeat_quiet_most)


def _on_unfinished(order: Entry, finding: Finding, policy: Policy) -> Decision:
    if order.status in DONE:
        if finding.at - order.moved_at < policy.settling and finding.severity <= order.severity:
            return Ignore(finding, IgnoreReason.SETTLING, order.id)
        return Rework(order.id, finding, max(order.severity, finding.severity))
    if order.inferred and finding.answers and finding.severity <= order.severity:
        return AddEvidence(order.id, finding)
    if finding.severity > order.severity:
        return Upgrade(order.id, finding, finding.severity)
    if finding.at - order.last_evidence_at < quiet_period(order.evidence, policy):
        return Ignore(finding, IgnoreReason.REPEAT, order.id)
    return AddEvidence(order.id, finding)


def _same_fault(entry: Entry, finding: Finding) -> bool:
    return _is_of(entry, finding.component, finding.failure_mode)


def _is_of(entry: Entry, component: str, mode: FailureMode) -> bool:
    return entry.component == component and entry.failure_mode is mode


def _refined(question: Entry, finding: Finding) -> tuple[str, FailureMode] | None:
    """Return what an open question is about, if an unspecific finding knows more than it.

    A likely mode is adopted once only: what is likely may change from hour to hour, the order must not.
    """
    mode = question.failure_mode if question.inferred or not finding.inferred else finding.failure_mode
    component = question.component
    if component == WHOLE_MACHINE or mode is not question.failure_mode:
        component = finding.component if finding.component != WHOLE_MACHINE else component
    return None if _is_of(question, component, mode) else (component, mode)


def _could_be(question: Entry, finding: Finding, policy: Policy) -> bool:
    """Return whether an unspecific order may be about what a specific finding has detected.

    They share the finding's leading signals; or the finding is worse and the order's condition is active at the same
    time: what follows an unexplained condition explains it.
    """
    if not question.question or question.status not in WAITING or _same_fault(question, finding):
        return False
    since_seen = abs(finding.at - question.last_seen_at)
    if question.signals & finding.leading_signals:
        return since_seen <= policy.correlation
    return finding.severity > question.severity and since_seen <= policy.present


def _was_about(question: Entry, finding: Finding, policy: Policy) -> bool:
    """Whether an unspecific order on which work is done was about what leads a specific finding."""
    if not question.question or question.status not in DONE or not question.signals & finding.leading_signals:
        return False
    return abs(finding.at - question.last_seen_at) <= policy.correlation


def _supports(finding: Finding, entry: Entry, policy: Policy) -> bool:
    """Return whether an unspecific finding supports a specific order: a tenth of it is in a signal of the order."""
    return bool(finding.weighty_signals & entry.signals) and abs(finding.at - entry.last_seen_at) <= policy.correlation


def _ended_for(entry: Entry, finding: Finding) -> bool:
    if entry.unfinished:
        return False
    return (entry.question and not finding.answers) or _same_fault(entry, finding)


def _order_id(finding: Finding, earlier: int) -> UUID:
    """Return an order id that is the same for the same fault in every run."""
    name = f"{finding.asset}\n{finding.component}\n{finding.failure_mode}\n{finding.at.isoformat()}\n{earlier}"
    return uuid5(_NAMESPACE, name)
