"""Tables of locations and assets into a real database, by the function that runs and the command line use."""

import csv
import io
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from api.shapes.runs import ImportIn
from db.plant import plant
from runtime.cli.main import app
from runtime.runs import imports
from runtime.runs.imports import Imported
from tests.api.papers.test_exports import FORMULAS
from workorder_core.plant.plant import Plant
from workorder_core.tables.tables import Plan, RowProblem

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")
ROWS = 10_000
MISTAKES = 100


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        plant.load(conn, Plant(code="NTH", name="North", time_zone="Europe/Oslo"), at=datetime.now(UTC))
        conn.commit()
        yield conn


def bring(conn: psycopg.Connection, text: str, *, table: str = "assets", apply: bool = True) -> Imported:
    asked = ImportIn.model_validate({"table": table, "apply": apply})
    made = imports.run(conn, "NTH", "a.csv", text.encode("utf-8-sig"), asked, actor="person:dahl")
    conn.commit()
    return made


def counts(made: Imported) -> tuple[int, int, int, int]:
    return len(made.plan.create), len(made.plan.change), made.plan.same, len(made.plan.wrong)


def versions(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    """Every row of the plant as it is stored: a row that is written anew has another xmin."""
    return [
        row
        for table in ("locations", "assets", "installations", "changes", "judge_events")
        for row in conn.execute(f"SELECT '{table}', xmin::text, t::text FROM {table} t ORDER BY 3")
    ]


def test_locations_and_assets_come_in_any_order_and_again_change_nothing(conn):
    places = "Location;Description;Type;Parent\nL2;Line 2;line;HALL\nHALL;Hall A;area;\n"
    machines = "Tag;Name;Location;Fed by\nP-2;Second;L2;P-1\nP-1;First;HALL;\n"
    assert counts(bring(conn, places, table="locations")) == (2, 0, 0, 0)
    assert counts(bring(conn, machines)) == (2, 0, 0, 0)
    found = {each.code: each for each in plant.assets(conn, now=datetime.now(UTC))}
    assert (found["P-2"].path, found["P-2"].parent) == ("North / Hall A / Line 2 / P-2", "P-1")
    before = versions(conn)
    assert counts(bring(conn, places, table="locations")) == (0, 0, 2, 0)
    assert counts(bring(conn, machines)) == (0, 0, 2, 0)
    assert versions(conn) == before
    assert counts(bring(conn, "Tag;Location\nP-1;L2\n")) == (0, 1, 0, 0)
    assert plant.asset_by_key(conn, "NTH", "P-1", now=datetime.now(UTC)).path == "North / Hall A / Line 2 / P-1"


def spoil(rows: list[list[str]]) -> list[tuple[int, str]]:
    """Make mistakes of every sort in a hundred rows; return where they are."""
    ways: list[tuple[str, int, Callable[[int], str]]] = [
        ("Code", 0, lambda at: f"P {at}"),
        ("Code", 0, lambda _: ""),
        ("Code", 0, lambda _: rows[0][0]),
        ("Criticality", 3, lambda _: "extreme"),
        ("Location", 4, lambda at: f"NOWHERE-{at}"),
        ("Upstream asset", 5, lambda at: f"GONE-{at}"),
        ("Safety-critical", 6, lambda _: "perhaps"),
        ("Name", 1, lambda _: "x" * 201),
    ]
    chosen = random.Random(7).sample(range(1, len(rows)), MISTAKES)
    planted = []
    for number, at in enumerate(sorted(chosen)):
        column, cell, wrong = ways[number % len(ways)]
        rows[at][cell] = wrong(at)
        planted.append((at + 2, column))
    return planted


@pytest.mark.slow
def test_of_ten_thousand_rows_with_a_hundred_mistakes_exactly_those_are_reported_and_none_is_stored(conn):
    bring(conn, "Code,Name,Level\n" + "".join(f"L{at},Line {at},work unit\n" for at in range(50)), table="locations")
    rows = [
        [f"P-{at}", f"Pump {at}", "pump", str(1 + at % 4), f"L{at % 50}", "", "yes" if at % 9 == 0 else "no"]
        for at in range(ROWS)
    ]
    whole = [list(row) for row in rows]
    planted = spoil(rows)

    def text(of: list[list[str]]) -> str:
        head = "Tag,Name,Class,Criticality,Location,Parent,Safety\n"
        return head + "".join(",".join(row) + "\n" for row in of)

    found = bring(conn, text(rows))
    assert [(each.row, each.column) for each in found.plan.wrong] == planted
    assert not found.applied
    assert plant.assets(conn, now=datetime.now(UTC)) == []
    assert counts(bring(conn, text(whole))) == (ROWS, 0, 0, 0)
    before = versions(conn)
    assert counts(bring(conn, text(whole))) == (0, 0, ROWS, 0)
    assert versions(conn) == before


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_in_the_file_of_what_is_wrong_begins_as_a_formula_does(text):
    wrong = RowProblem(row=2, column="Code", said=text, problem=text)
    [made] = imports._files(Plan(rows=1, create=[], change=[], same=0, wrong=[wrong]))
    [_, row] = csv.reader(io.StringIO(made.content.decode("utf-8-sig"), newline=""))
    assert row == ["2", "Code", f"'{text}", f"'{text}"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples_of_the_page_do_what_it_says(conn, database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in zip(("locations.csv", "assets.csv", "wrong.csv"), blocks("csv"), strict=True):
        Path(name).write_text(text, encoding="utf-8")
    tried = 0
    examples = re.compile(r"\$ \./run plantwright (import-table [^\n]+)\n((?:[^$\n][^\n]*\n)*)")
    for command, said in examples.findall("".join(blocks("console"))):
        answer = CliRunner().invoke(app, [*command.split(), "--database", database])
        assert answer.exit_code in (0, 1), answer.output
        for line in said.splitlines():
            assert line in answer.output
        tried += 1
    assert tried == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["assets", "none.csv", "--site", "NTH"], "cannot be read"),
        (["assets", "a.csv", "--site", "XXX"], "there is no site XXX"),
        (["assets", "a.csv", "--site", "NTH", "--column", "code"], "--column is column=header"),
        (["assets", "a.csv", "--site", "NTH", "--column", "code=Number"], "has no column 'Number'"),
        (["assets", "a.csv", "--site", "NTH", "--decimal", ";"], "--decimal is . or ,"),
    ],
)
def test_what_the_command_cannot_do_is_one_sentence(conn, database, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("Tag\nP-1\n", encoding="utf-8")
    answer = CliRunner().invoke(app, ["import-table", *arguments, "--database", database])
    assert answer.exit_code == 2
    assert said in answer.output
