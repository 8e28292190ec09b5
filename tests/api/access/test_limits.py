"""What a request may cost, asked of a server as it is run."""

import inspect
import re
import select
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api import passwords, signing_in
from api.app import create
from api.limits import OF_KNOWN, ORDINARY, WITH_FILES, Room
from db.people import sessions, users
from runtime.processes import web
from tests.api.access.serving import MINUTE, V1, Served, ended, silent, within
from tests.api.conftest import KEY
from tests.parts import pictures
from workorder_core.people.access import Role


@pytest.mark.parametrize("path", [f"{V1}/work-orders", "/login", f"{V1}/nothing", "/orders/x/attachments"])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "application/octet-stream"])
@pytest.mark.parametrize("chunked", [False, True], ids=["said", "chunked"])
def test_a_stranger_sends_no_large_body(stranger, path: str, kind: str, chunked: bool) -> None:
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += 1
            yield b" " * 8192

    content = pieces() if chunked else b" " * (ORDINARY + 1)
    answer = stranger.post(path, content=content, headers={"Content-Type": kind, "X-API-Key": "made up"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("the body is larger than the 64 kB")


def test_who_is_known_sends_what_the_path_is_for(client, seeded) -> None:
    order = seeded.orders["by hand"]
    much = pictures.noise("JPEG", 1750)
    assert 3_000_000 < len(much) < 10_000_000
    path = f"{V1}/work-orders/{order}/attachments"
    answer = client.post(path, files={"file": ("a.jpg", much, "image/jpeg")}, headers={"Idempotency-Key": "much"})
    assert answer.status_code == 201, answer.text
    more = b"\xff\xd8\xff" + b"x" * 12_000_000
    assert client.post(path, files={"file": ("a.jpg", more)}, headers={"Idempotency-Key": "more"}).status_code == 413
    assert client.post(f"{V1}/work-orders", content=b" " * 3_000_000).status_code == 413
    assert client.post(f"{V1}/work-orders", content=b" " * 1_000_000).status_code == 422


def takes_files(route: Any) -> bool:
    """Whether a route reads a file that is sent to it: by its own parameters, or by what it depends on."""
    calls = [route.endpoint, *(each.call for each in route.dependant.dependencies)]
    mine = [each for each in calls if each.__module__ not in ("api.once", "api.asking")]
    return any("UploadFile" in inspect.getsource(each) for each in mine)


def test_every_route_that_takes_files_may_be_sent_one() -> None:
    routes = iter_route_contexts(create(None, keys={}).routes)  # type: ignore[arg-type]
    files = {route.path for route in routes if "POST" in (route.methods or ()) and takes_files(route)}
    assert len(files) >= 9
    assert "/rounds/{round_id}/stops/{position}" in files, "its photos are read from the whole form"
    assert {path for path in files if not WITH_FILES.search(re.sub(r"{\w+}", "1", str(path)))} == set()


def test_a_photo_of_a_telephone_comes_in_at_the_stop_of_a_round_and_a_long_document_in_a_form(client, seeded) -> None:
    large = pictures.noise("JPEG", 900)
    assert len(large) > OF_KNOWN / 4 > ORDINARY
    for path in ("/rounds/1/stops/1", f"{V1}/rounds/1/stops/1/photos/seal"):
        sent = {"photo_seal": ("a.jpg", large), "file": ("a.jpg", large)}
        answer = client.post(path, files=sent, headers={"Idempotency-Key": "x", "Origin": "http://localhost"})
        assert answer.status_code == 404, "it is read, and there is no such round"
    typed = {"rulebook_text": "# Grüße\n" * 6_000}
    answer = client.post("/backtests/new", data=typed, headers={"Origin": "http://localhost"}, follow_redirects=False)
    assert answer.status_code == 303, answer.text


def test_a_body_that_comes_too_slowly_is_given_up_and_leaves_nothing_behind(served: Served) -> None:
    url = served(room=Room(body_s=0.5, buffered=ORDINARY))
    head = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n"
    with silent(url, 1) as (wire,):
        wire.sendall(head + b"name=" + b"x" * 50_000)
        answer = wire.recv(4096)
        assert b" 408 " in answer.split(b"\r\n")[0]
        assert ended(wire)
    for _ in range(3):
        assert httpx.post(f"{url}/login", content=b"x" * 40_000, timeout=MINUTE).status_code != 503


def test_bodies_that_are_kept_have_a_bound_together(served: Served) -> None:
    url = served(room=Room(buffered=100_000))
    head = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n"
    with silent(url, 2) as (first, second):
        first.sendall(head + b"x" * 55_000)
        within(lambda: httpx.post(f"{url}/login", content=b"x" * 46_000, timeout=MINUTE).status_code == 503)
        second.sendall(head + b"x" * 55_000)
        assert b" 503 " in second.recv(4096).split(b"\r\n")[0]
        first.sendall(b"x" * 5_000)
        assert b" 503 " not in first.recv(4096).split(b"\r\n")[0]


def signs_in(name: str) -> bytes:
    body = f"name={name}&password=wrong".encode()
    return (
        f"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    ).encode() + body


def test_attempts_to_sign_in_that_wait_leave_places_for_everybody_else(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "MOST_BY_NAME", 0)
    monkeypatch.setattr(signing_in, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(signing_in, "DELAY_S", 10 * MINUTE)
    url = served(room=Room(at_once=9))
    with silent(url, 9) as wires:
        for wire in wires:
            wire.sendall(signs_in("admin"))
        within(lambda: len(select.select(wires, [], [], 0.1)[0]) == 6)
        assert {wire.recv(4096).split()[1] for wire in select.select(wires, [], [])[0]} == {b"429"}
        assert httpx.get(f"{url}/api/v1/sites", headers={"X-API-Key": KEY}, timeout=MINUTE).status_code == 200


def test_passwords_that_are_looked_at_keep_no_thread_from_everything_else(served: Served) -> None:
    url = served()
    with passwords._ROOM, passwords._ROOM, silent(url, 48) as wires:
        for number, wire in enumerate(wires):
            wire.sendall(signs_in(f"n{number}"))
        time.sleep(1)
        assert httpx.get(f"{url}/api/v1/sites", headers={"X-API-Key": KEY}, timeout=MINUTE).status_code == 200


def test_a_query_that_takes_too_long_is_given_up_and_said(database: str) -> None:
    from fastapi import FastAPI

    from api import problems

    def configure(conn: psycopg.Connection) -> None:
        web._limit_statements(conn, seconds=1)

    with ConnectionPool(database, min_size=1, max_size=1, open=True, configure=configure) as pool:
        with pool.connection() as conn, pytest.raises(psycopg.errors.QueryCanceled) as slow:
            conn.execute("SELECT pg_sleep(60)")
        with pool.connection() as conn:
            assert conn.execute("SELECT 1").fetchone() == (1,)
    assert problems.PROBLEMS[next(kind for kind in type(slow.value).__mro__ if kind in problems.PROBLEMS)].status == 503
    assert isinstance(create(pool, keys={}), FastAPI)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("plant.example", 303),
        ("PLANT.example:8000", 303),
        ("127.0.0.1", 303),
        ("localhost:1", 303),
        ("evil.example", 421),
        ("plant.example.evil", 421),
        ("", 421),
        ("[", 421),
    ],
)
def test_a_request_for_a_host_that_nobody_named_is_refused(served: Served, host: str, status: int) -> None:
    url = served(names=["plant.example"])
    with silent(url, 1) as (wire,):
        wire.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n".encode())
        answer = wire.recv(4096).decode()
    assert answer.split()[1] == str(status)
    assert "evil" not in answer


def test_only_a_named_proxy_says_who_asks(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many wrong passwords from one address stop it, whatever address it says it has."""
    monkeypatch.setattr(signing_in, "MOST_BY_ADDRESS", 3)

    def tried(url: str) -> list[int]:
        answers = []
        for number in range(5):
            forwarded = {"X-Forwarded-For": f"203.0.113.{number}"}
            form = {"name": f"n{number}", "password": "wrong"}
            answers.append(httpx.post(f"{url}/login", data=form, headers=forwarded, timeout=MINUTE).status_code)
        return answers

    assert set(tried(served(proxies=["127.0.0.1"]))) == {401}
    assert tried(served())[-1] == 429


def test_a_read_only_database_is_said_to_be_one(client, database: str, seeded, pool: ConnectionPool) -> None:
    assert client.get("/health/ready").status_code == 200
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(f'ALTER DATABASE "{conn.info.dbname}" SET default_transaction_read_only = on'.encode())
    pool.check()
    with pool.connection() as conn:
        conn.execute("SET default_transaction_read_only = on")
    for _ in range(3):
        with pool.connection() as conn:
            conn.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            conn.commit()
    ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["database"].startswith("takes no changes")
    body = {"title": "x"}
    for answer in (
        client.patch(f"{V1}/work-orders/{seeded.orders['by hand']}", json=body),
        client.post("/login", data={"name": "admin", "password": "wrong"}),
    ):
        assert answer.status_code == 503, answer.text
    assert client.get(f"{V1}/work-orders").status_code == 200


@pytest.mark.parametrize("as_", ["key", "session"])
def test_a_read_only_database_is_read_on_by_who_is_signed_in(client, stranger, database: str, seeded, as_: str) -> None:
    """When a key or session was last used is not kept then."""
    made = {"name": "reader", "roles": ["planner"], "sites": None}
    key = client.post(f"{V1}/keys", json=made, headers={"Idempotency-Key": "k"}).json()["key"]
    headers = {"X-API-Key": key}
    if as_ == "session":
        standing = users.Standing(roles=frozenset({Role.PLANNER}), sites=None)
        with psycopg.connect(database) as conn:
            users.add(conn, "ada", standing, password_hash="x", must_change=False, actor="test", at=datetime.now(UTC))
            sessions.begin(conn, "t", "ada", at=datetime.now(UTC) - timedelta(hours=1), lasting=timedelta(days=1))
        headers = {"Cookie": "plantwright=t"}
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(f'ALTER DATABASE "{conn.info.dbname}" SET default_transaction_read_only = on'.encode())
    with ConnectionPool(database, min_size=1, max_size=2, open=True) as pool:
        reader = TestClient(create(pool, keys={}), base_url="http://localhost")
        for path in (f"{V1}/work-orders", f"{V1}/assets"):
            assert reader.get(path, headers=headers).status_code == 200
        if as_ == "key":
            refused = reader.patch(f"{V1}/work-orders/{seeded.orders['by hand']}", json={"title": "x"}, headers=headers)
            assert refused.status_code == 503
            assert refused.json()["title"] == "Database read-only"
