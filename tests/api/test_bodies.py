"""What is sent to the API: every body has an example that is right, and a field that it has not is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter, ValidationError

from api.app import create

FILES = {
    "/api/v1/work-orders/{order_id}/attachments",
    "/api/v1/assets/{asset_id}/files",
    "/api/v1/locations/{location_id}/files",
    "/api/v1/uploads",
    "/api/v1/sync/files",
    "/api/v1/rounds/{round_id}/stops/{position}/photos/{item}",
}
"""Takes a file, no document."""


def bodies() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield each operation that takes a document: its name, the type of what it takes, and the schema that says so."""
    app: FastAPI = create(None, keys={})  # type: ignore[arg-type]
    description = app.openapi()
    for route in iter_route_contexts(app.routes):
        path = str(route.path).replace(":path}", "}")
        if not path.startswith("/api/") or path in FILES or not route.dependant.body_params:
            continue
        for method in route.methods or ():
            sent = description["paths"][path][method.lower()]["requestBody"]["content"]
            (taken,) = route.dependant.body_params
            yield f"{method} {path}", taken.field_info.annotation, sent["application/json"]
    shapes.update(description["components"]["schemas"])


shapes: dict[str, Any] = {}
BODIES = list(bodies())


def examples(sent: dict[str, Any]) -> list[Any]:
    schema = sent["schema"]
    named = schema.get("$ref", "").rpartition("/")[2]
    shape = shapes.get(named, schema)
    return [*shape.get("examples", ()), *(each["value"] for each in sent.get("examples", {}).values())]


@pytest.mark.parametrize(("taken", "sent"), [each[1:] for each in BODIES], ids=[each[0] for each in BODIES])
def test_every_body_has_an_example_that_is_taken_and_refuses_a_field_that_it_has_not(taken, sent):
    found, reads = examples(sent), TypeAdapter(taken)
    assert found
    for example in found:
        reads.validate_python(example)
        one = example[0] if isinstance(example, list) else example
        strange = one | {"no_such_field": 1}
        with pytest.raises(ValidationError, match="no_such_field"):
            reads.validate_python([strange] if isinstance(example, list) else strange)


def test_there_are_bodies_to_look_at():
    assert len(BODIES) > 40


def unbounded(
    schema: dict[str, Any], known: dict[str, Any], where: str, seen: frozenset[str] = frozenset()
) -> set[str]:
    """Return the lists and tables of a schema, and of all that it refers to, that may be of any length."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return set() if name in seen else unbounded(known[name], known, name, seen | {name})
    found = set()
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        found |= unbounded(each, known, where, seen)
    if schema.get("type") == "array":
        found |= unbounded(schema.get("items", {}), known, f"{where}[]", seen)
        found |= set() if "maxItems" in schema else {where}
    for name, each in schema.get("properties", {}).items():
        found |= unbounded(each, known, f"{where}.{name}", seen)
    if isinstance(schema.get("additionalProperties"), dict) and "maxProperties" not in schema:
        found.add(where)
    return found


def test_every_list_in_a_body_has_a_bound() -> None:
    known = create(None, keys={}).openapi()["components"]["schemas"]  # type: ignore[arg-type]
    found, asked = set(), 0
    for name, _, schema in bodies():
        found |= unbounded(schema, known, name)
        asked += 1
    assert asked > 20
    assert found == set()


def test_a_body_with_very_many_errors_is_answered_as_shortly_as_another(client) -> None:
    answer = client.post("/api/v1/alarms/acknowledge", json={f"x{number}": 1 for number in range(5_000)})
    assert answer.status_code == 422
    assert len(answer.content) < 10_000
