"""What ingest may rely on in the brokers that plantwright starts."""

import os
import queue
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ingest.broker.broker import BrokerAddress
from runtime.embedded import broker, process
from runtime.embedded.broker import Broker

ELSEWHERE = "elsewhere"
TOPIC = "plantwright/v1/north/P-101"


class Subscriber:
    """A durable session that acknowledges by hand, as ingest does."""

    def __init__(self, url: str) -> None:
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="plantwright-test", clean_session=False, manual_ack=True
        )
        self.arrived: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.client.on_message = lambda _client, _data, message: self.arrived.put(message)
        ready: queue.Queue[None] = queue.Queue()
        self.client.on_subscribe = lambda *_: ready.put(None)

        def subscribe_once(_client: object, _data: object, flags: mqtt.ConnectFlags, *_: object) -> None:
            # Not on a resumed session: iotcore confirms a subscription only when its window has room.
            if flags.session_present:
                ready.put(None)
            else:
                self.client.subscribe("plantwright/#", qos=1)

        self.client.on_connect = subscribe_once
        address = BrokerAddress.of(url)
        self.client.username_pw_set(address.user, address.password)
        self.client.connect(address.host, address.port)
        self.client.loop_start()
        ready.get(timeout=90)

    def take(self, count: int) -> list[mqtt.MQTTMessage]:
        return [self.arrived.get(timeout=90) for _ in range(count)]

    def take_acknowledging(self, count: int) -> list[bytes]:
        """Take so many payloads in batches of a hundred, each acknowledged when it is whole."""
        payloads: list[bytes] = []
        while len(payloads) < count:
            messages = self.take(100)
            self.acknowledge(messages)
            payloads += [bytes(message.payload) for message in messages]
        return payloads

    def acknowledge(self, messages: list[mqtt.MQTTMessage]) -> None:
        for message in messages:
            self.client.ack(message.mid, message.qos)

    def nothing_more(self) -> bool:
        try:
            self.arrived.get(timeout=0.3)
        except queue.Empty:
            return True
        return False


@contextmanager
def subscriber(running: Broker) -> Iterator[Subscriber]:
    one = Subscriber(running.url)
    try:
        yield one
    finally:
        one.client.disconnect()
        one.client.loop_stop()


def publish(running: Broker, payloads: list[bytes]) -> None:
    """Publish and return when the broker has accepted every one."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    address = BrokerAddress.of(running.device_url)
    client.username_pw_set(address.user, address.password)
    client.connect(address.host, address.port)
    client.loop_start()
    for sent in [client.publish(TOPIC, payload, qos=1) for payload in payloads]:
        sent.wait_for_publish(timeout=90)
        assert sent.is_published()
    client.disconnect()
    client.loop_stop()


def numbered(start: int, stop: int) -> list[bytes]:
    return [b"%06d" % number for number in range(start, stop)]


def test_what_was_not_acknowledged_comes_again_in_order(any_broker: Broker) -> None:
    with subscriber(any_broker) as first:
        publish(any_broker, numbered(0, 50))
        messages = first.take(50)
        first.acknowledge(messages[:20])
        # The broker has them once it has answered what this client sent later.
        first.client.publish(ELSEWHERE, b"", qos=1).wait_for_publish(timeout=90)
    with subscriber(any_broker) as second:
        assert [bytes(message.payload) for message in second.take(30)] == numbered(20, 50)
        assert second.nothing_more()


def test_messages_wait_for_a_subscriber_that_is_away(any_broker: Broker) -> None:
    with subscriber(any_broker):
        pass
    publish(any_broker, numbered(0, 5_000))
    with subscriber(any_broker) as back:
        assert back.take_acknowledging(5_000) == numbered(0, 5_000)


def test_the_window_is_as_wide_as_it_says(any_broker: Broker) -> None:
    with subscriber(any_broker) as one:
        publish(any_broker, numbered(0, any_broker.inflight + 50))
        messages = one.take(any_broker.inflight)
        assert one.nothing_more()
        one.acknowledge(messages)
        one.acknowledge(one.take(50))


def test_a_megabyte_gets_through(any_broker: Broker) -> None:
    with subscriber(any_broker) as one:
        publish(any_broker, [b"x" * 1_048_576])
        (message,) = one.take(1)
        assert len(message.payload) == 1_048_576


def test_after_a_kill_it_starts_again_on_the_same_port(any_broker: Broker, data_dir: Path) -> None:
    os.kill(any_broker.pid, signal.SIGKILL)
    again = broker.start(data_dir / "broker", inflight=2_000, queued=100_000, kind=any_broker.kind)
    try:
        assert again.port == any_broker.port
        assert not again.adopted
        with subscriber(again) as one:
            publish(again, [b"alive"])
            assert one.take(1)[0].payload == b"alive"
    finally:
        again.stop()


def test_mosquitto_keeps_what_waits_through_a_kill(mosquitto_program: Path, data_dir: Path) -> None:
    def start() -> Broker:
        return broker.start(data_dir / "broker", inflight=200, queued=10_000, kind="mosquitto")

    first = start()
    try:
        with subscriber(first):
            pass
        publish(first, numbered(0, 1_000))
        saved, published = data_dir / "broker" / "mosquitto.db", time.time()
        while not saved.exists() or saved.stat().st_mtime < published:
            time.sleep(0.1)
        os.kill(first.pid, signal.SIGKILL)
        second = start()
        with subscriber(second) as back:
            assert back.take_acknowledging(1_000) == numbered(0, 1_000)
        second.stop()
    finally:
        first.stop()


@pytest.mark.parametrize("kind", ["mosquitto", "iotcore"])
def test_a_running_broker_is_adopted_and_the_last_user_stops_it(
    kind: broker.Kind, data_dir: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "mosquitto":
        request.getfixturevalue("mosquitto_program")

    def start(_: int) -> Broker:
        return broker.start(data_dir / "broker", inflight=100, queued=1_000, kind=kind)

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(start, range(2))
    assert (one.pid, one.port) == (two.pid, two.port)
    assert sorted([one.adopted, two.adopted]) == [False, True]
    one.stop()
    assert process.answers(two.port)
    two.stop()
    assert not process.answers(two.port)


def test_other_settings_start_the_broker_anew(mosquitto_program: Path, data_dir: Path) -> None:
    narrow = broker.start(data_dir / "broker", inflight=20, queued=1_000, kind="mosquitto")
    with pytest.raises(process.EmbeddedServerError, match="other settings"):
        broker.start(data_dir / "broker", inflight=40, queued=1_000, kind="mosquitto")
    # As after a kill of the process that started it: the share is gone, the broker runs on.
    assert narrow._use.give_back()
    wide = broker.start(data_dir / "broker", inflight=40, queued=1_000, kind="mosquitto")
    try:
        assert wide.pid != narrow.pid
        assert not wide.adopted
    finally:
        wide.stop()
