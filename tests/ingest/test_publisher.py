"""What the publisher promises: what it has let go of, the broker has answered for."""

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from ingest.broker.broker import BrokerUnreachable
from ingest.broker.publisher import Publisher
from ingest.broker.subscriber import Subscriber
from runtime.embedded import broker

TOPIC = "plantwright/v1/NTH/P-101"


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of something that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"mqtt://127.0.0.1:{server.getsockname()[1]}"


def test_leaving_it_waits_until_the_broker_has_answered_for_everything(mosquitto):
    sent = [b"%04d" % number for number in range(500)]
    with Subscriber(mosquitto.url, topics=["plantwright/#"], client_id="later"):
        pass
    with Publisher(mosquitto.url, window=10) as publisher:
        for payload in sent:
            publisher.publish(TOPIC, payload)
    came: list[bytes] = []
    with Subscriber(mosquitto.url, topics=["plantwright/#"], client_id="later") as subscriber:
        for batch in subscriber.batches(most=1000, max_wait_s=60):
            came += [message.payload for message in batch]
            if not batch or len(came) >= len(sent):
                break
    assert came == sent


def test_no_more_than_its_window_is_under_way(silent):
    publisher = Publisher(silent, window=3)
    publisher.__enter__()
    for _ in range(3):
        publisher.publish(TOPIC, b"", timeout_s=0.2)
    with pytest.raises(BrokerUnreachable, match="has not acknowledged anything for 0 s"):
        publisher.publish(TOPIC, b"", timeout_s=0.2)
    publisher.__exit__(BrokerUnreachable, BrokerUnreachable(silent, ""), None)


def test_what_is_not_answered_for_is_counted(silent):
    publisher = Publisher(silent)
    publisher.__enter__()
    publisher.publish(TOPIC, b"one")
    publisher.publish(TOPIC, b"two")
    with pytest.raises(BrokerUnreachable, match="2 messages are not acknowledged"):
        publisher.flush(timeout_s=0.2)
    publisher.__exit__(BrokerUnreachable, BrokerUnreachable(silent, ""), None)


def test_what_the_broker_had_not_answered_is_sent_again_when_it_is_back(mosquitto_program, data_dir):
    def start() -> broker.Broker:
        return broker.start(data_dir / "broker", inflight=200, queued=1_000, kind="mosquitto")

    first = start()
    with Publisher(first.url) as publisher:
        publisher.publish(TOPIC, b"before")
        publisher.flush()
        os.kill(first.pid, signal.SIGKILL)
        publisher.publish(TOPIC, b"meanwhile")
        with pytest.raises(BrokerUnreachable):
            publisher.flush(timeout_s=0.1)
        second = start()
        publisher.flush(timeout_s=90)
    second.stop()
    first.stop()


def test_a_broker_that_is_not_there_is_named():
    gone = "mqtt://127.0.0.1:1"
    with pytest.raises(BrokerUnreachable, match=r"the broker at mqtt://127\.0\.0\.1:1 cannot be used"), Publisher(gone):
        pass
