"""Checklists as a table: imported after a dry run, had as a file, and the same file again changes nothing."""

import re
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from api.app import create
from api.shapes.runs import ImportIn
from db.inspections import checklists
from runtime.runs import imports
from workorder_core.inspections.checklists import Condition
from workorder_core.words import Severity

PAGE = (Path(__file__).parents[3] / "docs" / "inspections.md").read_text(encoding="utf-8")
(TABLE,) = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
KEY = "planner-key-0123456789"


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'North')")
        conn.commit()
        yield conn


def imported(conn, text: str, *, apply: bool = True):
    asked = ImportIn.model_validate({"table": "checklists", "apply": apply})
    made = imports.run(conn, "NTH", "items.csv", text.encode(), asked, actor="person:berg")
    conn.commit()
    facts = imports.facts(made)
    return facts["create"], facts["change"], facts["same"], [
        f"row {each['row']}, {each['column']}: {each['problem']}" for each in facts["errors"]
    ]  # fmt: skip


def test_the_pages_table_is_a_checklist_and_what_is_had_as_a_file_comes_back_unchanged(conn, database):
    assert imported(conn, TABLE, apply=False) == (3, 0, 0, [])
    assert checklists.page(conn) == []
    assert imported(conn, TABLE) == (3, 0, 0, [])
    assert imported(conn, TABLE) == (0, 0, 3, [])
    (kept,) = checklists.page(conn)
    belt, current, colour = kept.checklist.items
    assert (kept.code, kept.version, kept.checklist.title) == ("FAN-WEEKLY", 1, "Weekly look at a fan")
    assert (belt.fails, belt.severity, current.high, current.signal) == (
        ("no",), Severity.MALFUNCTION, 12.5, "motor_current",
    )  # fmt: skip
    assert (colour.choices, colour.needed, colour.only_if) == (
        ("clear", "grey", "black"), False, Condition(key="belt", answer="yes"),
    )  # fmt: skip
    with ConnectionPool(database, min_size=1, max_size=2, open=True) as pool:
        client = TestClient(create(pool, keys={"planner": KEY}), headers={"X-API-Key": KEY})
        text = client.get("/api/v1/checklist-items?format=csv").text
    assert imported(conn, text) == (0, 0, 3, [])


def test_a_changed_row_makes_the_next_version_and_what_is_wrong_is_named_by_row_and_column(conn):
    imported(conn, TABLE)
    assert imported(conn, "point,high\nFAN-WEEKLY/current,11\n") == (0, 1, 0, [])
    (kept,) = checklists.page(conn)
    assert (kept.version, kept.checklist.item("current").high, len(kept.checklist.items)) == (2, 11, 3)
    wrong = (
        "point,text,kind,low,high,only if\nFAN-WEEKLY/current,,,20,,\nX/a,Say,choice,,,\n"
        "X/b,Say,text,,,c = yes\nbad,Say,text,,,\n"
    )
    assert imported(conn, wrong)[3] == [
        "row 5, Point: is no point: write <checklist>/<item>, such as PUMP-DAILY/seal, with small letters"
    ]
    assert imported(conn, wrong.rpartition("bad,")[0])[3] == [
        "row 2, Low: the lower limit (20) must be below the upper one (11)",
        "row 3, Choices: a choice needs at least two different answers",
    ]
    assert checklists.page(conn)[0].version == 2
