"""What the subscriber promises, through a real mosquitto: nothing that was not acknowledged is lost."""

import socket
import time

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ingest.broker.broker import BrokerAddress, BrokerUnreachable
from ingest.broker.publisher import Publisher
from ingest.broker.subscriber import Presence, Subscriber
from ingest.messages import Message
from runtime.embedded.broker import Broker

TOPIC = "plantwright/v1/NTH/P-101"
CLIENT = "plantwright-test"


def subscriber(broker: Broker) -> Subscriber:
    return Subscriber(broker.url, topics=["plantwright/#"], client_id=CLIENT)


def publish(broker: Broker, *payloads: bytes) -> None:
    with Publisher(broker.url) as publisher:
        for payload in payloads:
            publisher.publish(TOPIC, payload)


def take(source: Subscriber, count: int) -> list[Message]:
    """Wait until so many messages have come, in whatever batches."""
    taken: list[Message] = []
    deadline = time.monotonic() + 60
    for batch in source.batches(most=count, max_wait_s=0.1):
        taken += batch
        if len(taken) >= count:
            return taken
        assert time.monotonic() < deadline, f"{len(taken)} of {count} messages came"
    raise AssertionError("the subscriber stopped")


def nothing_more(source: Subscriber) -> bool:
    return next(source.batches(most=1, max_wait_s=0.3)) == []


def payloads(messages: list[Message]) -> list[bytes]:
    return [message.payload for message in messages]


def numbered(count: int) -> list[bytes]:
    return [b"%04d" % number for number in range(count)]


def test_what_was_not_acknowledged_comes_again_in_order_and_the_rest_does_not(mosquitto):
    with subscriber(mosquitto) as first:
        publish(mosquitto, *numbered(50))
        batch = take(first, 50)
        assert payloads(batch) == numbered(50)
        first.acknowledge(batch[:20])
        # An acknowledgement is a packet on its way: the broker has it once it has answered what this client sent later.
        first.publish(TOPIC, b"last")
        assert payloads(take(first, 1)) == [b"last"]
    with subscriber(mosquitto) as second:
        again = take(second, 30)
        assert payloads(again) == numbered(50)[20:]
        assert nothing_more(second)
        second.acknowledge(again)


def test_messages_wait_for_a_subscriber_that_is_away(mosquitto):
    with subscriber(mosquitto):
        pass
    publish(mosquitto, *numbered(300))
    with subscriber(mosquitto) as back:
        assert payloads(take(back, 300)) == numbered(300)


def test_a_lost_connection_is_told_and_what_it_had_brought_comes_again_over_the_next_one(mosquitto):
    with subscriber(mosquitto) as source:
        publish(mosquitto, b"one", b"two", b"three")
        source.acknowledge(take(source, 3)[:1])
        throw_out(mosquitto)
        with pytest.raises(BrokerUnreachable, match="the connection was lost"):
            nothing_more(source)
    with subscriber(mosquitto) as later:
        assert payloads(take(later, 2)) == [b"two", b"three"]


def test_what_was_looked_at_ahead_comes_with_the_next_batch_once(mosquitto):
    with subscriber(mosquitto) as source:
        publish(mosquitto, *numbered(20))
        first = take(source, 1)
        deadline = time.monotonic() + 60
        while len(ahead := source.prefetch(most=19)) < 20 - len(first):
            assert time.monotonic() < deadline
        rest = take(source, 20 - len(first))
        assert list(ahead) == rest
        assert payloads(first + rest) == numbered(20)
        assert nothing_more(source)


def test_looking_ahead_over_a_lost_connection_is_told_when_the_next_batch_is_asked_for(mosquitto):
    with subscriber(mosquitto) as source:
        throw_out(mosquitto)
        deadline = time.monotonic() + 60
        while source.prefetch(most=10) == [] and source._lost is None:
            assert time.monotonic() < deadline
        with pytest.raises(BrokerUnreachable, match="the connection was lost"):
            nothing_more(source)


