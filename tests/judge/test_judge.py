"""The judge is a fold: the same inputs make the same decisions and the same bytes of state, however they are fed."""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.inputs import Event, Input, JudgedFrame, in_order
from judge.judge import Judge, Verdict
from workorder_core.intake.decisions import Ignore, IgnoreReason, Open
from workorder_core.words import FailureMode, OperatingState, Priority, Severity, Status

PUMP, FAN = "NTH/P-101", "NTH/F-7"
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000
MINUTE = 60_000_000


def rule(name="hot", signal="temp", raise_at=90, clear_below=80, severity="safety", mode="OHE", **more):
    keys = {"id": name, "signal": signal, "raise_at": raise_at, "clear_below": clear_below}
    return keys | {"asset_class": "pump", "component": "bearing", "failure_mode": mode, "severity": severity} | more


RULEBOOK: dict[str, Any] = {
    "threshold": [rule(), rule("shakes", "vibration", 5, 4, "degrading", "VIB", **{"for": "10 min"})],
    "operating_state": [{"asset_class": "pump", "signal": "speed", "running_above": 600, "stopped_below": 100}],
    "component_of_signal": {"pump": {"temp": "bearing"}},
}
MODELS: dict[str, Any] = {"pump": {"warmup_frames": 64, "memory_frames": 640, "horizon_frames": 8, "patience": 10.0}}


class Sequence:
    """Inputs with their arrival numbers, written as a story."""

    def __init__(self, *, documents: bool = True) -> None:
        self.inputs: list[Input] = []
        if documents:
            self.event("rulebook", None, **RULEBOOK)
            self.event("models", None, **MODELS)
            self.event("asset", PUMP, **{"class": "pump", "criticality": 3})
            self.event("signal", PUMP, signal="temp", unit="degC")

    def event(self, kind: str, asset: str | None = PUMP, /, **payload: Any) -> "Sequence":
        self.inputs.append(Event.of(len(self.inputs) + 1, kind, asset, payload))
        return self

    def frame(self, minute: float, asset: str = PUMP, /, **values: float) -> "Sequence":
        values = {"speed": 2800.0} | values
        self.inputs.append(JudgedFrame(len(self.inputs) + 1, asset, START_US + round(minute * MINUTE), values))
        return self

    def moved(self, order_id: UUID, *statuses: Status) -> "Sequence":
        for status in statuses:
            self.event("order_moved", PUMP, order_id=str(order_id), status=status.value)
        return self

    def downtime(self, begins: float, ends: float, name: int = 1, **more: Any) -> "Sequence":
        times = {
            key: (START + timedelta(minutes=at)).isoformat() for key, at in (("starts_at", begins), ("ends_at", ends))
        }
        return self.event("downtime", PUMP, id=name, **times | more)


def judged(sequence: Sequence) -> tuple[list[Verdict], Judge]:
    judge = Judge()
    return list(judge.consider(sequence.inputs)), judge


def told(verdicts: list[Verdict]) -> list[str]:
    """Each decision as ``<minute> <kind> <failure mode>``; what was ignored is left out."""
    return [
        f"{(each.decision.finding.at - START) / timedelta(minutes=1):g} {type(each.decision).__name__} "
        f"{each.decision.finding.failure_mode}"
        for each in verdicts
        if not isinstance(each.decision, Ignore)
    ]


def says(sequence: Sequence) -> list[str]:
    return told(judged(sequence)[0])


def opened(sequence: Sequence) -> UUID:
    """The id of the first order that a story leads to."""
    return next(each.decision.order_id for each in judged(sequence)[0] if isinstance(each.decision, Open))


@cache
def long_story() -> tuple[Input, ...]:
    """Two assets over hours: a warm-up, a shift, limits, a stop, a downtime, people's steps, other documents, ticks."""
    noise, story = random.Random(7), Sequence()
    more_rules = RULEBOOK | {"threshold": [*RULEBOOK["threshold"], rule("warm", raise_at=85)]}
    steps = [Status.DISPATCHED, Status.IN_PROGRESS, Status.COMPLETED, Status.VERIFIED]
    for minute in range(360):
        temp, vibration, flow = noise.gauss(60, 0.5), noise.gauss(2, 0.1), noise.gauss(300, 2)
        story.frame(
            minute,
            temp=temp + (40 if minute in (251, 330) else 0),
            vibration=vibration + (6 if 260 <= minute < 280 else 0),
            flow=flow - (60 if minute >= 200 else 0),
            speed=0.0 if 290 <= minute < 296 else 2800.0,
        )
        match minute:
            case 253:
                story.moved(opened(story), *steps)
            case 265:
                story.event("rulebook", None, **more_rules)
            case 300:
                story.downtime(302, 310).event("asset", FAN, **{"class": "fan", "criticality": 1})
            case 340:
                story.moved(opened(story), Status.CLOSED)
        if minute % 20 == 0:
            story.event("tick", None, at=START.isoformat()).frame(minute - 400, FAN, current=noise.gauss(10, 0.1))
    return tuple(story.inputs)


