"""Signals that come one by one are judged in frames of a fixed step of event time; limits don't wait for them."""

import random
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from ingest.messages import Frame
from judge.asset.frames import Closed, Gathering
from judge.inputs import Event, JudgedFrame
from judge.judge import Judge
from models.asset_monitor import AssetMonitor
from models.document import ModelDocument
from workorder_core.intake.decisions import Ignore

S = 1_000_000
MINUTE = 60 * S
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
START_US = int(START.timestamp()) * S
PUMP = "NTH/P-101"
MODELS = {"pump": {"warmup_frames": 64, "memory_frames": 640, "horizon_frames": 8, "frame_step_s": 60}}
RULES = {
    "threshold": [
        {
            "id": "hot", "asset_class": "pump", "signal": "temp", "raise_at": 90, "clear_below": 80,
            "component": "bearing", "failure_mode": "OHE", "severity": "safety",
        }
    ],
    "operating_state": [{"asset_class": "pump", "signal": "speed", "running_above": 600, "stopped_below": 100}],
}  # fmt: skip


def gathered(step_s=60, hold_s=0):
    return Gathering(step_s * S, hold_s * S)


def fed(gathering, *readings):
    """Feed (seconds, signal, value) and return what is closed on the way."""
    closed = []
    for at_s, name, value in readings:
        if gathering.due(at_s * S):
            closed.append(gathering.close())
        gathering.add(at_s * S, {name: value}, True)
    return closed


def test_the_first_reading_beyond_the_step_closes_the_frame():
    frames = fed(gathered(), (0, "a", 1.0), (20, "b", 2.0), (59, "a", 3.0), (60, "a", 4.0))
    assert frames == [Closed(59 * S, {"a": 3.0, "b": 2.0})]


def test_the_steps_lie_on_a_grid_whatever_the_first_time_is():
    frames = fed(gathered(), (50, "a", 1.0), (61, "b", 2.0), (119, "a", 3.0), (120, "b", 4.0))
    assert frames == [Closed(50 * S, {"a": 1.0}), Closed(119 * S, {"a": 3.0, "b": 2.0})]


def test_steps_without_readings_make_no_frames():
    assert fed(gathered(), (0, "a", 1.0), (600, "a", 2.0)) == [Closed(0, {"a": 1.0})]


