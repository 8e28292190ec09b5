"""What people do as inputs of the judge: planned downtime, steps of orders, other documents."""

from uuid import UUID

import pytest

from tests.judge.sequences import (
    FAN,
    HOT,
    MODELS,
    PUMP,
    RULEBOOK,
    Sequence,
    hot,
    judged,
    monitor,
    opened,
    rule,
    says,
    shift,
)
from workorder_core.words import OperatingState, Status


def test_after_a_close_the_model_learns_what_is_usual_again():
    story = shift()
    order = opened(story)
    assert monitor(story).ready()
    story.moved(order, Status.CLOSED)
    assert not monitor(story).ready()


def test_other_models_learn_anew_and_equal_ones_go_on():
    story = shift(by=0.0)
    story.event("models", None, **MODELS, fan={"warmup_frames": 100})
    assert monitor(story).ready()
    story.event("models", None, pump=MODELS["pump"] | {"patience": 99.0})
    assert judged(story)[1].assets[PUMP].monitor is None


DOWNTIMES = {
    "a limit in a planned downtime is no finding": (Sequence().downtime(5, 10).frame(5, temp=95).frame(9, temp=95), []),
    "one without an end lasts": (Sequence().downtime(5, 6, ends_at=None).frame(5e5, temp=95), []),
    "until it is taken back": (
        Sequence().downtime(5, 6, ends_at=None).frame(9, temp=95).downtime(5, 6, cancelled=True).frame(10, temp=95),
        ["10 Open OHE"],
    ),
    "an end that no calendar has is none": (
        Sequence().downtime(5, 6, ends_at="10000-01-01T04:59:59.000000+00:00").frame(9, temp=95),
        [],
    ),
    "before it begins it is judged": (Sequence().downtime(5, 10).frame(4.9, temp=95), ["4.9 Open OHE"]),
    "when it is over it is judged": (
        Sequence().downtime(5, 10).frame(5, temp=95).frame(10, temp=95),
        ["10 Open OHE"],
    ),
    "one that was called off is none": (
        Sequence().downtime(5, 10).downtime(5, 10, cancelled=True).frame(5, temp=95),
        ["5 Open OHE"],
    ),
    "calling off one leaves the other": (
        Sequence().downtime(5, 10, 1).downtime(5, 10, 2).downtime(5, 10, 1, cancelled=True).frame(5, temp=95),
        [],
    ),
    "a duration begins anew after it": (
        Sequence().downtime(5, 6).frame(0, vibration=9).frame(5, vibration=9).frame(10, vibration=9)
        .frame(19, vibration=9).frame(20, vibration=9),
        ["20 Open VIB"],
    ),
    "it is the asset's own": (
        Sequence().event("asset", FAN, **{"class": "pump", "criticality": 2}).downtime(5, 10).frame(5, FAN, temp=95),
        ["5 Open OHE"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("story", "leads_to"), DOWNTIMES.values(), ids=DOWNTIMES.keys())
def test_planned_downtime(story, leads_to):
    assert says(story) == leads_to


def test_in_downtime_the_state_is_maintenance_and_afterwards_what_the_signal_says():
    story = Sequence().downtime(5, 10)
    states = [judged(story.frame(minute, temp=60))[1].assets[PUMP].state.state for minute in (4, 5, 10)]
    assert states == [OperatingState.RUNNING, OperatingState.MAINTENANCE, OperatingState.RUNNING]


def test_after_a_downtime_nothing_is_known_where_the_signal_is_silent():
    story = Sequence(documents=False).downtime(5, 10).frame(5, temp=60).frame(10, temp=60)
    assert judged(story)[1].assets[PUMP].state.state is OperatingState.UNKNOWN


ORDER = opened(HOT)


MOVES = {
    "an order in work still takes evidence": (
        hot().moved(ORDER, Status.DISPATCHED, Status.IN_PROGRESS).frame(60, temp=95),
        ["0 Open OHE", "60 AddEvidence OHE"],
    ),
    "a completed one is left alone at first, then sent back": (
        hot().moved(ORDER, Status.COMPLETED).frame(59, temp=95).frame(60, temp=95),
        ["0 Open OHE", "60 Rework OHE"],
    ),
    "a step counts from the newest reading, not from when it is taken": (
        hot().frame(30, temp=60).moved(ORDER, Status.COMPLETED).frame(89, temp=95).frame(90, temp=95),
        ["0 Open OHE", "30 AddEvidence OHE", "90 Rework OHE"],
    ),
    "a closed one opens none for a day, then one that follows": (
        hot().moved(ORDER, Status.CLOSED).frame(24 * 60 - 1, temp=95).frame(24 * 60, temp=95),
        ["0 Open OHE", "1440 Open OHE"],
    ),
    "a step on an order that nobody knows is passed over": (hot().moved(UUID(int=1), Status.CLOSED), ["0 Open OHE"]),
}


@pytest.mark.parametrize(("story", "leads_to"), MOVES.values(), ids=MOVES.keys())
def test_peoples_steps(story, leads_to):
    assert says(story) == leads_to


def test_other_rules_go_on_when_the_rulebook_changes():
    story = Sequence().frame(0, vibration=9).frame(5, vibration=9)
    story.event("rulebook", None, **RULEBOOK | {"threshold": [RULEBOOK["threshold"][1], rule("warm", raise_at=85)]})
    assert says(story.frame(9, vibration=9).frame(10, vibration=9)) == ["10 Open VIB"]


def test_a_rule_that_is_gone_is_forgotten_with_what_it_remembered():
    story = Sequence().frame(0, vibration=9).frame(5, vibration=9)
    without = RULEBOOK | {"threshold": [RULEBOOK["threshold"][0]]}
    story.event("rulebook", None, **without).frame(10, vibration=9)
    assert set(judged(story)[1].assets[PUMP].limits.conditions) <= {"hot"}
    story.event("rulebook", None, **RULEBOOK).frame(11, vibration=9).frame(20, vibration=9)
    assert says(story) == []
    assert says(story.frame(21, vibration=9)) == ["21 Open VIB"]
