"""Findings and orders for the tests of intake."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from workorder_core.intake.decisions import AddEvidence, Collect, Decision, Ignore, Merge, Open, Refine, Rework, Upgrade
from workorder_core.intake.findings import Finding, Sign
from workorder_core.intake.intake import Policy, decide
from workorder_core.intake.order_book import Entry
from workorder_core.words import FailureMode, Severity, Status

POLICY = Policy()
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MIN = timedelta(minutes=1)
HOUR = timedelta(hours=1)
A, B = UUID(int=0xA), UUID(int=0xB)
HOT, SHAKES, UNKNOWN, DEVIATES = FailureMode.OHE, FailureMode.VIB, FailureMode.UNK, FailureMode.PDE
DEGRADING, MALFUNCTION, SAFETY = Severity


def a_finding(after=timedelta(0), mode=HOT, *, component="bearing", severity=DEGRADING, signs=None, unusual=()):
    """A finding so long after START; ``signs`` are shares by signal, ``unusual`` those out of their usual range."""
    return Finding(
        asset="NTH/P-101",
        arrival=1,
        component=component,
        failure_mode=mode,
        severity=severity,
        source="rule:test",
        version="v",
        since=START,
        at=START + after,
        score=None,
        limit=None,
        signs=tuple(
            Sign(signal=name, value=9, unit="", usual_low=0, usual_high=5 if name in unusual else 10, share=share)
            for name, share in (signs or {"temp": 1.0}).items()
        ),
        summary="it is so",
    )


def an_order(
    mode=HOT, status=Status.OPEN, *, order_id=A, component="bearing", severity=DEGRADING, evidence=1, seen=0 * MIN
):
    """An order on ``temp`` that was opened, got its last evidence and came to its status at START."""
    return Entry(
        id=order_id,
        asset="NTH/P-101",
        component=component,
        failure_mode=mode,
        severity=severity,
        status=status,
        opened_at=START,
        signals=frozenset({"temp"}),
        evidence=evidence,
        last_evidence_at=START,
        last_seen_at=START + seen,
        moved_at=START,
    )


def told(decision: Decision) -> str:
    """A decision in a few words, with everything that its handler is given."""
    names = {A: "A", B: "B", None: "nothing"}
    match decision:
        case Open():
            return f"open, follows {names[decision.follows]}"
        case AddEvidence():
            return f"evidence for {names[decision.order_id]}"
        case Upgrade():
            return f"upgrade {names[decision.order_id]} to {decision.severity.name}"
        case Refine():
            what = f"{decision.component} {decision.failure_mode} {decision.severity.name}"
            return f"refine {names[decision.order_id]} to {what}"
        case Merge():
            return f"merge {names[decision.duplicate_id]} into {names[decision.order_id]}, {decision.severity.name}"
        case Rework():
            return f"rework {names[decision.order_id]}, {decision.severity.name}"
        case Collect():
            return f"evidence for {names[decision.order_id]} of {decision.asset}"
        case Ignore():
            return f"{decision.reason.name} of {names[decision.order_id]}"


def opened(finding, orders):
    decision = decide(finding, orders, POLICY)
    assert isinstance(decision, Open)
    return decision.order_id
