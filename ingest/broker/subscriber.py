"""Receives messages from the broker in batches, each acknowledged only when the caller says so.

The session is persistent and QoS is 1: unacknowledged messages are redelivered after a reconnect, so that a batch that
failed is not lost. What waits here is bounded by the broker's in-flight window, never by a list of ours.
"""

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ingest.broker import mqtt
from ingest.broker.broker import BrokerAddress, BrokerUnreachable
from ingest.broker.mqtt import BrokenPacket, Cutter, Kind
from ingest.broker.wire import Wire
from ingest.messages import Message

KEEP_ALIVE_S = 30
"""A broker that does not answer a ping within this time is lost; it gives up on us after one and a half times this."""
PING_AFTER_S = 15.0
"""Silence on either side after which a ping is sent."""
CONNECT_TIMEOUT_S = 10.0
SILENCE_S = 0.002
GATHER_S = 0.02
"""The longest that a batch is gathered while messages keep coming: the price of a full batch is this much delay."""
GOODBYE_S = 2.0
_SUBSCRIPTION = 1


def create_session(url: str, *, topics: Sequence[str], client_id: str, tls: ssl.SSLContext | None = None) -> bool:
    """Create the persistent session, so that the broker keeps what is published before the engine starts.

    Returns whether it existed already.
    """
    with Subscriber(url, topics=topics, client_id=client_id, tls=tls) as made:
        return made.session_present


def check_session_not_shared(url: str, *, client_id: str, tls: ssl.SSLContext | None = None) -> None:
    """Raise BrokerUnreachable if the broker gives a client with a new name an existing session.

    Such a broker names sessions by the account, so that a tool with the engine's account would take over the engine's
    session, and one that is not persistent would drop what waits in it. ``client_id`` has never been used before.
    """
    with Subscriber(url, topics=["plantwright-doctor/none"], client_id=client_id, tls=tls, subscribes=False) as tried:
        present = tried.session_present
    if present:
        problem = "it gives every client of this account one session, which the engine uses: use another account"
        raise BrokerUnreachable(str(BrokerAddress.of(url)), problem)


@dataclass(frozen=True, slots=True)
class Presence:
    """A retained message that says whether we are online: ``gone`` is the will, published if we are lost."""

    topic: str
    here: bytes
    gone: bytes


