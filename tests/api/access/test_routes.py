"""A router is passed over where none of its routes can match, and for no other request."""

import pytest
from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from starlette.routing import Match, compile_path

from api.app import create
from api.routes import routes

MADE_UP = {"order_id": "7d1f7a52-0000-4000-8000-000000000000"}


@pytest.fixture(scope="module")
def app():
    return create(None, keys={})  # type: ignore[arg-type]


def matched(app, method: str, path: str) -> Match:
    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b"", "app": app}
    found = [each.matches(scope | {"fastapi": {}})[0] for each in routes()]
    return max(found, key=lambda each: each.value)


def test_every_route_is_found_by_its_path(app):
    found = [each for each in iter_route_contexts(routes()) if each.path and each.methods]
    assert len(found) > 300
    for each in found:
        _, path, convertors = compile_path(str(each.path))
        filled = path.format_map({name: MADE_UP.get(name, "1") for name in convertors})
        for method in each.methods or ():
            assert matched(app, method, filled) is Match.FULL, (method, filled)


@pytest.mark.parametrize("path", ["/nothing", "/api", "/api/v1", "/api/v1/nothing", "/api/v2/assets", ""])
def test_what_no_route_begins_with_is_matched_by_none(app, path):
    assert matched(app, "GET", path) is Match.NONE


def test_another_method_is_matched_in_part(app):
    assert matched(app, "PATCH", "/api/v1/work-orders") is Match.PARTIAL


def test_only_the_routers_that_may_match_are_looked_into(app, monkeypatch):
    looked, looks = [], APIRouter.matches

    def counted(router, scope):
        looked.append(router)
        return looks(router, scope)

    monkeypatch.setattr(APIRouter, "matches", counted)
    assert matched(app, "GET", "/engine") is Match.FULL
    assert len(looked) == 1, "the branch that has it"
