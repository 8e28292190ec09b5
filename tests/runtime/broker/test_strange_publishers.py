"""Whatever is published at a running engine, and however: what is good is stored once, the rest is refused by name."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import paho.mqtt.client as paho
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from db.telemetry import quarantine
from ingest.broker.broker import BrokerAddress
from ingest.formats.sparkplug_b_pb2 import Payload
from runtime.embedded.broker import Broker
from runtime.pipeline.pipeline import Processed
from runtime.processes import ingest
from runtime.settings import Settings

TOPIC = "plantwright/v1/NTH/"


def frame(value: float, ms: int = 0) -> bytes:
    return json.dumps({"ts": time.time_ns() // 1_000_000 + ms, "values": {"temp": value}}).encode()


def birth(value: float) -> bytes:
    now = time.time_ns() // 1_000_000
    metric = Payload.Metric(name="temp", alias=1, datatype=10, double_value=value)
    number = Payload.Metric(name="bdSeq", datatype=8, long_value=1)
    return bytes(Payload(timestamp=now, seq=0, metrics=[number, metric]).SerializeToString())


@contextmanager
def publisher(broker: Broker, **will: object) -> Iterator[paho.Client]:
    address = BrokerAddress.of(broker.device_url)
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.username_pw_set(address.user, address.password)
    if will:
        client.will_set(**will)  # type: ignore[arg-type]
    client.connect(address.host, address.port)
    client.loop_start()
    yield client
    client.loop_stop()


def until(thread: threading.Thread, there: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not there():
        assert thread.is_alive(), "ingest has ended"
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@contextmanager
def ingesting(settings: Settings) -> Iterator[threading.Thread]:
    stop, seen = threading.Event(), list[Processed]()
    thread = threading.Thread(target=ingest.run, args=(settings, stop), kwargs={"on_batch": seen.append})
    thread.start()
    try:
        until(thread, lambda: bool(seen), "ingest listens")
        yield thread
    finally:
        stop.set()
        thread.join(120)


def test_whatever_is_published_live_is_stored_once_or_refused_by_name(database: str, mosquitto: Broker) -> None:
    settings = Settings(
        database=database,
        broker=mosquitto.url,
        sparkplug_host="plant",
        topics=["plantwright/#", "$SYS/broker/uptime", "$SYS/broker/clients/#"],
    )
    with publisher(mosquitto) as device:
        for topic, payload in (("KEPT", frame(1.0)), ("CLEARED", b"")):
            device.publish(TOPIC + topic, payload, qos=1, retain=True).wait_for_publish(60)
        device.publish("spBv1.0/NTH/NBIRTH/E", birth(5.0), qos=1, retain=True).wait_for_publish(60)
    with psycopg.connect(database, autocommit=True) as conn, ingesting(settings) as thread:

        def stored() -> dict[str, list[float]]:
            rows = conn.execute(
                "SELECT a.code, array_agg(r.value ORDER BY r.value) FROM readings r "
                "JOIN signals s ON s.id = r.signal_id JOIN assets a ON a.id = s.asset_id GROUP BY a.code"
            ).fetchall()
            return {str(code): values for code, values in rows}

        with publisher(mosquitto, topic=TOPIC + "WILL", payload=frame(7.0), qos=1, retain=True) as dying:
            for qos in (0, 1, 2):
                dying.publish(f"{TOPIC}Q-{qos}", frame(float(qos)), qos=qos).wait_for_publish(60)
            dying.publish(TOPIC + "LIVE", frame(3.0), qos=1, retain=True).wait_for_publish(60)
            dying.publish(TOPIC + "LIVE", b"", qos=1, retain=True).wait_for_publish(60)
            for topic in ("Pump 7", "x" * 60_000, "\u202e", "a/b", ""):
                dying.publish(TOPIC + topic, frame(1.0), qos=1).wait_for_publish(60)
            until(thread, lambda: "LIVE" in stored(), "what was published at every QoS is stored")
            sock = dying.socket()
            assert sock is not None
            sock.close()  # as a cut line: the broker says the will
        until(thread, lambda: "WILL" in stored(), "the will is stored")
        until(thread, lambda: len(quarantine.count_by_reason(conn)) >= 2, "what is none of ours is refused")
        with publisher(mosquitto) as last:
            last.publish(TOPIC + "LAST", frame(9.0), qos=1).wait_for_publish(60)
            last.disconnect()
        until(thread, lambda: "LAST" in stored(), "it goes on")
        assert stored() == {
            "KEPT": [1.0], "Q-0": [0.0], "Q-1": [1.0], "Q-2": [2.0], "LIVE": [3.0], "WILL": [7.0], "LAST": [9.0],
        }  # fmt: skip
        refused = quarantine.count_by_reason(conn)
        assert refused.pop("wrong_topic") >= 5
        assert refused == {"not_born": 1}


@pytest.mark.slow
def test_ten_thousand_topics_once_each_stop_nothing(database: str, mosquitto: Broker) -> None:
    settings = Settings(database=database, broker=mosquitto.url, admit_assets_most=50)
    with (
        psycopg.connect(database, autocommit=True) as conn,
        ingesting(settings) as thread,
        publisher(mosquitto) as many,
    ):
        for i in range(10_000):
            many.publish(f"{TOPIC}A-{i}" if i % 2 else f"plantwright/other/{i}", frame(1.0), qos=1)
        many.publish(TOPIC + "A-1", frame(2.0, 1), qos=1).wait_for_publish(120)

        def counted() -> int:
            kept = conn.execute("SELECT coalesce(sum(times), 0)::int FROM quarantine").fetchone() or (0,)
            rows = conn.execute("SELECT count(*) FROM readings").fetchone() or (0,)
            return int(kept[0]) + int(rows[0])

        until(thread, lambda: counted() == 10_001, "all are stored or refused")
        assert quarantine.count_by_reason(conn) == {"too_many_assets": 4_950, "wrong_topic": 5_000}
        many.disconnect()


def test_packets_that_no_broker_passes_on_hurt_nobody(database: str, mosquitto: Broker) -> None:
    with ingesting(Settings(database=database, broker=mosquitto.url)) as thread:
        address = BrokerAddress.of(mosquitto.device_url)
        for raw in (b"\x30\x09\x00\x03a\x00b1234", b"\x36\x05\x00\x03a/b", b"\x32\x02\x00\x00"):
            with socket.create_connection((address.host, address.port), timeout=30) as wire:
                wire.sendall(raw)
        with psycopg.connect(database, autocommit=True) as conn, publisher(mosquitto) as good:
            good.publish(TOPIC + "GOOD", frame(1.0), qos=1).wait_for_publish(60)
            count = "SELECT count(*) FROM readings"
            until(thread, lambda: conn.execute(count).fetchone() == (1,), "it goes on")
            good.disconnect()
