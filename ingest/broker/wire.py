"""A broker connection that its caller drives: bytes in and out without a thread, never waiting longer than asked.

Outgoing bytes are buffered until the network accepts them; nothing is read without the caller, so that a busy caller
slows the broker down. Only pings are sent from a thread: a broker must not give up on a caller that is busy.
"""

import select
import socket
import ssl
import threading
import time

from ingest.broker.broker import BrokerAddress, BrokerUnreachable
from ingest.broker.mqtt import DISCONNECT, PINGREQ

PIECE = 1 << 18
"""The most bytes that are read at once."""
STALL_S = 30.0
"""The longest time that a broker may accept nothing of what is sent to it."""


class Wire:
    """A TCP or TLS connection. Every failure is a BrokerUnreachable that says why."""

    def __init__(self, address: BrokerAddress, *, timeout_s: float, tls: ssl.SSLContext | None = None) -> None:
        self._address = address
        self._out = bytearray()
        self._buffer = memoryview(bytearray(PIECE))
        self.sent_at = self._accepted_at = time.monotonic()
        try:
            self._socket = _connected(address, timeout_s, tls)
        except OSError as error:
            raise BrokerUnreachable(str(address), str(error) or type(error).__name__) from None
        host, port, *_ = self._socket.getsockname()
        self.local = f"{host}:{port}"
        self._events = select.poll()
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def ping_every(self, silence_s: float) -> None:
        """Start pinging the broker whenever nothing was sent for ``silence_s``, whatever the caller does."""
        threading.Thread(target=self._ping, args=(silence_s,), name="mqtt ping", daemon=True).start()

    def _ping(self, silence_s: float) -> None:
        while not self._closing.wait(max(self.sent_at + silence_s - time.monotonic(), silence_s / 10)):
            if time.monotonic() - self.sent_at >= silence_s:
                try:
                    self.send(PINGREQ)
                except BrokerUnreachable:
                    return  # the caller's next call raises

    def receive(self, wait_s: float) -> bytes:
        """Return received bytes, up to PIECE; empty if nothing arrives for ``wait_s``."""
        deadline = time.monotonic() + wait_s
        while True:
            if self._out:
                self._flush()
            piece = self._read()
            left_s = deadline - time.monotonic()
            if piece or left_s <= 0:
                return piece
            self._await(left_s)

    def send(self, data: bytes) -> None:
        """Send, or buffer what the network does not accept yet for the next ``receive`` or ``send``."""
        with self._lock:
            if not self._out:
                self._accepted_at = time.monotonic()
            self._out += data
        self._flush()

    def close(self, *, politely_s: float) -> None:
        """Close the connection; a broker that still reads gets what is buffered, and a DISCONNECT."""
        self._closing.set()
        try:
            if politely_s > 0:
                self.send(DISCONNECT)
                deadline = time.monotonic() + politely_s
                while self._out and time.monotonic() < deadline:
                    self._await(deadline - time.monotonic())
                    self._flush()
                # With unread bytes a close is a reset, which can overtake what was sent: the broker closes first.
                while time.monotonic() < deadline:
                    self.receive(deadline - time.monotonic())
        except BrokerUnreachable:
            pass
        finally:
            self._socket.close()

    def _read(self) -> bytes:
        try:
            with self._lock:
                count = self._socket.recv_into(self._buffer)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return b""
        except (OSError, ValueError) as error:
            raise self._lost(str(error)) from None
        if not count:
            raise self._lost("the broker closed it")
        return bytes(self._buffer[:count])

    def _flush(self) -> None:
        try:
            while self._out:
                with self._lock:
                    count = self._socket.send(self._out)
                    del self._out[:count]
                self.sent_at = self._accepted_at = time.monotonic()
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            if time.monotonic() - self._accepted_at > STALL_S:
                raise self._lost(f"the broker accepted nothing for {STALL_S:.0f} s") from None
        except (OSError, ValueError) as error:
            raise self._lost(str(error)) from None

    def _await(self, wait_s: float) -> None:
        """Wait until the network has bytes for us, or accepts what is buffered."""
        wanted = select.POLLIN | (select.POLLOUT if self._out else 0)
        self._events.register(self._socket, wanted)
        self._events.poll(max(wait_s, 0.0) * 1000)

    def _lost(self, why: str) -> BrokerUnreachable:
        self._closing.set()
        self._socket.close()
        error = BrokerUnreachable(str(self._address), f"the connection was lost ({why})")
        error.closed = True
        return error


def _connected(address: BrokerAddress, timeout_s: float, tls: ssl.SSLContext | None) -> socket.socket:
    made = socket.create_connection((address.host, address.port), timeout=timeout_s)
    try:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.tls:
            context = tls or ssl.create_default_context()
            made = context.wrap_socket(made, server_hostname=address.host)
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made
