"""What one batch stores, judges and numbers.

Each test leaves nothing: the batch's own transaction is a savepoint in the test's.
"""

import json
import random
from typing import Any

import psycopg
import pytest

from db.plant import plant
from db.telemetry import judge as judge_db
from db.telemetry import quarantine, readings
from ingest.messages import Message
from judge.judge import FORMAT, Judge
from rules import rulebook
from runtime.pipeline import engine, pipeline
from runtime.pipeline.pipeline import Processed
from tests.parts import databases
from tests.runtime.pipeline.batches import MODELS, PLANT, RULES, START, TOPIC, a_message, batches, settings, take_up, us

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
