"""Every alarm has an end: by its own condition, by what the machine does, or because nothing looks at it any more."""

import random

import pytest

from judge.judge import Judge
from tests.judge.sequences import PUMP, RULEBOOK, START, Sequence, rule, shift
from workorder_core.alarms.alarms import Change


def changes(sequence: Sequence) -> list[str]:
    """Each alarm as ``<minute> + <source>`` where it is raised, ``-`` where it is over."""
    return [
        f"{(each.at - START).total_seconds() / 60:g} {'+' if each.finding is not None else '-'} {each.source}"
        for each in kept(sequence)
    ]


def kept(sequence: Sequence) -> list[Change]:
    """The changes of alarms, by a judge that is restored after every input."""
    judge, found = Judge(), []
    for each in sequence.inputs:
        judge.alarms = []
        judge.decide([each])
        found += judge.alarms or []
        judge = Judge.restore(judge.dump(), judge.arrival)
    return found


def hot() -> Sequence:
    return Sequence().frame(0, temp=95.0)


STORIES = {
    "a value that goes back": (hot().frame(1, temp=70.0), ["0 + rule:hot", "1 - rule:hot"]),
    "a silence of hours is no new alarm": (
        hot().frame(300, temp=95.0).frame(301, temp=70.0),
        ["0 + rule:hot", "301 - rule:hot"],
    ),
    "a machine that stops is judged no more": (
        hot().frame(1, speed=0.0, temp=95.0).frame(9, temp=95.0),
        ["0 + rule:hot", "1 - rule:hot", "9 + rule:hot"],
    ),
    "planned downtime": (hot().downtime(1, 5).frame(2, temp=95.0), ["0 + rule:hot", "2 - rule:hot"]),
    "a rule that is taken away": (
        hot().event("rulebook", None, threshold=[rule("other")]),
        ["0 + rule:hot", "0 - rule:hot"],
    ),
    "a rule that judges another signal": (
        hot().event("rulebook", None, threshold=[rule(signal="oil")]),
        ["0 + rule:hot", "0 - rule:hot"],
    ),
    "a rule whose limit moves goes on": (
        hot().event("rulebook", None, **RULEBOOK | {"threshold": [rule(raise_at=92)]}).frame(1, temp=95.0),
        ["0 + rule:hot"],
    ),
    "an asset of another class": (
        hot().event("asset", PUMP, **{"class": "fan", "criticality": 3}),
        ["0 + rule:hot", "0 - rule:hot"],
    ),
}


@pytest.mark.parametrize(("story", "says"), STORIES.values(), ids=STORIES.keys())
def test_an_alarm_ends(story, says):
    assert changes(story) == says


def test_what_chatters_is_told_and_over_when_it_is_calm():
    sequence = Sequence()
    for step in range(6):
        sequence.frame(step / 6, temp=95.0 if step % 2 == 0 else 70.0)
    sequence.frame(5, temp=70.0).frame(12, temp=70.0)
    assert changes(sequence)[-4:] == [
        "0.666667 + rule:hot", "0.666667 + chatter:hot", "12 - rule:hot", "12 - chatter:hot",
    ]  # fmt: skip


def test_a_models_alarm_ends_when_the_machine_is_as_usual_again():
    sequence, noise = shift(), random.Random(5)
    for minute in range(240, 300):
        sequence.frame(minute, flow=noise.gauss(300, 2), temp=noise.gauss(60, 0.5), vibration=noise.gauss(2, 0.1))
    found = kept(sequence)
    assert [(each.source, each.finding is None) for each in found] == [
        ("model:level-shift", False), ("model:level-shift", True),
    ]  # fmt: skip
    assert found[1].why.startswith("behaves as it usually does again: ")


def test_a_models_alarm_ends_when_its_machine_stops():
    sequence = shift()
    last = (sequence.inputs[-1].at_us - int(START.timestamp() * 1e6)) / 60e6
    sequence.frame(last + 1, speed=0.0, temp=70.0, flow=0.0)
    found = kept(sequence)
    assert [each.finding is None for each in found] == [False, True]
    assert found[1].why.startswith("is not judged while the machine is stopped: flow")
