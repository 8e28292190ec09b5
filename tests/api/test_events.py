"""The list of events and its stream, asked of a server as it is run: who sees what, and nothing is lost or doubled."""

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn
from fastapi import FastAPI
from psycopg_pool import ConnectionPool

from api.app import create
from api.events import hub, stream
from db.events import events
from db.people import api_keys, sessions
from runtime.processes import patient_http, web
from runtime.settings import Settings
from tests import people
from tests.api.conftest import KEY
from tests.parts.event_streams import MINUTE, reading
from workorder_core.people.access import Role

V1 = "/api/v1"
PLANNER = {"X-API-Key": KEY}


class Served:
    """An application behind a real socket."""

    def __init__(self, pool: ConnectionPool) -> None:
        self.app: FastAPI = create(pool, keys={"planner": KEY})
        self.server = uvicorn.Server(web.configured(self.app, Settings(port=0)))
        self._thread = threading.Thread(target=self.server.run, daemon=True)
        self._thread.start()
        within(lambda: self.server.started)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.app.state.hub.close()
        self._thread.join(MINUTE)
        assert not self._thread.is_alive()


@pytest.fixture
def serve(pool: ConnectionPool, seeded: object) -> Iterator[Callable[[], Served]]:
    with contextlib.ExitStack() as stack:

        def start() -> Served:
            served = Served(pool)
            stack.callback(served.stop)
            return served

        yield start


@pytest.fixture
def served(serve: Callable[[], Served]) -> Served:
    return serve()


