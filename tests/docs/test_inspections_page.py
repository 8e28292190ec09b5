"""docs/inspections.md: its bodies, its answers and its table are taken, and what it says of them is so."""

import csv
import json
import re
from pathlib import Path

from pydantic import BaseModel

from api.shapes.inspections.audits import AuditIn, FindingIn
from api.shapes.inspections.checklists import ChecklistIn, RouteIn, checklist
from api.shapes.inspections.rounds import AnswersIn, NeededWhyIn, SignIn
from workorder_core.inspections import answers, audits
from workorder_core.inspections.answers import Given
from workorder_core.inspections.checklists import ItemKind

PAGE = (Path(__file__).parents[2] / "docs" / "inspections.md").read_text(encoding="utf-8")
BODIES = [json.loads(each) for each in re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)]
SENT = [json.loads(each) for each in re.findall(r"--json '(.*?)'", PAGE)]


def asked():
    body = ChecklistIn.model_validate(BODIES[0])
    return checklist(body, tuple(each.item() for each in body.items))


def test_the_pages_bodies_are_taken():
    RouteIn.model_validate(BODIES[1])
    AuditIn.model_validate(BODIES[2])
    FindingIn.model_validate(BODIES[3])
    shapes: tuple[type[BaseModel], ...] = (AnswersIn, NeededWhyIn, SignIn)
    for shape, body in zip(shapes, SENT[1:], strict=True):
        shape.model_validate(body)
    assert len(BODIES) == 4


def test_the_pages_answers_finish_the_pages_checklist():
    given = {key: Given(typed=each["answer"]) for key, each in SENT[1]["answers"].items()}
    read = answers.read_all(asked(), given)
    assert (read.wrong, read.missing, read.failed) == ({}, {}, [])
    failed = answers.read_all(asked(), {"seal": Given(typed="no", photo=True), "leak": Given(typed="drops"),
                                        "temp": Given(typed="80,5")})  # fmt: skip
    assert [each.key for each in failed.failed] == ["seal", "temp"]


def test_the_page_names_every_kind_of_item_and_every_step_of_a_finding():
    assert {each.value for each in ItemKind} <= set(re.findall(r"`(\w+)`", PAGE))
    for step, (sources, to) in audits.STEPS.items():
        row = re.search(rf"^\| `{step.value}`.*?\| ([\w, ]+) \| (\w+) \|", PAGE, re.MULTILINE)
        assert row is not None
        assert (set(row[1].split(", ")), row[2]) == ({each.value for each in sources}, to.value)


def test_the_pages_tables_have_the_columns_that_the_lists_are_had_as():
    from api.papers.lists import LISTS

    tables = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    for table, path in zip(tables, ("/checklist-items", "/route-stops"), strict=True):
        header, *rows = csv.reader(table.splitlines())
        assert header == [each.header for each in LISTS[path].columns][:-1]
        assert {len(row) for row in rows} == {len(header)}


def test_the_pages_list_of_results_is_asked_for_by_parameters_that_it_has():
    from api.app import create

    (asked,) = re.findall(r"/api/v1/inspection-results\?(\S+)\"", PAGE)
    there = create(None, keys={}).openapi()["paths"]["/api/v1/inspection-results"]["get"]["parameters"]  # type: ignore[arg-type]
    assert {each.partition("=")[0] for each in asked.split("&")} <= {each["name"] for each in there}
