"""Sends messages to a broker at QoS 1, with a bounded window of unacknowledged ones."""

import ssl
import threading
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.broker.broker import BrokerAddress, BrokerUnreachable

KEEP_ALIVE_S = 30


def client(
    address: BrokerAddress,
    client_id: str,
    *,
    clean_session: bool,
    manual_ack: bool = False,
    tls: ssl.SSLContext | None = None,
) -> paho.Client:
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
        made.tls_set_context(tls or ssl.create_default_context())
    return made


class Publisher:
    """A device, or a replay of one. Use it as a context; leaving it waits until the broker has acknowledged everything.

    Parameters
    ----------
    window
        Messages that may be unacknowledged at once; ``publish`` waits when there are more. Those that were not
        acknowledged when the connection broke are sent again once it is back.
    """

    def __init__(self, url: str, *, client_id: str = "", window: int = 200, tls: ssl.SSLContext | None = None) -> None:
        self._address = BrokerAddress.of(url)
        self._window = window
        self._free = threading.Semaphore(window)
        self._answered = threading.Condition()
        self._unanswered = 0
        self._client = client(self._address, client_id, clean_session=True, tls=tls)
        self._client.max_inflight_messages_set(window)
        self._client.on_publish = self._on_publish

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._address.host, self._address.port, keepalive=KEEP_ALIVE_S)
        except OSError as error:
            raise BrokerUnreachable(str(self._address), str(error)) from None
        self._client.loop_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.flush()
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, *, timeout_s: float = 60.0) -> None:
        """Send a message; waits while the window is full. Raises BrokerUnreachable if nothing is acknowledged."""
        if not self._free.acquire(timeout=timeout_s):
            raise BrokerUnreachable(str(self._address), f"it has not acknowledged anything for {timeout_s:.0f} s")
        with self._answered:
            self._unanswered += 1
        self._client.publish(topic, payload, qos=1)

    def flush(self, *, timeout_s: float = 60.0) -> None:
        """Wait until the broker has acknowledged everything."""
        with self._answered:
            if not self._answered.wait_for(lambda: self._unanswered == 0, timeout=timeout_s):
                raise BrokerUnreachable(str(self._address), f"{self._unanswered} messages are not acknowledged")

    def _on_publish(self, _client: paho.Client, _data: Any, _mid: int, _reason: Any, _properties: Any) -> None:
        with self._answered:
            self._unanswered -= 1
            self._answered.notify_all()
        self._free.release()