@cache
def at_once() -> tuple[tuple[Verdict, ...], bytes]:
    judge = Judge()
    return tuple(judge.consider(long_story())), judge.dump()


def test_the_long_story_has_something_of_everything():
    """So that the tests below cannot pass because nothing happens."""
    verdicts, _ = at_once()
    assert {type(each.decision).__name__ for each in verdicts} >= {"Open", "Ignore"}
    assert {each.decision.finding.source.split(":")[0] for each in verdicts} == {"rule", "model"}


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_how_the_sequence_is_cut_changes_nothing(size):
    judge = Judge()
    verdicts: list[Verdict] = []
    inputs = long_story()
    for i in range(0, len(inputs), size):
        verdicts += judge.decide(inputs[i : i + size])
    decided, state = at_once()
    assert verdicts == [each for each in decided if not isinstance(each.decision, Ignore)]
    assert judge.dump() == state


def test_a_judge_restored_after_every_input_goes_on_to_the_same_bytes():
    judge = Judge()
    verdicts: list[Verdict] = []
    for each in long_story():
        judge = Judge.restore(judge.dump(), judge.arrival)
        verdicts += judge.consider([each])
    assert (tuple(verdicts), judge.dump()) == at_once()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 420), min_size=1, max_size=4))
def test_a_judge_restored_anywhere_goes_on_to_the_same_bytes(places):
    judge, begins = Judge(), 0
    verdicts: list[Verdict] = []
    for place in [*sorted(places), len(long_story())]:
        verdicts += judge.consider(long_story()[begins:place])
        begins = max(begins, place)
        judge = Judge.restore(judge.dump(), judge.arrival)
    assert (tuple(verdicts), judge.dump()) == at_once()


def test_a_restored_judge_dumps_what_it_was_restored_from():
    _, state = at_once()
    assert Judge.restore(state, 1).dump() == state


def test_a_restored_judge_knows_of_its_orders_all_that_the_other_one_knew():
    judge = Judge()
    for each in long_story():
        list(judge.consider([each]))
        assert Judge.restore(judge.dump(), judge.arrival).book.all() == judge.book.all()


def test_the_order_of_the_signals_in_a_message_changes_nothing():
    def turned(each: Input) -> Input:
        if isinstance(each, Event):
            return each
        return JudgedFrame(each.arrival, each.asset, each.at_us, dict(reversed(each.values.items())))

    judge = Judge()
    assert (tuple(judge.consider([turned(each) for each in long_story()])), judge.dump()) == at_once()


def test_the_places_of_the_inputs_are_only_cited():
    """The numbers differ between a run that was redelivered things and one that was not: the state must not."""
    judge = Judge()
    list(judge.consider([shifted(each) for each in long_story()]))
    assert judge.dump() == at_once()[1]


def shifted(each: Input) -> Input:
    if isinstance(each, Event):
        return Event(each.arrival + 1000, each.asset, each.change)
    return JudgedFrame(each.arrival + 1000, each.asset, each.at_us, each.values)


def test_a_tick_changes_nothing():
    story = Sequence().frame(0, temp=60)
    before = judged(story)[1].dump()
    assert judged(story.event("tick", None, at=START.isoformat()))[1].dump() == before


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


def shift(minutes=240, of="flow", by=60.0):
    """A machine that runs as ever, until one of its signals shifts for good."""
    noise = random.Random(3)
    story = Sequence()
    for minute in range(minutes):
        values = {"flow": noise.gauss(300, 2), "temp": noise.gauss(60, 0.5), "vibration": noise.gauss(2, 0.1)}
        values[of] += by if minute >= 200 else 0
        story.frame(minute, **values)
    return story


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


def monitor(story: Sequence):
    found = judged(story)[1].assets[PUMP].monitor
    assert found is not None
    return found


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


def test_a_stopped_machine_is_not_judged_by_limits_for_running_ones():
    assert says(Sequence().frame(0, speed=0, temp=95).frame(1, temp=95)) == ["1 Open OHE"]


def test_in_downtime_the_state_is_maintenance_and_afterwards_what_the_signal_says():
    story = Sequence().downtime(5, 10)
    states = [judged(story.frame(minute, temp=60))[1].assets[PUMP].state.state for minute in (4, 5, 10)]
    assert states == [OperatingState.RUNNING, OperatingState.MAINTENANCE, OperatingState.RUNNING]


def test_after_a_downtime_nothing_is_known_where_the_signal_is_silent():
    story = Sequence(documents=False).downtime(5, 10).frame(5, temp=60).frame(10, temp=60)
    assert judged(story)[1].assets[PUMP].state.state is OperatingState.UNKNOWN


