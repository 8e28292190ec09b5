"""A broker that says what a test tells it to, byte for byte, and nothing else."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ingest.broker.mqtt import DISCONNECT

CONNACK = b"\x20\2\0\0"
SESSION_PRESENT = b"\x20\2\1\0"
SUBACK = b"\x90\3\0\1\1"
PINGREQ, PINGRESP = b"\xc0\0", b"\xd0\0"
Script = Callable[[socket.socket], object]


def welcome(connection: socket.socket) -> None:
    """Accept whoever comes, and the first subscription."""
    connection.recv(65_536)
    connection.sendall(CONNACK)
    connection.recv(65_536)
    connection.sendall(SUBACK)


def until_gone(connection: socket.socket) -> bytes:
    """Read all that comes until the other end closes, or says that it goes."""
    found = bytearray()
    while not found.endswith(DISCONNECT) and (piece := connection.recv(65_536)):
        found += piece
    return bytes(found)


@contextmanager
def scripted(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve one connection by a script, in a thread; yields the broker's URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=_serve, args=(listener, script, tls), daemon=True)
        serving.start()
        yield f"{'mqtts' if tls else 'mqtt'}://localhost:{listener.getsockname()[1]}"
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        serving.join(90)


def _serve(listener: socket.socket, script: Script, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        connection, _ = listener.accept()
        with connection if tls is None else tls.wrap_socket(connection, server_side=True) as made:
            script(made)
