"""What two hundred open pages cost the process that serves them: core-seconds a minute, as one JSON line.

Each page has a stream of its own, as in two hundred browsers, and asks for its live parts when an event alters what it
shows, and now and then by itself, as board.js does. The pages are lists of orders, orders, the work of technicians,
alarms, assets and the engine. Two events of three alter the lists of orders, the others are comments.
Measured are an idle process, streams alone, and streams with their pages at two rates.

./run bench event_stream [--minutes 1] [--events 6] [--more 60]
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import psycopg

from api.keys import COOKIE
from db import schema
from db.orders import order_work, work_orders
from db.people import sessions, technicians
from runtime.embedded import postgres
from tests import a_plant, people
from workorder_core.people.access import Role, system

PAGES, KEYS, ORDERS = 200, 50, 60
Headers = dict[str, str]
"""What shows who asks."""
SPREAD_S, REST_S, SELDOM_S = 1.0, 5.0, 300.0
"""As in board.js."""
FOLLOWED, EVERY = re.compile(r' data-follows="([^"]*)"'), re.compile(r' data-every="(\d+)"')


@dataclass(slots=True)
class Page:
    """An open page: what it shows, and the version that it has."""

    path: str
    who: Headers
    follows: frozenset[str] = frozenset()
    every_s: float = SELDOM_S
    version: str = ""
    asked: int = 0
    heard: int = 0
    waits: bool = False
    wanted: bool = False
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, client: httpx.AsyncClient) -> None:
        answer = await client.get(self.path, headers=self.who | {"Accept": "text/html"})
        answer.raise_for_status()
        follows, every = FOLLOWED.search(answer.text), EVERY.search(answer.text)
        self.follows = frozenset(follows[1].split()) if follows else frozenset()
        self.every_s = float(every[1]) if every else SELDOM_S

    async def ask(self, client: httpx.AsyncClient) -> None:
        headers = self.who | {"Accept": "text/html", "X-Refresh": "live"}
        headers |= {"If-None-Match": self.version} if self.version else {}
        try:
            answer = await client.get(self.path, headers=headers)
        except httpx.TransportError:  # a connection that the server has just closed
            answer = await client.get(self.path, headers=headers)
        self.asked += 1
        self.version = answer.headers.get("etag", self.version)

    async def ask_soon(self, client: httpx.AsyncClient) -> None:
        self.wanted = True
        if self.waits:
            return
        self.waits = True
        while self.wanted:
            await asyncio.sleep(random.random() * SPREAD_S)
            self.wanted = False
            await self.ask(client)
            await asyncio.sleep(REST_S)
        self.waits = False

    async def ask_seldom(self, client: httpx.AsyncClient) -> None:
        """Ask for what no event tells."""
        await asyncio.sleep(random.random() * self.every_s)
        while True:
            await self.ask(client)
            await asyncio.sleep(self.every_s * random.uniform(0.9, 1.1))


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--events", type=float, default=6.0, help="events a minute that concern orders")
    parser.add_argument("--more", type=float, default=60.0, help="and a rate to compare with")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plantwright-bench-") as folder:
        Path(folder).chmod(0o711)
        server = postgres.start(Path(folder) / "postgres")
        try:
            schema.migrate(server.url)
            with psycopg.connect(server.url) as conn:
                seeded = a_plant.build(conn, now=datetime.now(UTC), days=1)
                keys = [{"X-API-Key": people.add_key(conn, f"k-{n}", Role.PLANNER)} for n in range(KEYS)]
                signed = [_signed_in(conn, each.code) for each in technicians.listed(conn)]
            print(json.dumps(_measured(server.url, list(seeded.assets.values()), keys, signed, given)))
        finally:
            server.stop()


def _signed_in(conn: psycopg.Connection, technician: str) -> Headers:
    people.add_user(conn, technician, Role.TECHNICIAN, sites=["NTH"], technician=technician)
    sessions.begin(conn, f"of-{technician}", technician, at=datetime.now(UTC), lasting=timedelta(days=1))
    return {"Cookie": f"{COOKIE}=of-{technician}"}


def _measured(
    url: str, assets: list[int], keys: list[Headers], signed: list[Headers], given: argparse.Namespace
) -> dict[str, float | int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {"PLANTWRIGHT_DATABASE": url, "PLANTWRIGHT_PORT": str(port)}
    api = subprocess.Popen([sys.executable, "-m", "runtime.cli.main", "api"], env=env, stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=keys[0], timeout=60) as client:
            orders = _made(client, assets)
        pages = [_page(n, orders, keys, signed) for n in range(PAGES)]
        return asyncio.run(_phases(api.pid, port, url, pages, orders, given))
    finally:
        api.terminate()
        api.wait(30)


def _page(number: int, orders: list[UUID], keys: list[Headers], signed: list[Headers]) -> Page:
    """Of 20: eight lists of orders, four orders, four people's own work, two of alarms, one of assets, one engine."""
    paths = ["/"] * 7 + ["/?site=NTH"] + [f"/orders/{orders[number % len(orders)]}"] * 4
    paths += ["/my-work"] * 4 + ["/alarms"] * 2 + ["/assets", "/engine"]
    path = paths[number % len(paths)]
    return Page(path, signed[number % len(signed)] if path == "/my-work" else keys[number % KEYS])


