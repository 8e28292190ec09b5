"""What fails is taken back in memory as in the database: the judge is byte for byte what it was before."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest
from msgspec import structs

from db.plant import plant
from ingest.messages import Message
from judge.inputs import Event, Input, JudgedFrame
from judge.judge import Judge
from runtime.pipeline import engine, pipeline, reading
from runtime.pipeline.engine import Engine
from runtime.pipeline.pipeline import Processed
from runtime.pipeline.reading import Part
from runtime.pipeline.undo import Dumps, Remembered, touched, undoing
from tests.judge import sequences, test_below
from tests.judge.sequences import PUMP, Sequence, fleet_story, long_story, rule
from tests.runtime.pipeline.batches import MODELS, PLANT, RULES, START, a_message, batches, settings, stream
from tests.runtime.pipeline.test_failing_stages import CASES, NEVER_BLAMED, POISON, STAGES, Unforeseen, fails_on_poison

HOT = rule("hot", raise_at=90, clear_below=80)
WARM = rule("warm", raise_at=61, clear_below=59, severity="degrading")


def renumbered(inputs: list[Input]) -> list[Input]:
    return [
        structs.replace(each, arrival=i) if isinstance(each, JudgedFrame) else replace(each, arrival=i)
        for i, each in enumerate(inputs, 1)
    ]


def in_shadow() -> list[Input]:
    """The long story with another rulebook and other models on trial from its first hour on."""
    inputs = list(long_story())
    given = {"run": 1, "rulebook": sequences.RULEBOOK | {"threshold": [HOT, WARM]}, "models": sequences.MODELS}
    return renumbered([*inputs[:60], Event.of(0, "shadow", None, given), *inputs[60:]])


def below() -> list[Input]:
    story = test_below.sequence(test_below.STARVED)
    for minute in range(12):
        for asset in (test_below.A, test_below.B, test_below.C):
            story.frame(minute, asset, flow=9.0 if minute % 4 else 3.0)
    return story.inputs


def flood() -> list[Input]:
    """Fifteen pumps of one site, hot one after another; one of them is never heard of before."""
    story = Sequence(documents=False).event("rulebook", None, threshold=[HOT | {"severity": "degrading"}])
    for number in range(14):
        story.event("asset", f"NTH/P-{number}", **{"class": "pump", "criticality": 2})
    for number in range(15):
        story.frame(number / 10, f"NTH/P-{number}", temp=95.0)
    return story.inputs


def cause() -> list[Input]:
    """What is found behind a cabinet waits for it, and then tells its order."""
    power = rule("power", "volts", 1, 0.5, "malfunction", "ELU", asset_class="cabinet", explains=["OHE"])
    story = Sequence(documents=False).event("rulebook", None, threshold=[power, HOT | {"severity": "degrading"}])
    story.event("asset", "NTH/C-1", **{"class": "cabinet", "criticality": 3})
    story.event("asset", PUMP, **{"class": "pump", "criticality": 3, "parent": "NTH/C-1"})
    story.event("alarm", PUMP, source="rule:warm", move="shelve", until=START.isoformat())
    for minute in range(4):
        story.frame(minute, PUMP, temp=95.0)
        story.frame(minute, "NTH/C-1", volts=2.0 if minute > 1 else 0.0)
    return story.inputs


STORIES = {
    "limits, models, downtimes": lambda: list(long_story()),
    "a fleet": lambda: fleet_story().inputs,
    "rules that look below": below,
    "a flood of alarms": flood,
    "a cause above": cause,
    "a run in shadow": in_shadow,
}


@pytest.mark.parametrize("name", STORIES)
def test_every_input_of_a_message_can_be_undone(name):
    straight, judge = Judge(), Judge()
    straight.alarms, judge.alarms = [], []
    undone = changed = 0
    for each in STORIES[name]():
        if each.asset is not None and (not isinstance(each, Event) or each.kind in ("signal", "stale", "asset")):
            before, known = judge.dump(), {key: dict(seen) for key, seen in judge.early.items()}
            remembered = Remembered.of(judge, touched(judge, {each.asset}), {})
            judge.decide(engine.seen(judge, [each]))
            changed += judge.dump() != before
            remembered.go_back()
            assert judge.dump() == before
            assert judge.early == known
            assert judge.alarms == []
            assert judge.arrival == each.arrival - 1
            undone += 1
        decided = judge.decide(engine.seen(judge, [each]))
        assert decided == straight.decide(engine.seen(straight, [each]))
        judge.alarms.clear()
    assert judge.dump() == straight.dump()
    assert changed > undone / 2
    assert judge.book.all()


def known(state: Engine) -> Any:
    return {key: (each.id, dict(each.signals), dict(each.units)) for key, each in state.catalogue.assets.items()}


def take(conn: psycopg.Connection, state: Engine, parts: list[Part], dumps: Dumps) -> None:
    place = state.judge.arrival + 1
    with conn.transaction(), undoing(conn, state, parts, dumps):
        for part in parts:
            place = pipeline.process_frames(conn, part, place, state, Processed())


BEFORE_ALL = {"the ordinary parser", "the native parser", "a value", "the parts of a batch"}
"""Stages of reading, which is over before anything is judged."""


@pytest.mark.parametrize(
    ("stage", "late"),
    [each for each in CASES if each[0] not in NEVER_BLAMED | BEFORE_ALL],
)
def test_what_a_stage_has_done_before_it_fails_is_undone(database, monkeypatch, stage, late):
    where, name = STAGES[stage]
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        state = engine.start(conn, settings(), rulebook=RULES, models=MODELS, holder="test")
        for batch in batches(stream()[:200], 20):
            pipeline.process(conn, batch, state)
        messages: list[Message] = [
            a_message(1_900, {"temp": 60.0}),
            a_message(1_900, {"temp": 95.0, "speed": 2800.0}, topic="plantwright/v1/NTH/NEW"),
            a_message(1_999, {"temp": POISON, "vibration": 2.0}),
            a_message(1_999.5, {"temp": POISON, "other": 2.0}, topic="plantwright/v1/NTH/NEWER"),
        ]
        state.by_lane = False
        parts = reading.parts(messages, state.open_lane(), state.formats, state.bounds)
        before, catalogue, dumps = state.judge.dump(), known(state), Dumps()
        raised = fails_on_poison(monkeypatch, where, name, late=late)
        with pytest.raises(Unforeseen):
            take(conn, state, parts, dumps)
        assert raised
        assert state.judge.dump() == before
        assert known(state) == catalogue
        monkeypatch.undo()
        take(conn, state, parts, dumps)
        assert state.judge.dump() != before
        assert not dumps, "what has changed since is dumped again"