def throw_out(broker: Broker) -> None:
    """A second client of the same name ends the first one's connection, and goes at once."""
    intruder = paho.Client(CallbackAPIVersion.VERSION2, client_id=CLIENT, clean_session=False, manual_ack=True)
    address = BrokerAddress.of(broker.url)
    intruder.username_pw_set(address.user, address.password)
    intruder.connect(address.host, address.port)
    intruder.loop_start()
    deadline = time.monotonic() + 60
    while not intruder.is_connected():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    intruder.disconnect()
    intruder.loop_stop()


def test_a_batch_holds_no_more_than_is_asked_for(mosquitto):
    with subscriber(mosquitto) as source:
        publish(mosquitto, *numbered(25))
        sizes: list[int] = []
        for batch in source.batches(most=10, max_wait_s=5):
            sizes.append(len(batch))
            if sum(sizes) == 25:
                break
    assert max(sizes) <= 10


def test_a_silent_wire_yields_an_empty_batch_so_that_the_callers_clock_goes_on(mosquitto):
    with subscriber(mosquitto) as source:
        began = time.monotonic()
        assert next(source.batches(most=10, max_wait_s=0.2)) == []
        assert 0.15 < time.monotonic() - began < 60


def test_a_message_says_when_it_came_off_the_wire(mosquitto):
    with subscriber(mosquitto) as source:
        began_us = time.time_ns() // 1000
        publish(mosquitto, b"now")
        (message,) = take(source, 1)
        assert message.topic == TOPIC
        assert began_us <= message.received_us <= time.time_ns() // 1000


def test_a_broker_that_is_not_there_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    source = Subscriber(f"mqtt://127.0.0.1:{port}", topics=["#"], client_id=CLIENT)
    with pytest.raises(BrokerUnreachable, match=rf"the broker at mqtt://127\.0\.0\.1:{port} cannot be used"), source:
        pass


ADDRESSES = {
    "mqtt://plant": BrokerAddress("plant", 1883, False, None, None),
    "mqtts://plant": BrokerAddress("plant", 8883, True, None, None),
    "mqtt://plant:1999": BrokerAddress("plant", 1999, False, None, None),
    "mqtts://ann:p%40ss@plant:1": BrokerAddress("plant", 1, True, "ann", "p@ss"),
}


@pytest.mark.parametrize(("url", "address"), ADDRESSES.items(), ids=ADDRESSES.keys())
def test_an_address(url, address):
    assert BrokerAddress.of(url) == address


@pytest.mark.parametrize("url", ["plant:1883", "http://plant", "mqtt://", "mqtt:plant", ""])
def test_what_is_no_address_says_how_to_write_one(url):
    with pytest.raises(ValueError, match=r"is not a broker: write mqtt://host:1883 or mqtts://host:8883"):
        BrokerAddress.of(url)


def test_an_address_is_told_without_its_password():
    assert str(BrokerAddress.of("mqtts://ann:secret@plant")) == "mqtts://plant:8883"


def retained(broker: Broker, topic: str) -> bytes | None:
    found: list[bytes] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: found.append(bytes(message.payload))
    address = BrokerAddress.of(broker.url)
    client.username_pw_set(address.user, address.password)
    client.connect(address.host, address.port)
    client.subscribe(topic, qos=1)
    deadline = time.monotonic() + 60
    while not found and time.monotonic() < deadline:
        client.loop(0.05)
    client.disconnect()
    return found[0] if found else None


def test_a_presence_is_said_kept_and_taken_back(any_broker):
    presence = Presence("we/are", b"here", b"gone")
    with Subscriber(any_broker.url, topics=["a/#"], client_id=CLIENT, presence=presence) as source:
        assert nothing_more(source)
        assert retained(any_broker, "we/are") == b"here"
        source.publish("a/b", b"asked")
        assert payloads(take(source, 1)) == [b"asked"]
    assert retained(any_broker, "we/are") == b"gone"
