"""The judge is a fold: the same inputs make the same decisions and the same bytes of state, however they are fed."""

from datetime import timedelta

import pytest

from judge.inputs import Event, JudgedFrame, in_order
from judge.judge import Judge
from tests.judge.sequences import (
    MINUTE,
    MODELS,
    PUMP,
    RULEBOOK,
    START,
    START_US,
    Sequence,
    a_machine_that_counts,
    flapping,
    fleet_story,
    hot,
    judged,
    says,
    shift,
    told,
)
from workorder_core.intake.decisions import Ignore, IgnoreReason, Open
from workorder_core.words import FailureMode, Priority, Severity, Status


def test_a_limit_opens_an_order_with_its_reasons():
    ((verdict,), _) = judged(Sequence().frame(0, temp=60).frame(1, temp=95.5))
    finding = verdict.decision.finding
    assert (finding.asset, finding.component, finding.failure_mode) == (PUMP, "bearing", FailureMode.OHE)
    assert (finding.severity, finding.limit, finding.source) == (Severity.SAFETY, 90.0, "rule:hot")
    assert finding.summary == "temp is 95.5 degC, above its limit of 90 degC"
    (sign,) = finding.signs
    assert (sign.signal, sign.value, sign.unit, sign.usual_high, sign.share) == ("temp", 95.5, "degC", 80.0, 1.0)
    assert verdict.urgency.priority is Priority.EMERGENCY


def test_what_is_ignored_is_told_by_consider_and_left_out_by_decide():
    story = Sequence().frame(0, temp=95).frame(1, temp=95)
    verdicts, _ = judged(story)
    assert isinstance(verdicts[1].decision, Ignore)
    assert verdicts[1].decision.reason is IgnoreReason.REPEAT
    assert told(Judge().decide(story.inputs)) == ["0 Open OHE"]


def test_a_shift_of_no_known_limit_opens_a_question_that_names_its_signal():
    verdicts, _ = judged(shift())
    first = verdicts[0].decision
    assert isinstance(first, Open)
    assert 200 <= (first.finding.at - START) / timedelta(minutes=1) <= 230
    assert (first.finding.failure_mode, first.finding.source) == (FailureMode.UNK, "model:level-shift")
    assert first.finding.signs[0].signal == "flow"
    assert "flow" in first.finding.leading_signals
    assert first.finding.component == "machine"


def test_a_shift_of_a_signal_that_tells_of_a_component_names_it():
    verdicts, _ = judged(shift(of="temp", by=12.0))
    assert verdicts[0].decision.finding.component == "bearing"


def test_a_machine_that_runs_as_ever_opens_nothing():
    assert says(shift(by=0.0)) == []


def test_a_stopped_machine_is_not_judged_by_limits_for_running_ones():
    assert says(Sequence().frame(0, speed=0, temp=95).frame(1, temp=95)) == ["1 Open OHE"]


def test_a_trend_that_is_certain_no_more_is_told_in_words():
    wears = {
        "id": "wears", "asset_class": "pump", "signal": "temp", "above": 90.0, "over": "32 min", "within": "1 h",
        "component": "bearing", "failure_mode": "OHE", "severity": "degrading",
    }  # fmt: skip
    story = Sequence().event("rulebook", None, time_to_limit=[wears])
    for minute in range(40):
        story.frame(minute, temp=40 + minute)
    for minute in range(40, 80):
        story.frame(minute, temp=40 if minute % 3 else 80)
    summaries = [verdict.decision.finding.summary for verdict in judged(story)[0]]
    assert summaries[0].startswith("the time until temp reaches 90 is ")
    assert summaries[-1] == "no trend is certain any more by which temp reaches the limit"


def test_that_a_condition_is_over_is_evidence_on_its_order_and_not_its_end():
    verdicts, judge = judged(hot().frame(1, temp=85).frame(2, temp=79).frame(3, temp=60))
    assert told(verdicts) == ["0 Open OHE", "2 AddEvidence OHE"]
    finding = verdicts[-1].decision.finding
    assert finding.cleared
    assert finding.summary == "temp is back at 79 degC; it clears past 80 degC"
    assert [entry.status for entry in judge.book.all()] == [Status.OPEN]


def test_a_limit_that_flaps_tells_of_clearing_no_more_often_than_of_being_passed():
    found = [each.split(" ", 1) for each in says(flapping())]
    assert found == [
        ["0", "Open OHE"], ["1", "AddEvidence OHE"], ["60", "AddEvidence OHE"], ["61", "AddEvidence OHE"],
    ]  # fmt: skip


