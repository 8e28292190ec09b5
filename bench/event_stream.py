"""What two hundred open pages cost the process that serves them: core-seconds a minute, as one JSON line.

Each page has a stream of its own, as in two hundred browsers, and asks for itself anew when an event concerns it, with
the version that it has. Measured are an idle process, streams alone, streams with their pages, and, for comparison, the
same pages as they asked before there was a stream: every four seconds.

./run bench event_stream [--minutes 1] [--events 6]
"""

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg

from db import schema
from db.orders import order_work
from runtime.embedded import postgres
from tests import a_plant, people
from workorder_core.people.access import Role, system

PAGES, KEYS = 200, 10
SPREAD_S, REST_S, POLLED_S = 1.0, 3.0, 4.0
"""As in board.js; the last as it was before."""


@dataclass(slots=True)
class Page:
    """An open page: what it shows, and the version that it has."""

    path: str
    follows: tuple[str, ...]
    key: str
    version: str = ""
    asked: int = 0
    heard: int = 0
    waits: bool = False
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def concerns(self, event: dict[str, object]) -> bool:
        of = str(event["kind"]).partition(".")[0]
        return bool({of, f"order:{event['order_id']}", f"asset:{event['asset_id']}"} & set(self.follows))

    async def ask(self, client: httpx.AsyncClient) -> None:
        headers = {"X-API-Key": self.key, "Accept": "text/html", "If-None-Match": self.version}
        answer = await client.get(self.path, headers=headers)
        self.asked += 1
        self.version = answer.headers.get("etag", self.version)

    async def ask_soon(self, client: httpx.AsyncClient) -> None:
        if not self.waits:
            self.waits = True
            await asyncio.sleep(random.random() * SPREAD_S)
            self.waits = False
            await self.ask(client)
            await asyncio.sleep(REST_S)


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--events", type=float, default=6.0, help="events a minute that concern orders")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plantwright-bench-") as folder:
        Path(folder).chmod(0o711)
        server = postgres.start(Path(folder) / "postgres")
        try:
            schema.migrate(server.url)
            with psycopg.connect(server.url) as conn:
                seeded = a_plant.build(conn, now=datetime.now(UTC), days=1)
                keys = [people.add_key(conn, f"k-{n}", Role.PLANNER) for n in range(KEYS)]
            print(json.dumps(_measured(server.url, seeded, keys, given.minutes, given.events)))
        finally:
            server.stop()


def _measured(url: str, seeded: a_plant.Seeded, keys: list[str], minutes: float, rate: float) -> dict[str, float | int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {"PLANTWRIGHT_DATABASE": url, "PLANTWRIGHT_PORT": str(port)}
    api = subprocess.Popen([sys.executable, "-m", "runtime.cli.main", "api"], env=env, stdout=subprocess.DEVNULL)
    try:
        orders = list(seeded.orders.values())
        pages = [_page(n, orders, keys[n % KEYS]) for n in range(PAGES)]
        return asyncio.run(_phases(api.pid, port, url, pages, orders, minutes, rate))
    finally:
        api.terminate()
        api.wait(30)


def _page(number: int, orders: list[object], key: str) -> Page:
    """Half look at the board, a third at an order, the rest at alarms."""
    if number % 6 in (0, 1, 2):
        return Page("/", ("order",), key)
    if number % 6 in (3, 4):
        order = orders[number % len(orders)]
        return Page(f"/orders/{order}", (f"order:{order}",), key)
    return Page("/alarms", ("alarm",), key)


async def _phases(
    pid: int, port: int, url: str, pages: list[Page], orders: list[object], minutes: float, rate: float
) -> dict[str, float | int]:
    # Connections are given up before the server closes them.
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=50, keepalive_expiry=2)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as client:
        await _answering(client)
        for page in pages:
            await page.ask(client)

        async def cost(during: Callable[[], Awaitable[object]]) -> float:
            before = _cpu_s(pid)
            await during()
            return round((_cpu_s(pid) - before) / minutes, 3)

        def quiet() -> Awaitable[object]:
            return asyncio.sleep(60 * minutes)

        def busy() -> Awaitable[object]:
            return asyncio.gather(_happen(url, orders, rate, minutes), quiet())

        found: dict[str, float | int] = {"pages": PAGES, "events_a_minute": rate, "idle": await cost(quiet)}
        for name, asking in (("streams", None), ("streams_and_pages", client)):
            asked = sum(page.asked for page in pages)
            open_ = [asyncio.create_task(_follow(page, number, port, asking)) for number, page in enumerate(pages)]
            await asyncio.gather(*(page.ready.wait() for page in pages))
            await asyncio.sleep(2)
            found[name] = await cost(busy)
            found[f"{name}_asked"] = sum(page.asked for page in pages) - asked
            for task in open_:
                task.cancel()
            await asyncio.gather(*open_, return_exceptions=True)
            found[f"{name}_messages"] = sum(page.heard for page in pages)
            for page in pages:
                page.heard = 0
                page.ready.clear()
        asked = sum(page.asked for page in pages)
        polling = [asyncio.create_task(_poll(page, client)) for page in pages]
        found["polled_every_4_s"] = await cost(busy)
        for task in polling:
            task.cancel()
        await asyncio.gather(*polling, return_exceptions=True)
        found["polled_asked"] = sum(page.asked for page in pages) - asked
        return found


async def _follow(page: Page, number: int, port: int, client: httpx.AsyncClient | None) -> None:
    """Read a stream as a browser of another address does."""
    home = (f"127.0.{1 + number // 200}.{2 + number % 200}", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=home)
    head = f"GET /api/v1/events?brief=true HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-API-Key: {page.key}\r\n"
    writer.write(f"{head}Accept: text/event-stream\r\n\r\n".encode())
    asking = set[asyncio.Task[None]]()
    try:
        while line := await reader.readline():
            if not line.startswith(b"data: "):
                continue
            page.heard += 1
            page.ready.set()
            event = json.loads(line[6:])
            if client is not None and "kind" in event and page.concerns(event):
                asking.add(task := asyncio.create_task(page.ask_soon(client)))
                task.add_done_callback(asking.discard)
    finally:
        writer.close()


async def _poll(page: Page, client: httpx.AsyncClient) -> None:
    await asyncio.sleep(random.random() * POLLED_S)
    while True:
        await asyncio.gather(page.ask(client), asyncio.sleep(POLLED_S))


async def _happen(url: str, orders: list[object], rate: float, minutes: float) -> None:
    """Let people do something with orders, evenly."""
    for number in range(round(rate * minutes)):
        await asyncio.sleep(60 / rate * 0.9)
        await asyncio.to_thread(_say, url, orders[number % len(orders)])


def _say(url: str, order: object) -> None:
    with psycopg.connect(url) as conn:
        order_work.comment(conn, order, "looked at it", who=system("bench"), at=datetime.now(UTC))  # type: ignore[arg-type]


async def _answering(client: httpx.AsyncClient) -> None:
    for _ in range(600):
        try:
            if (await client.get("/health/ready")).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("the API does not answer")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
