"""Whatever fails while one message is read, judged or acted on: it is in quarantine, and all else is as without it."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from db.alarms import engine_alarms
from db.orders import decisions
from db.plant import plant
from db.telemetry import judge as judge_db
from db.telemetry import quarantine, readings
from db.telemetry import sources as sources_db
from ingest import border
from ingest.formats import mapped, payload
from ingest.formats.sparkplug import Sparkplug
from ingest.formats.thingsboard import ThingsBoard
from ingest.messages import Message, Reason
from judge.asset.asset_judge import AssetJudge
from judge.judge import Judge
from judge.lane.lane import Lane
from runtime.pipeline import admission, arrivals, engine, pipeline, reading, splitting
from runtime.pipeline.faults import OfNoMessage
from runtime.processes import ingest
from tests.parts import databases
from tests.runtime.pipeline.batches import (
    MODELS,
    OUTCOME,
    PLANT,
    RULES,
    START,
    a_message,
    batches,
    outcome,
    ran,
    settings,
    stream,
    us,
)
from workorder_core.alarms import engine_alarms as alarm_codes
from workorder_core.intake.order_book import OrderBook

POISON = 95.4321


def always_fails(*_arguments: Any, **_named: Any) -> Any:
    raise Unforeseen("always")


FOREIGN = {
    "mapping": ("homie/5/P-4/n/a", str(POISON).encode()),
    "ThingsBoard": ("P-2/v1/devices/me/telemetry", json.dumps({"temp": POISON}).encode()),
    "Sparkplug": ("spBv1.0/G/NDATA/E", str(POISON).encode()),
}


class Unforeseen(Exception):
    """An error that nobody has thought of."""


def holds_poison(thing: object, deep: int = 6) -> bool:
    """Whether the poisonous message, or anything made of it, is among what a function was given."""
    if isinstance(thing, float):
        return thing == POISON
    if isinstance(thing, str | bytes):
        return str(POISON) in str(thing)
    if not deep or isinstance(thing, psycopg.Connection | Judge | OrderBook | Lane | type):
        return False
    if isinstance(thing, dict):
        return any(holds_poison(each, deep - 1) for each in thing.values())
    if isinstance(thing, list | tuple | set):
        return any(holds_poison(each, deep - 1) for each in thing)
    if hasattr(thing, "tolist"):
        return holds_poison(thing.tolist(), deep - 1)
    names = getattr(thing, "__slots__", ()) or getattr(thing, "__struct_fields__", ())
    return any(holds_poison(getattr(thing, name, None), deep - 1) for name in names)


def fails_on_poison(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, *, late: bool = False) -> list[str]:
    """Let a function raise for the poison, before or after its work; return when it did."""
    original, raised = getattr(where, name), list[str]()

    def failing(*arguments: Any, **named: Any) -> Any:
        poisonous = holds_poison([*arguments, *named.values()])
        if poisonous and not late:
            raised.append(name)
            raise Unforeseen(name)
        result = original(*arguments, **named)
        if poisonous:
            if isinstance(result, Iterator):
                list(result)
            raised.append(name)
            raise Unforeseen(name)
        return result

    monkeypatch.setattr(where, name, failing)
    return raised


STAGES: dict[str, tuple[Any, str]] = {
    "the ordinary parser": (payload, "ordinary"),
    "the native parser": (payload, "parse"),
    "a value": (border, "value"),
    "what the lane reads": (payload, "plain"),
    "the lane's choice": (Lane, "sift"),
    "the lane's judging": (Lane, "apply"),
    "the parts of a batch": (reading, "parts"),
    "admission": (admission, "admit"),
    "lateness": (arrivals, "arrange"),
    "storing": (readings, "storing"),
    "an asset's judging": (AssetJudge, "judge"),
    "the asset's gathering": (AssetJudge, "try_fast_path"),
    "intake": (Judge, "_intake"),
    "the order book": (OrderBook, "apply"),
    "acting": (pipeline, "_carry_out"),
    "orders": (decisions, "apply"),
    "evidence": (decisions, "_add_evidence"),
}
CASES = [(each, False) for each in STAGES] + [(each, True) for each in ("an asset's judging", "intake", "evidence")]
"""Stages, and whether they fail after their work."""
NEVER_BLAMED = {"what the lane reads", "the lane's choice", "the lane's judging"}
"""Where another part of the program does the same, more slowly, nothing has to be refused."""


@pytest.fixture(scope="module")
def whole(embedded_server, _template):
    """What the stream leads to without poison."""
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        state = ran(conn, 1000)
        return outcome(conn), state.judge.dump()


def poisoned() -> list[Message]:
    """The stream with poisonous messages: one would open an order, one is of an asset that nobody knows."""
    messages = list(stream())
    messages.insert(200, a_message(1_999, {"temp": POISON, "vibration": 2.0}))
    messages.insert(60, a_message(500.5, {"temp": POISON}, topic="plantwright/v1/NTH/NEW"))
    return messages


@pytest.mark.parametrize(("stage", "late"), [each for each in CASES if each[0] not in NEVER_BLAMED])
def test_a_message_that_makes_a_stage_fail_is_in_quarantine_and_the_rest_as_without_it(
    database, whole, monkeypatch, stage, late
):
    where, name = STAGES[stage]
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        state = engine.start(conn, settings(), rulebook=RULES, models=MODELS, holder="test")
        raised = fails_on_poison(monkeypatch, where, name, late=late)
        for batch in batches(poisoned(), 120):
            splitting.process(conn, batch, state)
        monkeypatch.undo()
        found = outcome(conn)
        refused = [row for row in found["quarantine"] if row[2] == "unreadable"]
        found["quarantine"] = [row for row in found["quarantine"] if row not in refused]
        assert raised, "the stage has seen the poison"
        assert 1 <= len(refused) <= 2
        assert all("Unforeseen" in row[3] for row in refused)
        if len(refused) == 2:
            assert {name: found[name] for name in OUTCOME} == whole[0]
            assert state.judge.dump() == whole[1]
        else:
            # A stage that only one of them reaches: the other one is stored and judged, as it should be.
            assert len(found["readings"]) - len(whole[0]["readings"]) in (1, 2)
        standing = {each.code: each.problem for each in engine_alarms.standing(conn, now=START)}
        assert "went to quarantine" not in standing.get(alarm_codes.Code.UNREADABLE, "")  # received long ago


@pytest.mark.parametrize("stage", sorted(NEVER_BLAMED))
def test_what_fails_in_a_short_cut_alone_costs_no_message(database, monkeypatch, stage):
    where, name = STAGES[stage]
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        state = engine.start(conn, settings(), rulebook=RULES, models=MODELS, holder="test")
        fails_on_poison(monkeypatch, where, name)
        stored = 0
        for minute in range(40):
            value = POISON if minute == 20 else 60.0 + minute / 100
            stored += splitting.process(
                conn, [a_message(minute, {"temp": value}), a_message(minute + 0.5)], state
            ).stored
        assert stored == 80
        assert quarantine.count_by_reason(conn) == {}


@pytest.mark.parametrize("format_", FOREIGN)
def test_a_parser_that_fails_refuses_its_message_alone(database, monkeypatch, format_):
    topic, raw = FOREIGN[format_]
    where = {"mapping": mapped, "ThingsBoard": ThingsBoard, "Sparkplug": Sparkplug}[format_]
    with psycopg.connect(database) as conn:
        chosen = settings(mappings=["homie"], thingsboard_site="NTH", sparkplug_host="plantwright")
        state = engine.start(conn, chosen, rulebook=RULES, models=MODELS, holder="test")
        fails_on_poison(monkeypatch, where, "parse" if format_ != "Sparkplug" else "_read")
        began = us(START)
        batch = [a_message(0), Message(topic, raw, began), Message(topic, b"7", began), a_message(1)]
        done = splitting.process(conn, batch, state)
        assert [each.reason for each in done.refused if each.payload == raw] == [Reason.UNREADABLE]
        assert done.stored >= 2


NOBODYS: dict[str, tuple[Any, str]] = {
    "the place in the sequence": (judge_db, "advance"),
    "who writes": (judge_db, "lock_position"),
    "what waits": (judge_db, "number_waiting"),
    "a checkpoint": (engine, "save"),
}


@pytest.mark.parametrize("stage", NOBODYS)
def test_an_error_that_no_message_is_to_blame_for_stops_once_and_blames_none(database, monkeypatch, stage):
    where, name = NOBODYS[stage]
    with psycopg.connect(database) as conn:
        state = engine.start(conn, settings(checkpoint_every_inputs=1), rulebook=RULES, models=MODELS, holder="test")
        tried: list[int] = []

        def failing(*_arguments: Any, **_named: Any) -> Any:
            tried.append(1)
            raise Unforeseen("nobody's")

        monkeypatch.setattr(where, name, failing)
        with pytest.raises(OfNoMessage, match="Unforeseen: nobody's"):
            splitting.process(conn, [a_message(0), a_message(1)], state)
        monkeypatch.undo()
        assert len(tried) == 1
        assert quarantine.count_by_reason(conn) == {}
        assert readings.count(conn) == (0, 0)


def test_however_many_messages_fail_the_judge_is_rebuilt_once(database, monkeypatch):
    with psycopg.connect(database) as conn:
        state = engine.start(conn, settings(), rulebook=RULES, models=MODELS, holder="test")
        fails_on_poison(monkeypatch, arrivals, "arrange")
        rebuilt, kept = list[int](), list[Message]()
        rebuild = engine.rebuild

        def counted(*arguments: Any) -> None:
            rebuilt.append(1)
            rebuild(*arguments)

        monkeypatch.setattr(engine, "rebuild", counted)
        batch = [
            a_message(minute, {"temp": POISON if minute % 3 == 0 else 60.0}, topic=f"plantwright/v1/NTH/A-{minute}")
            for minute in range(120)
        ]
        for half in (batch[:60], batch[60:]):
            done = splitting.process(conn, half, state, None, kept.append)
            assert (done.stored, len(done.refused)) == (40, 20)
        assert len(rebuilt) == 1
        assert kept == batch, "each can be acknowledged as soon as it is kept"


def test_the_broker_is_answered_while_a_long_batch_is_worked_on(database, monkeypatch):
    with psycopg.connect(database) as conn:
        state = engine.start(conn, settings(), rulebook=RULES, models=MODELS, holder="test")
        fails_on_poison(monkeypatch, arrivals, "arrange")
        monkeypatch.setattr(splitting, "AT_ONCE", 7)
        batch = [a_message(minute, {"temp": POISON if minute == 10 else 60.0}) for minute in range(30)]
        stored_by_then = list[int]()

        def kept(message: Message) -> None:
            with psycopg.connect(database) as other:
                stored_by_then.append(readings.count(other)[0])

        splitting.process(conn, batch, state, None, kept)
        assert sorted(set(stored_by_then)) == [7, 13, 20, 27, 29]


def test_what_is_remembered_of_senders_and_cannot_be_stored_stops_nothing(database, monkeypatch):
    with psycopg.connect(database) as conn:
        state = engine.start(conn, settings(thingsboard_site="NTH"), rulebook=RULES, models=MODELS, holder="test")
        monkeypatch.setattr(sources_db, "own_names", always_fails)
        raw = json.dumps({"temp": 60.0}).encode()
        batch = [a_message(0), Message("P-2/v1/devices/me/telemetry", raw, us(START)), a_message(1)]
        assert splitting.process(conn, batch, state).stored == 3
        assert quarantine.count_by_reason(conn) == {}


def test_what_is_acknowledged_is_never_acknowledged_twice():
    answered: list[str] = []

    class Subscriber:
        def acknowledge(self, batch: list[Message]) -> None:
            answered.extend(message.topic for message in batch)

    came = [Message(topic, b"", 0, token) for token, topic in enumerate("abcdef", start=1)]
    all_of_it = ingest.Answered(Subscriber(), came)  # type: ignore[arg-type]
    all_of_it.upto(came[1])
    all_of_it.upto(came[2])
    all_of_it.all()
    assert answered == list("abcdef")
