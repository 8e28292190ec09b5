"""The API for people to read: one page made of the API's own description, with who may do what."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from markupsafe import Markup

from api import problems
from api.access_table import needed
from api.asking import KNOWN, SEES, Needs
from api.board.rendering import page
from api.board.words import with_code
from api.description import OPEN
from workorder_core.people.access import Role

router: APIRouter = APIRouter(include_in_schema=False, dependencies=[KNOWN])
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of an operation, or a field of its body."""

    name: str
    where: str
    kind: str
    required: bool
    about: Markup


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation for readers: its purpose, its roles, its body, its answers."""

    name: str
    method: str
    path: str
    summary: Markup
    more: tuple[Markup, ...]
    may: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    media: str
    example: str
    answers: tuple[tuple[str, str], ...]


@router.get("/docs", dependencies=[SEES])
def docs(request: Request) -> Response:
    """Show every operation of the API, by subject."""
    described = request.app.openapi()
    return page(
        request,
        "api_docs.html",
        subjects=subjects(request.app),
        about=paragraphs(described["info"]["description"]),
        refusals=problems.titles(),
    )


def subjects(app: FastAPI) -> dict[str, list[Operation]]:
    """Return the operations of the API's description by subject, in the order of the description."""
    described = app.openapi()
    shapes: Mapping[str, Schema] = described["components"]["schemas"]
    opens = {(method, path.replace(":path}", "}")): needs for method, path, needs in needed(app)}
    found: dict[str, list[Operation]] = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            may = "anybody, without signing in" if path in OPEN else who_may(opens[method.upper(), path])
            read = _operation(method.upper(), path, operation, may, shapes)
            found.setdefault(operation["tags"][0], []).append(read)
    return found


def who_may(needs: Needs | None) -> str:
    """Return the roles that a route admits, in words."""
    if needs is None or needs.roles >= set(Role):
        roles = "everybody signed in"
    else:
        roles = ", ".join(role.value.replace("_", " ") for role in Role if role in needs.roles | {Role.ADMINISTRATOR})
    return f"{roles}; who sees every site" if needs is not None and needs.every_site else roles


def paragraphs(text: str) -> tuple[Markup, ...]:
    """Return a description's paragraphs, with quoted parts as code."""
    return tuple(with_code(each) for each in re.split(r"\n\s*\n", text.strip()) if each)


def kind_of(schema: Schema, shapes: Mapping[str, Schema]) -> str:
    """Return a value's type in words: ``whole number, 1 to 500``, ``list of order type``."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return kind_of(shapes[name], shapes) if "enum" in shapes[name] else name
    if "enum" in schema or "const" in schema:
        return " · ".join(str(each) for each in schema.get("enum", [schema.get("const")]))
    several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if several:
        return " or ".join(dict.fromkeys(kind_of(each, shapes) for each in several if each.get("type") != "null"))
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}), shapes)}{_limits(schema)}"
    return _KINDS.get((schema.get("type"), schema.get("format")), str(schema.get("type", "any"))) + _limits(schema)


_KINDS: Mapping[tuple[Any, Any], str] = {
    ("string", None): "text",
    ("string", "date-time"): "time with its offset",
    ("string", "date"): "date",
    ("string", "uuid"): "UUID",
    ("string", "binary"): "file",
    ("integer", None): "whole number",
    ("number", None): "number",
    ("boolean", None): "true or false",
}


def _limits(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    longest = schema.get("maxLength") or schema.get("maxItems")
    parts = [
        f", {least} to {most}" if least is not None and most is not None else "",
        f", at least {least}" if least is not None and most is None else "",
        f", more than {schema['exclusiveMinimum']}" if "exclusiveMinimum" in schema else "",
        f", at most {most}" if least is None and most is not None else "",
        f", at most {longest} {'characters' if 'maxLength' in schema else 'of them'}" if longest else "",
    ]
    return "".join(parts)


def _operation(method: str, path: str, operation: Schema, may: str, shapes: Mapping[str, Schema]) -> Operation:
    summary, *more = paragraphs(operation.get("description", operation["summary"]))
    media, sent = _content(operation.get("requestBody", {}))
    body = _shape(sent.get("schema", {}), shapes)
    parameters = [
        Field(each["name"], each["in"], kind_of(each["schema"], shapes), each["required"], _about(each, each["schema"]))
        for each in operation.get("parameters", ())
    ]
    return Operation(
        name=operation["operationId"],
        method=method,
        path=path,
        summary=summary,
        more=tuple(more),
        may=may,
        parameters=tuple(parameters),
        body=tuple(_fields(body, shapes)),
        media=media if media != "application/json" else "",
        example=_example(sent, body),
        answers=tuple(_answers(operation["responses"], shapes)),
    )


def _content(described: Schema) -> tuple[str, Schema]:
    nothing: tuple[str, Schema] = ("", {})
    return next(iter(described.get("content", {}).items()), nothing)


def _shape(schema: Schema, shapes: Mapping[str, Schema]) -> Schema:
    return shapes[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _fields(shape: Schema, shapes: Mapping[str, Schema]) -> Iterator[Field]:
    required = shape.get("required", ())
    for name, each in shape.get("properties", {}).items():
        yield Field(name, "body", kind_of(each, shapes), name in required, _about(each))
    if shape and "properties" not in shape:
        yield Field("the body itself", "body", kind_of(shape, shapes), True, _about(shape))


def _about(*described: Schema) -> Markup:
    text = next((each["description"] for each in described if each.get("description")), "")
    default = next((each["default"] for each in described if each.get("default") not in (None, "", [], {})), None)
    more = "" if default is None else f"`{json.dumps(default)}` if left out"
    return with_code("; ".join(filter(None, (text, more))))


def _example(sent: Schema, shape: Schema) -> str:
    """Return an example of the body as JSON, if the description has one."""
    named = [each.get("value") for each in sent.get("examples", {}).values()]
    found = [sent.get("example"), *named, *shape.get("examples", ()), shape.get("example")]
    example = next((each for each in found if each is not None), None)
    return "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)


def _answers(responses: Schema, shapes: Mapping[str, Schema]) -> Iterator[tuple[str, str]]:
    for code, answer in responses.items():
        if code == "default":
            continue
        media, schema = _content(answer)[0], _content(answer)[1].get("schema", {})
        yield code, kind_of(schema, shapes) if schema else media or "nothing more"
