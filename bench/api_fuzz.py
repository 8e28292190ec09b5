"""Requests made up from the API's description and of the pages' forms, with values that nobody should send: 0 × 500.

./run bench api_fuzz --requests 100000 --seed 1
"""

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import anyio.to_thread
import httpx
import psycopg
import structlog
from fastapi import FastAPI
from psycopg_pool import ConnectionPool

from api import passwords
from api.app import create
from bench.api_fuzz_parts import made, plant, rooms
from db import schema
from runtime.embedded import postgres
from tests import coroutines, people

ASKED_AGAIN = 250
"""After so many requests it is asked again what is in the plant."""
CARELESS = ("fsync", "full_page_writes", "synchronous_commit")
"""What a database that nobody needs tomorrow can do without."""


@dataclass
class Outcome:
    """How many answers there were by operation and status, and the requests that made the application fail."""

    by_operation: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    failed: list[str] = field(default_factory=list)
    slowest_s: float = 0.0

    @property
    def statuses(self) -> Counter[int]:
        return sum(self.by_operation.values(), Counter[int]())

    @property
    def never_done(self) -> list[str]:
        """The operations that never did what they are for: no answer of 2xx, and of a page's form no 303 either."""
        return sorted(name for name, found in self.by_operation.items() if not any(_is_done(name, s) for s in found))


def _is_done(operation: str, status: int) -> bool:
    return 200 <= status < 300 or (status == 303 and "/api/" not in operation)


def run(app: FastAPI, url: str, *, count: int, seed: int, tell_every: int = 0) -> Outcome:
    """Fill the plant's rooms and send so many requests to an application; the same seed chooses the same operations."""
    with psycopg.connect(url) as conn:
        address = rooms.fill(app, made.KEYS[0], conn)
    with patch.object(anyio.to_thread, "run_sync", _at_once):
        return coroutines.run(_run(app, url, address, count, seed, tell_every))


async def _at_once(work: Callable[..., Any], *given: Any, **_: Any) -> Any:
    """Do here what a thread would do: nobody else asks meanwhile, and a request changes threads some eight times."""
    return work(*given)


async def _run(app: FastAPI, url: str, address: str, count: int, seed: int, tell_every: int) -> Outcome:
    # One loop for all requests: a test client makes one, and its threads, anew for each.
    outcome, ids, began = Outcome(), dict[str, Any](), time.perf_counter()
    for operation, _ in made.operations(app):
        outcome.by_operation[operation] = Counter()
    wanted = made.requests(app, ids, random.Random(seed))
    way = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    with psycopg.connect(url) as conn:
        async with httpx.AsyncClient(transport=way, base_url="http://localhost", follow_redirects=False) as client:
            for number in range(count):
                if number % ASKED_AGAIN == 0:
                    ids.update(plant.known(conn, address))
                    conn.commit()
                await _send(client, next(wanted), number, outcome)
                if tell_every and (number + 1) % tell_every == 0:
                    took = time.perf_counter() - began
                    print(f"{number + 1}: {took:.0f} s, {len(outcome.failed)} failed", file=sys.stderr, flush=True)
    return outcome


async def _send(client: httpx.AsyncClient, request: made.Made, number: int, outcome: Outcome) -> None:
    client.cookies.clear()
    began = time.perf_counter()
    answer = await client.request(**request.sent)
    outcome.slowest_s = max(outcome.slowest_s, time.perf_counter() - began)
    outcome.by_operation[request.operation][answer.status_code] += 1
    if answer.status_code >= 500:
        shown = {name: value for name, value in request.sent.items() if name != "headers"}
        outcome.failed.append(f"{number}: {answer.status_code} {str(shown)[:700]} {answer.text[:200]}")
        print(outcome.failed[-1], file=sys.stderr, flush=True)


@contextmanager
def _database() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="plantwright-fuzz-") as folder:
        Path(folder).chmod(0o711)
        server = postgres.start(Path(folder) / "postgres")
        try:
            with psycopg.connect(server.url, autocommit=True) as conn:
                for setting in CARELESS:
                    conn.execute(f"ALTER SYSTEM SET {setting} = off".encode())
                conn.execute("SELECT pg_reload_conf()")
            schema.migrate(server.url)
            yield server.url
        finally:
            server.stop()


def without_costly_hashes() -> None:
    """Let passwords cost nothing: this measures what requests do, not how long a guess takes."""
    passwords._HASHER = people.CHEAP
    passwords._NOBODYS = people.CHEAP.hash("nobody's")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    without_costly_hashes()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began = time.perf_counter()
    with _database() as url, ConnectionPool(url, min_size=1, max_size=3, open=True) as pool:
        with pool.connection() as conn:
            plant.fill(conn)
        app = create(pool, keys=dict(zip(("fuzz", "other"), made.KEYS, strict=True)))
        outcome = run(app, url, count=given.requests, seed=given.seed, tell_every=5_000)
    facts: dict[str, Any] = {"requests": given.requests, "seed": given.seed, "failed": len(outcome.failed)}
    facts |= {"slowest_s": round(outcome.slowest_s, 2), "seconds": round(time.perf_counter() - began, 1)}
    facts |= {"by_status": dict(sorted(outcome.statuses.items())), "never_done": outcome.never_done}
    facts |= {"by_operation": {name: dict(sorted(each.items())) for name, each in sorted(outcome.by_operation.items())}}
    print(json.dumps(facts, indent=1))
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