def test_a_limit_that_chatters_is_a_fault_of_the_instrument_too():
    story = Sequence()
    for step in range(40):
        story.frame(step / 5, temp=95 if step % 2 == 0 else 60)
    assert says(story) == ["0 Open OHE", "0.2 AddEvidence OHE", "0.8 Open AIR"]


def test_a_machine_unlike_its_fleet_and_one_that_falls_silent():
    orders = [each.decision for each in judged(fleet_story())[0] if isinstance(each.decision, Open)]
    found = [(each.finding.asset, each.finding.failure_mode.value, each.finding.at - START) for each in orders]
    silent = timedelta(minutes=2 + 5)
    assert found == [
        ("NTH/P-1", "OHE", timedelta(minutes=1)),
        *((f"NTH/P-{number}", "AIR", silent) for number in range(1, 5)),
    ]
    assert "speed, temp: not measured for 5 min" in orders[-1].finding.summary


def test_rules_apply_from_when_the_class_is_known():
    story = Sequence(documents=False).event("rulebook", None, **RULEBOOK).frame(0, temp=95)
    story.event("asset", PUMP, **{"class": "pump", "criticality": 1}).frame(1, temp=95)
    assert says(story) == ["1 Open OHE"]


@pytest.mark.parametrize(("criticality", "priority"), [(1, Priority.LOW), (4, Priority.MEDIUM)])
def test_an_orders_urgency_follows_the_assets_criticality(criticality, priority):
    story = Sequence().event("asset", PUMP, **{"class": "pump", "criticality": criticality})
    ((verdict, *_), _) = judged(story.frame(0, vibration=9).frame(10, vibration=9))
    assert verdict.urgency.priority is priority


def test_only_assets_that_sent_something_have_a_watermark():
    _, judge = judged(Sequence().frame(3, temp=60))
    assert {key: asset.watermark_us for key, asset in judge.assets.items()} == {PUMP: START_US + 3 * MINUTE}


def test_an_event_that_this_code_does_not_know_stops_it():
    with pytest.raises(ValueError, match="input 5 is an event of kind 'earthquake', which this code does not know"):
        judged(Sequence().event("earthquake"))


def test_an_event_that_must_name_an_asset_and_does_not_stops_it():
    with pytest.raises(ValueError, match="input 5, an event of kind 'signal', names no asset"):
        judged(Sequence().event("signal", None, signal="temp", unit="degC"))


def test_frames_and_events_are_merged_into_one_sequence():
    frames = [JudgedFrame(n, PUMP, 0, {}) for n in (1, 4)]
    events = [Event.of(n, "tick", None, {}) for n in (2, 3, 5)]
    assert [each.arrival for each in in_order(frames, events)] == [1, 2, 3, 4, 5]


def test_a_model_that_fails_learns_again_and_does_not_stop_the_plant(monkeypatch):
    judge = Judge()
    frames = [JudgedFrame(place, "OSL/pump", place * 1_000_000, {"flow": 1.0}) for place in range(1, 5)]
    judge.decide(frames[:2])

    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("models.default_detector.DefaultDetector.judge", fail)
    assert judge.decide(frames[2:3]) == []
    assert judge.assets["OSL/pump"].monitor is None
    monkeypatch.undo()
    judge.decide(frames[3:])
    assert judge.assets["OSL/pump"].monitor is not None


def test_a_rate_of_a_counter_is_judged_across_its_wrap_and_its_reset_and_the_model_sees_nothing_of_it():
    verdicts, judge = judged(a_machine_that_counts())
    assert [each for each in told(verdicts) if "Open" in each] == ["182 Open OHE"]
    _, without = judged(a_machine_that_counts(with_counts=False))
    monitor, of_without = judge.assets[PUMP].monitor, without.assets[PUMP].monitor
    assert monitor is not None
    assert of_without is not None
    assert monitor.ready()
    assert monitor.state() == of_without.state()


def test_what_nobody_has_said_to_be_a_counter_is_a_measurement():
    _, judge = judged(a_machine_that_counts(told=False))
    monitor = judge.assets[PUMP].monitor
    assert monitor is not None
    assert monitor.usual("energy") is not None


def test_a_regime_may_be_a_state():
    story = Sequence().event("models", None, pump=MODELS["pump"] | {"regime": ["mode"]})
    story.event("signal", PUMP, signal="mode", unit="", states={"AUTO": 1})
    story.frame(0, temp=60.0, mode=1.0)
    judge = judged(story)[1]
    assert judge.assets[PUMP].named == {"mode"}
    assert judge.assets[PUMP].apart == set()
