"""A message that the database refuses is in quarantine, alone; all around it is as if it had never come."""

import json
import math
import random
import threading
from datetime import timedelta
from itertools import count

import psycopg
import pytest

from db import storable
from db.plant import plant
from db.telemetry import judge as judge_db
from db.telemetry import quarantine, readings
from ingest.messages import Message
from runtime.pipeline import splitting
from runtime.pipeline.engine import Engine
from runtime.processes import ingest
from tests.parts import databases
from tests.runtime.pipeline.batches import (
    OUTCOME,
    PLANT,
    START,
    TOPIC,
    a_message,
    batches,
    outcome,
    ran,
    stream,
    take_up,
    us,
)

POISON = 6.66e8
REFUSALS = {
    "a check": "ALTER TABLE readings ADD CONSTRAINT no_poison CHECK (value <> 6.66e8)",
    "a trigger": """
        CREATE FUNCTION no_poison() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.value = 6.66e8 THEN RAISE EXCEPTION 'no such value here'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER no_poison BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION no_poison()""",
}


@pytest.fixture(scope="module")
def whole(embedded_server, _template):
    """What the stream leads to without poison."""
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        state = ran(conn, 1000)
        return outcome(conn), state.judge.dump()


def poisoned(messages, places) -> list[Message]:
    """The stream with a poisonous message before those places; each is of a device and a time of its own."""
    made, number = list(messages), count(1)
    for place in sorted(places, reverse=True):
        at = next(number)
        topic = TOPIC if at % 2 else "plantwright/v1/NTH/NEW"
        made.insert(place, a_message(at * 10 + 0.5, {"temp": POISON, "flow": 1.0}, topic=topic))
    return made


def ready(conn: psycopg.Connection, refusal: str, **more: object) -> Engine:
    plant.load(conn, PLANT, at=START)
    conn.execute(REFUSALS[refusal].encode())
    conn.commit()
    return take_up(conn, **more)


@pytest.mark.parametrize(("refusal", "size"), [("a check", 1000), ("a trigger", 50)])
def test_the_rest_is_stored_and_judged_as_without_the_poison(any_database, whole, size, refusal):
    chance = random.Random(size)
    places = [0, 1, 2, len(stream()), *chance.sample(range(3, len(stream())), 4)]
    with psycopg.connect(any_database) as conn:
        state = ready(conn, refusal, checkpoint_every_inputs=200)
        done = [splitting.process(conn, batch, state) for batch in batches(poisoned(stream(), places), size)]
        found = outcome(conn)
        refused = [row for row in found["quarantine"] if row[2] == "refused_by_database"]
        assert len(refused) == len(places)
        assert all("plantwright quarantine retry" in row[3] for row in refused)
        assert all(f"{POISON}".encode() in bytes(row[1]) for row in refused)
        found["quarantine"] = [row for row in found["quarantine"] if row not in refused]
        assert {name: found[name] for name in OUTCOME} == whole[0]
        assert state.judge.dump() == whole[1]
        assert sum(each.stored for each in done) == len(found["readings"])


def test_what_is_refused_because_of_an_order_stands_alone_too(database):
    with psycopg.connect(database) as conn:
        state = ready(conn, "a check")
        conn.execute("ALTER TABLE work_orders ADD CONSTRAINT no_orders CHECK (false)")
        conn.commit()
        messages = [a_message(minute, {"temp": 95.0 if minute == 20 else 60.0}) for minute in range(40)]
        splitting.process(conn, messages, state)
        assert quarantine.count_by_reason(conn) == {"refused_by_database": 1}
        assert readings.count(conn) == (39, 0)
        conn.execute("ALTER TABLE work_orders DROP CONSTRAINT no_orders")
        conn.commit()
        assert splitting.process(conn, [a_message(41, {"temp": 95.0})], state).done[0].step == "opened"


