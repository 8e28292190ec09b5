"""Measures a broker: its version, how many messages it sends unacknowledged, how many it queues for an absent
client.
"""

import queue
import ssl
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho

from ingest.broker.broker import BrokerAddress, BrokerUnreachable
from ingest.broker.publisher import client
from ingest.broker.subscriber import check_session_not_shared

SILENCE_S = 1.5


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """``version`` is None if the broker does not say; a count equal to the messages tried means at least that many."""

    version: str | None
    inflight: int
    queued: int
    tried: int


def measure(url: str, *, tried: int, tls: ssl.SSLContext | None = None) -> BrokerFacts:
    """Measure with ``tried`` small messages on a topic of its own; nothing is left behind. Raises BrokerUnreachable.

    One client at a time: a broker may have one session an account. The engine's own session is never used.
    """
    address = BrokerAddress.of(url)
    name = f"plantwright-doctor-{uuid.uuid4().hex[:12]}"
    check_session_not_shared(url, client_id=name, tls=tls)
    version = _version(address, name, tls)
    first = _Listener(address, name, tls, answers=False)
    first.publish(tried)
    inflight = first.count_until_silence()
    first.leave()
    again = _Listener(address, name, tls, answers=True)
    queued = again.count_until_silence()
    again.leave()
    _Listener(address, name, tls, answers=True, clean=True).leave()
    return BrokerFacts(version, inflight, queued, tried)


class _Listener:
    """A session that counts what it receives."""

    def __init__(
        self, address: BrokerAddress, name: str, tls: ssl.SSLContext | None, *, answers: bool, clean: bool = False
    ) -> None:
        self._newest = time.monotonic()
        self._seen: set[bytes] = set()
        self._ready = threading.Event()
        self._url = str(address)
        self._client = client(address, name, clean_session=clean, manual_ack=not answers, tls=tls)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._count
        self._topic = f"plantwright-doctor/{name}"
        try:
            self._client.connect(address.host, address.port)
        except OSError as error:
            raise BrokerUnreachable(str(address), str(error)) from None
        self._client.loop_start()
        if not self._ready.wait(10):
            self._client.loop_stop()
            raise BrokerUnreachable(str(address), "it refuses to let us subscribe to plantwright-doctor/#")

    def publish(self, tried: int) -> None:
        """Publish so many messages to this session, and wait until the broker has them."""
        sent = [self._client.publish(self._topic, b"%d" % number, qos=1) for number in range(tried)]
        for each in sent:
            each.wait_for_publish(timeout=30)
            if not each.is_published():
                raise BrokerUnreachable(self._url, "it has not answered for 30 s")

    def count_until_silence(self) -> int:
        """Wait until no more messages arrive, and return how many different ones did."""
        self._newest = time.monotonic()
        while time.monotonic() - self._newest < SILENCE_S:
            time.sleep(0.05)
        return len(self._seen)

    def leave(self) -> None:
        """End the connection."""
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, made: paho.Client, *_: Any) -> None:
        made.subscribe(self._topic, 1)

    def _count(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self._newest = time.monotonic()
        self._seen.add(bytes(message.payload))


def _version(address: BrokerAddress, name: str, tls: ssl.SSLContext | None) -> str | None:
    found: queue.SimpleQueue[str] = queue.SimpleQueue()
    asking = client(address, f"{name}-version", clean_session=True, tls=tls)
    asking.on_connect = lambda made, *_: made.subscribe("$SYS/broker/version")
    asking.on_message = lambda _client, _data, message: found.put(message.payload.decode(errors="replace"))
    try:
        asking.connect(address.host, address.port)
    except OSError as error:
        raise BrokerUnreachable(str(address), str(error)) from None
    asking.loop_start()
    try:
        return found.get(timeout=1.0)
    except queue.Empty:
        return None
    finally:
        asking.disconnect()
        asking.loop_stop()
