"""Checklists as a table: imported after a dry run, had as a file, and the same file again changes nothing."""

import re
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool
from typer.testing import CliRunner

from api.app import create
from api.shapes.runs import ImportIn
from db.inspections import checklists
from runtime.cli.main import app
from runtime.runs import imports
from workorder_core.inspections.checklists import Condition
from workorder_core.words import Severity

PAGE = (Path(__file__).parents[3] / "docs" / "inspections.md").read_text(encoding="utf-8")
TABLE, ROUTES = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
KEY = "planner-key-0123456789"


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'North')")
        conn.commit()
        yield conn


def imported(conn, text: str, *, apply: bool = True, table: str = "checklists"):
    asked = ImportIn.model_validate({"table": table, "apply": apply})
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
        (
            "row 5, Point: is not a point: write <checklist>/<item>, such as PUMP-DAILY/seal, "
            "with small letters for the item"
        )
    ]
    assert imported(conn, wrong.rpartition("bad,")[0])[3] == [
        "row 2, Low: the lower limit (20) must be below the upper one (11)",
        "row 3, Choices: a choice needs at least two different answers",
    ]
    assert checklists.page(conn)[0].version == 2


@pytest.fixture
def pumps(conn):
    conn.execute(
        "INSERT INTO assets (site_id, code, name) SELECT id, c, c FROM sites, unnest('{P-101,P-102}'::text[]) c"
    )
    imported(conn, TABLE)


def test_the_pages_route_is_imported_and_comes_back_unchanged_from_the_command_line(conn, database, pumps, tmp_path):
    assert imported(conn, ROUTES, apply=False, table="routes") == (2, 0, 0, [])
    assert checklists.routes(conn) == []
    assert imported(conn, ROUTES, table="routes") == (2, 0, 0, [])
    (kept,) = checklists.routes(conn)
    walk = [(each.position, each.asset, each.checklist) for each in checklists.route(conn, kept.id).walk]
    assert (kept.code, kept.title, walk) == (
        "FANS", "Fans of the hall", [(1, "P-101", "FAN-WEEKLY"), (2, "P-102", "FAN-WEEKLY")],
    )  # fmt: skip
    conn.commit()
    files = {"checklist": tmp_path / "items.csv", "route": tmp_path / "stops.csv"}
    for command, file in files.items():
        wanted = [command, "export", "--site", "NTH", "--out", str(file), "--database", database]
        assert CliRunner().invoke(app, wanted).exit_code == 0
    back = [command_line(database, each, files[each]) for each in files]
    assert back == ["3 checklists: 0 new, 0 changed, 3 as they are, 0 wrong; stored",
                    "2 routes: 0 new, 0 changed, 2 as they are, 0 wrong; stored"]  # fmt: skip


def command_line(database: str, command: str, file: Path) -> str:
    told = CliRunner().invoke(app, [command, "import", str(file), "--site", "NTH", "--apply", "--database", database])
    return told.output.strip().splitlines()[-1]


def test_stops_of_routes_that_cannot_be_are_named_by_row_and_column(conn, pumps):
    rows = ("R,1,P-999,FAN-WEEKLY", "R,2,P-101,NONE", "R,4,P-101,FAN-WEEKLY", "R,0,P-101,FAN-WEEKLY")
    wrong = "\n".join(("route,position,asset,checklist", *rows))
    assert imported(conn, wrong, table="routes")[3] == [
        "row 2, Asset: there is no asset in use of this code, here or in the plant",
        "row 3, Checklist: there is no checklist in use of this code, here or in the plant",
        "row 4, Position: there is no stop 3 before it",
        "row 5, Position: write a whole number from 1 to 500",
    ]
    assert checklists.routes(conn) == []
    imported(conn, ROUTES, table="routes")
    longer = "route,position,asset,checklist\nFANS,2,P-101,FAN-WEEKLY\nFANS,3,P-102,FAN-WEEKLY\n"
    assert imported(conn, longer, table="routes") == (1, 1, 0, [])
    walk = checklists.route(conn, checklists.routes(conn)[0].id).walk
    assert [each.asset for each in walk] == ["P-101", "P-101", "P-102"]
