"""The main path on a real database: one transaction a batch, the same outcome however the stream is cut or broken."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import psycopg
import pytest

from db.plant import plant
from db.telemetry import judge as judge_db
from db.telemetry import quarantine, readings
from db.telemetry.judge import NotTheWriter
from ingest.messages import Message
from judge.judge import FORMAT, Judge
from rules import rulebook
from runtime.pipeline import engine, pipeline
from runtime.pipeline.engine import Engine
from runtime.pipeline.pipeline import Processed
from runtime.settings import Settings
from tests.parts import databases
from workorder_core.plant.plant import AssetEntry, Plant, SignalEntry
from workorder_core.words import Criticality

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
TOPIC = "plantwright/v1/NTH/P-101"
STEP_MIN = 10
PLANT = Plant(
    code="NTH",
    name="North",
    time_zone="Europe/Oslo",
    assets=(
        AssetEntry(
            code="P-101",
            name="Feed pump",
            asset_class="pump",
            criticality=Criticality.HIGH,
            signals=(SignalEntry(name="temp", quantity="temperature", unit="degC"),),
        ),
    ),
)
RULES = rulebook.parse(
    {
        "threshold": [
            {"id": "hot", "signal": "temp", "raise_at": 90, "clear_below": 80, "severity": "safety"}
            | {"asset_class": "pump", "component": "bearing", "failure_mode": "OHE"},
            {"id": "shakes", "signal": "vibration", "raise_at": 5, "clear_below": 4, "for": "30 min"}
            | {"asset_class": "pump", "component": "bearing", "failure_mode": "VIB", "severity": "degrading"},
        ],
        "operating_state": [{"asset_class": "pump", "signal": "speed", "running_above": 600, "stopped_below": 100}],
    }
)
MODELS = {"pump": {"warmup_frames": 64, "memory_frames": 640, "horizon_frames": 8, "patience": 10.0}}


def a_message(minute: float, values: object = None, *, topic: str = TOPIC, ts: object = None) -> Message:
    at = START + timedelta(minutes=minute)
    document = {"ts": ts or at.isoformat(), "values": {"temp": 60.0} if values is None else values}
    return Message(topic, json.dumps(document).encode(), us(at))


def us(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000


@cache
def stream() -> tuple[Message, ...]:
    """Four days of a pump and a fan: a shift, limits, late and repeated messages, and some that cannot be read."""
    noise, messages = random.Random(11), []
    for step in range(320):
        minute = step * STEP_MIN
        values = {
            "speed": 0.0 if 280 <= step < 283 else 2800.0,
            "flow": noise.gauss(300, 2) - (60 if step >= 200 else 0),
            "temp": noise.gauss(60, 0.5) + (40 if step in (250, 251, 310) else 0),
            "vibration": noise.gauss(2, 0.1) + (6 if 255 <= step < 265 else 0),
        }
        messages.append(a_message(minute, values))
        if step % 4 == 0:
            messages.append(a_message(minute, {"current": noise.gauss(10, 0.1)}, topic="plantwright/v1/NTH/F-7"))
        if step % 25 == 3:
            messages += [messages[-1], a_message(minute - 15, {"temp": 95.0}), a_message(minute, {"oil": 40.0})]
        if step % 50 == 7:
            messages += [
                a_message(minute, {"temp": "hot", "oil": None, "flow": 1.0}),
                Message(TOPIC, b"junk", us(START) + step),
            ]
    return tuple(messages)


def settings(**more: Any) -> Settings:
    return Settings(**{"checkpoint_every_s": 3600, "tick_every_s": 3600} | more)


def take_up(conn: psycopg.Connection, **more: Any) -> Engine:
    return engine.start(conn, settings(**more), rulebook=RULES, models=MODELS, holder="test")


def batches(messages: Sequence[Message], size: int) -> Iterator[Sequence[Message]]:
    for i in range(0, len(messages), size):
        yield messages[i : i + size]


def ran(conn: psycopg.Connection, size: int, **more: Any) -> Engine:
    """Bring the plant into the database and the whole stream through the pipeline."""
    plant.load(conn, PLANT, at=START)
    conn.commit()
    state = take_up(conn, **more)
    for batch in batches(stream(), size):
        pipeline.process(conn, batch, state)
    return state


OUTCOME = {
    "orders": """SELECT number, id, component, failure_mode, type, priority, priority_reason, title, status, opened_at,
                        follows, duplicate_of, asset_path FROM work_orders ORDER BY number""",
    "evidence": """SELECT order_id, seq, source, version, component, failure_mode, severity, since, at, score, limit_at,
                          signs, summary, readings FROM evidence ORDER BY order_id, seq""",
    "history": """SELECT order_id, seq, actor, step,
                         old - '{recorded_at,response_due,completion_due,response_warn_at,completion_warn_at}'::text[],
                         new - '{recorded_at,response_due,completion_due,response_warn_at,completion_warn_at}'::text[],
                         why
                  FROM order_history ORDER BY order_id, seq""",
    "readings": """SELECT a.code, s.name, r.observed_at, r.received_at, r.value, r.late FROM readings r
                   JOIN signals s ON s.id = r.signal_id JOIN assets a ON a.id = s.asset_id ORDER BY 1, 2, 3""",
    "quarantine": "SELECT topic, payload, reason, problem, times FROM quarantine ORDER BY 1, 2, 3, 4",
}  # fmt: skip


def outcome(conn: psycopg.Connection) -> dict[str, list[Any]]:
    """All that a run leaves, but for the wall clock and the places in the sequence."""
    found = {name: conn.execute(query.encode()).fetchall() for name, query in OUTCOME.items()}
    conn.rollback()
    return found


@pytest.fixture(scope="module")
def whole(embedded_server, _template):
    """What the stream leads to when it comes in one batch: its outcome and the judge's state."""
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        state = ran(conn, 1000)
        return outcome(conn), state.judge.dump()


