"""Two thousand streams at once: as many as are allowed are served, and nobody else is shut out."""

import asyncio
import contextlib
import resource
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest

from api.events import hub
from db.events import events
from tests import coroutines, people
from tests.parts.event_streams import MINUTE
from tests.runtime.front.front import free_port
from tests.runtime.processes import kills
from workorder_core.people.access import Role

STREAMS, KEYS, AT_ONCE = 2_000, 50, 100
Opened = tuple[int, asyncio.StreamReader | None, asyncio.StreamWriter | None]
CLOSED: Opened = (0, None, None)


@pytest.mark.slow
def test_two_thousand_streams_are_refused_beyond_the_bound_and_shut_nobody_out(database: str, data_dir: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * STREAMS)), hard))
    with psycopg.connect(database) as conn:
        keys = [people.add_key(conn, f"k-{n}", Role.PLANNER) for n in range(KEYS + 1)]
    port = free_port()
    with kills.plantwright("api", env=kills.environment(database=database, port=port), log=data_dir / "log") as api:
        api.wait_until(lambda: _ask(port, "/health/ready", keys[-1]) == 200, "it answers")
        coroutines.run(_try(port, keys, database))
        assert _ask(port, "/", keys[-1]) == 200
        api.stop()


async def _try(port: int, keys: list[str], database: str) -> None:
    some = asyncio.Semaphore(AT_ONCE)

    async def opened(number: int) -> Opened:
        async with some:
            return await _open(port, keys[number % KEYS], f"127.0.{1 + number // 100}.{1 + number % 100}")

    found = await asyncio.gather(*(opened(number) for number in range(STREAMS)))
    statuses = [status for status, _, _ in found]
    assert statuses.count(200) == hub.MOST
    assert set(statuses) <= {200, 429, 0}
    for path in ("/", "/api/v1/sites"):
        assert await asyncio.to_thread(_ask, port, path, keys[-1]) == 200, "others are served meanwhile"
    await asyncio.to_thread(_happen, database)
    served = [reader for status, reader, _ in found if status == 200 and reader is not None]
    async with asyncio.timeout(5 * MINUTE):
        await asyncio.gather(*(_read_until(reader, b"order.changed") for reader in served))
    for _, _, writer in found:
        if writer is not None:
            writer.close()


async def _open(port: int, key: str, address: str) -> Opened:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        head = f"GET /api/v1/events?brief=true HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n"
        writer.write(f"{head}Accept: text/event-stream\r\n\r\n".encode())
        status = int((await reader.readuntil(b"\r\n")).split()[1])
        return status, reader, writer
    return CLOSED


async def _read_until(reader: asyncio.StreamReader, wanted: bytes) -> None:
    while wanted not in (line := await reader.readline()):
        assert line, "the stream has ended"


def _happen(database: str) -> None:
    with psycopg.connect(database) as conn:
        events.append(conn, "order.changed", "it", at=datetime.now(UTC))


def _ask(port: int, path: str, key: str) -> int:
    headers = {"X-API-Key": key, "Accept": "text/html, application/json"}
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=MINUTE).status_code
    return 0
