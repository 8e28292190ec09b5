"""The page of the API: every operation with who may, what it is sent and what it answers."""

import re

import pytest

from api.board.api_docs import Operation, Schema, kind_of, subjects, who_may
from api.board.words import with_code
from tests.api.access.role_tables import OPEN
from tests.api.access.test_access import TABLE
from tests.api.pages.test_what_pages_offer import HTML
from workorder_core.people.access import Role


@pytest.fixture
def operations(client) -> dict[str, Operation]:
    found = [each for several in subjects(client.app).values() for each in several]
    return {f"{each.method} {each.path}": each for each in found}


def test_every_operation_of_the_description_is_on_the_page_under_its_own_anchor(client):
    page = client.get("/docs", headers=HTML)
    described = client.get("/api/v1/openapi.json").json()["paths"]
    named = [operation["operationId"] for each in described.values() for operation in each.values()]
    anchors = re.findall(r'<details class="operation" id="(\w+)"', page.text)
    assert page.status_code == 200
    assert sorted(anchors) == sorted(named)
    assert len(set(anchors)) == len(anchors)


def test_the_page_names_just_the_roles_that_each_operation_opens_to(operations):
    table = {name.replace(":path}", "}"): roles for name, roles in TABLE.items()}
    for name, operation in operations.items():
        roles = table[name]
        if roles == OPEN:
            assert operation.may == "anybody, without signing in", name
        elif len(roles) == len(Role):
            assert operation.may.startswith("everybody signed in"), name
        else:
            assert set(operation.may.partition(";")[0].split(", ")) == {role.replace("_", " ") for role in roles}, name


def test_what_opens_to_whoever_sees_every_site_says_so(operations):
    assert operations["GET /api/v1/users"].may == "administrator; who sees every site"
    assert who_may(None) == "everybody signed in"


def test_an_operation_shows_its_parameters_fields_example_and_answers(operations):
    made = operations["POST /api/v1/work-orders"]
    assert [each.name for each in made.parameters] == ["new", "idempotency-key"]
    assert {each.name for each in made.body if each.required} == {"title", "type"}
    assert '"title"' in made.example
    assert made.answers == (("201", "WorkOrderOut"),)
    limit = next(each for each in operations["GET /api/v1/work-orders"].parameters if each.name == "limit")
    assert limit.kind == "whole number, 1 to 500"
    goes_on = "how many at most; the answer&#39;s header <code>Link</code> says where the list goes on; "
    assert str(limit.about) == f"{goes_on}<code>50</code> if left out"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]}, "text, at most 9 characters"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Colour"}}, "list of red · blue"),
        ({"$ref": "#/components/schemas/Thing"}, "Thing"),
        ({"type": "number", "exclusiveMinimum": 0}, "number, more than 0"),
        ({"type": "string", "format": "date-time"}, "time with its offset"),
        ({}, "any"),
    ],
)
def test_a_value_is_described_in_words(schema, words):
    shapes: dict[str, Schema] = {"Colour": {"type": "string", "enum": ["red", "blue"]}, "Thing": {"type": "object"}}
    assert kind_of(schema, shapes) == words


def test_a_text_of_the_description_is_no_markup():
    assert with_code("<b>as</b> `If-Match: <3>`") == "&lt;b&gt;as&lt;/b&gt; <code>If-Match: &lt;3&gt;</code>"


def test_the_page_needs_nothing_from_elsewhere_and_nothing_inline(client):
    page = client.get("/docs", headers=HTML).text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert not re.search(r'\sstyle="|<style|<script>|\son\w+="', page)


def test_a_stranger_is_led_to_the_door(stranger):
    assert stranger.get("/docs", headers=HTML).headers["location"].startswith("/login")