def test_the_stream_has_something_of_everything(whole):
    """So that the tests below cannot pass because nothing happens."""
    left, _ = whole
    modes = {row[3] for row in left["orders"]}
    assert modes >= {"OHE", "VIB"}
    assert {row[2].split(":")[0] for row in left["evidence"]} == {"rule", "model"}
    assert {row[2] for row in left["quarantine"]} >= {"not_a_number", "unknown_state", "not_json"}
    assert any(late for *_, late in left["readings"])


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_how_the_stream_is_cut_changes_nothing(any_database, whole, size):
    with psycopg.connect(any_database) as conn:
        state = ran(conn, size)
        assert outcome(conn) == whole[0]
        assert state.judge.dump() == whole[1]


def test_a_restore_from_a_checkpoint_or_from_none_is_the_judge_that_ran(any_database):
    with psycopg.connect(any_database) as conn:
        state = ran(conn, 40, checkpoint_every_inputs=150)
        newest = judge_db.checkpointed(conn, format_=FORMAT)
        assert newest is not None
        assert 0 < newest < state.judge.arrival
        from_checkpoint = engine.restore(conn)
        conn.execute("DELETE FROM checkpoints")
        from_none = engine.restore(conn)
        assert from_checkpoint.dump() == from_none.dump() == state.judge.dump()
        assert from_checkpoint.arrival == from_none.arrival == state.judge.arrival


def test_a_process_that_ends_after_every_batch_and_is_sent_it_again_leaves_the_same(database, whole):
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        last: Sequence[Message] = ()
        for batch in batches(stream(), 50):
            state = take_up(conn, checkpoint_every_inputs=120)
            pipeline.process(conn, [*last, *batch], state)
            last = batch
        left = outcome(conn)
        assert state.judge.dump() == whole[1]
        for name in ("orders", "evidence", "history", "readings"):
            assert left[name] == whole[0][name]


def test_a_batch_that_comes_again_changes_nothing(database):
    with psycopg.connect(database) as conn:
        state = ran(conn, 100)
        before, dumped, arrival = outcome(conn), state.judge.dump(), state.judge.arrival
        for batch in batches(stream(), 100):
            again = pipeline.process(conn, batch, state)
            assert (again.frames, again.stored, again.late, again.done) == (0, 0, 0, [])
        after = outcome(conn)
        assert [row[:-1] for row in after.pop("quarantine")] == [row[:-1] for row in before.pop("quarantine")]
        assert after == before
        assert (state.judge.dump(), state.judge.arrival) == (dumped, arrival)


