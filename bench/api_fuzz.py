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
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import structlog
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api import passwords
from api.app import create
from db import schema
from runtime.embedded import postgres
from tests import a_plant, people
from workorder_core.access import Role

KEY = "fuzz-key-0123456789"
NASTY: Sequence[Any] = (
    "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u202e", "é" * 300, "x" * 5_000, "\U0001f600" * 100, "\r\nX: y",
    "\n", "../../etc/passwd", "%00", "'; DROP TABLE assets; --", "{{7*7}}", "<script>", "NaN", "Infinity", "-0",
    "1e999", "0x10", "null", "true", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-05:00", "2026-02-30T00:00:00Z",
    "2026-01-01", "24:00", "00000000-0000-0000-0000-000000000000", "٣", "1_000", "+1", "²",
    0, -1, 1, 2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**400, 1.5, -0.0, 1e308, 5e-324,
    float("nan"), float("inf"), True, False, None, [], {}, [[]], [None], {"": None}, {"\0": "\0"}, {"a": {"b": [1]}},
)  # fmt: skip
BROKEN = (
    b"",
    b"{",
    b"[" * 20_000,
    b"\xff\xfe",
    b'{"a":1}' * 2,
    b'"\\ud800"',
    b"NaN",
    b'{"a":1,"a":2}',
    b"\x00",
    b"1e99999",
)


@dataclass
class Outcome:
    """How many answers there were by status, and the requests that made the application fail."""

    statuses: Counter[int] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    slowest_s: float = 0.0


class Maker:
    """Makes values after a JSON schema, mostly of the right kind and now and then of none."""

    def __init__(self, chance: random.Random, parts: Mapping[str, Any], ids: Mapping[str, Sequence[str]]) -> None:
        self.chance, self.parts, self.ids = chance, parts, ids

    def value(self, said: Mapping[str, Any], depth: int = 0) -> Any:
        if self.chance.random() < 0.12 or depth > 6:
            return self.chance.choice(NASTY)
        if "$ref" in said:
            return self.value(self.parts[said["$ref"].rpartition("/")[2]], depth)
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in said:
                return self.value(self.chance.choice(said[choice]), depth)
        if "enum" in said:
            return self.chance.choice(said["enum"])
        if "const" in said:
            return said["const"]
        makers: Mapping[str, Callable[[Mapping[str, Any], int], Any]] = {
            "object": self._object, "array": self._array, "string": self._text, "integer": self._integer,
            "number": lambda *_: self.chance.choice([0.5, -1.0, 1e6, 3.25]),
            "boolean": lambda *_: self.chance.random() < 0.5, "null": lambda *_: None,
        }  # fmt: skip
        make = makers.get(said.get("type", ""))
        return self.chance.choice(NASTY) if make is None else make(said, depth)

    def _object(self, said: Mapping[str, Any], depth: int) -> dict[str, Any]:
        needed = said.get("required", ())
        made = {
            name: self.value(each, depth + 1)
            for name, each in said.get("properties", {}).items()
            if (name in needed and self.chance.random() < 0.97) or self.chance.random() < 0.5
        }
        if self.chance.random() < 0.05:
            made[str(self.chance.choice(NASTY))[:50]] = self.chance.choice(NASTY)
        return made

    def _array(self, said: Mapping[str, Any], depth: int) -> list[Any]:
        return [self.value(said.get("items", {}), depth + 1) for _ in range(self.chance.choice((0, 1, 1, 2, 5)))]

    def _integer(self, said: Mapping[str, Any], _: int) -> int:
        low = said.get("minimum", -3)
        return self.chance.randint(int(low), int(said.get("maximum", max(low, 0) + 12)))

    def _text(self, said: Mapping[str, Any], _: int) -> str:
        kinds = {
            "date-time": "2026-03-02T08:00:00+01:00",
            "date": "2026-03-02",
            "uuid": self.chance.choice(self.ids["order_id"]),
            "binary": "x",
        }
        usual = ("x", "P-101", "NTH", "bearing", "holm", "rule:flow-low", "2026-11-01T00:00:00Z", "08:00", "mechanical")
        return kinds.get(said.get("format", "")) or self.chance.choice(usual)


