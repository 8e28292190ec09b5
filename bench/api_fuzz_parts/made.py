"""Requests made after the API's description and of the pages' forms, each operation as often as every other."""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from bench.api_fuzz_parts.values import BROKEN, NASTY, Maker
from tests import people
from workorder_core.tables.plant_tables import TABLES

KEYS = ("fuzz-key-0123456789", "other-key-9876543210")
"""Two, because some things take a second person."""
_PICTURE = b"\x89PNG\r\n\x1a\n"
_ROWS = b"Tag;Name\nP-900;Wash pump\n"
_TYPED: Mapping[str, str | Sequence[str]] = {
    "title": "Look at it", "why": "because", "reason": "because", "kind": ("inspection", "corrective", "duplicate_of"),
    "component": "bearing", "failure_mode": "OHE", "priority": "3", "hours": "2", "starts_at": "2027-03-02T08:00",
    "ends_at": "2027-03-02T10:00", "technician": "holm", "finding": "confirmed", "cause": "wear", "remedy": "replace",
    "waits": "parts", "text": "x", "asset_class": "centrifugal_pump", "criticality": "3", "roles": "viewer",
    "assets": "NTH/P-101", "device": "gw-1", "asset": "NTH/P-101", "unit": "bar", "numbers": "measurement",
    "value": "1.8", "note": "x", "open_ended": "true", "full_name": "Somebody", "alarm": "1 rule:bearing-hot",
    "why_them": "because", "password": people.PASSWORD, "current": people.PASSWORD, "again": people.PASSWORD,
    "site": "NTH", "table": tuple(TABLES), "form": "form", "code": "X-1", "order": "NTH-1", "quantity": "2,5",
    "wanted": "3", "many": "2", "unit_cost": "9,50", "price": "8", "others": "box = 12", "lead": "3",
    "expires_on": "2027-03-02", "expected_on": "2027-03-02", "due_at": "2027-03-02T10:00", "due": "2027-03-02",
    "borrower": "holm", "booked_for": "holm", "item_class": "seals", "bins": "A1", "statement": "No end",
    "grade": "minor", "owner": "Shift", "how": "route", "do": ("done", "keep"), "ago_s": "5", "header_row": "1",
    "decimal": ",", "since": "2026-03-02T08:00", "until": "2027-03-02T08:00", "address": "mette@plant.example",
    "url": "https://erp.example.com/in", "kinds": "order.*", "currency": "EUR", "skill": "mechanical", "per_hour": "80",
    "from_date": "2027-01-01", "failure": "900", "of": "site", "states": "off = 0", "plausible_low": "-5",
    "plausible_high": "9,5", "wraps_at": "65536", "language": "de", "warm_up": "3", "occurrence": "1", "said": "done",
    "drawn": "", "lot": "L1", "kept_at": "cabinet", "supplier": "Sealco",
}  # fmt: skip
"""What somebody types into the fields of forms."""
_OF_FORMS = {
    "asset_id": "asset_id", "number": "number", "plan": "plan_code", "name": "user_name", "rule": "rule",
    "checklist_id": "checklist_id", "route_id": "route_id", "item": "item_id", "store": "store_id", "to_bin": "bin_id",
    "for_store": "store_id", "booking": "booking_id", "line": "line",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """A request, the operation that it is one of, and what httpx sends."""

    operation: str
    sent: Mapping[str, Any]


def operations(app: FastAPI) -> list[tuple[str, Callable[[Maker], dict[str, Any]]]]:
    """Return what can be asked for, by method and path, each with what makes a request of it."""
    described = app.openapi()
    shapes = described["components"]["schemas"]
    found: list[tuple[str, Callable[[Maker], dict[str, Any]]]] = [
        (f"{method.upper()} {path}", partial(_of_api, method, path, operation, _examples(operation, shapes)))
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    for path, route in _routes(app):
        if path.startswith(("/api/", "/health", "/logout")):
            continue
        typed, body = (_fields_of(route.dependant, kind) for kind in ("query_params", "body_params"))
        found += [
            (f"{method} {path}", partial(_of_page, method, path, typed, body)) for method in sorted(route.methods or ())
        ]
    return found


def _routes(app: FastAPI, under: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the routes of an app with their paths, and those of the apps that are mounted in it."""
    for route in iter_route_contexts(app.routes):
        path = f"{under}{route.path}"
        if not isinstance(route.original_route, Mount):
            yield path, route
        elif isinstance(route.original_route.app, FastAPI):
            yield from _routes(route.original_route.app, path)


def requests(app: FastAPI, ids: Mapping[str, Sequence[str]], chance: random.Random) -> Iterator[Made]:
    """Yield requests without end. One in three is as it should be, so that what lies behind the checks is reached."""
    maker = Maker(chance, app.openapi()["components"]["schemas"], ids)
    known = operations(app)
    while True:
        operation, make = chance.choice(known)
        maker.nasty = 0.0 if chance.random() < 0.33 else 0.12
        yield Made(operation, make(maker))


def _examples(operation: Mapping[str, Any], shapes: Mapping[str, Any]) -> list[Any]:
    sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = sent.get("schema", {})
    shape = shapes.get(schema.get("$ref", "").rpartition("/")[2], schema)
    return [*shape.get("examples", ()), *(each["value"] for each in sent.get("examples", {}).values())]


def _path(maker: Maker, template: str) -> str:
    pairs = [name for name in maker.ids if "/" in name and all(f"{{{part}}}" in template for part in name.split("/"))]
    of_pair: dict[str, str] = {}
    for name in pairs:
        if maker.ids[name] and maker.chance.random() < 0.9:
            of_pair |= dict(zip(name.split("/"), maker.chance.choice(maker.ids[name]).split("/"), strict=True))
    pieces = []
    for piece in template.split("/"):
        name, _, ending = piece.removeprefix("{").partition("}")
        name = name.partition(":")[0]
        known = (of_pair[name],) if name in of_pair else maker.ids.get(name, ())
        nasty = not known or maker.chance.random() < maker.nasty
        filled = as_text(maker.chance.choice(NASTY if nasty else known))[:300]
        pieces.append(quote(filled, safe="") + ending if piece.startswith("{") else piece)
    return "/".join(pieces)


def as_text(value: Any) -> str:
    """Return a value as it is written into an address or a form."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(
        "utf-8", "surrogateescape" if "\ud800" not in text and "\udfff" not in text else "replace"
    ).decode()


def _of_api(
    method: str, path: str, operation: Mapping[str, Any], examples: Sequence[Any], maker: Maker
) -> dict[str, Any]:
    chance = maker.chance
    made: dict[str, Any] = {"method": method.upper(), "url": _path(maker, path)}
    made["headers"] = {"X-API-Key": chance.choice(KEYS)} | _headers(maker, operation)
    asked = {
        each["name"]: maker.value(each["schema"])
        for each in operation.get("parameters", ())
        if each["in"] == "query" and chance.random() < 0.5 and (maker.nasty or each["name"] != "cursor")
    }
    made["params"] = [(name, as_text(each)) for name, each in asked.items() if maker.nasty or each is not None]
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        made["headers"]["Content-Type"] = "application/json"
        if chance.random() < maker.nasty / 4:
            made["content"] = chance.choice(BROKEN)
            return made
        like = examples and (not maker.nasty or chance.random() < 0.5)
        schema = content["application/json"]["schema"]
        body = maker.like(chance.choice(examples)) if like else maker.value(schema)
        made["content"] = json.dumps(body, allow_nan=True).encode()
    elif content:
        made["files"] = _file(maker)
        made["data"] = _typed(maker, ("site", "table")) if path.endswith("/uploads") else {}
    return made


def _headers(maker: Maker, operation: Mapping[str, Any]) -> dict[str, str]:
    made = {}
    for each in operation.get("parameters", ()):
        if each["in"] != "header":
            continue
        if maker.nasty and maker.chance.random() < 0.3:
            made[each["name"]] = quote(as_text(maker.value(each["schema"])))[:300] or "x"
        elif each["name"].lower() == "idempotency-key":
            made[each["name"]] = f"k-{maker.chance.randrange(10**12)}"
    return made


def _file(maker: Maker) -> dict[str, tuple[str, bytes]]:
    name = quote(as_text(maker.chance.choice(NASTY)))[:200] or "x"
    content = maker.chance.choice((_PICTURE, b"\xff\xd8\xff", b"", b"x", _ROWS)) + b"x" * maker.chance.randint(0, 99)
    usual = maker.chance.choice((("seen.png", _PICTURE + content), ("rows.csv", _ROWS)))
    return {"file": (name, content) if maker.nasty else usual}


def _fields_of(asked: Any, kind: str) -> list[str]:
    return [each.alias for each in getattr(asked, kind)] + [
        name for inner in asked.dependencies for name in _fields_of(inner, kind)
    ]


def _of_page(method: str, path: str, typed: Sequence[str], body: Sequence[str], maker: Maker) -> dict[str, Any]:
    headers = {"X-API-Key": maker.chance.choice(KEYS), "Accept": "text/html"}
    made: dict[str, Any] = {"method": method, "url": _path(maker, path), "headers": headers}
    made["params"] = _typed(maker, typed)
    if method == "POST" and "file" in body:
        made["files"] = _file(maker)
        made["data"] = _typed(maker, [name for name in body if name != "file"])
    elif method == "POST" and body:
        made["data"] = _typed(maker, body)
    return made


def _typed(maker: Maker, names: Sequence[str]) -> dict[str, str]:
    chance = maker.chance
    made = {}
    for name in names:
        if chance.random() < (0.2 if maker.nasty else 0.1 if name in _TYPED or name in _OF_FORMS else 0.9):
            continue
        known = maker.ids.get(_OF_FORMS.get(name, ""), ())
        typed = _TYPED.get(name, "1")
        usual = chance.choice(known or ((typed,) if isinstance(typed, str) else typed))
        made[name] = as_text(chance.choice(NASTY) if chance.random() < 3 * maker.nasty else usual)
    return made
