"""What the engine tells of itself: lag, queue, rates, refusals, stages; and its own alarm."""

import json
import os
import signal
import time
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from psycopg_pool import ConnectionPool
from rich.console import Console

from api.app import create
from db.telemetry import engine_metrics
from db.telemetry.engine_metrics import EngineMetrics, MetricsReport
from ingest.messages import Message
from ingest.replay import Publication
from runtime.broker import pulse
from runtime.broker.pulse import Pulse
from runtime.cli import doctor
from runtime.embedded.broker import Broker
from runtime.settings import Settings
from tests.runtime.pipeline.batches import START, TOPIC, a_message
from tests.runtime.processes import kills
from tests.runtime.processes.kills import Device

KEY = "some-key-0123456789"


def metrics(database: str) -> dict[tuple[str, ...], float]:
    """Every number of /metrics, by its name and the values of its labels."""
    with ConnectionPool(database, min_size=1, open=True) as pool, TestClient(create(pool, keys={"any": KEY})) as client:
        text = client.get("/metrics", headers={"x-api-key": KEY}).text
        health = client.get("/health/ready").json()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    return found | {("health", health["ingest"]): health["ingest_lag_s"]}


def examined(database: str, broker: str) -> tuple[bool, str]:
    said = StringIO()
    healthy = doctor.examine(Settings(database=database, broker=broker), Console(file=said, width=400))
    return healthy, said.getvalue()


def test_metrics_health_and_doctor_tell_of_an_engine_that_works_and_of_one_that_hangs(
    database: str, mosquitto: Broker, data_dir: Path
) -> None:
    env = kills.environment(database=database, broker=mosquitto.url, lag_limit_s=3)
    with (
        psycopg.connect(database, autocommit=True) as conn,
        kills.plantwright("ingest", env=env, log=data_dir / "log") as ingest,
    ):
        ingest.wait_until(lambda: engine_metrics.read(conn), "it has written its figures")
        device = Device(mosquitto.url)
        for minute in range(100):
            message = a_message(minute, {"temp": 60.0, "flow": 5.0})
            device.send(Publication(message.topic, message.payload, START))
        device.send(Publication(TOPIC, b"junk", START))
        now = {"ts": int((time.time() + 40) * 1000), "values": {"temp": 1.0}}
        device.send(Publication("plantwright/v1/NTH/AHEAD", json.dumps(now).encode(), START))
        device.finish()

        def all_told() -> bool:
            told = engine_metrics.read(conn)
            return told is not None and told.metrics.messages == 102

        ingest.wait_until(all_told, "all messages are counted")

        def on_time() -> bool:
            found = metrics(database)
            judging = found.get(("health", "judging"), 3) < 3 and not found[("plantwright_ingest_behind",)]
            return judging and found[("plantwright_ingest_lag_seconds",)] < 3 and examined(database, mosquitto.url)[0]

        kills.within(on_time, "it is known to be on time")
        found = metrics(database)
        assert found[("plantwright_ingest_messages_total",)] == 102
        assert found[("plantwright_ingest_readings_total", "stored")] == 201
        assert found[("plantwright_ingest_refused_total", "not_json")] == 1
        assert 1 <= found[("plantwright_ingest_batch_messages_largest",)] <= 60
        stages = {name[1] for name in found if name[0] == "plantwright_ingest_stage_seconds_total"}
        assert stages == {"begin", "read", "store", "judge", "act", "keep", "commit", "acknowledge"}
        assert found[("plantwright_device_clock_skew_seconds", "NTH/AHEAD")] == pytest.approx(-40, abs=30)
        _, said = examined(database, mosquitto.url)
        for line in ("lag", "messages/s", "queue", "newest batch", "judge ", "refused: 1 not_json", "NTH/AHEAD"):
            assert line in said
        os.kill(ingest.pid, signal.SIGSTOP)
        kills.within(lambda: "silent for" in examined(database, mosquitto.url)[1], "it is known to be silent")
        found = metrics(database)
        assert found[("plantwright_ingest_behind",)] == 1
        assert found[("plantwright_ingest_lag_seconds",)] > 3
        healthy, said = examined(database, mosquitto.url)
        assert not healthy
        assert "silent for" in said
        os.kill(ingest.pid, signal.SIGCONT)
        ingest.wait_until(lambda: "ALARM: judging lags behind" in ingest.said(), "it says itself that it was behind")
        ingest.wait_until(lambda: "judging has caught up" in ingest.said(), "it says that it has caught up")
        ingest.stop()
    assert ("health", "stopped") in metrics(database)
    assert "was stopped" in examined(database, mosquitto.url)[1]