def within(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + MINUTE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def happen(database: str, *kinds: str, site: str | None = "NTH", size: int = 0) -> None:
    """Let something happen, each in a transaction of its own."""
    for kind in kinds:
        with psycopg.connect(database) as conn:
            row = conn.execute("SELECT id FROM sites WHERE code = %s", [site]).fetchone()
            data = {"said": "x" * size}
            events.append(conn, kind, "it", at=datetime.now(UTC), site_id=row[0] if row else None, data=data)


@pytest.fixture
def two_sites(pool: ConnectionPool, seeded: object) -> None:
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South')")


OF_A_SITE = ["order.closed", "finding.recorded", "alarm.raised"]
OF_THE_PLANT = ["document.added", "rule.moved", "engine_alarm.raised"]
UNKNOWN = "payroll.changed"
"""A kind that somebody adds and says nothing of."""


@pytest.mark.parametrize("sites", [["NTH"], None], ids=["of one site", "of every site"])
def test_list_and_stream_have_just_what_each_role_sees(served, pool, database, two_sites, sites) -> None:
    with pool.connection() as conn:
        shown = {role: people.add_key(conn, f"k-{role}", role, sites=sites) for role in Role}
    before = _newest(database)
    for site in ("STH", "NTH"):
        happen(database, *OF_A_SITE, UNKNOWN, site=site)
    happen(database, *OF_THE_PLANT, UNKNOWN, site=None)
    happen(database, "order.opened")
    for role, key in shown.items():
        everything = role is Role.ADMINISTRATOR and sites is None
        expected: list[tuple[str, str | None]] = [(kind, "NTH") for kind in OF_A_SITE]
        if sites is None:
            expected += [(kind, "STH") for kind in OF_A_SITE]
            expected += [(kind, None) for kind in OF_THE_PLANT]
        if everything:
            expected += [(UNKNOWN, "STH"), (UNKNOWN, "NTH"), (UNKNOWN, None)]
        headers = {"X-API-Key": key}
        with reading(served.url, headers, after=before) as open_:
            streamed = open_.until(lambda _, event: event.get("kind") == "order.opened")
        assert {(each["kind"], each["site"]) for each in streamed} == {*expected, ("order.opened", "NTH")}, role
        answer = httpx.get(f"{served.url}{V1}/events", headers=headers, params={"after": before, "limit": 500})
        assert answer.json() == streamed, role


def test_what_somebody_does_is_on_the_stream_with_what_was_so_then_or_in_brief(served, seeded) -> None:
    order = seeded.orders["by hand"]
    with reading(served.url, PLANNER) as whole, reading(served.url, PLANNER, brief=True, of="order") as brief:
        said = httpx.post(
            f"{served.url}{V1}/work-orders/{order}/comments",
            headers=PLANNER | {"Idempotency-Key": "one"},
            json={"text": "still warm"},
        )
        assert said.status_code in (200, 201), said.text
        (event,), (short,) = (
            each.until(lambda _, event: event.get("order_id") == str(order)) for each in (whole, brief)
        )
    assert event["data"]["actor"] == "key:planner"
    assert short.items() <= event.items()
    assert "data" not in short


def test_a_stream_goes_on_behind_the_last_event_that_was_read(served, database) -> None:
    happen(database, *["order.changed"] * 4)
    with reading(served.url, PLANNER, after=0) as first:
        read = first.ids(2)
    with reading(served.url, PLANNER | {"Last-Event-ID": first.last_id}, after=0) as second:
        happen(database, "order.changed")
        read += [each["id"] for each in second.until(lambda _, event: event["id"] == _newest(database))]
    with psycopg.connect(database) as conn:
        assert read == [each.id for each in events.after(conn, 0)]


def _newest(database: str) -> int:
    with psycopg.connect(database) as conn:
        events.number(conn)
        return (events.bounds(conn) or (0, 0))[1]


def test_what_commits_late_comes_late_and_is_not_left_out(served, database) -> None:
    with reading(served.url, PLANNER) as open_, psycopg.connect(database) as slow:
        events.append(slow, "order.first", "late", at=datetime.now(UTC))
        happen(database, "order.second")
        assert [each["kind"] for each in open_.until(lambda *_: True)] == ["order.second"]
        slow.commit()
        assert [each["kind"] for each in open_.until(lambda *_: True)] == ["order.first"]


def test_who_is_farther_behind_than_memory_goes_reads_from_the_database(serve, database, monkeypatch) -> None:
    monkeypatch.setattr(hub, "KEPT", 3)
    monkeypatch.setattr(hub, "PAGE", 4)
    monkeypatch.setattr(stream, "PAGE", 4)
    served = serve()
    with reading(served.url, PLANNER) as begun:
        happen(database, *["order.changed"] * 10)
        live = begun.ids(10)
    happen(database, *["alarm.raised"] * 3)
    with reading(served.url, PLANNER, after=live[0] - 1) as late:
        assert late.ids(13)[:10] == live
    with reading(served.url, PLANNER, after=live[0] - 1, of="alarm") as some:
        assert some.ids(3) == [_newest(database) - 2, _newest(database) - 1, _newest(database)]


def test_a_connection_to_the_database_that_breaks_costs_no_event(served, database) -> None:
    with reading(served.url, PLANNER) as open_:
        with psycopg.connect(database, autocommit=True) as conn:
            killed = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN access'"
            assert conn.execute(killed).fetchall()
        happen(database, "order.changed", "order.closed")
        assert [each["kind"] for each in open_.until(lambda _, event: event["kind"] == "order.closed")] == [
            "order.changed",
            "order.closed",
        ]


def test_who_asks_for_what_is_not_kept_any_more_is_told_that_something_is_lost(served, database) -> None:
    happen(database, *["order.changed"] * 5)
    newest = _newest(database)
    with psycopg.connect(database) as conn:
        conn.execute("DELETE FROM events WHERE id < %s", [newest - 1])
    for after, lost in ((1, True), (newest - 2, False), (newest - 1, False), (newest + 1000, True)):
        with reading(served.url, PLANNER, after=after) as open_:
            assert [name for name, _ in open_.seen] == ["lost", "ready"][not lost :], after
            happen(database, "order.changed")
            assert lost or open_.ids(1) == [max(after + 1, newest - 1)]


def test_a_stream_ends_when_who_reads_may_no_longer(served, pool) -> None:
    now = datetime.now(UTC)
    with pool.connection() as conn:
        key = people.add_key(conn, "scada", Role.VIEWER)
        people.add_user(conn, "deniz", Role.PLANNER)
        people.add_user(conn, "sofia", Role.PLANNER)
        for name in ("deniz", "sofia"):
            lasting = served.app.state.door.lasting.whole
            assert sessions.begin(conn, f"token of {name}", name, at=now, lasting=lasting)
    deniz, sofia = ({"Cookie": f"plantwright=token of {name}"} for name in ("deniz", "sofia"))
    with contextlib.ExitStack() as stack:
        of_key, of_deniz, of_sofia, stays = (
            stack.enter_context(reading(served.url, each)) for each in ({"X-API-Key": key}, deniz, sofia, PLANNER)
        )
        with pool.connection() as conn:
            api_keys.revoke(conn, "scada", actor="system:tests", at=now)
        assert of_key.next() is None
        with pool.connection() as conn:
            sessions.end(conn, "token of deniz")
        assert of_deniz.next() is None
        with pool.connection() as conn:
            conn.execute("UPDATE users SET sites = '{NTH}' WHERE name = 'sofia'")
        assert of_sofia.next() is None, "they see less now, and connect again for it"
        within(lambda: served.app.state.hub.readers == 1)
        happen(pool.conninfo, "order.changed")
        assert stays.next() is not None
    assert httpx.get(f"{served.url}{V1}/events", headers={"X-API-Key": key}).status_code == 401


def test_a_contractor_hears_of_their_own_orders_alone(served, seeded, pool) -> None:
    own, other = seeded.orders["by hand"], seeded.orders["predictive"]
    with pool.connection() as conn:
        conn.execute("UPDATE technicians SET firm = 'Delta Service' WHERE code = 'okafor'")
        people.add_user(conn, "sam", Role.TECHNICIAN, Role.PLANNER, technician="okafor")
        lasting = served.app.state.door.lasting.whole
        assert sessions.begin(conn, "token of sam", "sam", at=datetime.now(UTC), lasting=lasting)

    def post(path: str, key: str, **body: object) -> None:
        headers = PLANNER | {"Idempotency-Key": key}
        answer = httpx.post(f"{served.url}{V1}/work-orders/{path}", json=body, headers=headers)
        assert answer.status_code < 300, answer.text

    post(f"{own}/assign", "given", technician="okafor", why="knows it")
    with reading(served.url, {"Cookie": "plantwright=token of sam"}) as sam:
        for number, each in enumerate((other, own, other, own)):
            post(f"{each}/comments", str(number), text=f"remark {number}")
        heard = sam.until(lambda _, event: "remark 3" in str(event))
    assert {each["order_id"] for each in heard} == {str(own)}


def test_a_banner_that_changes_is_announced_on_the_streams_of_its_person_alone(served, pool) -> None:
    now = datetime.now(UTC)
    with pool.connection() as conn:
        for name in ("deniz", "sofia"):
            people.add_user(conn, name, Role.PLANNER)
            assert sessions.begin(conn, f"token of {name}", name, at=now, lasting=served.app.state.door.lasting.whole)
    of_deniz, of_sofia = ({"Cookie": f"plantwright=token of {name}"} for name in ("deniz", "sofia"))
    happen(pool.conninfo, "order.changed")
    with reading(served.url, of_deniz) as deniz, reading(served.url, of_sofia) as sofia:
        with pool.connection() as conn:
            conn.execute(
                """INSERT INTO receivers (channel, name, address, user_name, wants, state_since, created_by, created_at)
                   VALUES ('banner', 'deniz', '', 'deniz', '{}', now(), 'system:tests', now())"""
            )
            conn.execute(
                """INSERT INTO deliveries (receiver_id, event_id, why, due_at, created_at)
                   SELECT r.id, e.id, 'assigned', now(), now() FROM receivers r, events e"""
            )
            conn.execute("UPDATE deliveries SET state = 'delivered', ended_at = now()")
        deniz.until(lambda name, _: name == "banner")
        happen(pool.conninfo, "order.opened")
        sofia.until(lambda _, event: event.get("kind") == "order.opened")
        assert "banner" not in [name for name, _ in sofia.seen]


def test_streams_are_bounded_by_person_and_by_process(served, pool, monkeypatch) -> None:
    with pool.connection() as conn:
        other = {"X-API-Key": people.add_key(conn, "other", Role.VIEWER)}
    monkeypatch.setattr(hub, "MOST", 3)
    monkeypatch.setattr(hub, "MOST_OF_ONE", 2)
    wants = {"Accept": "text/event-stream"}
    with reading(served.url, PLANNER), reading(served.url, PLANNER):
        refused = httpx.get(f"{served.url}{V1}/events", headers=PLANNER | wants)
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-streams")
        with reading(served.url, other):
            assert httpx.get(f"{served.url}{V1}/events", headers=other | wants).status_code == 429
    within(lambda: served.app.state.hub.readers == 0)
    with reading(served.url, PLANNER):
        pass


def test_who_does_not_read_is_dropped_and_goes_on_where_they_were(served, pool, database, monkeypatch) -> None:
    monkeypatch.setattr(patient_http, "READ_S", 4.0)  # time enough for the quick one on a busy machine
    with pool.connection() as conn:
        slow = people.add_key(conn, "slow", Role.VIEWER)
    begun = _newest(database)
    head = (
        f"GET {V1}/events?after={begun} HTTP/1.1\r\nHost: x\r\nX-API-Key: {slow}\r\nAccept: text/event-stream\r\n\r\n"
    )
    with socket.socket() as wire, reading(served.url, PLANNER) as quick:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.connect(("127.0.0.1", served.port))
        wire.sendall(f"{head}Accept: text/event-stream\r\n\r\n".encode())
        within(lambda: served.app.state.hub.readers == 2)
        happen(database, *["order.changed"] * 12, size=1_000_000)
        assert len(quick.ids(12)) == 12, "nobody waits for who does not read"
        within(lambda: served.app.state.hub.readers == 1)
        wire.settimeout(MINUTE)
        count = 0
        with contextlib.suppress(ConnectionError):
            while piece := wire.recv(1 << 20):
                count += len(piece)
        assert count < 12_000_000, "they have not got everything"
    with reading(served.url, {"X-API-Key": slow}, after=begun) as again:
        assert again.ids(12)[-1] == _newest(database)


def test_the_documents_program_keeps_its_place(served, database) -> None:
    page = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"(?ms)^```python\n(.*?)^```", page)
    made: dict[str, Any] = {}
    exec(program, made)  # noqa: S102 - the document's own example
    happen(database, *["order.changed"] * 5)
    known, read = "0", list[str]()
    for _ in range(_newest(database)):
        known, event = next(made["follow"](served.url, KEY, known))
        read.append(known)
        assert json.loads(event)["id"] == int(known)
    with psycopg.connect(database) as conn:
        assert read == [str(each.id) for each in events.after(conn, 0)]


def test_streams_end_when_the_process_stops(serve) -> None:
    served = serve()
    with reading(served.url, PLANNER) as open_:
        served.stop()
        assert open_.next() is None
