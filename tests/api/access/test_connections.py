"""Connections that are silent, or do not read their response: none keeps others waiting."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from api.limits import Room
from runtime.processes import patient_http
from runtime.processes.patient_http import Doors, PatientProtocol
from tests.api.access.serving import MINUTE, V1, Served, at, ended, silent, within
from tests.api.conftest import KEY


class Silent:
    """A connection that says nothing."""

    is_silent, closed = True, False

    def give_way(self) -> None:
        self.closed = True


def test_the_connections_that_one_subscriber_has_are_counted_together() -> None:
    doors = Doors(of_address=3)
    subscribers, other = [Silent() for _ in range(10)], Silent()
    for number, each in enumerate(subscribers):
        doors.enter(each, f"2001:db8:1:2::{number:x}")  # type: ignore[arg-type]
    doors.enter(other, "2001:db8:1:3::1")  # type: ignore[arg-type]
    assert [each.closed for each in subscribers] == 7 * [True] + 3 * [False]
    assert not other.closed
    for each in (*subscribers, other):
        doors.leave(each)  # type: ignore[arg-type]
    assert not doors._by_address


def test_where_the_address_with_most_connections_uses_them_all_a_silent_one_of_another_gives_way() -> None:
    doors = Doors(most=4)
    busy, silent_, newcomer = [Silent() for _ in range(3)], Silent(), Silent()
    for each in busy:
        each.is_silent = False
        doors.enter(each, "192.0.2.1")  # type: ignore[arg-type]
    doors.enter(silent_, "192.0.2.2")  # type: ignore[arg-type]
    doors.enter(newcomer, "192.0.2.3")  # type: ignore[arg-type]
    assert silent_.closed
    assert not newcomer.closed


def test_silent_connections_shut_nobody_out(served: Served) -> None:
    url = served(doors=Doors(most=60, of_address=40))
    with silent(url, 150):
        for _ in range(5):
            assert httpx.get(f"{url}/health/live", timeout=MINUTE).status_code == 200


def test_a_connection_that_is_used_does_not_give_way_to_silent_ones(served: Served) -> None:
    doors = Doors(most=60, of_address=40)
    url = served(doors=doors, room=Room(body_s=MINUTE))
    head = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"
    with silent(url, 1) as (wire,):
        wire.sendall(head + b"name=")
        within(lambda: any(not each.is_silent for each in list(doors._open)))
        with silent(url, 150):
            wire.sendall(b"admin")
            assert b"HTTP/1.1 401" in wire.recv(4096)


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "], ids=repr)
def test_a_head_that_does_not_come_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    asked = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    url = served(keep_alive_s=1)
    monkeypatch.setattr(patient_http, "HEAD_S", 0.3)
    with silent(url, 1) as (wire,):
        with contextlib.suppress(ConnectionError):
            wire.sendall(said)
        assert ended(wire)
    # The first head has all the time that it wants; what follows it, at once or later, does not come.
    for follows in (b"", said):
        monkeypatch.setattr(patient_http, "HEAD_S", 10_000.0)
        with silent(url, 1) as (wire,):
            wire.sendall(asked + follows)
            assert b"200" in wire.recv(4096)
            monkeypatch.setattr(patient_http, "HEAD_S", 0.3)
            with contextlib.suppress(ConnectionError):
                wire.sendall(said if not follows else b"")
            assert ended(wire)


@contextlib.contextmanager
def not_reading(url: str, database: str) -> Iterator[socket.socket]:
    """A client that asks for a large list many times at once, and reads nothing of it."""
    with psycopg.connect(database) as conn:
        conn.execute(
            "INSERT INTO assets (site_id, code, name) SELECT (SELECT min(id) FROM sites), 'X-' || n, repeat('x', 200) "
            "FROM generate_series(1, 500) AS n"
        )
    asked = f"GET {V1}/assets?limit=500 HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\n\r\n".encode()
    with socket.socket() as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.settimeout(MINUTE)
        wire.connect(at(url))
        wire.sendall(asked * 150)
        yield wire


def test_who_reads_no_answer_keeps_nobody_waiting(
    served: Served, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_http, "READ_S", 10_000.0)
    doors = Doors()
    url = served(doors=doors, room=Room(at_once=1))
    with not_reading(url, database):
        within(lambda: any(each.unread for each in list(doors._open)))
        within(lambda: httpx.get(f"{url}/health/live", timeout=MINUTE).status_code == 200)
        assert any(each.unread for each in list(doors._open))


def test_who_reads_no_answer_loses_the_connection(
    served: Served, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_http, "READ_S", 10_000.0)
    doors = Doors()
    url = served(doors=doors)
    with not_reading(url, database):
        within(lambda: any(each.unread for each in list(doors._open)))
        monkeypatch.setattr(patient_http, "READ_S", 0.5)
        for each in list(doors._open):
            assert isinstance(each, PatientProtocol)
            each.loop.call_soon_threadsafe(each._check_reading)
        within(lambda: not doors._open)


def test_answers_that_nobody_reads_have_a_bound_together(served: Served, database: str) -> None:
    doors = Doors(unread=100)
    url = served(doors=doors)
    with not_reading(url, database) as wire:
        assert ended(wire)
    assert httpx.get(f"{url}/health/live", timeout=MINUTE).status_code == 200


def test_who_reads_on_between_two_looks_keeps_the_connection(
    served: Served, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slowly: the looks are made here, each after a part was read."""
    monkeypatch.setattr(patient_http, "READ_S", 10_000.0)
    doors = Doors()
    url = served(doors=doors)
    with not_reading(url, database) as wire:
        within(lambda: any(each.unread for each in list(doors._open)))
        (protocol,) = list(doors._open)
        assert isinstance(protocol, PatientProtocol)

        def look() -> bool:
            """Make a look; return whether the connection has ended."""
            looked = threading.Event()
            protocol.loop.call_soon_threadsafe(protocol._check_reading)
            protocol.loop.call_soon_threadsafe(looked.set)
            assert looked.wait(MINUTE)
            return not doors._open

        for _ in range(5):
            look()
            left = 3 * patient_http.LEAST_READ
            while left > 0:
                piece = wire.recv(left)
                assert piece, "the connection ended"
                left -= len(piece)
        within(look)


def test_a_head_without_an_end_is_refused(served: Served) -> None:
    url = served()
    with silent(url, 1) as (wire,):
        with contextlib.suppress(ConnectionError):
            wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 200_000)
        assert ended(wire)
