"""What a finding leads to. Each row is a promise: the finding, the orders that its asset has, and what comes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from workorder_core.intake.decisions import AddEvidence, Collect, Decision, Ignore, Merge, Open, Refine, Rework, Upgrade
from workorder_core.intake.findings import Finding, Sign
from workorder_core.intake.intake import Policy, clear, decide, quiet_period
from workorder_core.intake.order_book import Entry
from workorder_core.words import WHOLE_MACHINE, FailureMode, Severity, Status

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


ONE_FAULT = {
    "first sight opens an order": (a_finding(), [], "open, follows nothing"),
    "same again within the quiet period is noise": (a_finding(59 * MIN), [an_order()], "REPEAT of A"),
    "same again after the quiet period is evidence": (a_finding(60 * MIN), [an_order()], "evidence for A"),
    "after the second evidence the quiet period is twice as long": (
        a_finding(119 * MIN),
        [an_order(evidence=2)],
        "REPEAT of A",
    ),
    "worse is passed on at once": (a_finding(1 * MIN, severity=SAFETY), [an_order()], "upgrade A to SAFETY"),
    "worse is passed on while the work goes on": (
        a_finding(1 * MIN, severity=MALFUNCTION),
        [an_order(status=Status.IN_PROGRESS)],
        "upgrade A to MALFUNCTION",
    ),
    "milder is evidence and lowers nothing": (a_finding(60 * MIN), [an_order(severity=SAFETY)], "evidence for A"),
    "an order on hold still takes evidence": (a_finding(60 * MIN), [an_order(status=Status.ON_HOLD)], "evidence for A"),
    "another failure mode is another fault": (a_finding(mode=SHAKES), [an_order()], "open, follows nothing"),
    "another component is another fault": (a_finding(component="seal"), [an_order()], "open, follows nothing"),
}

UNSPECIFIC = {
    "nothing known yet: a question is opened": (a_finding(mode=UNKNOWN), [], "open, follows nothing"),
    "an asset has one open question, whatever component it is about": (
        a_finding(60 * MIN, UNKNOWN, component="seal", signs={"flow": 1.0}),
        [an_order(UNKNOWN)],
        "evidence for A",
    ),
    "both ways of not knowing are one question": (a_finding(60 * MIN, DEVIATES), [an_order(UNKNOWN)], "evidence for A"),
    "a question about the whole machine learns its component": (
        a_finding(1 * MIN, UNKNOWN),
        [an_order(UNKNOWN, component=WHOLE_MACHINE)],
        "refine A to bearing UNK DEGRADING",
    ),
    "but not once the work has begun": (
        a_finding(60 * MIN, UNKNOWN),
        [an_order(UNKNOWN, Status.IN_PROGRESS, component=WHOLE_MACHINE)],
        "evidence for A",
    ),
    "a component that is known is not forgotten": (
        a_finding(60 * MIN, UNKNOWN, component=WHOLE_MACHINE),
        [an_order(UNKNOWN)],
        "evidence for A",
    ),
    "a tenth of it lies in a specific order's signal: it speaks for that order": (
        a_finding(60 * MIN, UNKNOWN, component="seal", signs={"flow": 0.9, "temp": 0.1}),
        [an_order()],
        "evidence for A",
    ),
    "less than a tenth does not": (
        a_finding(60 * MIN, UNKNOWN, component="seal", signs={"flow": 0.91, "temp": 0.09}),
        [an_order()],
        "open, follows nothing",
    ),
    "unless it is out of its usual range": (
        a_finding(60 * MIN, UNKNOWN, component="seal", signs={"flow": 0.91, "temp": 0.09}, unusual=["temp"]),
        [an_order()],
        "evidence for A",
    ),
    "the question comes before the specific order": (
        a_finding(60 * MIN, UNKNOWN),
        [an_order(), an_order(UNKNOWN, order_id=B)],
        "evidence for B",
    ),
    "a specific order that nothing spoke for in a day is about something else": (
        a_finding(24 * HOUR + MIN, UNKNOWN),
        [an_order()],
        "open, follows nothing",
    ),
    "what was seen in its quiet period spoke for it": (
        a_finding(24 * HOUR + MIN, UNKNOWN),
        [an_order(seen=1 * MIN)],
        "evidence for A",
    ),
}

REFINE = {
    "a specific finding led by the question's signal answers it": (
        a_finding(1 * MIN),
        [an_order(UNKNOWN, component=WHOLE_MACHINE)],
        "refine A to bearing OHE DEGRADING",
    ),
    "also when it has been assigned": (
        a_finding(1 * MIN),
        [an_order(UNKNOWN, Status.DISPATCHED)],
        "refine A to bearing OHE DEGRADING",
    ),
    "the worse of the two severities stays": (
        a_finding(1 * MIN),
        [an_order(UNKNOWN, severity=MALFUNCTION)],
        "refine A to bearing OHE MALFUNCTION",
    ),
    "a worse finding makes it worse": (
        a_finding(1 * MIN, severity=SAFETY),
        [an_order(UNKNOWN)],
        "refine A to bearing OHE SAFETY",
    ),
    "three tenths lead": (
        a_finding(signs={"flow": 0.7, "temp": 0.3}),
        [an_order(UNKNOWN)],
        "refine A to bearing OHE DEGRADING",
    ),
    "less than three tenths do not": (
        a_finding(signs={"flow": 0.71, "temp": 0.29}),
        [an_order(UNKNOWN)],
        "open, follows nothing",
    ),
    "a question of other signals stays open beside it": (
        a_finding(signs={"flow": 1.0}),
        [an_order(UNKNOWN)],
        "open, follows nothing",
    ),
    "a question that somebody works on is theirs to answer": (
        a_finding(1 * MIN),
        [an_order(UNKNOWN, Status.IN_PROGRESS)],
        "open, follows nothing",
    ),
    "a question that nothing spoke for in a day is another one": (
        a_finding(24 * HOUR + MIN),
        [an_order(UNKNOWN)],
        "open, follows nothing",
    ),
    "one that was seen in its quiet period is not": (
        a_finding(24 * HOUR + MIN),
        [an_order(UNKNOWN, seen=1 * MIN)],
        "refine A to bearing OHE DEGRADING",
    ),
    "an order that knows what it is about is never refined": (
        a_finding(1 * MIN, SHAKES),
        [an_order()],
        "open, follows nothing",
    ),
}

MERGE = {
    "the specific order exists already: the question is its duplicate": (
        a_finding(1 * MIN),
        [an_order(), an_order(UNKNOWN, order_id=B)],
        "merge B into A, DEGRADING",
    ),
    "the worst of the three severities stays": (
        a_finding(1 * MIN),
        [an_order(severity=MALFUNCTION), an_order(UNKNOWN, order_id=B, severity=SAFETY)],
        "merge B into A, SAFETY",
    ),
    "also into an order that is being worked on": (
        a_finding(1 * MIN),
        [an_order(status=Status.IN_PROGRESS), an_order(UNKNOWN, order_id=B)],
        "merge B into A, DEGRADING",
    ),
    "not into one that is completed": (
        a_finding(1 * MIN),
        [an_order(status=Status.COMPLETED), an_order(UNKNOWN, order_id=B)],
        "SETTLING of A",
    ),
    "two specific modes never merge": (
        a_finding(60 * MIN),
        [an_order(), an_order(SHAKES, order_id=B)],
        "evidence for A",
    ),
}

AFTER_THE_WORK = {
    "the machine gets its time to settle": (
        a_finding(59 * MIN),
        [an_order(status=Status.COMPLETED)],
        "SETTLING of A",
    ),
    "still there afterwards: rework": (
        a_finding(60 * MIN),
        [an_order(status=Status.COMPLETED)],
        "rework A, DEGRADING",
    ),
    "verified work can be reworked too": (
        a_finding(60 * MIN),
        [an_order(status=Status.VERIFIED)],
        "rework A, DEGRADING",
    ),
    "worse does not wait for the machine to settle": (
        a_finding(1 * MIN, severity=SAFETY),
        [an_order(status=Status.COMPLETED)],
        "rework A, SAFETY",
    ),
    "rework keeps the order's severity": (
        a_finding(60 * MIN),
        [an_order(status=Status.COMPLETED, severity=MALFUNCTION)],
        "rework A, MALFUNCTION",
    ),
    "a specific finding on an open question that was just worked on: no twin, the machine settles": (
        a_finding(59 * MIN),
        [an_order(UNKNOWN, status=Status.COMPLETED)],
        "SETTLING of A",
    ),
    "afterwards it shows that the work did not help": (
        a_finding(60 * MIN),
        [an_order(UNKNOWN, status=Status.COMPLETED)],
        "rework A, DEGRADING",
    ),
    "a worse one at once": (
        a_finding(1 * MIN, severity=SAFETY),
        [an_order(UNKNOWN, status=Status.COMPLETED)],
        "rework A, SAFETY",
    ),
    "an unspecific finding can show that the work did not help": (
        a_finding(60 * MIN, UNKNOWN),
        [an_order(status=Status.COMPLETED)],
        "rework A, DEGRADING",
    ),
}

AFTER_THE_END = {
    "just closed: wait and see": (
        a_finding(24 * HOUR - MIN),
        [an_order(status=Status.CLOSED)],
        "JUST_ENDED of A",
    ),
    "just cancelled: a person has looked at it": (
        a_finding(1 * MIN),
        [an_order(status=Status.CANCELLED)],
        "JUST_ENDED of A",
    ),
    "it outlasts the quiet period: again after A": (
        a_finding(24 * HOUR),
        [an_order(status=Status.CLOSED)],
        "open, follows A",
    ),
    "worse than what has ended: again after A, at once": (
        a_finding(1 * MIN, severity=SAFETY),
        [an_order(status=Status.CLOSED)],
        "open, follows A",
    ),
    "another fault that ended has nothing to do with it": (
        a_finding(1 * MIN, SHAKES),
        [an_order(status=Status.CLOSED)],
        "open, follows nothing",
    ),
    "of two that ended it follows the later one": (
        a_finding(24 * HOUR),
        [an_order(status=Status.CLOSED), an_order(status=Status.CLOSED, order_id=B)],
        "open, follows B",
    ),
    "a question that was just answered is not asked again": (
        a_finding(1 * MIN, UNKNOWN, component="seal", signs={"flow": 1.0}),
        [an_order(DEVIATES, Status.CANCELLED)],
        "JUST_ENDED of A",
    ),
    "an unfinished order comes before an ended one": (
        a_finding(60 * MIN),
        [an_order(status=Status.CLOSED), an_order(order_id=B)],
        "evidence for B",
    ),
}

CASES = ONE_FAULT | UNSPECIFIC | REFINE | MERGE | AFTER_THE_WORK | AFTER_THE_END


@pytest.mark.parametrize(("finding", "orders", "comes"), CASES.values(), ids=CASES.keys())
def test_a_finding(finding, orders, comes):
    assert told(decide(finding, orders, POLICY)) == comes


@pytest.mark.parametrize(("finding", "orders", "comes"), CASES.values(), ids=CASES.keys())
def test_a_decision_carries_its_finding(finding, orders, comes):
    assert decide(finding, orders, POLICY).finding is finding


def test_a_shorter_patience_decides_sooner():
    hasty = Policy(repeat_quiet=MIN, settling=MIN, after_end=MIN)
    assert told(decide(a_finding(2 * MIN), [an_order()], hasty)) == "evidence for A"
    assert told(decide(a_finding(2 * MIN), [an_order(status=Status.COMPLETED)], hasty)) == "rework A, DEGRADING"
    assert told(decide(a_finding(2 * MIN), [an_order(status=Status.CLOSED)], hasty)) == "open, follows A"


OVER = replace(a_finding(5 * MIN), cleared=True)


@pytest.mark.parametrize(
    ("orders", "told_to"),
    [
        ([], None),
        ([an_order()], A),
        ([an_order(status=Status.COMPLETED)], A),
        ([an_order(status=Status.CLOSED)], None),
        ([an_order(SHAKES)], None),
        ([an_order(component="seal")], None),
        ([replace(an_order(), cleared=frozenset({"rule:test"}))], None),
        ([replace(an_order(), cleared=frozenset({"rule:other"}))], A),
    ],
)
def test_the_order_of_a_condition_that_is_over_is_told_once(orders, told_to):
    decision = clear(OVER, orders)
    assert (None if decision is None else decision.order_id) == told_to


@pytest.mark.parametrize(
    ("evidence", "hours"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 24), (7, 24), (1_000_000, 24)]
)
def test_quiet_periods_double_up_to_a_day(evidence, hours):
    assert quiet_period(evidence, POLICY) == timedelta(hours=hours)


def opened(finding, orders):
    decision = decide(finding, orders, POLICY)
    assert isinstance(decision, Open)
    return decision.order_id


def test_the_same_history_gives_the_same_order_the_same_id():
    assert opened(a_finding(), []) == opened(a_finding(), [])


OTHER = {
    "another asset's time": a_finding(MIN),
    "another failure mode": a_finding(mode=SHAKES),
    "another component": a_finding(component="seal"),
}


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER.keys())
def test_different_faults_have_different_ids(other):
    assert opened(other, []) != opened(a_finding(), [])


def test_a_fault_that_ends_and_comes_worse_within_one_moment_is_a_new_order():
    again = opened(a_finding(severity=SAFETY), [an_order(status=Status.CANCELLED)])
    assert again != opened(a_finding(), [])


def likely(after=timedelta(0), mode=SHAKES, **facts):
    """A finding whose failure mode is told from the pattern of its signals."""
    return replace(a_finding(after, mode, **facts), inferred=True)


def a_guess(mode=SHAKES, **facts):
    """An order whose failure mode is a likely one."""
    return replace(an_order(mode, **facts), inferred=True)


OF_LIKELY = {
    "a likely mode opens an order": (likely(), [], Open),
    "it says more than an order that did not know": (likely(MIN), [an_order(UNKNOWN)], Refine),
    "what is likely changes from hour to hour, the order does not": (likely(2 * HOUR, HOT), [a_guess()], AddEvidence),
    "it asks the same question again": (likely(MIN), [a_guess()], Ignore),
    "nothing is said of an order in work": (likely(MIN), [an_order(UNKNOWN, Status.IN_PROGRESS)], Ignore),
    "who knows nothing joins it": (a_finding(2 * HOUR, UNKNOWN), [a_guess()], AddEvidence),
    "it supports the order that knows": (likely(2 * HOUR), [an_order(HOT)], AddEvidence),
    "a finding that has seen the failure corrects it": (a_finding(MIN, HOT), [a_guess()], Refine),
    "and confirms it at once": (a_finding(MIN, SHAKES), [a_guess()], AddEvidence),
    "worse than guessed is worse": (a_finding(MIN, SHAKES, severity=SAFETY), [a_guess()], Upgrade),
    "another fault's signals are another fault": (a_finding(MIN, HOT, signs={"flow": 1.0}), [a_guess()], Open),
    "the guess of a fault that has an order": (a_finding(MIN, HOT), [an_order(HOT, order_id=B), a_guess()], Merge),
}


@pytest.mark.parametrize("name", OF_LIKELY)
def test_a_likely_failure_mode_is_an_open_question(name):
    finding, orders, expected = OF_LIKELY[name]
    assert isinstance(decide(finding, orders, POLICY), expected)


def test_what_a_likely_mode_says_of_an_order_that_did_not_know():
    found = decide(likely(MIN, component="rotor"), [an_order(UNKNOWN, component=WHOLE_MACHINE)], POLICY)
    assert isinstance(found, Refine)
    assert (found.component, found.failure_mode) == ("rotor", SHAKES)


def test_a_question_never_takes_the_name_of_another_order():
    orders = [an_order(SHAKES, component="rotor", order_id=B, seen=-30 * HOUR), an_order(UNKNOWN)]
    found = decide(likely(2 * HOUR, component="rotor"), orders, POLICY)
    assert isinstance(found, AddEvidence)
    assert found.order_id == B


def test_the_end_of_a_models_alarm_is_told_to_what_it_was_a_guess_of():
    over = replace(a_finding(MIN, UNKNOWN, component=WHOLE_MACHINE), cleared=True)
    assert clear(over, [a_guess()]) is not None
    assert clear(over, [an_order(HOT)]) is None
