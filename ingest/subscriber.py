"""Messages from the broker, in batches, each acknowledged only when its caller says so.

The session is persistent and QoS is 1: what is not acknowledged comes again after a reconnect, so that a batch that
failed is not lost. How much waits here is bounded by the broker's in-flight window, never by a list of ours.
"""

import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.messages import Message

KEEP_ALIVE_S = 30
CONNECT_TIMEOUT_S = 10.0
SILENCE_S = 0.002
GOODBYE_S = 2.0


class BrokerUnreachable(Exception):
    """The broker did not answer, or refused us."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(f"the broker at {url} cannot be used: {problem}")
        self.url, self.problem = url, problem


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """``mqtt://[user[:password]@]host[:port]``, or ``mqtts://`` for TLS; 1883 and 8883 are the usual ports."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None

    @classmethod
    def of(cls, url: str) -> "BrokerAddress":
        """Read a broker's URL. Raises ValueError with the mend."""
        parts = urlsplit(url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            told = url.rpartition("@")[2]  # what comes before may be a password
            raise ValueError(f"{told!r} is no broker: write mqtt://host:1883 or mqtts://host:8883")
        tls = parts.scheme == "mqtts"
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        return cls(parts.hostname, parts.port or (8883 if tls else 1883), tls, user, password)

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def client(address: BrokerAddress, client_id: str, *, clean_session: bool, manual_ack: bool = False) -> paho.Client:
    """Return a paho client for that broker, not yet connected."""
    made = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=clean_session,
        manual_ack=manual_ack,
        protocol=paho.MQTTv311,
    )
    if address.user is not None:
        made.username_pw_set(address.user, address.password)
    if address.tls:
        made.tls_set_context(ssl.create_default_context())
    return made


def keep_from_now_on(url: str, *, topics: Sequence[str], client_id: str) -> None:
    """Make the persistent session, so that the broker keeps what is published before the engine is there."""
    with Subscriber(url, topics=topics, client_id=client_id):
        pass


@dataclass(frozen=True, slots=True)
class Presence:
    """A retained message that says whether we are there: ``gone`` is the will, which the broker says when we cannot."""

    topic: str
    here: bytes
    gone: bytes


class Subscriber:
    """A persistent subscription. Use it as a context; ``batches`` yields, ``acknowledge`` gives back.

    The caller's thread drives the connection, so that nothing is acknowledged or received behind its back. When the
    connection is lost, ``batches`` and ``acknowledge`` raise BrokerUnreachable: enter a new one, and what was not
    acknowledged comes again. One that is not ``lasting`` has no session at the broker that outlives its connection.
    """

    def __init__(
        self,
        url: str,
        *,
        topics: Sequence[str],
        client_id: str,
        presence: Presence | None = None,
        lasting: bool = True,
    ) -> None:
        self._address = BrokerAddress.of(url)
        self._presence = presence
        self._topics = list(topics)
        self._arrived: list[Message] = []
        self._refused: str | None = None
        self._ready = False
        self._client = client(self._address, client_id, clean_session=not lasting, manual_ack=True)
        if presence is not None:
            self._client.will_set(presence.topic, presence.gone, qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._address.host, self._address.port, keepalive=KEEP_ALIVE_S)
        except OSError as error:
            raise BrokerUnreachable(str(self._address), str(error)) from None
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        while not self._ready:
            self._drive(0.1)
            if time.monotonic() > deadline:
                raise BrokerUnreachable(str(self._address), f"no answer in {CONNECT_TIMEOUT_S:.0f} s")
        self.announce()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._presence is not None and self._client.is_connected():
            self._say_goodbye(self._presence)
        self._client.disconnect()

    def _say_goodbye(self, presence: Presence) -> None:
        said = self._client.publish(presence.topic, presence.gone, qos=1, retain=True)
        deadline = time.monotonic() + GOODBYE_S
        while self._client.loop(0.05) == paho.MQTT_ERR_SUCCESS and time.monotonic() < deadline:
            if said.rc != paho.MQTT_ERR_SUCCESS or said.is_published():
                return

    def announce(self) -> None:
        """Say that we are there, to those who look for it."""
        if self._presence is not None:
            self._client.publish(self._presence.topic, self._presence.here, qos=1, retain=True)

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message at QoS 0: a request that is made again when it is lost."""
        self._client.publish(topic, payload, qos=0)

    def batches(self, *, most: int, max_wait_s: float) -> Iterator[list[Message]]:
        """Yield batches without end: up to ``most`` messages, or what had come when the wire fell silent.

        While a batch is worked on the next one gathers in the broker's window, so that waiting for more only costs
        time: a broker whose window is smaller than ``most`` sends nothing until it is answered. An empty batch is
        yielded when nothing came for ``max_wait_s``, so that the caller's clock goes on.
        """
        while True:
            deadline = time.monotonic() + max_wait_s
            while len(self._arrived) < most:
                before = len(self._arrived)
                self._drive(SILENCE_S if before else max_wait_s)
                fell_silent = before > 0 and len(self._arrived) == before
                if fell_silent or (not self._arrived and time.monotonic() >= deadline):
                    break
            batch, self._arrived = self._arrived[:most], self._arrived[most:]
            yield batch

    def acknowledge(self, batch: Sequence[Message]) -> None:
        """Tell the broker that the batch is kept."""
        for message in batch:
            if message.token:
                self._client.ack(message.token, 1)

    def _drive(self, timeout_s: float) -> None:
        """Let the connection receive and send for so long, or until something came."""
        outcome = self._client.loop(timeout_s)
        if self._refused is not None:
            raise BrokerUnreachable(str(self._address), self._refused)
        if outcome != paho.MQTT_ERR_SUCCESS:
            raise BrokerUnreachable(str(self._address), f"the connection was lost ({paho.error_string(outcome)})")

    def _on_connect(self, made: paho.Client, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refused = f"it refused the connection: {reason}"
            return
        made.subscribe([(topic, 1) for topic in self._topics])
        # A session that is there goes on at once: its broker may answer the subscription only after our next
        # acknowledgements.
        self._ready = bool(flags.session_present)

    def _on_subscribe(self, _client: paho.Client, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        self._ready = True
        refused = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
        if refused:
            self._refused = f"it does not let us subscribe to {', '.join(refused)}"

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = repr(message._topic)
        token = message.mid if message.qos else 0
        self._arrived.append(
            Message(topic, bytes(message.payload), time.time_ns() // 1000, token, message.dup, message.retain)
        )
