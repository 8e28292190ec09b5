"""A line between a client and a server of TCP, that a test can cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

from runtime.embedded import process


class Line:
    """Forwards what comes, until it is cut: then every connection through it is reset, and later ones go through."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listening = socket.create_server((process.LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def through(self, url: str) -> str:
        """Return the URL of the server as it is reached through this line."""
        parts = urlsplit(url)
        user = parts.netloc.rpartition("@")[0]
        host = f"{process.LOOPBACK}:{self.port}"
        return urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host))

    def lead_to(self, url: str) -> None:
        """Lead later connections to another server."""
        parts = urlsplit(url)
        assert parts.hostname is not None and parts.port is not None
        self._target = (parts.hostname, parts.port)

    def cut(self) -> int:
        """Reset every connection, whatever is under way; return how many there were."""
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            _shut(end)
        return len(ends) // 2

    def close(self) -> None:
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target, timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._ends |= {near, far}
            # From here on they may be cut, or closed by whoever forwards, at any time.
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._forward, args=(one, other), daemon=True).start()

    def _forward(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65_536):
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            with self._lock:
                self._ends.discard(end)
            _shut(end)  # the other thread waits in it: closing alone would not wake it
            end.close()


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    """A line to the server of that URL."""
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    line = Line(parts.hostname, parts.port)
    try:
        yield line
    finally:
        line.close()
