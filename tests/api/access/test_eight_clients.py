"""Eight clients at once, of every role, doing legal and illegal things to two running API processes on one database."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from db.orders import audit
from tests import a_plant, people
from workorder_core.people.access import Role

ROLES = [
    (Role.PLANNER, None),
    (Role.PLANNER, ["NTH"]),
    (Role.TECHNICIAN, None),
    (Role.TECHNICIAN, ["NTH"]),
    (Role.RELIABILITY_ENGINEER, None),
    (Role.ADMINISTRATOR, None),
    (Role.REQUESTER, ["NTH"]),
    (Role.VIEWER, None),
]
EXPECTED = {200, 201, 202, 204, 400, 403, 404, 405, 409, 412, 422, 428}
"""What a client may be told. Anything of the server's own making, 500 and above, is a fault."""


@pytest.fixture
def doors(database: str) -> Iterator[list[str]]:
    """Two API processes, as `plantwright api` starts them."""
    running, addresses = [], []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")}
        given = {"PLANTWRIGHT_DATABASE": database, "PLANTWRIGHT_PORT": str(port)}
        command = [sys.executable, "-m", "runtime.cli.main", "api"]
        running.append(subprocess.Popen(command, env=kept | given, stdout=subprocess.DEVNULL))
        addresses.append(f"http://127.0.0.1:{port}")
    for address in addresses:
        _await(address)
    yield addresses
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        process.wait(120)


def _await(address: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=60):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")


@dataclass
class Client:
    """One of the eight: it remembers what it was told, and reads an order before most steps, but not before all."""

    address: str
    key: str
    assets: list[int]
    orders: list[str]
    chance: random.Random
    told: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    moved: list[tuple[str, int, int | None]] = field(default_factory=list)
    """Steps that were taken: the order, the version that came back, the version that was sent as If-Match."""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, str | None]:
        data = None if body is None else json.dumps(body).encode()
        sent = {"X-API-Key": self.key, "Content-Type": "application/json"} | headers
        request = urllib.request.Request(f"{self.address}{path}", data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                status, text, tag = answer.status, answer.read(), answer.headers.get("ETag")
        except urllib.error.HTTPError as error:
            status, text, tag = error.code, error.read(), None
        self.told[f"{method} {status}"] += 1
        if status not in EXPECTED:
            self.faults.append(f"{method} {path} {body}: {status} {text[:300]!r}")
        return status, json.loads(text) if text else None, tag

    def act(self) -> None:
        what = self.chance.choices([self.step, self.read, self.make, self.plan], [6, 3, 1, 1])[0]
        what()

    def read(self) -> None:
        path = self.chance.choice(
            [
                "/work-orders",
                "/work-orders?unfinished=true&limit=5",
                "/assets",
                "/alarms",
                "/quarantine",
                "/me",
                "/users",
            ]
        )
        self.ask("GET", f"/api/v1{path}")

    def make(self) -> None:
        kind = self.chance.choice(["inspection", "reactive", "preventive", "nonsense"])
        body = {"asset_id": self.chance.choice([*self.assets, 999_999]), "type": kind, "title": "Listen", "why": "hums"}
        status, order, _ = self.ask(
            "POST", "/api/v1/work-orders", body, **{"Idempotency-Key": f"{self.chance.random()}"}
        )
        if status == 201:
            self.orders.append(order["id"])

    def plan(self) -> None:
        hour = self.chance.randrange(24)
        body = {"starts_at": f"2031-01-01T{hour:02}:00:00Z", "ends_at": "2031-01-01T12:00:00Z", "reason": "seals"}
        self.ask("POST", f"/api/v1/assets/{self.chance.choice(self.assets)}/downtimes", body)

    def step(self) -> None:
        order_id = self.chance.choice(self.orders)
        path = f"/api/v1/work-orders/{order_id}"
        status, order, tag = self.ask("GET", path)
        if status != 200:
            return
        step = self.chance.choice(order["possible"] or ["start"]) if self.chance.random() < 0.8 else "verify"
        match = tag if self.chance.random() < 0.7 else None
        headers = {} if match is None else {"If-Match": match}
        status, after, _ = self.ask("POST", f"{path}/{step.replace('_', '-')}", body_of(step, order), **headers)
        if status == 200 and "version" in after:
            self.moved.append((order_id, after["version"], None if match is None else order["version"]))


def body_of(step: str, order: Any) -> Any:
    """Return what a step asks for; some of it will not do."""
    close_out = {"finding": "confirmed", "failure_mode": order["failure_mode"], "cause": "wear", "remedy": "replace"}
    reason = {"reason": "because"}
    return {
        "complete": close_out | {"note": "done"},
        "assign": {},
        "unassign": reason,
        "cancel": reason,
        "rework": reason,
        "hold": reason,
    }.get(step, {"why": "it is time"})


def at_once(clients: list[Client], seconds: float) -> None:
    """Let the clients do as they like until the time is over."""
    until = time.monotonic() + seconds

    def go(client: Client) -> None:
        while time.monotonic() < until:
            client.act()

    threads = [threading.Thread(target=go, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 60)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"


@pytest.mark.parametrize("seconds", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_eight_clients_at_once_lose_nothing_and_break_nothing(database, doors, seconds):
    with psycopg.connect(database) as conn:
        seeded = a_plant.build(conn, now=datetime.now(UTC), days=0.2)
        keys = [people.add_key(conn, f"k{i}", role, sites=sites) for i, (role, sites) in enumerate(ROLES)]
    orders = [str(each) for each in seeded.orders.values()]
    clients = [
        Client(doors[i % 2], key, list(seeded.assets.values()), orders, random.Random(i)) for i, key in enumerate(keys)
    ]
    at_once(clients, seconds)
    told = sum((client.told for client in clients), Counter[str]())
    assert [fault for client in clients for fault in client.faults] == []
    assert told["POST 200"] > 3 * seconds, "the work was done"
    for refusal in ("POST 403", "POST 409", "POST 412"):
        assert told[refusal], f"nobody was told {refusal}"
    nothing_was_lost(database, [each for client in clients for each in client.moved])


def nothing_was_lost(database: str, moved: list[tuple[str, int, int | None]]) -> None:
    """Hold what the clients were told against what is stored."""
    by_order: dict[str, list[int]] = defaultdict(list)
    for order, version, matched in moved:
        assert matched is None or version in (matched, matched + 1), "it was taken on another version than was sent"
        by_order[order].append(version)
    with psycopg.connect(database) as conn:
        for order, versions in by_order.items():
            row = conn.execute("SELECT version, status FROM work_orders WHERE id = %s", [order]).fetchone()
            assert row is not None
            assert max(versions) <= row[0]
            rows = conn.execute(
                "SELECT seq, old, new FROM order_history WHERE order_id = %s ORDER BY seq", [order]
            ).fetchall()
            assert [seq for seq, _, _ in rows] == list(range(1, len(rows) + 1))
            status = None
            for _, old, new in rows:
                if "status" in new:
                    assert status is None or old["status"] == status, "history has a gap: somebody's step is lost"
                    status = new["status"]
            assert status == row[1], "history replays to another state than the order has"
        row = conn.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
        assert row == (0,)
        verdict = audit.verify(conn)
        assert (verdict.sound, verdict.broken) == (True, ())
