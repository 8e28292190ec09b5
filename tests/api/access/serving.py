"""The API served by uvicorn in a thread, and connections to it."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

V1 = "/api/v1"
MINUTE = 60.0
Served = Callable[..., str]


def within(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + MINUTE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def at(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


@contextlib.contextmanager
def silent(url: str, count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection(at(url), timeout=MINUTE)) for _ in range(count)]


def ended(wire: socket.socket) -> bool:
    """Wait until the other side has closed."""
    wire.settimeout(MINUTE)
    with contextlib.suppress(ConnectionError):
        while wire.recv(65536):
            pass
    return True