def test_a_value_is_held_for_so_long_and_no_longer():
    frames = fed(
        gathered(hold_s=120),
        (0, "a", 1.0),
        (30, "b", 2.0),
        (60, "a", 3.0),
        (120, "a", 4.0),
        (180, "a", 5.0),
        (240, "a", 6.0),
    )
    assert [frame.values for frame in frames] == [
        {"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 2.0}, {"a": 4.0, "b": 2.0}, {"a": 5.0},
    ]  # fmt: skip


def test_a_value_that_is_far_out_is_held_once_another_has_borne_it_out():
    frames = fed(
        gathered(hold_s=3600),
        *((60 * k, "a", 1.0) for k in range(1)),
        (1, "b", 50.0),
        (61, "b", 65535.0),
        (120, "a", 1.0),
        (180, "a", 1.0),
        (181, "b", 70000.0),
        (240, "a", 1.0),
        (300, "a", 1.0),
    )
    assert [frame.values["b"] for frame in frames] == [50.0, 65535.0, 50.0, 70000.0, 70000.0]


def test_what_was_held_before_anything_was_borne_out_goes_on():
    gathering = Gathering.restore(60 * S, 3600 * S, [0, 0, True, {}, {"b": [0, 7.0]}, None])
    assert gathering.held == {"b": (0, 7.0, 7.0)}


@pytest.mark.parametrize("value", [65535.0, 1e6, 1e17])
@pytest.mark.parametrize("at", [20, 400, 1000])
def test_one_impossible_reading_that_is_held_opens_nothing_and_hides_no_fault(at, value):
    """A signal that comes every ten minutes, and stands in for an hour."""
    watch, gathering, active, end = AssetMonitor(ModelDocument()), gathered(hold_s=3600), list[int](), 2000
    for minute in range(end):
        r = random.Random(minute)
        said = [(minute * 60 * S, {"vib": 1.5 + r.gauss(0, 0.05)})]
        if minute % 10 == 0:
            odd = value if minute == at else 50 + r.gauss(0, 0.3) + 15 * (minute >= end - 100)
            said.append((minute * 60 * S + 1, {"temp": odd}))
        for at_us, values in said:
            closed = gathering.close() if gathering.due(at_us) else None
            if closed is not None and watch.judge(closed.at_us, closed.values) is not None:
                active.append(minute)
            gathering.add(at_us, values, fit=True)
    assert active and end - 100 <= active[0] < end - 80


def test_a_stale_value_is_held_no_more():
    gathering = gathered(hold_s=3600)
    fed(gathering, (0, "a", 1.0), (10, "b", 2.0))
    gathering.forget(["b"])
    assert [each.values for each in fed(gathering, (60, "a", 3.0), (120, "a", 4.0))][1] == {"a": 3.0}


def test_a_tick_closes_a_frame_to_which_nothing_came_for_a_step_of_the_ticks_own_clock():
    gathering = gathered()
    fed(gathering, (0, "a", 1.0))
    assert [gathering.quiet(wall * S) for wall in (9_000, 9_059, 9_060)] == [False, False, True]
    assert gathering.close() == Closed(0, {"a": 1.0})
    assert not gathering.quiet(10_000 * S)


def test_what_a_model_may_not_judge_makes_no_frame():
    gathering = gathered()
    gathering.add(0, {"a": 1.0}, True)
    gathering.add(S, {"a": 1.0}, False)
    assert gathering.close() is None
    assert gathering.start_us is None


class Story:
    """One machine, each signal in messages of its own."""

    def __init__(self):
        self.inputs = []
        self.event("rulebook", None, RULES)
        self.event("models", None, MODELS)
        self.event("asset", PUMP, {"class": "pump", "criticality": 3})

    def event(self, kind, asset, payload):
        self.inputs.append(Event.of(len(self.inputs) + 1, kind, asset, payload))

    def reading(self, second, name, value):
        at_us = START_US + round(second * S)
        self.inputs.append(JudgedFrame(len(self.inputs) + 1, PUMP, at_us, {name: value}))

    def tick(self, minute):
        self.event("tick", None, {"at": (START + timedelta(minutes=minute)).isoformat()})


@cache
def long_story():
    noise, story = random.Random(4), Story()
    for minute in range(300):
        at = 60 * minute
        story.reading(at + 1, "speed", 2800.0)
        story.reading(at + 21.5, "temp", noise.gauss(60, 0.5) + (35 if minute == 250 else 0))
        if not 100 <= minute < 104:
            story.reading(at + 20.5, "flow", noise.gauss(300, 2) - (60 if minute >= 220 else 0))
        story.tick(minute + 1)
        if minute == 150:
            story.event("stale", PUMP, {"signals": ["flow"]})
    return tuple(story.inputs)


def test_a_limit_judges_every_reading_at_once():
    story = Story()
    story.reading(0, "speed", 2800.0)
    story.reading(1, "temp", 95.0)
    (verdict,) = Judge().decide(story.inputs)
    assert verdict.decision.finding.arrival == story.inputs[-1].arrival


def test_signals_that_come_one_by_one_are_judged_together():
    verdicts = Judge().decide(long_story())
    sources = {each.decision.finding.source.split(":")[0] for each in verdicts}
    assert sources == {"rule", "model"}
    first = next(each.decision.finding for each in verdicts if each.decision.finding.source.startswith("model"))
    assert first.signs[0].signal == "flow"
    assert 220 <= (first.at - START) / timedelta(minutes=1) <= 240
    assert {sign.signal for sign in first.signs} >= {"flow", "temp"}


@pytest.mark.parametrize("size", [1, 5, 400])
def test_how_the_sequence_is_cut_changes_nothing(size):
    whole, cut, inputs = Judge(), Judge(), long_story()
    verdicts = []
    for i in range(0, len(inputs), size):
        verdicts += cut.decide(inputs[i : i + size])
    assert verdicts == [each for each in whole.consider(inputs) if not isinstance(each.decision, Ignore)]
    assert cut.dump() == whole.dump()


def test_a_judge_restored_in_the_middle_of_a_frame_goes_on_to_the_same_bytes():
    whole, judge = Judge(), Judge()
    expected = whole.decide(long_story())
    verdicts = []
    for each in long_story():
        verdicts += judge.decide([each])
        judge = Judge.restore(judge.dump(), judge.arrival)
    assert verdicts == expected
    assert judge.dump() == whole.dump()


def test_what_is_stale_breaks_a_duration_and_leaves_the_state_unknown():
    judge, story = Judge(), Story()
    story.reading(0, "speed", 2800.0)
    story.event("stale", PUMP, {"signals": ["speed", "temp"]})
    judge.decide(story.inputs)
    assert judge.assets[PUMP].state.state.value == "unknown"


def frame(second, **values):
    return Frame("NTH", "P-101", START_US + round(second * S), START_US, values)


@pytest.mark.parametrize("size", [1, 3, 7, 60])
def test_how_messages_are_cut_does_not_decide_what_is_late(size, database):
    """Not even for the first ones of a machine, whose step is only known once it is."""
    import psycopg

    from ingest.messages import Message
    from runtime.pipeline import engine, pipeline
    from runtime.settings import Settings

    noise, messages, late, seen = random.Random(2), [], 0, set[tuple[str, datetime]]()
    for second in range(0, 3000, 25):
        at, name = START + timedelta(seconds=second + noise.choice([0, -20, -70])), noise.choice("abc")
        late += (name, at) not in seen and any(other == name and at < before for other, before in seen)
        seen.add((name, at))
        payload = f'{{"ts":"{at.isoformat()}","values":{{"{name}":{noise.random()}}}}}'
        messages.append(Message("plantwright/v1/NTH/P-1", payload.encode(), START_US + second * S))
    from rules import rulebook

    with psycopg.connect(database) as conn:
        settings, models = Settings(checkpoint_every_inputs=10**9), {"default": {"frame_step_s": 60}}
        state = engine.start(conn, settings, rulebook=rulebook.EMPTY, models=models, holder="test")
        for i in range(0, len(messages), size):
            pipeline.process(conn, messages[i : i + size], state)
        assert late > 5
        assert conn.execute("SELECT count(*) FROM readings WHERE late").fetchone() == (late,)
        assert engine.restore(conn).dump() == state.judge.dump()


def test_a_clock_that_is_set_back_keeps_no_frame_open_for_as_long():
    gathering = gathered()
    gathering.add(START_US, {"temp": 60.0}, True)
    assert not gathering.quiet(START_US)
    assert not gathering.quiet(START_US - 3600 * S)
    assert gathering.quiet(START_US - 3600 * S + MINUTE)
