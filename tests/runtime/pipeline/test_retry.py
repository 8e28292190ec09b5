"""What was refused is tried again once the cause is removed, and counts as late."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from db.plant import plant
from db.telemetry import engine_metrics, quarantine, readings
from db.telemetry import judge as judge_db
from ingest.messages import Message
from ingest.replay import Publication
from runtime.cli import quarantine as cli_quarantine
from runtime.embedded.broker import Broker
from runtime.pipeline import pipeline, retry, splitting
from tests.runtime.pipeline.batches import PLANT, START, TOPIC, a_message, take_up, us
from tests.runtime.processes import kills
from tests.runtime.processes.kills import Device
from workorder_core.plant.plant import AssetEntry, SignalEntry

OTHER = "plantwright/v1/NTH/P-102"
P_102 = AssetEntry(code="P-102", name="Feed pump", asset_class="pump", criticality=PLANT.assets[0].criticality)


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        plant.load(conn, PLANT, at=START)
        conn.commit()
        yield conn


def ask_all(conn, state) -> None:
    quarantine.ask_retry(conn, actor="person:test", at=datetime.now(UTC))
    conn.commit()
    state.next_retry_look = 0
    while retry.try_asked(conn, state):
        state.next_retry_look = 0


def kept_now(conn):
    kept = quarantine.page(conn)
    conn.rollback()
    return kept


def test_what_came_of_an_unknown_asset_is_taken_once_it_is_known_and_counts_as_late(conn):
    state = take_up(conn, admit_unknown=False)
    hot = [a_message(minute, {"temp": 95.0}, topic=OTHER) for minute in (0, 1)]
    pipeline.process(conn, [*hot, a_message(0)], state)
    assert [(each.reason, each.payloads) for each in kept_now(conn)] == [("unknown_asset", 2)]
    known = replace(P_102, signals=(SignalEntry(name="temp", quantity="temperature", unit="degC"),))
    plant.load(conn, replace(PLANT, assets=(*PLANT.assets, known)), at=START)
    conn.commit()
    before = state.judge.arrival
    ask_all(conn, state)
    assert kept_now(conn) == []
    assert readings.count(conn) == (3, 2)
    assert conn.execute("SELECT count(*) FROM work_orders").fetchone() == (0,)
    assert state.judge.arrival > before
    assert judge_db.holder_now(conn)[2] == state.judge.arrival + 1
    conn.rollback()
    # The plant goes on, and what comes now is judged.
    assert pipeline.process(conn, [a_message(2, {"temp": 95.0}, topic=OTHER)], state).done[0].step == "opened"


def test_what_the_database_refused_is_taken_once_it_does_not(conn):
    conn.execute("ALTER TABLE readings ADD CONSTRAINT no_poison CHECK (value <> 666)")
    conn.commit()
    state = take_up(conn)
    splitting.process(conn, [a_message(0), a_message(1, {"temp": 666.0}), a_message(2)], state)
    ask_all(conn, state)
    (kept,) = kept_now(conn)
    assert (kept.reason, kept.tries, kept.retry_asked_at) == ("refused_by_database", 1, None)
    assert pipeline.process(conn, [a_message(3)], state).stored == 1
    conn.execute("ALTER TABLE readings DROP CONSTRAINT no_poison")
    conn.commit()
    ask_all(conn, state)
    assert kept_now(conn) == []
    assert readings.count(conn) == (4, 1)


def test_what_is_still_wrong_stays_with_its_reason_and_how_often_it_was_tried(conn):
    state = take_up(conn)
    pipeline.process(conn, [Message(TOPIC, b"junk", us(START)), a_message(0, {"temp": "hot", "flow": 1.0})], state)
    before = {(each.id, each.reason, each.problem, each.times) for each in kept_now(conn)}
    for tries in (1, 2):
        ask_all(conn, state)
        after = kept_now(conn)
        assert {(each.id, each.reason, each.problem, each.times) for each in after} == before
        assert {each.tries for each in after} == {tries}
    assert readings.count(conn) == (1, 0)


def test_a_value_in_a_unit_that_nothing_converts_is_taken_when_the_signal_has_one_that_does(conn):
    state = take_up(conn)

    def in_unit(minute: int, unit: str) -> Message:
        at = (START + timedelta(minutes=minute)).isoformat()
        sent = {"ts": at, "values": {"temp": 160, "flow": 2}, "units": {"temp": unit, "flow": "m3/h"}}
        return Message(TOPIC, json.dumps(sent).encode(), us(START))

    pipeline.process(conn, [a_message(-1, {"flow": 1.0}), in_unit(0, "degF"), in_unit(1, "bar")], state)
    (kept,) = kept_now(conn)
    assert (kept.reason, json.loads(kept.payload)["units"]) == ("wrong_unit", {"temp": "bar"})
    ask_all(conn, state)
    assert [each.reason for each in kept_now(conn)] == ["wrong_unit"]
    pressure = SignalEntry(name="temp", quantity="pressure", unit="mbar")
    plant.load(conn, replace(PLANT, assets=(replace(PLANT.assets[0], signals=(pressure,)),)), at=START)
    conn.commit()
    ask_all(conn, state)
    assert kept_now(conn) == []
    values = conn.execute(
        "SELECT value FROM readings JOIN signals s ON s.id = signal_id WHERE name = 'temp' ORDER BY 1"
    )
    assert [round(value, 3) for (value,) in values] == [71.111, 160_000]


def test_what_has_no_time_is_stored_when_it_first_and_when_it_last_came(conn):
    state = take_up(conn, admit_unknown=False, mappings=["homie"])
    at = [us(START + timedelta(minutes=minute)) for minute in (0, 1, 2)]
    pipeline.process(conn, [Message("homie/5/boiler/sensor/temperature", b"21.5", each) for each in at], state)
    (kept,) = kept_now(conn)
    assert (kept.times, kept.payloads, kept.others) == (3, 3, 0)
    state = take_up(conn, mappings=["homie"])
    ask_all(conn, state)
    assert readings.count(conn) == (3, 3)


def test_a_database_slower_than_the_time_of_a_look_has_one_message_tried_all_the_same(conn, monkeypatch):
    monkeypatch.setattr(retry, "AT_ONCE_S", 0.0)
    state = take_up(conn, admit_unknown=False)
    pipeline.process(conn, [a_message(minute, {"temp": 95.0}, topic=OTHER) for minute in (0, 1)], state)
    state = take_up(conn)
    ask_all(conn, state)
    assert readings.count(conn) == (2, 2)


def test_what_was_cut_cannot_be_tried_and_says_so(conn):
    state = take_up(conn)
    pipeline.process(conn, [Message(TOPIC, b"x" * 2_100_000, us(START))], state)
    (kept,) = kept_now(conn)
    with pytest.raises(
        quarantine.NotRetriable,
        match="the first 2,097,152 of its 2,100,000 bytes were kept: have the device",
    ):
        quarantine.ask_retry(conn, ids=[kept.id], actor="person:test", at=START)
    assert quarantine.ask_retry(conn, actor="person:test", at=START) == []
    assert (quarantine.left_out(conn), quarantine.left_out(conn, reason="not_json")) == (1, 0)


def test_a_sparkplug_message_cannot_be_tried_and_says_what_can_be_done(conn):
    state = take_up(conn, sparkplug_host="plant")
    pipeline.process(conn, [Message("spBv1.0/NTH/NDATA/N", b"", us(START)), Message(TOPIC, b"x", us(START))], state)
    kept = next(each for each in kept_now(conn) if each.topic.startswith("spBv1.0/"))
    with pytest.raises(quarantine.NotRetriable, match="restart ingest: every node is then asked for all its values"):
        quarantine.ask_retry(conn, ids=[kept.id], actor="person:test", at=START)
    assert len(quarantine.ask_retry(conn, actor="person:test", at=START)) == 1
    assert quarantine.left_out(conn, topic="spBv1.0/NTH/") == 1


def test_a_poisonous_message_on_a_plant_that_runs_and_its_retry_by_hand(
    database: str, mosquitto: Broker, data_dir: Path
) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        plant.load(conn, PLANT, at=START)
        conn.execute("ALTER TABLE readings ADD CONSTRAINT no_poison CHECK (value <> 666)")
        env = kills.environment(database=database, broker=mosquitto.url)
        with kills.plantwright("ingest", env=env, log=data_dir / "log") as ingest:
            ingest.wait_until(lambda: engine_metrics.read(conn), "it listens")
            device = Device(mosquitto.url)
            for minute in range(50):
                message = a_message(minute, {"temp": 666.0 if minute == 20 else 60.0})
                device.send(Publication(message.topic, message.payload, START))
            device.finish()
            ingest.wait_until(lambda: readings.count(conn) == (49, 0) and quarantine.page(conn), "all is kept")
            conn.execute("ALTER TABLE readings DROP CONSTRAINT no_poison")
            with kills.plantwright("quarantine", "retry", "--all", env=env, log=data_dir / "retry") as trying:
                assert trying.ended() == 0, trying.said()
                assert "1 of 1 taken, and stored as late" in trying.said()
            assert readings.count(conn) == (50, 1)
            ingest.stop()
    assert cli_quarantine.outcome(0, 0, 0).startswith("nothing of that is kept")