def test_a_pulse_tells_how_long_messages_wait_at_the_broker() -> None:
    beat = Pulse.of("us", b"key")
    other = Message(TOPIC, b"{}", 0)
    sent = beat.due(1_000_000)
    assert sent is not None and sent.startswith(b"1000000 ")
    assert beat.due(1_500_000) is None
    assert list(beat.sift([other], 3_000_000)) == [other]
    assert beat.lag_s(3_000_000) == 2.0
    came = [other, Message(beat.topic, sent, 0), Message(f"{pulse.PREFIX}them", b"0", 0)]
    assert list(beat.sift(came, 5_000_000)) == [other]
    assert beat.lag_s(9_000_000) == 4.0


def test_a_pulse_from_before_a_restart_tells_of_the_time_between() -> None:
    beat, sent = Pulse.of("us", b"key"), Pulse.of("us", b"key").due(1_000_000)
    assert sent is not None
    assert list(beat.sift([Message(beat.topic, sent, 0, again=True)], 61_000_000)) == []
    assert beat.lag_s(61_000_000) == 60.0


@pytest.mark.parametrize("by_us", [-3_600_000_000, 86_400_000_000])
def test_a_clock_that_is_set_makes_the_engine_look_neither_late_nor_on_time_for_ever(by_us: int) -> None:
    beat, now_us = Pulse.of("us", b"key"), 1_000_000_000_000
    before = beat.due(now_us)
    assert before is not None
    after_us = now_us + by_us
    beat.follow_clock(after_us)
    beat.sift([Message(beat.topic, before, 0)], after_us + 1_000_000)
    assert beat.lag_s(after_us + 1_000_000) == 0.0, "it was sent by another clock"
    beat.sent_at -= pulse.EVERY_S
    again = beat.due(after_us + 2_000_000)
    assert again is not None
    beat.sift([Message(beat.topic, again, 0)], after_us + 5_000_000)
    assert beat.lag_s(after_us + 5_000_000) == 3.0


def test_nobody_else_makes_the_engine_look_late_or_on_time() -> None:
    beat, stranger = Pulse.of("us", b"key"), Pulse.of("us", b"another key")
    old = beat.due(1_000_000)
    assert old is not None
    beat.sift([Message(beat.topic, old, 0)], 2_000_000)
    forged = stranger.due(9_000_000)
    assert forged is not None
    for payload in (b"1", b"9000000", b"9000000 ", forged, old, b"9" * 5000, b"\xff", b"1000000 " + b"\xff" * 64):
        assert list(beat.sift([Message(beat.topic, payload, 0)], 60_000_000)) == []
        assert beat.lag_s(60_000_000) == 1.0
    assert "secret" not in Pulse.of("plantwright-ingest-secret", b"key").topic


@pytest.mark.parametrize(
    ("metrics", "age_s", "state"),
    [
        (EngineMetrics(lag_s=1, lag_limit_s=60), 1, "judging"),
        (EngineMetrics(lag_s=61, lag_limit_s=60), 1, "behind"),
        (EngineMetrics(lag_s=1, lag_limit_s=60), 61, "silent"),
        (EngineMetrics(lag_s=1, lag_limit_s=60, stopped=True), 61, "stopped"),
    ],
)
def test_the_state_of_the_engine_in_a_word(metrics: EngineMetrics, age_s: float, state: str) -> None:
    assert MetricsReport(metrics, age_s).state == state