def test_no_message_is_blamed_for_an_event_that_the_database_refuses(database):
    with psycopg.connect(database) as conn:
        state = ready(conn, "a check")
        conn.execute("ALTER TABLE judge_events ADD CONSTRAINT none CHECK (arrival IS NULL) NOT VALID")
        judge_db.add(conn, "tick", {"at": START.isoformat()}, "test")
        conn.commit()
        with pytest.raises(psycopg.errors.CheckViolation):
            splitting.process(conn, [a_message(0), a_message(1)], state)
        assert quarantine.count_by_reason(conn) == {}
        assert readings.count(conn) == (0, 0)


@pytest.mark.parametrize("mistake", ["ALTER TABLE readings RENAME TO gone", "ALTER TABLE readings DROP COLUMN late"])
def test_no_message_is_blamed_for_a_database_that_is_out_of_order(database, mistake):
    with psycopg.connect(database) as conn:
        state = ready(conn, "a check")
        conn.execute(mistake.encode())
        conn.commit()
        with pytest.raises(psycopg.Error):
            splitting.process(conn, [a_message(0), a_message(1)], state)
        assert quarantine.count_by_reason(conn) == {}


def test_waits_grow_and_are_short_again_once_something_went_well():
    slept: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            slept.append(timeout or 0)
            return False

    patience = ingest.Patience(Stop())
    for _ in range(10):
        patience.wait(OSError("away"))
    assert slept[0] <= 0.5
    assert slept[-1] >= 7.5
    assert max(slept) <= 15
    patience.went_well()
    patience.wait(OSError("away"))
    assert slept[-1] <= 0.5


UNITS = {
    "a NUL": '{"a":"\\u0000","b":"bar"}',
    "half a surrogate pair": '{"a":"\\ud800","b":"bar"}',  # which is no JSON, and costs itself alone
    "a page of text": json.dumps({"a": "x" * 4_000, "b": "bar"}),
}


@pytest.mark.parametrize("units", UNITS.values(), ids=UNITS)
def test_what_the_database_would_refuse_is_refused_before_it_is_sent(database, monkeypatch, units):
    """So that a burst of such messages costs what a burst of others costs."""
    with psycopg.connect(database) as conn:
        state = take_up(conn)
        monkeypatch.setattr(splitting, "_carefully", None)
        batch = []
        for minute in range(120):
            at = (START + timedelta(minutes=minute)).isoformat()
            said = f',"units":{units}' if minute % 2 else ""
            raw = f'{{"ts":"{at}","values":{{"a":1,"b":2}}{said}}}'.encode()
            batch.append(Message(TOPIC, raw, us(START + timedelta(minutes=minute))))
        done = splitting.process(conn, batch, state)
        no_json = "ud800" in units
        assert done.stored == 180
        assert [each.reason for each in done.refused] == ["not_json" if no_json else "wrong_unit"] * 60


def test_numbers_that_are_none_never_reach_the_database(database):
    with psycopg.connect(database) as conn:
        told = {"a": [math.nan, {"b\0": math.inf, "c": "x\0\ud800"}], "d": 1.5}
        (back,) = conn.execute("SELECT %s::jsonb", (storable.json(told),)).fetchone() or ()
        assert back == {"a": [None, {"b\\0": None, "c": "x\\0?"}], "d": 1.5}
        assert conn.execute("SELECT %s::text", (storable.text("a\0\ud800"),)).fetchone() == ("a\\0?",)


@pytest.mark.parametrize("messages", [1, 3])
def test_a_tick_that_is_due_in_a_batch_that_fails_is_not_lost(database, messages):
    with psycopg.connect(database) as conn:
        state = ready(conn, "a check")
        state.next_tick = 0.0
        splitting.process(conn, poisoned([a_message(minute) for minute in range(messages)], [0]), state)
        assert conn.execute("SELECT count(*) FROM judge_events WHERE kind = 'tick'").fetchone() == (1,)
        assert not state.tick_is_due()
        splitting.process(conn, [a_message(messages)], state)
        assert conn.execute("SELECT count(*) FROM judge_events WHERE kind = 'tick'").fetchone() == (1,)
