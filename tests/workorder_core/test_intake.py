"""What a finding leads to. Each row is a promise: the finding, the orders that its asset has, and what comes of it."""

import pytest

from tests.workorder_core.findings import (
    DEVIATES,
    HOUR,
    MALFUNCTION,
    MIN,
    POLICY,
    SAFETY,
    SHAKES,
    UNKNOWN,
    B,
    a_finding,
    an_order,
    told,
)
from workorder_core.intake.intake import decide
from workorder_core.words import WHOLE_MACHINE, Status

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