class Subscriber:
    """A persistent subscription. Use it as a context; iterate over ``batches``, and ``acknowledge`` each.

    The caller's thread drives the connection, so that nothing is acknowledged or received without it. When the
    connection is lost, ``batches`` and ``acknowledge`` raise BrokerUnreachable: enter a new one, and what was not
    acknowledged is redelivered. If not ``lasting``, the broker drops the session with the connection.
    ``session_present``: the broker had a session of this name when we connected.
    ``tls`` is for ``mqtts://``; without it the system's certificates are trusted. ``on_address`` is called with the
    host:port that we connect from, before anything is sent.
    """

    _wire: Wire
    _cutter: Cutter

    def __init__(
        self,
        url: str,
        *,
        topics: Sequence[str],
        client_id: str,
        presence: Presence | None = None,
        lasting: bool = True,
        tls: ssl.SSLContext | None = None,
        subscribes: bool = True,
        on_address: Callable[[str], None] | None = None,
    ) -> None:
        self._on_address = on_address
        self._subscribes = subscribes
        self._address = BrokerAddress.of(url)
        self._topics = list(topics)
        self._client_id = client_id
        self._presence = presence
        self._lasting = lasting
        self._tls = tls
        self._arrived: list[Message] = []

    def __enter__(self) -> Self:
        self._arrived = []
        self._cutter = Cutter()
        self._connected = self._ready = self.session_present = False
        self._lost: BrokerUnreachable | None = None
        self._unanswered: set[int] = set()
        self._packet_id = _SUBSCRIPTION
        self._heard, self._heard_at = 0, time.monotonic()
        self._pinged_at: float | None = None
        self._wire = Wire(self._address, timeout_s=CONNECT_TIMEOUT_S, tls=self._tls)
        if self._on_address is not None:
            self._on_address(self._wire.local)
        try:
            self._connect()
        except BaseException:
            self._wire.close(politely_s=0)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, BrokerUnreachable):
            self._wire.close(politely_s=0)
            return
        try:
            if self._presence is not None:
                self._announce_leaving(self._presence)
        except BrokerUnreachable:
            pass
        finally:
            self._wire.close(politely_s=GOODBYE_S)

    def announce(self) -> None:
        """Publish that we are online."""
        if self._presence is not None:
            self._publish(self._presence.topic, self._presence.here)

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish a message at QoS 0: for a request that is repeated if it is lost."""
        self._wire.send(mqtt.publish(topic, payload))

    def publish_durably(self, topic: str, payload: bytes) -> None:
        """Publish a message at QoS 1: the broker keeps it for subscribers."""
        self._publish(topic, payload, retain=False)

    @property
    def waiting(self) -> int:
        """Return how many messages were received and are in no batch yet."""
        return len(self._arrived)

    def batches(self, *, most: int, max_wait_s: float) -> Iterator[list[Message]]:
        """Yield batches forever: up to ``most`` messages, or what has arrived when the connection falls silent.

        Messages that follow each other closely are read together, a few milliseconds after the first, and no batch
        gathers for longer than GATHER_S. A broker whose window is smaller than ``most`` sends nothing until it gets
        acknowledgements, and silence ends the batch. An empty batch is yielded if nothing arrives for ``max_wait_s``,
        so that the caller's clock advances.
        """
        while True:
            if not self._arrived:
                self._drive(max_wait_s)
            deadline = time.monotonic() + GATHER_S
            while 0 < len(self._arrived) < most:
                before = len(self._arrived)
                time.sleep(SILENCE_S)  # each poll of the socket costs as much as several messages
                self._drive(0)
                if len(self._arrived) == before or time.monotonic() >= deadline:
                    break
            batch, self._arrived = self._arrived[:most], self._arrived[most:]
            yield batch

    def prefetch(self, *, most: int) -> Sequence[Message]:
        """Receive what has arrived already, up to about ``most`` messages; return what waits for the next batch.

        Never raises: a lost connection is reported when the next batch is requested.
        """
        try:
            before = -1
            while before < len(self._arrived) < most:
                before = len(self._arrived)
                self._drive(0)
        except BrokerUnreachable as error:
            self._lost = error
        return self._arrived[:most]

    def acknowledge(self, batch: Sequence[Message]) -> None:
        """Acknowledge the messages of a batch to the broker."""
        tokens = [message.token for message in batch if message.token]
        if self._cutter.exactly_once:
            twice = [token for token in tokens if token in self._cutter.exactly_once]
            self._wire.send(mqtt.answers(Kind.PUBREC, twice))
            tokens = [token for token in tokens if token not in self._cutter.exactly_once]
        if tokens:
            self._wire.send(mqtt.answers(Kind.PUBACK, tokens))

    def _connect(self) -> None:
        presence = self._presence
        hello = mqtt.connect(
            self._client_id,
            clean=not self._lasting,
            keep_alive_s=KEEP_ALIVE_S,
            user=self._address.user,
            password=self._address.password,
            will=None if presence is None else (presence.topic, presence.gone),
        )
        self._wire.send(hello)
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        while not self._ready:
            if time.monotonic() > deadline:
                raise self._unusable(f"no answer in {CONNECT_TIMEOUT_S:.0f} s")
            self._drive(0.1)
        self._wire.ping_every(PING_AFTER_S)
        self.announce()

    def _announce_leaving(self, presence: Presence) -> None:
        said = self._publish(presence.topic, presence.gone)
        deadline = time.monotonic() + GOODBYE_S
        while said in self._unanswered and time.monotonic() < deadline:
            self._drive(0.05)

    def _publish(self, topic: str, payload: bytes, *, retain: bool = True) -> int:
        """Publish at QoS 1; return the packet's id, which is unacknowledged until the broker has it."""
        self._packet_id = self._packet_id % 0xFFFF + 1
        self._unanswered.add(self._packet_id)
        self._wire.send(mqtt.publish(topic, payload, packet_id=self._packet_id, retain=retain))
        return self._packet_id

    def _drive(self, wait_s: float) -> None:
        """Receive and send for up to ``wait_s``, or until something arrives."""
        if self._lost is not None:
            raise self._lost
        piece = self._wire.receive(wait_s)
        try:
            if piece:
                self._cutter.feed(piece, time.time_ns() // 1000, self._arrived)
                self._handle_answers()
        except BrokenPacket as broken:
            raise self._unusable(f"it sent something that is not MQTT 3.1.1: {broken}") from None
        self._keep_alive()

    def _keep_alive(self) -> None:
        now = time.monotonic()
        if self._cutter.packets != self._heard:
            self._heard, self._heard_at, self._pinged_at = self._cutter.packets, now, None
        elif self._pinged_at is not None and now - self._pinged_at > KEEP_ALIVE_S:
            raise self._unusable(f"the connection was lost (no answer to a ping for {KEEP_ALIVE_S} s)")
        if self._connected and self._pinged_at is None and now - min(self._wire.sent_at, self._heard_at) > PING_AFTER_S:
            self._wire.send(mqtt.PINGREQ)
            self._pinged_at = now

    def _handle_answers(self) -> None:
        if self._arrived and not self._connected and not self._cutter.answers:
            raise BrokenPacket("a message before it has accepted the connection")
        answers, self._cutter.answers = self._cutter.answers, []
        for kind, body in answers:
            if not self._connected:
                self._on_connack(kind, body)
            elif kind is Kind.SUBACK:
                self._on_suback(body)
            elif kind is Kind.PUBREL:
                self._cutter.exactly_once.discard(int.from_bytes(body))
                self._wire.send(mqtt.answers(Kind.PUBCOMP, [int.from_bytes(body)]))
            elif kind is Kind.PUBACK:
                self._unanswered.discard(int.from_bytes(body))
            elif kind is not Kind.PINGRESP:
                raise BrokenPacket(f"an unexpected {kind.name}")

    def _on_connack(self, kind: Kind, body: bytes) -> None:
        if kind is not Kind.CONNACK or body[0] > 1:
            raise BrokenPacket("something else before it has accepted the connection")
        if body[1]:
            why = mqtt.REFUSALS.get(body[1], f"code {body[1]}")
            raise self._unusable(f"it refused the connection: {why}")
        self._connected = True
        self.session_present = bool(body[0])
        if not self._subscribes:
            self._ready = True
            return
        self._wire.send(mqtt.subscribe(_SUBSCRIPTION, self._topics))
        # An existing session continues at once: its broker may answer the subscription only after our next
        # acknowledgements.
        self._ready = bool(body[0])

    def _on_suback(self, body: bytes) -> None:
        granted = body[2:]
        if int.from_bytes(body[:2]) != _SUBSCRIPTION or len(granted) != len(self._topics):
            raise BrokenPacket("an answer to another subscription")
        self._ready = True
        refused = [topic for topic, code in zip(self._topics, granted, strict=True) if code & 0x80]
        if refused:
            raise self._unusable(f"it does not let us subscribe to {', '.join(refused)}")

    def _unusable(self, problem: str) -> BrokerUnreachable:
        return BrokerUnreachable(str(self._address), problem)
