"""Maintenance plans on the command line: exported, imported again, wrong rows by row and column, what falls due."""

import csv
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from typer.testing import CliRunner

from db.planning import outlook, plans
from runtime.cli.main import app
from runtime.cli.plant_file import load_plant
from tests import a_plant


@pytest.fixture
def site(database):
    with psycopg.connect(database, autocommit=True) as conn:
        load_plant(conn, a_plant.SAMPLE)
        yield conn


@pytest.fixture
def command(database):
    """Runs ``plantwright plan …`` and returns the exit code and what it says."""

    def run(*words):
        done = CliRunner().invoke(app, ["plan", *map(str, words), "--database", database])
        return done.exit_code, " ".join(done.output.split())

    return run


ROWS = """Plan;Description;For;Equipment;RRULE;Start;Trade;Duration;Window
GREASE;Grease the bearings;asset;P-101;FREQ=MONTHLY;{at};mechanical;0,5;5
LOOK;+ look at every pump;class;centrifugal_pump;FREQ=WEEKLY;{at};mechanical;0,25;3
"""


def test_plans_are_imported_with_a_dry_run_exported_and_changed_in_the_file(site, command, tmp_path):
    file, out = tmp_path / "plans.csv", tmp_path / "out.csv"
    at = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d} 08:00"
    file.write_text(ROWS.format(at=at))
    code, said = command("import", file, "--site", "NTH")
    assert (code, "2 new" in said, "nothing is stored yet" in said) == (0, True, True)
    assert plans.listed(site) == []
    assert "stored" in command("import", file, "--site", "NTH", "--apply", "--why", "from the old system")[1]
    assert "2 as they are" in command("import", file, "--site", "NTH", "--apply")[1]
    assert command("export", out, "--site", "NTH")[0] == 0
    assert "2 as they are, 0 wrong" in command("import", out, "--site", "NTH", "--apply")[1]
    assert [each.plan.version for each in plans.listed(site)] == [1, 1]
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert [row["Title"] for row in rows] == ["Grease the bearings", "'+ look at every pump"], "no formula"
    rows[0]["Hours"] = "0.75"
    with out.open("w", encoding="utf-8", newline="") as written:
        writer = csv.DictWriter(written, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    assert "1 changed, 1 as they are" in command("import", out, "--site", "NTH", "--apply", "--why", "measured")[1]
    grease = next(each for each in plans.listed(site) if each.plan.code == "GREASE")
    assert (grease.plan.version, grease.plan.hours) == (2, 0.75)
    assert plans.versions(site, grease.id)[0].why == "measured"
    assert "mechanical" in command("forecast", "--site", "NTH", "--months", "3")[1]
    code, said = command("generate")
    assert (code, "2 plans in force" in said) == (0, True)
    assert outlook.health(site, now=datetime.now(UTC)).behind == 0


def test_a_wrong_row_is_said_by_row_and_column_and_nothing_is_stored(site, command, tmp_path):
    file = tmp_path / "plans.csv"
    file.write_text(ROWS.format(at="2026-01-31 08:00").replace("P-101", "P-999"))
    code, said = command("import", file, "--site", "NTH", "--apply")
    assert code == 1
    assert "P-999" in said
    assert "nothing is stored: rows are wrong" in said
    assert plans.listed(site) == []
    assert "no site" in command("export", "--site", "XXX")[1].lower() or command("export", "--site", "XXX")[0] == 2