def test_a_transaction_that_fails_leaves_nothing_and_the_next_try_everything(database, whole):
    """The database refuses the first order, at the end of its batch's work."""
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.execute("ALTER TABLE work_orders ADD CONSTRAINT not_now CHECK (false)")
        conn.commit()
        state = take_up(conn)
        before, position = outcome(conn), judge_db.holder_now(conn)
        with pytest.raises(psycopg.errors.CheckViolation):
            pipeline.process(conn, stream(), state)
        assert outcome(conn) == before
        assert judge_db.holder_now(conn) == position
        assert conn.execute("SELECT max(arrival) FROM judge_events").fetchone() == (position[2] - 1,)
        conn.execute("ALTER TABLE work_orders DROP CONSTRAINT not_now")
        conn.commit()
        state = take_up(conn)
        pipeline.process(conn, stream(), state)
        assert outcome(conn) == whole[0]
        assert state.judge.dump() == whole[1]


def test_a_process_that_was_thought_dead_cannot_write(database):
    with psycopg.connect(database) as conn:
        first = take_up(conn)
        second = take_up(conn)
        with pytest.raises(NotTheWriter):
            pipeline.process(conn, [a_message(0)], first)
        assert readings.count(conn) == (0, 0)
        conn.rollback()
        assert pipeline.process(conn, [a_message(0)], second).stored == 1


def test_on_timescaledb_the_readings_lie_in_several_chunks(timescale_database):
    with psycopg.connect(timescale_database) as conn:
        ran(conn, 1000)
        (chunks,) = conn.execute("SELECT count(*) FROM show_chunks('readings')").fetchone() or (0,)
        assert chunks >= 3


# From here on each test leaves nothing: the batch's own transaction is a savepoint in the test's.


