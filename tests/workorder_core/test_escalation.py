from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workorder_core.test_lifecycle import AT, an_order
from workorder_core.orders import escalation
from workorder_core.words import Status

BEFORE, RESPONSE, COMPLETION = AT, AT + timedelta(hours=4), AT + timedelta(hours=24)

CASES = {
    "nothing before the target": (an_order(), BEFORE, None),
    "the response target, with nobody there": (an_order(), RESPONSE, 1),
    "the response target, with somebody who has not begun": (an_order(Status.DISPATCHED), RESPONSE, 1),
    "the response target once": (an_order(escalation=1), RESPONSE, None),
    "no response target for begun work": (an_order(Status.IN_PROGRESS), RESPONSE, None),
    "the completion target": (an_order(Status.IN_PROGRESS), COMPLETION, 2),
    "the completion target of work on hold": (an_order(Status.ON_HOLD), COMPLETION, 2),
    "both at once are one": (an_order(), COMPLETION, 2),
    "the completion target after the response target": (an_order(Status.DISPATCHED, escalation=1), COMPLETION, 2),
    "the completion target once": (an_order(Status.IN_PROGRESS, escalation=2), COMPLETION, None),
    "nothing for completed work": (an_order(Status.COMPLETED), COMPLETION, None),
    "nothing for cancelled work": (an_order(Status.CANCELLED), COMPLETION, None),
    "nothing without targets": (an_order(response_due=None, completion_due=None), COMPLETION, None),
}


@pytest.mark.parametrize(("order", "now", "level"), CASES.values(), ids=CASES)
def test_escalates(order, now, level):
    due = escalation.needed(order, now=now)
    assert (due and due.level) == level
    if due:
        assert escalation.escalate(order, due) == replace(order, escalation=level), "the priority stays what it is"
