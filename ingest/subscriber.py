"""Messages from the broker, in batches, each acknowledged only when its caller says so.

The session is persistent and QoS is 1: what is not acknowledged comes again after a reconnect, so that a batch that
failed is not lost. How much waits here is bounded by the broker's in-flight window, never by a list of ours.
"""

import queue
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion

from ingest.messages import Message

_log = structlog.get_logger("ingest.subscriber")
KEEP_ALIVE_S = 30
CONNECT_TIMEOUT_S = 10.0
SILENCE_S = 0.002


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
            raise ValueError(f"{url!r} is no broker: write mqtt://host:1883 or mqtts://host:8883")
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
    made.reconnect_delay_set(1, 30)
    return made


class Subscriber:
    """A persistent subscription. Use it as a context; ``batches`` yields, ``acknowledge`` gives back."""

    def __init__(self, url: str, *, topics: Sequence[str], client_id: str) -> None:
        self._address = BrokerAddress.of(url)
        self._topics = list(topics)
        self._arrived: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._connection = 0
        self._answer: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._client = client(self._address, client_id, clean_session=False, manual_ack=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._address.host, self._address.port, keepalive=KEEP_ALIVE_S)
        except OSError as error:
            raise BrokerUnreachable(str(self._address), str(error)) from None
        self._client.loop_start()
        try:
            refused = self._answer.get(timeout=CONNECT_TIMEOUT_S)
        except queue.Empty:
            refused = f"no answer in {CONNECT_TIMEOUT_S:.0f} s"
        if refused:
            self._client.loop_stop()
            raise BrokerUnreachable(str(self._address), refused)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def batches(self, *, most: int, max_wait_s: float) -> Iterator[list[Message]]:
        """Yield batches without end: up to ``most`` messages, or what had come when the wire fell silent.

        While a batch is worked on the next one gathers by itself, so that waiting for a full one only costs time: a
        broker whose in-flight window is smaller than ``most`` sends nothing until it is answered. An empty batch is
        yielded when nothing came for ``max_wait_s``, so that the caller's clock goes on.
        """
        while True:
            batch: list[Message] = []
            try:
                batch.append(self._arrived.get(timeout=max_wait_s))
                while len(batch) < most:
                    batch.append(self._arrived.get(timeout=SILENCE_S))
            except queue.Empty:
                pass
            yield batch

    def acknowledge(self, batch: Sequence[Message]) -> None:
        """Tell the broker that the batch is kept. What an earlier connection brought is not answered: it comes again."""
        for message in batch:
            connection, mid = message.token
            if connection == self._connection:
                self._client.ack(mid, 1)

    @property
    def waiting(self) -> int:
        """How many messages have come and are in no batch yet."""
        return self._arrived.qsize()

    def _on_connect(self, made: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._answer.put(f"it refused the connection: {reason}")
            return
        self._connection += 1
        made.subscribe([(topic, 1) for topic in self._topics])
        self._answer.put(None)

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._connection += 1
        if reason.is_failure:
            _log.warning(
                "the connection to the broker was lost; trying again", broker=str(self._address), why=str(reason)
            )

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = repr(message._topic)
        token = (self._connection, message.mid if message.qos else 0)
        self._arrived.put(Message(topic, bytes(message.payload), time.time_ns() // 1000, token))