async def _phases(
    pid: int, port: int, url: str, pages: list[Page], orders: list[UUID], given: argparse.Namespace
) -> dict[str, float | int]:
    minutes = given.minutes
    # Connections are given up before the server closes them.
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=50, keepalive_expiry=2)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as client:
        for page in pages:
            await page.open(client)

        async def cost(rate: float) -> float:
            before = _cpu_s(pid)
            await asyncio.gather(_happen(url, orders, rate, minutes), asyncio.sleep(60 * minutes))
            return float(round((_cpu_s(pid) - before) / minutes, 3))

        found: dict[str, float | int] = {"pages": PAGES, "idle": await cost(0)}
        for name, rate, asking in (
            (f"streams_at_{given.events:g}", given.events, None),
            ("pages_at_0", 0, client),
            (f"pages_at_{given.events:g}", given.events, client),
            (f"pages_at_{given.more:g}", given.more, client),
        ):
            asked, heard = sum(page.asked for page in pages), sum(page.heard for page in pages)
            async with _open(pages, port, asking):
                await asyncio.sleep(2)
                found[name] = await cost(rate)
            found[f"{name}_asked"] = sum(page.asked for page in pages) - asked
            found[f"{name}_messages"] = sum(page.heard for page in pages) - heard
        return found


@contextlib.asynccontextmanager
async def _open(pages: list[Page], port: int, client: httpx.AsyncClient | None) -> AsyncIterator[None]:
    """Keep the pages open, each with its stream; without a client they ask for nothing."""
    tasks = [asyncio.create_task(_follow(page, number, port, client)) for number, page in enumerate(pages)]
    await asyncio.gather(*(page.ready.wait() for page in pages))
    if client is not None:
        for page in pages:  # as they have been open for a while
            await page.ask(client)
        tasks += [asyncio.create_task(page.ask_seldom(client)) for page in pages]
    yield
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended
    for page in pages:
        page.ready.clear()


async def _follow(page: Page, number: int, port: int, client: httpx.AsyncClient | None) -> None:
    """Read a stream as a browser of another address does."""
    home = (f"127.0.{1 + number // 200}.{2 + number % 200}", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=home)
    head = f"GET /api/v1/events?brief=true HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in page.who.items())
    writer.write(f"{head}Accept: text/event-stream\r\n\r\n".encode())
    asking = set[asyncio.Task[None]]()
    try:
        while line := await reader.readline():
            if not line.startswith(b"data: "):
                continue
            page.heard += 1
            page.ready.set()
            event = json.loads(line[6:])
            if client is not None and page.follows & set(event.get("altered", ())):
                asking.add(task := asyncio.create_task(page.ask_soon(client)))
                task.add_done_callback(asking.discard)
    finally:
        writer.close()


async def _happen(url: str, orders: list[UUID], rate: float, minutes: float) -> None:
    """Let people do something with orders, evenly."""
    for number in range(round(rate * minutes)):
        await asyncio.sleep(60 / rate * 0.9)
        await asyncio.to_thread(_do, url, orders[number % len(orders)], number)


def _do(url: str, order: UUID, number: int) -> None:
    who, at = system("bench"), datetime.now(UTC)
    with psycopg.connect(url) as conn:
        if number % 3:
            work_orders.change(
                conn, order, lambda each: replace(each, title=f"Look at {at.isoformat()}"), actor=who.actor, at=at
            )
        else:
            order_work.comment(conn, order, "looked at it", who=who, at=at)


def _made(client: httpx.Client, assets: list[int]) -> list[UUID]:
    """Make orders as soon as the API answers, each assigned by the plant's own choice."""
    for _ in range(600):
        with contextlib.suppress(httpx.HTTPError):
            if client.get("/health/ready").status_code == 200:
                break
        time.sleep(0.1)
    orders = []
    for number in range(ORDERS):
        body = {"asset_id": assets[number % len(assets)], "type": "inspection", "title": f"Look {number}"}
        answer = client.post("/api/v1/work-orders", json=body, headers={"Idempotency-Key": str(number)})
        orders.append(UUID(answer.raise_for_status().json()["id"]))
    return orders


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