def requests(app: FastAPI, ids: Mapping[str, Sequence[str]], chance: random.Random) -> Iterator[dict[str, Any]]:
    """Yield requests without end, each route as often as every other."""
    described = app.openapi()
    maker = Maker(chance, described["components"]["schemas"], ids)
    makers: list[Callable[[], dict[str, Any]]] = [
        partial(_of_api, maker, method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    for route in iter_route_contexts(app.routes):
        if route.path != "/static" and not str(route.path).startswith(("/api/", "/health", "/logout")):
            makers += [partial(_of_page, maker, method, route) for method in sorted(route.methods or ())]
    while True:
        yield chance.choice(makers)()


def _path(maker: Maker, template: str) -> str:
    pieces = []
    for piece in template.split("/"):
        known = maker.ids.get(piece.strip("{}").partition(":")[0], ())
        nasty = not known or maker.chance.random() < 0.2
        filled = _as_text(maker.chance.choice(NASTY if nasty else known))[:300]
        pieces.append(quote(filled, safe="") if piece.startswith("{") else piece)
    return "/".join(pieces)


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(
        "utf-8", "surrogateescape" if "\ud800" not in text and "\udfff" not in text else "replace"
    ).decode()


def _of_api(maker: Maker, method: str, path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    chance = maker.chance
    made: dict[str, Any] = {"method": method.upper(), "url": _path(maker, path), "headers": {"X-API-Key": KEY}}
    query = [
        (each["name"], _as_text(maker.value(each["schema"])))
        for each in operation.get("parameters", ())
        if each["in"] == "query" and chance.random() < 0.5
    ]
    made["params"] = query
    for each in operation.get("parameters", ()):
        if each["in"] == "header" and chance.random() < 0.9:
            made["headers"][each["name"]] = quote(_as_text(maker.value(each["schema"])))[:300] or "x"
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        broken = chance.random() < 0.03
        body = maker.value(content["application/json"]["schema"])
        made["content"] = chance.choice(BROKEN) if broken else json.dumps(body, allow_nan=True).encode()
        made["headers"]["Content-Type"] = "application/json"
    elif content:
        made["files"] = {
            "file": (quote(_as_text(chance.choice(NASTY)))[:200] or "x", b"\xff\xd8\xff" + b"x" * chance.randint(0, 99))
        }
    return made


def _of_page(maker: Maker, method: str, route: Any) -> dict[str, Any]:
    headers = {"X-API-Key": KEY, "Accept": "text/html"}
    made: dict[str, Any] = {"method": method, "url": _path(maker, str(route.path)), "headers": headers}

    def filled(fields: Sequence[Any]) -> dict[str, str]:
        typed = {"2026-03-02T08:00", "x", "1", "NTH", "P-101", "true", "mechanical 2", "opened"}
        names = [each.alias for each in fields if maker.chance.random() < 0.8]
        return {
            name: _as_text(
                maker.chance.choice(NASTY) if maker.chance.random() < 0.4 else maker.chance.choice(sorted(typed))
            )
            for name in names
        }

    def all_of(asked: Any, kind: str) -> list[Any]:
        return [*getattr(asked, kind), *(each for inner in asked.dependencies for each in all_of(inner, kind))]

    made["params"] = filled(all_of(route.dependant, "query_params"))
    body = all_of(route.dependant, "body_params")
    if method == "POST" and body:
        made["data"] = filled(body)
    return made


def run(app: FastAPI, ids: Mapping[str, Sequence[str]], *, count: int, seed: int) -> Outcome:
    """Send so many requests to an application; the same seed sends the same."""
    outcome = Outcome()
    chance = random.Random(seed)
    client = TestClient(app, "http://localhost", raise_server_exceptions=False, follow_redirects=False)
    made = requests(app, ids, chance)
    for number in range(count):
        request = next(made)
        began = time.perf_counter()
        answer = client.request(**request)
        outcome.slowest_s = max(outcome.slowest_s, time.perf_counter() - began)
        outcome.statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            shown = {name: value for name, value in request.items() if name != "headers"}
            outcome.failed.append(f"{number}: {answer.status_code} {str(shown)[:700]} {answer.text[:200]}")
    return outcome


def ids_of(url: str) -> dict[str, Sequence[str]]:
    """Fill a migrated database with a plant, and return what is in it by the names of path parameters."""
    with psycopg.connect(url) as conn:
        seeded = a_plant.build(conn, now=datetime.now(UTC), days=0.2)
        people.add_key(conn, "scada", *Role)
        numbers = [row[0] for row in conn.execute("SELECT number FROM work_orders ORDER BY number")]
    orders, assets = [str(each) for each in seeded.orders.values()], [str(each) for each in seeded.assets.values()]
    few = ("1", "2", "3")
    return {
        "order_id": orders, "other_id": orders, "asset_id": assets, "number": numbers, "technician_id": few, "seq": few,
        "downtime_id": few, "kept_id": few, "version": few, "user_name": ("mette", "holm"), "key_name": ("scada",),
        "kind": ("rulebook", "models"), "site_code": ("NTH",), "site": ("NTH",), "signal_name": ("flow", "vibration"),
        "name": ("flow", "vibration"), "plan_code": ("X", "Y"), "device": ("gw-1",),
        "step": ("start", "hold", "complete"),
    }  # fmt: skip


@contextmanager
def _database() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="plantwright-fuzz-") as folder:
        Path(folder).chmod(0o711)
        server = postgres.start(Path(folder) / "postgres")
        try:
            schema.migrate(server.url)
            yield server.url
        finally:
            server.stop()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    passwords._HASHER = people.CHEAP
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began = time.perf_counter()
    with _database() as url, ConnectionPool(url, min_size=1, max_size=3, open=True) as pool:
        outcome = run(create(pool, keys={"fuzz": KEY}), ids_of(url), count=given.requests, seed=given.seed)
    for each in outcome.failed[:40]:
        print(each, file=sys.stderr)
    facts = {"requests": given.requests, "seed": given.seed, "failed": len(outcome.failed)}
    facts |= {"slowest_s": round(outcome.slowest_s, 2), "seconds": round(time.perf_counter() - began, 1)}
    print(json.dumps(facts | {"by_status": dict(sorted(outcome.statuses.items()))}))
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