HOT = Sequence().frame(0, temp=95)
ORDER = opened(HOT)


def hot():
    return Sequence().frame(0, temp=95)


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


def flapping() -> Sequence:
    """A value that passes its limit and goes back, every other minute for two hours."""
    story = Sequence()
    for minute in range(120):
        story.frame(minute, temp=95 if minute % 2 == 0 else 60)
    return story


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


def test_a_flapping_limit_survives_a_restart_after_every_input():
    inputs = flapping().inputs
    whole, cut = Judge(), Judge()
    for each in inputs:
        cut.decide([each])
        cut = Judge.restore(cut.dump(), cut.arrival)
    whole.decide(inputs)
    assert whole.dump() == cut.dump()


def test_a_limit_that_chatters_is_a_fault_of_the_instrument_too():
    story = Sequence()
    for step in range(40):
        story.frame(step / 5, temp=95 if step % 2 == 0 else 60)
    assert says(story) == ["0 Open OHE", "0.2 AddEvidence OHE", "0.8 Open AIR"]


FLEET_RULE = {
    "id": "unlike", "asset_class": "pump", "signal": "temp", "from": "fleet", "raise_at": 15, "clear_below": 10,
    "component": "bearing", "failure_mode": "OHE", "severity": "malfunction",
}  # fmt: skip
SILENT_RULE = {"id": "silent", "asset_class": "pump", "signal": "*", "after": "5 min"}


def fleet_story() -> Sequence:
    """Four pumps; the first is 20 degrees warmer than the others, then all fall silent."""
    story = Sequence(documents=False).event("rulebook", None, deviation=[FLEET_RULE], stale=[SILENT_RULE])
    pumps = [f"NTH/P-{number}" for number in range(1, 5)]
    for pump in pumps:
        story.event("asset", pump, **{"class": "pump", "criticality": 2})
    for minute in range(3):
        for pump in pumps:
            story.frame(minute, pump, temp=80.0 if pump == pumps[0] else 60.0)
    for minute in range(8):
        story.event("tick", None, at=(START + timedelta(days=9, minutes=minute)).isoformat())
    return story


def test_a_machine_unlike_its_fleet_and_one_that_falls_silent():
    orders = [each.decision for each in judged(fleet_story())[0] if isinstance(each.decision, Open)]
    found = [(each.finding.asset, each.finding.failure_mode.value, each.finding.at - START) for each in orders]
    silent = timedelta(minutes=2 + 5)
    assert found == [
        ("NTH/P-1", "OHE", timedelta(minutes=1)),
        *((f"NTH/P-{number}", "AIR", silent) for number in range(1, 5)),
    ]
    assert "speed, temp: not measured for 5 min" in orders[-1].finding.summary


def test_what_compares_machines_survives_a_restart_after_every_input():
    inputs = fleet_story().inputs
    whole = Judge()
    expected = whole.decide(inputs)
    judge, found = Judge(), []
    for each in inputs:
        found += judge.decide([each])
        judge = Judge.restore(judge.dump(), judge.arrival)
    assert found == expected
    assert judge.dump() == whole.dump()


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


def a_machine_that_counts(*, told: bool = True, with_counts: bool = True) -> Sequence:
    """A pump that counts its energy, which wraps, begins anew and then runs away, and tells its mode."""
    noise, story = random.Random(3), Sequence()
    rises = {"id": "hungry", "asset_class": "pump", "signal": "energy", "over": "10 min", "per": "1 h", "raise_at": 900}
    rises |= {"clear_below": 800, "component": "motor", "failure_mode": "OHE", "severity": "degrading"}
    story.event("rulebook", None, **RULEBOOK, rate=[rises])
    if told:
        story.event("signal", PUMP, signal="energy", unit="kWh", counter={"wraps_at": 1000})
        story.event("signal", PUMP, signal="mode", unit="", states={"AUTO": 1, "MANUAL": 2})
    energy = 400.0
    for minute in range(200):
        energy = (energy + (30 if minute >= 180 else 10)) % 1000
        if minute == 150:
            energy = 5.0
        counts = {"energy": energy, "mode": 1.0 + minute % 2} if with_counts else {}
        story.frame(minute, temp=noise.gauss(60, 0.5), vibration=noise.gauss(2, 0.1), **counts)
    return story


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


def test_counters_and_states_go_on_after_a_restart_at_any_input():
    inputs = a_machine_that_counts().inputs
    whole, cut = Judge(), Judge()
    for each in inputs:
        assert list(whole.consider([each])) == list(cut.consider([each]))
        cut = Judge.restore(cut.dump(), cut.arrival)
    assert cut.dump() == whole.dump()
