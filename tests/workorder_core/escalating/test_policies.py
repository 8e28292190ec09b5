"""Which policy an order or alarm is escalated by, and what follows at which moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workorder_core.escalating.course import ALLOWED, Answer, Ask, CannotAnswer, End, State, advance, check
from workorder_core.escalating.documents import from_document, to_document
from workorder_core.escalating.policies import (
    NOT_ESCALATED,
    Cause,
    CauseKind,
    Covers,
    InvalidPolicy,
    Policy,
    Step,
    choose,
    fits,
    target,
)
from workorder_core.words import OrderType, Priority

NOW = datetime(2026, 3, 4, 2, tzinfo=UTC)
EMERGENCIES = Covers(order_types=frozenset({OrderType.EMERGENCY}))


def a_policy(*waits: int, covers: Covers = EMERGENCIES, repeat: int = 0, code: str = "P") -> Policy:
    steps = tuple(Step((target(f"person:p{number}", field="whom"),), wait) for number, wait in enumerate(waits or (5,)))
    return Policy(code=code, site="NTH", title="Nights", covers=covers, steps=steps, repeat=repeat)


ORDER = Cause(kind=CauseKind.ORDER, type="emergency", priority=1, areas=("HALL", "LINE"), asset_class="pump")
STOPPED, EVERY = (Covers(engine_alarms=frozenset({each})) for each in ("stopped", "*"))
FITS = {
    "an order of the type": (EMERGENCIES, ORDER, True),
    "of another type": (EMERGENCIES, replace(ORDER, type="reactive"), False),
    "of another priority": (replace(EMERGENCIES, priorities=frozenset({Priority.HIGH})), ORDER, False),
    "in an area above": (replace(EMERGENCIES, areas=frozenset({"HALL"})), ORDER, True),
    "elsewhere": (replace(EMERGENCIES, areas=frozenset({"YARD"})), ORDER, False),
    "of the class": (replace(EMERGENCIES, asset_classes=frozenset({"pump"})), ORDER, True),
    "of another class": (replace(EMERGENCIES, asset_classes=frozenset({"fan"})), ORDER, False),
    "an alarm where none are meant": (EMERGENCIES, Cause(kind=CauseKind.ALARM, severity=3), False),
    "an alarm": (Covers(alarm_severities=frozenset({3})), Cause(kind=CauseKind.ALARM, severity=3), True),
    "an engine alarm": (STOPPED, Cause(kind=CauseKind.ENGINE, code="stopped"), True),
    "any engine alarm": (EVERY, Cause(kind=CauseKind.ENGINE, code="behind"), True),
    "but not itself": (EVERY, Cause(kind=CauseKind.ENGINE, code=NOT_ESCALATED), False),
}  # fmt: skip


@pytest.mark.parametrize("case", FITS)
def test_a_policy_is_for(case):
    covers, cause, meant = FITS[case]
    assert fits(a_policy(covers=covers), cause) is meant


def test_of_several_policies_the_first_by_its_code_counts():
    policies = [
        a_policy(code="B"),
        a_policy(code="A"),
        a_policy(code="0", covers=Covers(alarm_severities=frozenset({1}))),
    ]
    assert choose(policies, ORDER) is policies[1]
    assert choose(policies, replace(ORDER, type="inspection")) is None


@pytest.mark.parametrize("repeat", [0, 1, 3])
def test_each_step_is_taken_at_its_minute_as_often_as_it_is_repeated_and_then_it_ends(repeat):
    """Against a slow oracle, which walks from minute to minute."""
    waits = (5, 1, 12)
    policy, taken, asked = a_policy(*waits, repeat=repeat), 0, list[tuple[int, str]]()
    due: datetime | None = NOW
    oracle, next_at, left = list[tuple[int, str]](), 0, list(waits) * (repeat + 1)
    for minute in range(200):
        at = NOW + timedelta(minutes=minute)
        if due is not None and due <= at:
            decision = advance(policy, taken, now=at)
            if isinstance(decision, Ask):
                taken, due = decision.taken, decision.next_at
                asked.append((minute, str(decision.step.whom[0])))
            else:
                assert decision == End()
                asked.append((minute, "end"))
                due = None
        if minute == next_at:
            number = len(oracle)
            if number < len(left):
                oracle.append((minute, f"person:p{number % len(waits)}"))
                next_at += left[number]
            elif number == len(left):
                oracle.append((minute, "end"))
    assert asked == oracle


def test_a_policy_is_its_document_and_back():
    covers = Covers(
        order_types=frozenset({OrderType.EMERGENCY}), priorities=frozenset({Priority.HIGH}),
        alarm_severities=frozenset({1, 3}), engine_alarms=frozenset({"*"}), areas=frozenset({"HALL"}),
    )  # fmt: skip
    whom = ("anna", "rota:PUMPS", "rota:PUMPS/second", "role:planner", "everybody")
    policy = replace(
        a_policy(covers=covers, repeat=2), steps=(Step(tuple(target(each, field="x") for each in whom), 7),)
    )
    assert from_document(to_document(policy), code="P", site="NTH") == policy
    assert policy.people == {"anna"} and policy.rotas == {"PUMPS"}


GOOD: dict[str, Any] = {
    "title": "x",
    "order_types": ["emergency"],
    "steps": [{"whom": ["person:anna"], "wait_minutes": 5}],
}
WRONG: dict[str, dict[str, Any]] = {
    "title": {"title": " "},
    "order_types": {"order_types": []},
    "steps": {"steps": []},
    "steps.0.whom": {"steps": [{"whom": []}]},
    "steps.0.wait_minutes": {"steps": [{"whom": ["anna"], "wait_minutes": 0}]},
    "repeat": {"repeat": 11},
    "priorities": {"priorities": [5]},
    "alarm_severities": {"alarm_severities": [4]},
    "document.more": {"more": 1},
}


@pytest.mark.parametrize("field", WRONG)
def test_what_is_no_policy_is_refused_with_its_field(field):
    with pytest.raises(InvalidPolicy) as refused:
        from_document(GOOD | WRONG[field], code="P", site="NTH")
    assert refused.value.field == field


@pytest.mark.parametrize("text", ["", "role:boss", "rota:", "everybody:x", "team:a", "person:"])
def test_nobody_is_asked_by_a_text_that_names_nobody(text):
    with pytest.raises(InvalidPolicy):
        target(text, field="whom")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("answer", Answer)
def test_what_can_be_answered_follows_from_the_state(state, answer):
    if answer in ALLOWED[state]:
        check("NTH-1", state, answer)
    else:
        with pytest.raises(CannotAnswer):
            check("NTH-1", state, answer)