@pytest.fixture(scope="module")
def shared(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        yield conn


@pytest.fixture
def conn(shared):
    with shared.transaction(force_rollback=True):
        yield shared


def raw(payload: bytes, topic: str = TOPIC) -> Message:
    return Message(topic, payload, us(START))


MALFORMED = {
    "not JSON": (raw(b"temp=71.3"), "not_json"),
    "NaN": (raw(b'{"ts":"2026-03-02T06:00:00Z","values":{"temp":NaN}}'), "not_a_number"),
    "no time": (raw(b'{"values":{"temp":71.3}}'), "no_time"),
    "a naive time": (a_message(0, ts="2026-03-02T06:00:00"), "naive_time"),
    "1970": (a_message(0, ts="1970-01-01T00:00:00Z"), "too_old"),
    "2100": (a_message(0, ts="2100-01-01T00:00:00Z"), "in_future"),
    "a text that is no number": (a_message(0, {"temp": "inf"}), "not_a_number"),
    "an empty object": (raw(b"{}"), "no_values"),
    "a megabyte of junk": (raw(random.Random(1).randbytes(1_048_576)), "too_large"),
    "a wrong topic": (a_message(0, topic="plantwright/v1/NTH"), "wrong_topic"),
    "a topic without end": (a_message(0, topic=f"plantwright/{'/'.join(map(str, range(9_000)))}"), "wrong_topic"),
    "an asset with a name that is none": (a_message(0, topic="plantwright/v1/NTH/P 101"), "wrong_topic"),
}


@pytest.mark.parametrize(("bad", "reason"), MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_malformed_is_kept_and_the_good_around_it_stored(conn, bad, reason):
    done = pipeline.process(conn, [a_message(1), bad, a_message(2)], take_up(conn))
    assert [refused.reason for refused in done.refused] == [reason]
    (kept,) = quarantine.page(conn)
    assert (kept.reason, kept.payload) == (reason, bad.payload[:65_536])
    assert quarantine.one(conn, kept.id).payload == bad.payload
    assert bad.topic.startswith(kept.topic[:200])
    assert kept.problem
    assert (done.stored, readings.count(conn)) == (2, (2, 0))


def test_a_text_that_is_no_state_is_kept_alone_and_the_good_around_it_stored(conn):
    done = pipeline.process(conn, [a_message(1), a_message(0, {"temp": "warm"}), a_message(2)], take_up(conn))
    assert [refused.reason for refused in done.refused] == ["unknown_state"]
    (kept,) = quarantine.page(conn)
    assert json.loads(quarantine.one(conn, kept.id).payload) == {"ts": us(START) / 1000, "values": {"temp": "warm"}}
    assert done.stored == 2


def test_good_values_beside_a_bad_one_are_stored(conn):
    done = pipeline.process(conn, [a_message(0, {"temp": 60.0, "flow": "much"})], take_up(conn))
    assert done.stored == 1
    assert quarantine.count_by_reason(conn) == {"unknown_state": 1}


def test_what_comes_late_is_stored_and_not_judged(conn):
    done = pipeline.process(conn, [a_message(60), a_message(0, {"temp": 95.0})], take_up(conn))
    assert (done.stored, done.late, done.frames, done.done) == (2, 1, 1, [])
    assert readings.count(conn) == (2, 1)


def test_one_assets_clock_does_not_make_another_ones_readings_late(conn):
    fast = a_message(600, {"temp": 60.0}, topic="plantwright/v1/NTH/P-102")
    done = pipeline.process(conn, [fast, a_message(0, {"temp": 95.0})], take_up(conn))
    assert done.late == 0
    assert [each.step for each in done.done] == ["opened"]


def test_a_hot_bearing_is_one_emergency_order_however_often_it_is_reported(conn):
    state = take_up(conn)
    done = pipeline.process(conn, [a_message(second / 60, {"temp": 95.0}) for second in range(300)], state)
    assert [(each.step, each.emergency) for each in done.done] == [("opened", True)]
    (order,) = conn.execute("SELECT number, type, priority, status, opened_at FROM work_orders").fetchall()
    assert order == ("NTH-1001", "emergency", 1, "open", START)


def test_an_order_cites_the_readings_up_to_its_finding_and_none_that_came_later(conn):
    messages = [a_message(minute, {"temp": 95.0 if minute == 3 else 60.0}) for minute in range(6)]
    pipeline.process(conn, messages, take_up(conn))
    (cited,) = conn.execute("SELECT readings FROM evidence").fetchone() or ({},)
    begins = START.timestamp()
    assert cited == {"temp": [[begins, 60.0], [begins + 60, 60.0], [begins + 120, 60.0], [begins + 180, 95.0]]}


def completed(conn, state):
    """An order on a shaking bearing that somebody has completed, long after its targets had run out."""
    pipeline.process(conn, [a_message(minute, {"vibration": 9.0}) for minute in (0, 10, 20, 30)], state)
    (order_id, asset_id) = conn.execute("SELECT id, asset_id FROM work_orders").fetchone()
    conn.execute(
        """UPDATE work_orders SET status = 'completed', escalation = 2, version = version + 1,
                  response_due = '2026-03-02', completion_due = '2026-03-02'"""
    )
    conn.execute(
        "INSERT INTO judge_events (kind, asset_id, payload, actor) VALUES ('order_moved', %s, %s, 'test')",
        [asset_id, json.dumps({"order_id": str(order_id), "status": "completed"})],
    )


def test_an_order_that_goes_back_has_new_targets_and_is_escalated_anew(conn):
    state = take_up(conn)
    completed(conn, state)
    done = pipeline.process(conn, [a_message(minute, {"vibration": 9.0}) for minute in range(40, 100, 10)], state)
    assert [each.step for each in done.done] == ["sent back"]
    query = "SELECT status, escalation, response_due > now(), completion_due > now(), priority FROM work_orders"
    assert conn.execute(query).fetchone() == ("open", 0, True, True, 3)


def test_an_order_that_goes_back_with_something_worse_is_as_urgent_as_that(conn):
    state = take_up(conn)
    completed(conn, state)
    worse = json.loads(json.dumps(RULES.document))
    worse["threshold"][1]["severity"] = "safety"
    state = engine.start(conn, settings(), rulebook=rulebook.parse(worse), models=MODELS, holder="test")
    done = pipeline.process(conn, [a_message(40, {"vibration": 9.0})], state)
    assert [(each.step, each.emergency) for each in done.done] == [("sent back", True)]
    assert conn.execute("SELECT type, priority, status FROM work_orders").fetchone() == ("emergency", 1, "open")
    (old, new) = conn.execute("SELECT old, new FROM order_history WHERE step = 'rework'").fetchone()
    told = ("type", "status", "priority")
    assert [old[name] for name in told] == ["predictive", "completed", 3]
    assert [new[name] for name in told] == ["emergency", "open", 1]


def test_events_have_their_places_before_the_readings_of_their_batch(conn):
    state = take_up(conn)
    pipeline.process(conn, [a_message(0)], state)
    events = judge_db.events_after(conn, 0, 1000)
    assert [event.kind for event in events] == ["asset", "signal", "rulebook", "models"]
    assert [event.arrival for event in events] == [1, 2, 3, 4]
    assert [frame.arrival for frame in readings.judged_after(conn, 0, 1000)] == [5]
    assert judge_db.holder_now(conn)[2] == 6


def test_a_silent_wire_still_gives_events_their_place(conn):
    state = take_up(conn)
    pipeline.process(conn, [], state)
    assert state.judge.rulebook.version == RULES.version
    assert state.judge.arrival == 4


def test_a_batch_of_nothing_takes_no_place(conn):
    state = take_up(conn)
    pipeline.process(conn, [], state)
    assert pipeline.process(conn, [], state) == Processed()
    assert judge_db.holder_now(conn)[2] == 5


def test_a_tick_is_an_input_of_its_own(conn):
    state = take_up(conn, tick_every_s=0.001)
    state.next_tick = 0.0
    pipeline.process(conn, [], state)
    assert judge_db.events_after(conn, 0, 100)[-1].kind == "tick"


def test_documents_that_have_not_changed_are_not_logged_again(conn):
    pipeline.process(conn, [], take_up(conn))
    pipeline.process(conn, [], take_up(conn))
    kinds = [event.kind for event in judge_db.events_after(conn, 0, 100)]
    assert (kinds.count("rulebook"), kinds.count("models")) == (1, 1)


def test_a_changed_rulebook_is_an_input_and_judges_from_there_on(conn):
    pipeline.process(conn, [a_message(0, {"temp": 85.0})], take_up(conn))
    changed = json.loads(json.dumps(RULES.document))
    changed["threshold"][0] |= {"raise_at": 84, "clear_below": 80}
    lower = rulebook.parse(changed)
    state = engine.start(conn, settings(), rulebook=lower, models=MODELS, holder="test")
    done = pipeline.process(conn, [a_message(1, {"temp": 85.0})], state)
    assert [each.step for each in done.done] == ["opened"]
    assert engine.restore(conn).dump() == state.judge.dump()


def test_a_checkpoint_stands_for_all_inputs_up_to_its_place_late_ones_too(conn):
    state = take_up(conn, checkpoint_every_inputs=1)
    pipeline.process(conn, [a_message(0), a_message(1), a_message(0.5)], state)
    assert judge_db.checkpointed(conn, format_=FORMAT) == 7
    assert Judge.from_parts(judge_db.checkpoint_parts(conn, format_=FORMAT), 7).dump() == state.judge.dump()
    assert judge_db.holder_now(conn)[2] == 8
    conn.execute("DELETE FROM checkpoints")
    assert engine.restore(conn).arrival == state.judge.arrival == 7


STEPPED = {"pump": MODELS["pump"] | {"frame_step_s": 60.0, "hold_s": 600.0}}


@pytest.mark.parametrize("size", [1, 7])
def test_signals_that_come_one_by_one_and_out_of_order_are_late_or_not_however_they_are_cut(conn, size):
    noise, messages = random.Random(5), []
    for minute in range(40):
        parts = [(minute + noise.random() * 0.99, {name: noise.gauss(60, 1)}) for name in ("temp", "flow", "oil")]
        messages += [a_message(at, values) for at, values in parts]
        if minute % 5 == 4:
            messages.append(a_message(minute - 1.5, {"temp": 95.0}))

    def left(cut: int) -> tuple[list[Any], bytes]:
        with conn.transaction(force_rollback=True):
            state = engine.start(conn, settings(), rulebook=RULES, models=STEPPED, holder="test")
            for batch in batches(messages, cut):
                pipeline.process(conn, batch, state)
            rows = conn.execute("SELECT observed_at, value, late FROM readings ORDER BY observed_at").fetchall()
            return rows, state.judge.dump()

    in_pieces, at_once = left(size), left(1000)
    assert [row for row in in_pieces[0] if row not in at_once[0]] == []
    assert in_pieces == at_once
